"""Drafts: whatever the data are, the spec reads back, trains as it stands, learns, and is the same every time."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnctl.data.dataset import load
from nnctl.errors import DataError
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training.draft import check_there, draft

BRIEFLY = ("--no-pictures", "-S", "train.epochs=2")

STREAM = np.random.RandomState(0)
X = STREAM.randn(120, 3)
SUM = X.sum(axis=1)
SIGN = (SUM > 0).astype(int)


def table(path, columns):
    """Write a table of columns by name."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([columns, *zip(*columns.values(), strict=True)])
    return path


def numbers(**more):
    """Return columns of numbers."""
    return {**{name: np.round(X[:, place], 4).tolist() for place, name in enumerate("abc")}, **more}


def written(path, target=None, name="spec.yaml"):
    """Draft a spec beside the data; return its file."""
    file = path.parent / name
    file.write_text(draft(path, target, file).text, encoding="utf-8")
    return file


def read(file):
    return parse(document.read(file), (file.parent,))


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0ab"), min_size=1)
NAMES = NAMES.map(str.strip).filter(bool)
TABLES = {
    "binary": (numbers(y=np.where(SUM > 0, "up", "down")), "y", 3, "sigmoid"),
    "several classes": (numbers(y=np.digitize(SUM, [-1, 1])), "y", 3, "softmax"),
    "regression": (numbers(y=SUM), "y", 3, "linear"),
    "small numbers": (numbers(y=SUM / 1e4), "y", 3, "linear"),
    "large numbers": (numbers(y=1e7 + SUM * 1e6), "y", 3, "linear"),
    "missing": (numbers(d=[7.5, "", 8] * 40, e=["p", "", "q"] * 40, y=["", *SIGN[1:]]), "y", 7, "sigmoid"),
    "identifiers": (numbers(id=range(120), who=[f"w{i}" for i in range(120)], y=SIGN), "y", 3, "sigmoid"),
    "dates": (numbers(day=[f"2020-01-{1 + i % 30:02d}" for i in range(120)], y=SIGN), "y", 3, "sigmoid"),
    "names": (
        {
            **dict(zip(["a: b", "yes", "#x"], X.T.tolist(), strict=True)),
            **{name: range(120) for name in ("ü", "1e3", '"', "'", "a\nb", "{a}", "- ", "x #y", "“z”", "null")},
            "\t1": SIGN,
        },
        "1", 3, "sigmoid",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES.values(), ids=TABLES)
def test_a_drafted_spec_of_a_table_trains(nnctl, tmp_path, case):
    columns, target, inputs, output = case
    file = written(table(tmp_path / "t.csv", columns), target)
    spec = load(read(file)).spec
    assert (spec.model.layer_dims[0], spec.output) == (inputs, output)
    assert file.read_text(encoding="utf-8") == draft(tmp_path / "t.csv", target, file).text
    trained = nnctl("train", file, "--no-pictures", "--json", "-S", "train.ensemble=1")
    assert trained.exit_code == 0, trained.stderr
    test = json.loads(trained.stdout)["metrics"]["test"]
    assert test["r2" if output == "linear" else "accuracy"] > 0.7


def test_the_draft_says_what_it_does(tmp_path):
    columns, target, *_ = TABLES["missing"]
    path = table(tmp_path / "t.csv", {**columns, "n": range(120), "k": [1] * 120})
    drafted = draft(path, target, tmp_path / "s.yaml")
    lines = [" ".join(line.split()) for line in drafted.text.splitlines()]
    for line in (
        "source: t.csv # where the examples are",
        "target: y # the column to predict",
        "- n # it counts the rows",
        "- k # it is 1 in every row that has a value",
        "drop_missing_targets: true # 1 rows have no target, and are left out",
        "# d: number, 7.5 to 8, 40 missing -> the median",
        '# e: category, 2 values: "p", "q", 40 missing -> an input of its own',
    ):
        assert line in lines
    assert [column.name for column in drafted.ignored] == ["n", "k"]


@settings(max_examples=25, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_any_names_of_columns_read_back(tmp_path_factory, names):
    columns = {name: STREAM.randn(12).tolist() for name in ["a", *names]}
    file = written(
        table(tmp_path_factory.mktemp("t") / "t.csv", {**columns, "a": [""] * 12, "b": range(12)}), names[-1]
    )
    assert read(file).data.target == names[-1]
    assert set(document.read(file).tree["data"]["ignore"]) <= {"a", "b"}


def test_a_column_that_gives_the_target_away_is_said(tmp_path):
    path = table(tmp_path / "t.csv", numbers(alive=np.where(SIGN, "yes", "no"), y=SIGN))
    drafted = draft(path, "y", tmp_path / "s.yaml")
    doubt = "goes one to one with y; leave it out if it is not known before"
    assert f"alive {doubt}" in drafted.notes
    assert "  #   alive: boolean, " in drafted.text
    assert f"; {doubt}\n" in drafted.text


def test_a_number_that_counts_the_rows_stays_where_it_is_all_there_is(tmp_path):
    file = written(table(tmp_path / "t.csv", {"x": range(40), "y": np.sin(np.arange(40) / 9), "z": [""] * 40}), "y")
    assert read(file).data.ignore == ("z",)


def test_a_source_is_written_as_the_spec_finds_it(tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    path = table(tmp_path / "a #b.csv", numbers(y=SUM))
    file = folder / "s.yaml"
    file.write_text(draft(path, "y", file).text)
    assert document.read(file).tree["data"]["source"] == "../a #b.csv"
    assert Path(read(file).data.source) == path.resolve()
    odd = table(tmp_path / "~x.csv", numbers(y=SUM))  # which is the home of a user elsewhere
    assert document.read(written(odd, "y")).tree["data"]["source"] == str(odd.resolve())


@pytest.mark.parametrize("name", ["t.npz", "t.h5"])
@pytest.mark.parametrize("own", [(), ("test",), ("validation", "test")])
def test_arrays_keep_the_parts_that_they_have(nnctl, tmp_path, name, own):
    arrays = {"x_train": X, "y_train": SIGN}
    for offset, part in enumerate(own, start=1):
        arrays |= {f"x_{part}": X[:40] + offset / 4, f"y_{part}": SIGN[:40]}
    if name == "t.npz":
        np.savez(tmp_path / name, **arrays)
    else:
        with h5py.File(tmp_path / name, "w") as file:
            file.update(arrays)
    spec = written(tmp_path / name)
    assert set(read(spec).data.shares) == {"validation", "test"} - set(own)
    assert set(load(read(spec)).parts) == {"train", "validation", "test"}
    assert nnctl("train", spec, "-q", *BRIEFLY).exit_code == 0


def test_a_parquet_file_is_a_table(nnctl, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(numbers(y=SIGN.tolist())), tmp_path / "t.parquet")
    assert nnctl("train", written(tmp_path / "t.parquet", "y"), "-q", *BRIEFLY).exit_code == 0


def test_a_dataset_to_predict_can_be_named(tmp_path):
    np.savez(tmp_path / "t.npz", X=X, y=np.zeros(120), colour=np.array(["red", "blue"] * 60))
    assert load(read(written(tmp_path / "t.npz", "colour"))).interface.classes == ("blue", "red")


def test_labels_are_known(nnctl, tmp_path):
    np.savez(tmp_path / "t.npz", X=X, y=(X > 0).astype(int))
    drafted = draft(tmp_path / "t.npz", None, tmp_path / "s.yaml")
    assert drafted.summary == "t.npz: 84 train, 12 validation, 24 test examples, 3 labels, of which several may be 1"
    assert nnctl("train", written(tmp_path / "t.npz"), "-q", *BRIEFLY).exit_code == 0


def test_bytes_are_divided_by_255(tmp_path):
    np.savez(tmp_path / "t.npz", X=STREAM.randint(0, 256, (40, 8, 8), np.uint8), y=np.arange(40) % 2)
    assert read(written(tmp_path / "t.npz")).data.scale == 255


def test_bytes_that_are_no_brightness_are_scaled_as_numbers(tmp_path):
    for most, scale in ((16, "robust"), (127, "robust"), (128, 255)):
        flat = STREAM.randint(0, most + 1, (40, 64), np.uint8)
        flat[7, 7] = most
        np.savez(tmp_path / "t.npz", X=flat, y=np.arange(40) % 2)
        assert read(written(tmp_path / "t.npz")).data.scale == scale
    np.savez(tmp_path / "t.npz", X=STREAM.randint(0, 17, (40, 8, 8), np.uint8), y=np.arange(40) % 2)
    assert read(written(tmp_path / "t.npz")).data.scale == 255


def test_a_column_with_infinite_numbers_is_left_out_or_stays_as_it_is_advised(tmp_path):
    cells = ["inf", *X[1:119, 0].tolist(), "-inf"]
    file = written(table(tmp_path / "t.csv", numbers(ratio=cells, y=SIGN)), "y")
    assert "ratio" in read(file).data.ignore
    assert load(read(file)).interface.preparation.width == 3
    text = file.read_text(encoding="utf-8")
    advised = "missing: [inf, -inf]"
    assert f"it holds inf, 2 in all; with {advised} these are missing, and it can stay" in text
    lines = [line for line in text.splitlines() if "ratio" not in line]
    ignoring = next(place for place, line in enumerate(lines) if line.strip().startswith("ignore:"))
    lines[ignoring] = f"  {advised}"
    file.write_text("\n".join(lines), encoding="utf-8")
    ratio = load(read(file)).interface.preparation.columns[3]
    assert (ratio.name, bool(np.isfinite([ratio.low, ratio.high]).all())) == ("ratio", True)


def test_a_column_of_a_type_that_is_not_read_is_left_out(nnctl, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import decimal

    import pyarrow

    money = [decimal.Decimal("1.5")] * 120
    parquet.write_table(pyarrow.table(numbers(money=money, y=SIGN.tolist())), tmp_path / "t.parquet")
    drafted = nnctl("init", "t.parquet")
    assert drafted.exit_code == 0
    assert "left out: money, it holds decimal128(2, 1)" in drafted.stderr
    assert nnctl("train", "t.yaml", "-q", *BRIEFLY).exit_code == 0
    with pytest.raises(DataError, match=r"the target money cannot be predicted: it holds decimal128\(2, 1\)"):
        draft(tmp_path / "t.parquet", "money", tmp_path / "s.yaml")


def test_few_rows_are_all_for_training(nnctl, tmp_path):
    spec = written(table(tmp_path / "t.csv", {"x": [1.5, 2.5, 3.5, 4.5], "y": [0, 1, 0, 1]}), "y")
    assert read(spec).data.shares == {}
    assert nnctl("train", spec, "-q", *BRIEFLY).exit_code == 0


def pictures(folder, shade, m=12, size=(80, 60)):
    folder.mkdir(parents=True)
    for number in range(m):
        pixels = STREAM.randint(shade, shade + 60, (*size, 3)).astype(np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"{number}.png")


@pytest.mark.parametrize("own", [(), ("test",), ("val", "test")])
def test_a_folder_of_pictures_trains(nnctl, tmp_path, own):
    for part in ("train", *own) if own else ("",):
        pictures(tmp_path / "circles" / part / "dark", 0)
        pictures(tmp_path / "circles" / part / "light", 190)
    (tmp_path / "circles" / ("train" if own else "") / "dark" / "broken.png").write_bytes(b"no picture")
    spec = written(tmp_path / "circles")
    tree = document.read(spec).tree["data"]
    assert (tree["source"], tree["size"], tree["color"]) == ("circles/", (64, 48), "rgb")
    assert set(load(read(spec)).parts) == {"train", "validation", "test"}
    trained = nnctl("train", spec, "--no-pictures", "-S", "train.epochs=40")
    assert trained.exit_code == 0, trained.stderr
    assert "pictures that cannot be read are left out (data.skip_unreadable), 1 of" in trained.stderr


@pytest.mark.parametrize(
    ("columns", "target", "said"),
    [
        (numbers(colour=SUM), "color", 't.csv: there is no column color; did you mean "colour"?'),
        (
            numbers(y=[f"n{i}" for i in range(120)]),
            "y",
            "t.csv: the target has 120 different texts in 120 rows, such as n0",
        ),
        (numbers(y=[f"n{i % 70}" for i in range(120)]), "y", "the target has 70 different texts in 120 rows"),
        (numbers(y=[""] * 120), "y", "the target y is missing in every row"),
        (numbers(y=[4] * 120), "y", "the target is 4 in every row"),
        (numbers(y=["ok"] * 120), "y", "the target has one class only, ok; expected classes that come again"),
        (numbers(y=["2020-01-01", "2020-01-02"] * 60), "y", "the target y holds dates or times"),
        (numbers(y=["1,5", "2,5"] * 60), "y", "the target y holds numbers with decimal commas"),
        ({"who": [f"w{i}" for i in range(120)], "y": [0, 1] * 60}, "y", "there is no column of features"),
        ({"y": [0, 1] * 60}, "y", "there is no column of features"),
        (
            {"a": [f"{n},5" for n in range(120)], "y": [0, 1] * 60},
            "y",
            'no column of features beside y; correct or add one\na: numbers with decimal commas, such as "0,5"',
        ),
        (numbers(y=["inf", *SUM[1:]]), "y", "the target y cannot be predicted: it holds inf, 1 in all"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_explained(tmp_path, columns, target, said):
    with pytest.raises(DataError) as raised:
        draft(table(tmp_path / "t.csv", columns), target, tmp_path / "s.yaml")
    assert said in str(raised.value)
    assert str(raised.value).count("\n") < 5


def test_what_cannot_be_trained_on_is_told_in_the_words_of_its_reader(tmp_path):
    np.savez(tmp_path / "y.npz", y=np.arange(9))
    np.savez(tmp_path / "one.npz", X=X, y=np.full(120, 3))
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "empty").mkdir()
    (tmp_path / "one").mkdir()
    pictures(tmp_path / "one" / "cat", 0, m=2)
    said = {
        "y.npz": "no dataset of features for train was found",
        "one.npz": "the target is 3 in every row",
        "x.npy": "is one array without a name (NPY)",
        "empty": "is a folder without pictures",
        "one": "has one sub-folder only (cat), and so one class",
    }
    for name, words in said.items():
        with pytest.raises(DataError, match=words.replace("(", r"\(").replace(")", r"\)")):
            draft(tmp_path / name, None, tmp_path / "s.yaml")
    with pytest.raises(DataError, match="whose sub-folders are the classes; leave --target out"):
        draft(tmp_path / "one", "y", tmp_path / "s.yaml")


def test_data_that_are_not_there_are_looked_for(tmp_path):
    (tmp_path / "iris.csv").touch()
    with pytest.raises(DataError, match=r'iris.cvs: there is no such file or folder; did you mean "iris.csv"\?'):
        check_there(tmp_path / "iris.cvs")
    with pytest.raises(DataError, match="a built-in set, for which there is a spec: nnctl train spirals"):
        check_there(Path("spirals"))
    check_there(tmp_path)
