"""Tables in text: kinds of columns, what is missing, the same numbers as from arrays, and every mistake by its line."""

import gzip
import importlib.util
import json

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnctl.data.gathered import Asked
from nnctl.data.tables import read_table
from nnctl.errors import DataError, NnctlError
from nnctl.runs import model
from nnctl.runs.bundle import pack, unpack
from nnctl.spec import document
from nnctl.spec.reading import parse

TITANIC = """pclass,age,sex,cabin,survived
1,29,female,yes,1
3,,male,no,0
2,30.5,male,no,0
3,4,female,?,1
1,50,male,yes,0
2,NA,female,no,1
"""
SPEC = """data: {{source: {source}, target: {target}, scale: {scale}{more}}}
model: {{layer_dims: [{n0}, 4, {n}], activations: [tanh, {output}]}}
train: {{learning_rate: 0.1, iterations: 30}}
"""


def spec_of(source, n0, target="survived", n=1, output="sigmoid", scale="none", more=""):
    more = more and f", {more}"
    return SPEC.format(source=source, n0=n0, target=target, n=n, output=output, scale=scale, more=more)


@pytest.fixture
def write(tmp_path):
    def write(text, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def load(tmp_path, text, folders=()):
    (tmp_path / "s.yaml").write_text(text)
    from nnctl.data.dataset import load as load_dataset

    return load_dataset(parse(document.read(tmp_path / "s.yaml"), (tmp_path,)))


def test_each_column_is_prepared_by_its_kind(tmp_path, write):
    write(TITANIC)
    dataset = load(tmp_path, spec_of("t.csv", 6))
    X = dataset.parts["train"].X.T
    np.testing.assert_array_equal(X[:, 0], [1, 3, 2, 3, 1, 2])
    np.testing.assert_array_equal(X[:, 1], [29, 29.75, 30.5, 4, 50, 29.75])  # the median of four
    np.testing.assert_array_equal(X[:, 2:5], [[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(X[:, 5], [1, 0, 0, 0, 1, 0])  # missing: what most are
    assert dataset.interface.classes == ("0", "1")
    np.testing.assert_array_equal(dataset.parts["train"].Y, [[1, 0, 0, 1, 0, 1]])


def test_a_kind_can_be_said_and_a_missing_number_can_have_a_sign(tmp_path, write):
    write(TITANIC)
    dataset = load(tmp_path, spec_of("t.csv", 10, more="columns: {pclass: category}, fill: indicator"))
    X = dataset.parts["train"].X.T
    np.testing.assert_array_equal(X[:, :4], np.eye(4)[[0, 2, 1, 2, 0, 1]])
    np.testing.assert_array_equal(X[:, 5], [0, 1, 0, 0, 0, 1])
    with pytest.raises(DataError, match=r"column age is missing in line 3, and data.fill is error"):
        load(tmp_path, spec_of("t.csv", 6, more="fill: error"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_separator_is_found(write, separator, end, mark):
    text = mark + end.join(['"a"xb', '"1"x"p q"', "2xp"]).replace("x", separator) + end
    table = read_table(write(text), Asked(), ["b"])
    assert table.X.names == ("a",)
    np.testing.assert_array_equal(table.X.numbers, [[1], [2]])
    assert table.y.tolist() == ["p q", "p"]


def test_quotes_hold_separators_and_ends_of_lines_and_rows_keep_their_lines(write):
    table = read_table(write('a,y\n"x\n,y",1\n\n"q""",2\n'), Asked(), ["y"])
    assert table.X.texts["a"].values == ("x\n,y", 'q"')
    assert table.numbers.tolist() == [2, 5]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv"])
def test_gzip_is_told_by_content(write, name):
    table = read_table(write(gzip.compress(TITANIC.encode()), name), Asked(), ["survived"])
    assert len(table.X) == 6


def test_codes_with_leading_zeros_stay_texts_wherever_they_begin(write):
    rows = [f"{i},{i % 7}" for i in range(9000)] + ["00120,1"]
    table = read_table(write("zip,y\n" + "\n".join(rows)), Asked(), ["y"])
    assert table.X.texts["zip"].values[-1] == "00120"
    assert table.X.texts["zip"].values[5] == "5"


@pytest.mark.parametrize("cell", ["1_000", "9007199254740993", "-007"])
def test_what_would_change_as_a_number_stays_text(write, cell):
    table = read_table(write(f"a,y\n{cell},1\n2,0\n"), Asked(), ["y"])
    assert table.X.texts["a"].values == (cell, "2")


@pytest.mark.parametrize("cell", ["0", "-0", "0.5", "0e3", "1e3", " 7", ".5", "5."])
def test_numbers_are_numbers(write, cell):
    table = read_table(write(f"a,y\n{cell},1\n2,0\n"), Asked(), ["y"])
    np.testing.assert_array_equal(table.X.numbers, [[float(cell)], [2]])


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.booleans()), min_size=1, max_size=20))
def test_every_number_comes_back_bit_for_bit(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("a,y\n" + "".join(f"{x!r},{int(y)}\n" for x, y in rows))
    table = read_table(path, Asked(), ["y"])
    np.testing.assert_array_equal(table.X.numbers[:, 0], [x for x, _ in rows])


def test_the_same_rows_give_the_same_parameters(nnctl, tmp_path):
    stream = np.random.RandomState(0)
    X, y = np.round(stream.randn(60, 3), 3), stream.randint(0, 2, 60)
    np.savez(tmp_path / "t.npz", X=X, y=y)
    rows = [dict(zip("abcy", [*map(float, x), int(label)], strict=True)) for x, label in zip(X, y, strict=True)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, mark in (("t.csv", ","), ("t.tsv", "\t")):
        lines = [mark.join("abcy"), *(mark.join(map(str, row.values())) for row in rows)]
        (tmp_path / name).write_text("\n".join(lines))
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["X"], file["y"] = X, y
    with h5py.File(tmp_path / "chunks.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(7, 2), compression="gzip")
        file["y"] = y
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    names = ["t.npz", "t.csv", "t.tsv", "t.jsonl", "t.h5", "chunks.h5", "{features: X.npy, target: y.npy}"]
    if importlib.util.find_spec("pyarrow"):
        from pyarrow import parquet, table

        parquet.write_table(table({name: [row[name] for row in rows] for name in "abcy"}), tmp_path / "t.parquet")
        names.append("t.parquet")
    found = []
    for name in names:
        spec = spec_of(name, 3, target="y", scale="standardize", more="test: 0.25")
        (tmp_path / "s.yaml").write_text(spec if name[0] != "{" else spec.replace("target: y, ", ""))
        run = nnctl("train", "s.yaml", "--no-pictures", "-q")
        assert run.exit_code == 0, run.stderr
        found.append(model.load(tmp_path / run.stdout.strip() / "parameters.h5").parameters.flat)
        own = nnctl("predict", run.stdout.strip(), "--json")
        assert own.exit_code == 0
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_predict_takes_columns_by_name(nnctl, tmp_path, write):
    write(TITANIC)
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 6))
    nnctl("train", "s.yaml", "-q", "--no-pictures")
    first = nnctl("predict", "t.csv").stdout
    rows = [line.split(",") for line in TITANIC.splitlines()]
    write("\n".join(",".join([*reversed(row), "more"]) for row in rows).replace("more", "extra", 1), "other.csv")
    assert nnctl("predict", "other.csv").stdout == first
    write(TITANIC.replace("sex", "gender"), "renamed.csv")
    missing = nnctl("predict", "renamed.csv")
    assert missing.exit_code == 6
    assert "renamed.csv: there is no column sex" in missing.stderr
    write(TITANIC.replace("female", "other").replace("50", "5000").replace("1,29", ",29"), "odd.csv")
    odd = nnctl("predict", "odd.csv")
    assert odd.exit_code == 0
    assert 'sex has a value that training never saw in 3 of 6 rows: "other"' in odd.stderr
    assert "age lies far outside what the network was trained on (4 to 50) in 1 of 6 rows: 5000" in odd.stderr
    assert "pclass is missing in 1 of 6 rows, and never was in training" in odd.stderr
    assert len(odd.stdout.splitlines()) == 7
    write(TITANIC.replace("30.5", "old"), "text.csv")
    text = nnctl("predict", "text.csv")
    assert text.exit_code == 0
    assert 'text.csv:4: column age is "old"; expected a number' in text.stderr


def test_a_shift_of_test_rows_changes_nothing_that_is_fitted(tmp_path, write):
    write(TITANIC)
    for name, by in (("near.csv", 0), ("far.csv", 1000)):
        head, *rows = TITANIC.replace("NA", "3").splitlines()
        cells = [row.split(",") for row in rows]
        write("\n".join([head, *(",".join([row[0], str(float(row[1] or 7) + by), *row[2:]]) for row in cells)]), name)
    near, far = (
        load(tmp_path, spec_of("t.csv", 6, scale="standardize", more=f"test: {name}"))
        for name in ("near.csv", "far.csv")
    )
    assert near.interface.preparation.written() == far.interface.preparation.written()
    np.testing.assert_array_equal(near.parts["train"].X, far.parts["train"].X)
    assert (far.parts["test"].X[1] - near.parts["test"].X[1] > 10).all()
    assert any("far outside" in note for note in far.notes)


MANY = "id,y\n" + "\n".join(f"n{i % 5000},{i % 2}" for i in range(10_000))
BAD = {
    "ragged": ("a,y\n1,2\n3\n", "t.csv:3: has 1 cells, and the header has 2 columns: 3"),
    "two headers": ("a,b,y\nx,y,z\n1,2,0\n3,4,1\n5,6,1\n", "t.csv: column a holds numbers and texts mixed, such as"),
    "no header": ("1,2\n3,4\n", "t.csv:1: there is no header: the first row holds numbers (1, 2)"),
    "empty": ("", "t.csv: is empty"),
    "header only": ("a,y\n", "t.csv: has a header and no rows below it"),
    "one class": ("a,y\n1,0\n2,0\n", "t.csv: there is one class only"),
    "no target": ("a,survivd\n1,0\n2,1\n", 'there is no column survived, data.target; did you mean "survivd"?'),
    "thousands": ("a,survived\n\"1,000\",0\n2,1\n3,1\n", 'with thousands separators, such as "1,000" in line 2'),
    "decimal comma": ("a;survived\n1,5;0\n2,5;1\n3,5;1\n", 'numbers with decimal commas, such as "1,5" in line 2'),
    "mixed": ("a,survived\n1,0\n2,1\nx,1\n", 'numbers and texts mixed, such as "x" in line 4'),
    "categories": (MANY.replace(",y", ",survived"), "column id has 5,000 different texts in 10,000 rows"),
    "names": ("a,survived\nann,0\nbob,1\ncy,1\n", "column a has another text in each row"),
    "dates": ("a,survived\n2020-01-01,0\n2020-01-02,1\n2020-01-01,1\n", "holds dates or times"),
    "inf": ("a,survived\n1,0\ninf,1\n", "t.csv:3: column a is inf"),
    "twice": ("a,a,survived\n1,1,0\n2,2,1\n", 't.csv:1: the name "a" stands above columns 1 and 2'),
    "open quote": ('a,survived\n1,0\n"2,1\n3,0\n', "t.csv:3: a quote (\") that opens in the row of this line is not"),
    "behind a quote": ('a,survived\n"1"x,0\n', "t.csv:2: there is text behind a closing quote"),
    "nul": ("a,survived\n1,0\n2\0,1\n", "t.csv:3: there is a zero sign (NUL)"),
    "missing target": ("a,survived\n1,0\n2,\n3,1\n", "the target survived is missing in 1 of 3 rows: line 3"),
    "empty column": ("a,b,survived\n1,,0\n2,,1\n", "column b is empty in all training rows"),
    "no name": ("a,,survived\n1,1,0\n2,1,1\n", "t.csv:1: column 2 has no name"),
}  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_bad_tables_are_explained(nnctl, tmp_path, write, text):
    content, said = text
    target = "y" if content.startswith(("a,y", "a,b,y", "1,2")) else "survived"
    write(content)
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 1, target=target))
    found = nnctl("train", "s.yaml", "-q", "--no-pictures")
    assert found.exit_code in (2, 3), found.stderr
    assert said in found.stderr
    assert len(found.stderr.splitlines()) <= 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,y\n中文,1\n中,0\n".encode("gbk"), "GBK"),
        ("a,y\ngröße,1\nà la carte,0\n".encode("latin-1"), "Latin-1"),
        ("a,y\nné,1\n".encode("latin-1"), "Latin-1"),
        ("a,y\n1,1\n2,0\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(TITANIC.encode() * 50)[:-20], "cut off"),
    ],
)
def test_other_encodings_are_named(write, content, said):
    with pytest.raises(NnctlError, match=said):
        read_table(write(content), Asked(), ["y"])


def test_an_encoding_can_be_said(write):
    table = read_table(write("a,y\nné,1\n", encoding="latin-1"), Asked(encoding="latin-1"), ["y"])
    assert table.X.texts["a"].values == ("né",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"a": 1, "a": 2}', "t.jsonl:2: has the key"),
        ("[1, 2]", "t.jsonl:2: is no object"),
        ("{", "t.jsonl:2: is no JSON"),
        ('{"a": [1]}', "t.jsonl:2: .*several values"),
    ],
)
def test_json_lines_are_strict(write, line, said):
    path = write('{"a": 1, "y": 0}\n' + line + "\n", "t.jsonl")
    with pytest.raises(DataError, match=said):
        read_table(path, Asked(), ["y"])


def test_rows_without_a_target_can_be_left_out_and_are_counted(write):
    table = read_table(write("a,y\n1,0\n2,\n3,1\n"), Asked(), ["y"], drop=True)
    assert table.numbers.tolist() == [2, 4]
    assert "1 rows without a target are left out" in table.notes[0]


def test_groups_and_an_order_come_from_columns_that_are_no_features(write):
    path = write("a,who,day,y\n1,ann,2020-02-01,0\n2,bob,2020-01-01,1\n3,ann,2019-01-01,1\n")
    table = read_table(path, Asked(), ["y"], group="who", order="day")
    assert table.X.names == ("a",)
    assert table.groups[0] == table.groups[2] != table.groups[1]
    assert np.argsort(table.order).tolist() == [2, 1, 0]
    with pytest.raises(DataError, match=r'no column whom, data.group; did you mean "who"'):
        read_table(path, Asked(), ["y"], group="whom")
    with pytest.raises(DataError, match=r"column who, data.group, is missing in 1 rows"):
        read_table(write("a,who,y\n1,,0\n2,b,1\n"), Asked(), ["y"], group="who")


def test_groups_and_an_order_may_be_numbers(write):
    table = read_table(write("who,a,day,y\n7,1,3,0\n8,2,1,1\n7,3,2,1\n"), Asked(), ["y"], group="who", order="day")
    np.testing.assert_array_equal(table.X.numbers, [[1], [2], [3]])
    assert (table.groups.tolist(), table.order.tolist(), table.y.tolist()) == ([7, 8, 7], [3, 1, 2], [0, 1, 1])


def test_the_last_days_are_the_test(tmp_path, write):
    rows = [f"{i},2020-01-{31 - i:02d},{i % 2}" for i in range(1, 31)]
    write("a,day,survived\n" + "\n".join(rows))
    dataset = load(tmp_path, spec_of("t.csv", 1, more="test: 0.2, order: day"))
    assert sorted(dataset.parts["test"].X[0].tolist()) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "rows",
    [
        ['{"a": "1", "y": 0}', '{"a": true, "y": 1}', '{"a": true, "y": 1}'],
        ['{"a": "1", "y": 0}', '{"a": 2, "y": 1}', '{"a": null, "y": 1}'],
        ['{"a": 9007199254740993, "y": 0}', '{"a": 9007199254740993, "y": 1}', '{"a": 2, "y": 1}'],
    ],
)
def test_cells_of_several_types_become_one_kind(write, rows):
    table = read_table(write("\n".join(rows), "t.jsonl"), Asked(), ["y"])
    found = table.X.texts["a"].values if "a" in table.X.texts else table.X.numbers[:, 0].tolist()
    expected = {0: ("1", "true"), 1: [1, 2], 2: ("9007199254740993", "2")}
    index = next(index for index, sign in enumerate(("true", "null", "9007")) if sign in "".join(rows))
    np.testing.assert_array_equal(np.array(found[: len(expected[index])]), np.array(expected[index]))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_number_that_means_missing_does_so_however_it_is_written(write, name):
    rows = (
        "a,y\n-999,1\n-999.0,0\n3,1\n"
        if name == "t.csv"
        else '{"a": -999, "y": 1}\n{"a": -999.0, "y": 0}\n{"a": 3, "y": 1}\n'
    )
    table = read_table(write(rows, name), Asked(missing=["-999"]), ["y"])
    np.testing.assert_array_equal(table.X.numbers[:, 0], [np.nan, np.nan, 3])


def test_one_row_is_predicted_as_among_others(nnctl, tmp_path, write):
    write("a,y\n0.5,p\n1.5,q\n2.5,q\n1e17,p\n")
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 1, target="y"))
    assert nnctl("train", "s.yaml", "-q", "--no-pictures").exit_code == 0
    together = nnctl("predict", "t.csv").stdout.splitlines()
    for row, cell in enumerate(["0.5", "1.5", "2.5", "1e17"]):
        write(f"a\n{cell}\n", "one.csv")
        alone = nnctl("predict", "one.csv").stdout.splitlines()
        _, name, share = alone[1].split(",")
        assert name == together[row + 1].split(",")[1]
        assert float(share) == pytest.approx(float(together[row + 1].split(",")[2]), rel=1e-12)


def test_an_empty_cell_of_a_single_column_is_a_row(nnctl, tmp_path, write):
    write("a,y\n0.5,p\n1.5,q\n,q\n")
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 1, target="y"))
    nnctl("train", "s.yaml", "-q", "--no-pictures")
    write('a\n1\n""\n2\n', "one.csv")
    assert len(nnctl("predict", "one.csv").stdout.splitlines()) == 4


def test_a_test_part_has_the_columns_and_kinds_of_training(nnctl, tmp_path, write):
    write("a,b,y\n1,x,0\n2,x,1\n3,z,1\n4,z,0\n")
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 4, target="y", more="test: {file: u.csv, target: truth}"))
    write("b,truth,a,more\n7,1,1,0\nx,0,2,0\n", "u.csv")  # what looks like numbers there is text
    dataset = load(tmp_path, (tmp_path / "s.yaml").read_text())
    np.testing.assert_array_equal(dataset.parts["test"].X.T, [[1, 0, 0, 1], [2, 1, 0, 0]])
    np.testing.assert_array_equal(dataset.parts["test"].Y, [[1, 0]])
    for text, said in (
        ("a,truth\n1,1\n", "there is no column b"),
        ("a,b,truth\nold,x,1\n", 'u.csv:2: column a is "old"'),
    ):
        write(text, "u.csv")
        found = nnctl("train", "s.yaml")
        assert found.exit_code == 3
        assert said in found.stderr


def test_kinds_are_told_before_rows_are_split_off(tmp_path, write):
    write("a,y\n" + "\n".join(f"{'no' if i == 39 else 'yes'},{i % 2}" for i in range(40)))
    dataset = load(tmp_path, spec_of("t.csv", 1, target="y", more="test: 0.9, order: file"))
    assert type(dataset.interface.preparation.columns[0]).__name__ == "boolean"


def test_a_kind_that_is_asked_for_must_be_that(tmp_path, write):
    write("a,y\n0,0\n1,1\n2,1\n")
    with pytest.raises(DataError, match=r'column a is to be boolean, data.columns, and holds "2"'):
        load(tmp_path, spec_of("t.csv", 1, target="y", more="columns: {a: boolean}"))
    write("a,y\n0,0\n1,1\n1,1\n")
    dataset = load(tmp_path, spec_of("t.csv", 1, target="y", more="columns: {a: boolean}"))
    np.testing.assert_array_equal(dataset.parts["train"].X, [[0, 1, 1]])


def test_a_divisor_below_1_is_shown(tmp_path, write):
    write("a,b,y\n0.1,x,0\n0.2,z,1\n0.3,x,1\n")
    dataset = load(tmp_path, spec_of("t.csv", 4, target="y", scale="0.1"))
    assert str(dataset.interface.preparation) == "2 columns, divided by 0.1"
    np.testing.assert_allclose(dataset.parts["train"].X[:, 0], [1, 1, 0, 0])


@pytest.mark.parametrize("content", ["\n\n\na,y\n1,0\n2,1\n", "\n\n\na,y"])
def test_blank_lines_above_the_header_are_nothing(write, content):
    if content.endswith("y"):
        with pytest.raises(DataError, match="has a header and no rows below it"):
            read_table(write(content), Asked(), ["y"])
    else:
        assert read_table(write(content), Asked(), ["y"]).numbers.tolist() == [5, 6]


@pytest.mark.parametrize("content", ['""\n', ' \n""\n'])
def test_a_header_without_a_name_is_told(write, content):
    with pytest.raises(DataError, match="expected a line with the names of the columns"):
        read_table(write(content), Asked(), ["y"])


@pytest.mark.parametrize("separator", ["||", " ", '"', "\n", ""])
def test_a_separator_is_one_sign(nnctl, tmp_path, write, separator):
    write(TITANIC)
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 6))
    found = nnctl("train", "s.yaml", "-S", f"data.separator={json.dumps(separator)}")
    assert found.exit_code == 2
    assert "data.separator must be one sign" in found.stderr


def test_other_kinds_of_file_are_told_by_their_content(nnctl, tmp_path):
    np.savez(tmp_path / "d.npz", X=np.random.RandomState(0).randn(8, 2), y=[0, 1] * 4)
    (tmp_path / "d.npz").rename(tmp_path / "d.csv")
    (tmp_path / "s.yaml").write_text(spec_of("d.csv", 2, target="y"))
    assert nnctl("train", "s.yaml", "-q", "--no-pictures").exit_code == 0


@pytest.mark.parametrize(("columns", "picture"), [("uv", "boundary.png"), ("u", "curve.png")])
def test_tables_of_numbers_are_drawn(nnctl, tmp_path, write, columns, picture):
    stream = np.random.RandomState(0)
    rows = [[*stream.rand(len(columns)).tolist(), round(stream.rand(), 3)] for _ in range(20)]
    kind = {"n": 1, "output": "linear"}
    if len(columns) == 2:
        rows, kind = [[*row[:2], "ab"[row[2] > 0.5]] for row in rows], {}
    rows[3][0] = ""
    write("\n".join([",".join([*columns, "y"]), *(",".join(map(str, row)) for row in rows)]))
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", len(columns), target="y", **kind))
    found = nnctl("train", "s.yaml")
    assert "is not drawn" not in found.stderr
    assert (tmp_path / found.stdout.strip() / picture).stat().st_size > 10_000


AGE = {"kind": "number", "name": "a", "fill": 0.5, "low": 0.0, "high": 1.0, "gaps": False, "indicator": False}
YES = {"kind": "boolean", "name": "a", "fill": 1.0, "gaps": False}


@pytest.mark.parametrize(
    "change",
    [
        {"columns": []},
        {"columns": [AGE, AGE]},
        {"columns": [{"kind": "number", "name": "a"}]},
        {"columns": [{**AGE, "fill": "x"}]},
        {"columns": [{**AGE, "gaps": 1}]},
        {"columns": [{"kind": "category", "name": "a", "values": [1], "gaps": False}]},
        {"columns": [{"kind": "colour", "name": "a"}]},
        {"columns": 3},
        {"missing": [1]},
        {"columns": [{**YES, "name": name, "fill": 7.0} for name in "abcdef"]},
        {"encoding": 3},
        {"encoding": "idna"},
        {"encoding": "utf-8\0"},
        {"separator": "ab"},
        {"separator": ""},
        {"separator": 0},
        {"separator": []},
    ],
)
def test_what_a_model_says_of_its_columns_is_checked(nnctl, tmp_path, write, change):
    write(TITANIC)
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 6))
    run = tmp_path / nnctl("train", "s.yaml", "-q", "--no-pictures").stdout.strip()
    arrays, about = unpack((run / "parameters.h5").read_bytes())
    about["columns"] |= change
    (run / "parameters.h5").write_bytes(pack(arrays, about))
    found = nnctl("predict", "t.csv")
    assert found.exit_code == 3
    assert "is not a parameters file of nnctl" in found.stderr


def test_signs_of_missing_numbers_are_not_scaled_and_only_where_some_are_missing(tmp_path, write):
    write("a,b,y\n1,10,0\n,20,1\n3,30,1\n")
    dataset = load(tmp_path, spec_of("t.csv", 3, target="y", scale="standardize", more="fill: indicator"))
    unit = np.sqrt(1.5)
    np.testing.assert_allclose(dataset.parts["train"].X, [[-unit, 0, unit], [0, 1, 0], [-unit, 0, unit]], atol=1e-15)


def test_missing_and_unseen_categories_have_one_place(tmp_path, write):
    write(" a, y\n red,0\n blue,1\n?, 1\nred,0\n")
    write("a,y\ngreen,0\n,1\nblue,1\n", "u.csv")
    dataset = load(tmp_path, spec_of("t.csv", 3, target="y", more="test: u.csv"))
    np.testing.assert_array_equal(dataset.parts["train"].X.T, np.eye(3)[[1, 0, 2, 1]])
    np.testing.assert_array_equal(dataset.parts["test"].X.T, np.eye(3)[[2, 2, 0]])


def test_numbers_within_ten_widths_are_not_remarked_on(tmp_path, write):
    write("a,y\n0,0\n1,1\n0.5,1\n")
    for cell, remarks in ((10.9, 0), (11.1, 1), (-9.9, 0), (-10.1, 1)):
        write(f"a,y\n{cell},0\n0.3,1\n", "u.csv")
        dataset = load(tmp_path, spec_of("t.csv", 1, target="y", more="test: u.csv"))
        assert sum("far outside" in note for note in dataset.notes) == remarks


@pytest.mark.parametrize(("old", "new"), [("female", "femme"), ("30.5", "30.6"), ("age", "years"), ("0\n2,", "1\n2,")])
def test_a_table_that_changed_is_not_taken_for_that_of_the_run(nnctl, tmp_path, write, old, new):
    write(TITANIC)
    (tmp_path / "s.yaml").write_text(spec_of("t.csv", 6))
    nnctl("train", "s.yaml", "-q", "--no-pictures")
    assert nnctl("predict").exit_code == 0
    write(TITANIC.replace(old, new))
    found = nnctl("predict")
    assert found.exit_code == 3
    assert "its data have changed since the training" in found.stderr
