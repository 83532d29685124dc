"""Parquet tables mean what the same rows mean as CSV, and are read by pyarrow, which not everybody has."""

import datetime
import subprocess
import sys

import numpy as np
import pytest

from nnctl.data import kinds
from nnctl.data.gathered import Asked
from nnctl.data.incoming import read_blocks
from nnctl.data.scaling import Scaling
from nnctl.data.tables import read_table
from nnctl.data.tabular import TabularPreparation
from nnctl.errors import DataError
from nnctl.runs import model

SPEC = """data: {{source: {0}, target: y, scale: standardize, test: 0.25{1}}}
model: {{layer_dims: [auto, 4, 1], activations: [tanh, sigmoid]}}
train: {{learning_rate: 0.1, iterations: 30}}
"""


@pytest.fixture
def write(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet, table

    def write(columns, name="t.parquet", **options):
        parquet.write_table(table(columns), tmp_path / name, **options)
        return tmp_path / name

    return write


def test_without_pyarrow_it_is_said_how_to_get_it(nnctl, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    (tmp_path / "s.yaml").write_text(SPEC.format("t.parquet", ""))
    found = nnctl("train", "s.yaml")
    assert found.exit_code == 3
    assert "t.parquet: is a Parquet table, which pyarrow reads" in found.stderr
    assert 'pip install "nnctl[parquet]"' in found.stderr


@pytest.mark.parametrize("key", ["encoding: gbk", "separator: ;"])
def test_keys_of_texts_are_mistakes(nnctl, tmp_path, key):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    (tmp_path / "s.yaml").write_text(SPEC.format("t.parquet", f", {key.replace(';', chr(39) + ';' + chr(39))}"))
    found = nnctl("train", "s.yaml")
    assert found.exit_code == 2
    assert f": data.{key.split(':')[0]} is about a table in text;" in found.stderr
    assert "t.parquet is none" in found.stderr


def test_the_same_rows_give_the_same_parameters(nnctl, tmp_path, write):
    import pyarrow

    stream = np.random.RandomState(0)
    m = 60
    a, b = np.round(stream.randn(m), 3), stream.randint(0, 50, m)
    c, d, y = ([["no", "yes"][i] for i in stream.randint(0, 2, m)] for _ in range(3))
    c = [["red", "blue", None][i] for i in stream.randint(0, 3, m)]
    b = [None if i == 7 else int(value) for i, value in enumerate(b)]
    rows = zip(a, b, c, d, y, strict=True)
    text = "\n".join(["a,b,c,d,y", *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)])
    (tmp_path / "t.csv").write_text(text)
    bools = [cell == "yes" for cell in d]
    write({"a": a, "b": b, "c": pyarrow.array(c).dictionary_encode(), "d": bools, "y": y}, row_group_size=7)
    found = []
    for name in ("t.csv", "t.parquet"):
        (tmp_path / "s.yaml").write_text(SPEC.format(name, ""))
        run = nnctl("train", "s.yaml", "--no-pictures", "-q")
        assert run.exit_code == 0, run.stderr
        found.append(model.load(tmp_path / run.stdout.strip() / "parameters.h5").parameters.flat)
        predicted = nnctl("predict", run.stdout.strip(), name)
        assert predicted.exit_code == 0, predicted.stderr
        found.append(predicted.stdout)
    np.testing.assert_array_equal(found[0], found[2])
    assert found[1] == found[3]


def test_each_type_has_its_meaning(write):
    import pyarrow

    path = write(
        {
            "small": pyarrow.array([1, None, 3], "uint8"),
            "half": pyarrow.array([0.5, None, np.nan], "float32"),
            "large": [2**53 + 1, 5, None],
            "whole": [2**53, -(2**53), 0],
            "code": ["007", "1", None],
            "texts of numbers": ["1.5", "2", ""],
            "truth": [True, False, None],
            "day": [datetime.date(2020, 1, 2), datetime.date(2020, 1, 1), None],
            "at": pyarrow.array([datetime.datetime(2020, 1, 2, 3), None, None], pyarrow.timestamp("ns", "UTC")),
            "nothing": pyarrow.nulls(3),
            "y": [0, 1, 1],
        }
    )
    table = read_table(path, Asked(), ["y"])
    nan = np.nan
    assert table.X.number_names == ("small", "half", "whole", "texts of numbers", "nothing")
    expected = [[1, 0.5, 2.0**53, 1.5, nan], [nan, nan, -(2.0**53), 2, nan], [3, nan, 0, nan, nan]]
    np.testing.assert_array_equal(table.X.numbers, expected)
    texts = {name: [None if i < 0 else own.values[i] for i in own.codes] for name, own in table.X.texts.items()}
    assert texts == {
        "large": ["9007199254740993", "5", None],
        "code": ["007", "1", None],
        "truth": ["true", "false", None],
        "day": ["2020-01-02", "2020-01-01", None],
        "at": ["2020-01-02 03:00:00.000000000", None, None],
    }
    assert table.numbers.tolist() == [0, 1, 2]
    assert table.place(2) == "row 2 (counted from 0)"


@pytest.mark.parametrize("kind", ["list", "struct", "decimal", "binary", "duration"])
def test_other_types_are_told_and_can_be_left_out(write, kind):
    import decimal

    odd = {
        "list": [[1], [2]],
        "struct": [{"u": 1}, {"u": 2}],
        "decimal": [decimal.Decimal("1.5"), None],
        "binary": [b"1", b"2"],
        "duration": [datetime.timedelta(1), None],
    }[kind]
    path = write({"odd": odd, "a.b": [1, 2], "y": [0, 1]})
    with pytest.raises(DataError, match=r"column odd holds .*; expected numbers.*\nLeave it out: data.ignore: \[odd\]"):
        read_table(path, Asked(), ["y"])
    table = read_table(path, Asked(ignore=["odd"]), ["y"])
    assert table.X.names == ("a.b",)
    np.testing.assert_array_equal(table.X.numbers, [[1], [2]])


@pytest.mark.parametrize("keep", [[], ["d"], ["all"]])
def test_a_column_that_nobody_asks_for_is_not_decoded(write, keep, monkeypatch):
    from pyarrow.parquet import ParquetFile

    read = []
    decode = ParquetFile.iter_batches

    def watched(self, *given, columns):
        read.append(columns)
        return decode(self, *given, columns=columns)

    monkeypatch.setattr(ParquetFile, "iter_batches", watched)
    path = write({"d": ["x", "y"], "b": [1.5, 2], "c": [1, 2], "a": [3, 4]})
    columns = tuple(kinds.number(name, 0.0, 0.0, 9.0, gaps=False) for name in "ab")
    (block,) = read_blocks(path, TabularPreparation(columns, Scaling()), keep)
    np.testing.assert_array_equal(block.table.X.numbers, [[3, 1.5], [4, 2]])
    every = ["d", "b", "c", "a"]
    assert read == [every if keep == ["all"] else [name for name in every if name in ("a", "b", *keep)]]
    assert {name: list(cells) for name, cells in block.kept.items()} == {
        name: cells
        for name, cells in {"d": ["x", "y"], "b": [1.5, 2], "c": [1, 2], "a": [3, 4]}.items()
        if name in keep or keep == ["all"]
    }


def test_mistakes_have_their_rows(write):
    m = 20_000
    y = [0.0, 1.0] * (m // 2)
    with pytest.raises(DataError, match=r"t.parquet: row 15000 \(counted from 0\): column a is inf"):
        read_table(write({"a": [np.inf if i == 15_000 else i for i in range(m)], "y": y}), Asked(), ["y"])
    with pytest.raises(DataError, match=r"missing in 1 of 20,000 rows: row 9,000 \(counted from 0\)"):
        read_table(write({"a": range(m), "y": [None if i == 9000 else v for i, v in enumerate(y)]}), Asked(), ["y"])
    with pytest.raises(DataError, match=r"row 17 \(counted from 0\): column a is \"x\"; expected a number"):
        read_table(write({"a": ["x" if i == 17 else "1" for i in range(m)], "y": y}), Asked(numbers=["a"]), ["y"])
    with pytest.raises(DataError, match=r"no column aa.*did you mean"):
        read_table(write({"a": range(m), "y": y}), Asked(ignore=["aa"]), ["y"])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,y\n1,2\n", b"PAR1" + bytes(60) + b"PAR1", None])
def test_what_is_no_parquet_is_told(tmp_path, write, content):
    path = write({"a": range(1000), "y": [0, 1] * 500})
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(1500) + whole[1504:] if content is None else content)
    with pytest.raises(DataError, match=r"t.parquet: is no Parquet table, or is damaged"):
        read_table(path, Asked(), ["y"])


def test_pyarrow_is_loaded_for_parquet_alone():
    program = "import sys, nnctl.data.parts; print('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_the_index_of_pandas_is_no_feature(write):
    path = write({"a": [1.5, 2.5], "__index_level_0__": [7, 3], "y": [0, 1]})
    table = read_table(path, Asked(), ["y"])
    assert table.X.names == ("a",)
    assert table.notes == (f"{path}: the index of pandas is left out",)
