"""`nnctl init`: what is asked, told and written, and what never is."""

import json

import pytest

TABLE = "id,age,sex,survived\n" + "".join(f"{i},{i * 7 % 50},{'mf'[i % 2]},{i % 2}\n" for i in range(1, 61))


@pytest.fixture
def write(tmp_path):
    def write(name="people.csv", text=TABLE):
        (tmp_path / name).write_text(text)
        return name

    return write


def test_from_a_table_to_predictions(nnctl, tmp_path, write):
    drafted = nnctl("init", write(), "--target", "survived")
    assert (drafted.exit_code, drafted.stdout) == (0, "people.yaml\n")
    assert "people.csv: 42 train, 6 validation, 12 test examples, classes 0 (30), 1 (30)" in drafted.stderr
    assert "left out: id, it counts the rows" in drafted.stderr
    assert drafted.stderr.endswith("next: nnctl train people.yaml\n")
    assert nnctl("train", "people.yaml", "--no-pictures").exit_code == 0
    assert nnctl("predict", "people.csv", "-q").stdout.count("\n") == 61


def test_without_a_target_the_columns_are_listed(nnctl, tmp_path, write):
    asked = nnctl("init", write())
    assert asked.exit_code == 2
    for words in ("id ", "no: it counts the rows", "the last column, 2 values", "0 to 49", '"f", "m"'):
        assert words in asked.stdout
    assert "which column is to be predicted? These look like it: sex, survived" in asked.stderr
    assert "Name it: nnctl init people.csv --target COLUMN" in asked.stderr
    assert not list(tmp_path.glob("*.yaml"))
    listed = nnctl("init", "people.csv", "--json")
    assert listed.exit_code == 2
    told = json.loads(listed.stdout)
    assert told["spec"] is None
    assert [column["promise"] for column in told["columns"]] == [None, None, "2 values", "the last column, 2 values"]


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y"])
def test_the_one_column_with_a_usual_name_is_taken(nnctl, write, name):
    drafted = nnctl("init", write(text=TABLE.replace("survived", name)))
    assert drafted.exit_code == 0
    assert f"note: {name} is the target, for its name; --target COLUMN takes another" in drafted.stderr


def test_a_table_in_another_encoding(nnctl, tmp_path):
    (tmp_path / "t.csv").write_bytes(TABLE.replace("sex", "café").replace("survived", "y").encode("latin-1"))
    refused = nnctl("init", "t.csv")
    assert refused.exit_code == 3
    assert "--encoding latin-1, or" in refused.stderr
    assert nnctl("init", "t.csv", "--encoding", "latin-1").exit_code == 0
    assert "café: category" in (tmp_path / "t.yaml").read_text(encoding="utf-8")
    assert nnctl("train", "t.yaml", "--no-pictures", "-q", "-S", "train.epochs=2").exit_code == 0


def test_of_two_usual_names_none_is_taken(nnctl, write):
    assert nnctl("init", write(text=TABLE.replace("survived", "y").replace("sex", "label"))).exit_code == 2


def test_nothing_is_overwritten(nnctl, tmp_path, write):
    (tmp_path / "people.yaml").write_text("mine")
    refused = nnctl("init", write(), "--target", "survived")
    assert refused.exit_code == 2
    assert "people.yaml: is there already, and nothing is overwritten; name another file: -o FILE" in refused.stderr
    assert (tmp_path / "people.yaml").read_text() == "mine"
    (tmp_path / "link.yaml").symlink_to("nowhere")
    assert nnctl("init", "people.csv", "--target", "survived", "-o", "link.yaml").exit_code == 2
    (tmp_path / "sub").mkdir()
    other = nnctl("init", "people.csv", "--target", "survived", "-o", "sub/my spec.yaml")
    assert other.stdout == "sub/my spec.yaml\n"
    assert other.stderr.endswith("next: nnctl train 'sub/my spec.yaml'\n")
    assert nnctl("train", "sub/my spec.yaml", "-q", "--no-pictures", "-S", "train.epochs=2").exit_code == 0


def test_the_name_is_that_of_the_data(nnctl, tmp_path, write):
    (tmp_path / "deep").mkdir()
    write("deep/people.tsv", TABLE.replace(",", "\t"))
    assert nnctl("init", "deep/people.tsv", "--target", "survived", "-q").stdout == "people.yaml\n"
    assert "source: deep/people.tsv " in (tmp_path / "people.yaml").read_text()


def test_quiet_and_json(nnctl, write):
    quiet = nnctl("init", write(), "--target", "survived", "-q", "--json")
    assert quiet.stderr == ""
    told = json.loads(quiet.stdout)
    assert (told["spec"], told["target"]) == ("people.yaml", "survived")
    assert told["notes"][1] == "3 of 12 test rows have the same features as rows of the train part"
    assert [(column["name"], column["kind"]) for column in told["columns"]] == [
        ("id", "number"), ("age", "number"), ("sex", "category")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("people.cvs",), 3, 'people.cvs: there is no such file or folder; did you mean "people.csv"?'),
        (("people.csv", "--target", "survive"), 3, 'there is no column survive; did you mean "survived"?'),
        (("people.csv", "--target", "survived", "-o", "no/x.yaml"), 7, "there is no folder no; make it first"),
        (("bad.csv",), 3, "bad.csv:3: has 1 cells"),
        (("no/people.csv",), 3, "no/people.csv: there is no such file or folder"),
        (("n" * 999,), 3, "there is no such file or folder"),
        (("people.csv", "--target", "survived", "-o", "n" * 999), 7, "cannot be written: File name too long"),
        ((), 2, "Missing argument"),
    ],
)
def test_mistakes_are_explained_and_nothing_is_written(nnctl, tmp_path, write, arguments, exit_code, said):
    write()
    write("bad.csv", "a,y\n1,2\n3\n")
    refused = nnctl("init", *arguments)
    assert refused.exit_code == exit_code
    assert said in refused.stderr
    assert not list(tmp_path.glob("**/*.yaml"))
