"""Answers in every format hold the same, None where there is none, and a file is whole or not there."""

import csv
import json
from io import StringIO
from pathlib import Path

import h5py
import numpy as np
import pytest

from nnctl.errors import SpecError, StorageError
from nnctl.explain.answers import as_objects, write_csv, writer_of, writers, writing

BLOCKS = [
    {
        "file": ["a.csv", "né.csv"],
        "row": [0, 1],
        "prediction": ["cat", None],
        "probability": [0.1 + 0.2, None],
        "a/b": ["x, y", 'q"'],
    },
    {"file": ["né.csv"], "row": [2], "prediction": ["猫"], "probability": [1.0], "a/b": ["line\nline"]},
]
TEXTS = ("file", "prediction", "a/b")
WHOLE = {name: [value for block in BLOCKS for value in block[name]] for name in BLOCKS[0]}


def read(path):
    """Return the columns of a file of answers by an independent reader, None where there is no answer."""
    if path.suffix in (".h5", ".hdf5"):
        with h5py.File(path) as file:
            return {
                name: [
                    None if value in ("", b"") or value != value else value
                    for value in (column.asstr()[:].tolist() if column.dtype == object else column[:].tolist())
                ]
                for name, column in file.items()
            }
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pydict()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        kinds = {"row": int, "probability": float}
        return {n: [kinds.get(n, str)(row[n]) if row[n] else None for row in rows] for n in rows[0]}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize("ending", writers)
def test_every_format_holds_the_same(tmp_path, ending):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"said{ending}"
    with writing(path) as file:
        for block in BLOCKS:
            file.write(block, TEXTS)
    found = read(path)
    expected = {name.replace("/", "_") if "h" in ending[1:2] else name: values for name, values in WHOLE.items()}
    assert found == expected
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_halves_of_signs_and_zero_signs_are_written_as_signs_for_them(tmp_path):
    block = {"row": [0], "prediction": ["x\ud800\0y"]}
    for ending in (".csv", ".jsonl", ".h5"):
        with writing(tmp_path / f"said{ending}") as file:
            file.write(block, ["prediction"])
    assert "x\ufffd\0y" in (tmp_path / "said.csv").read_text(encoding="utf-8")
    assert read(tmp_path / "said.jsonl")["prediction"] == ["x\ufffd\0y"]
    assert read(tmp_path / "said.h5")["prediction"] == ["x\ufffd\ufffdy"]


@pytest.mark.parametrize("ending", writers)
def test_a_file_that_is_not_finished_is_not_there(tmp_path, ending):
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"said{ending}"
    path.write_text("before")

    def interrupted():
        with writing(path) as file:
            file.write(BLOCKS[0], TEXTS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_names_that_hdf5_cannot_tell_apart_are_datasets_of_their_own(tmp_path):
    with writing(tmp_path / "said.h5") as file:
        file.write({"row": [0], "a/b": [1.0], "a_b": [2.0], ".": [3.0]}, ())
    with h5py.File(tmp_path / "said.h5") as file:
        assert {name: file[name][0] for name in file} == {"row": 0, "a_b": 1.0, "a_b_": 2.0, "_": 3.0}
        assert file["row"].dtype == np.int64


def test_a_block_without_any_number_keeps_the_type_of_its_columns(tmp_path):
    pytest.importorskip("pyarrow")
    for name in ("said.h5", "said.parquet"):
        with writing(tmp_path / name) as file:
            file.write({"row": [0], "prediction": [None], "p": [None]}, ["prediction"])
            file.write({"row": [1], "prediction": ["a"], "p": [0.5]}, ["prediction"])
        assert read(tmp_path / name) == {"row": [0, 1], "prediction": [None, "a"], "p": [None, 0.5]}


def test_other_endings_are_refused_with_those_that_are_written():
    assert writer_of(Path("said")) is writers[".csv"]
    assert writer_of(Path("SAID.CSV")) is writers[".csv"]
    with pytest.raises(SpecError, match=r"said.xlsx: predictions are written to a file that ends with .csv, .jsonl"):
        writer_of(Path("said.xlsx"))


def test_parquet_without_pyarrow_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SpecError, match=r'pip install "nnctl\[parquet\]"'), writing(tmp_path / "said.parquet"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(StorageError, match="there is no folder"), writing(tmp_path / "none" / "said.csv"):
        pass


def test_a_name_that_is_no_text_is_written_as_its_bytes_or_a_sign_for_them(tmp_path):
    block = {"file": ["\udcff.png"], "row": [0], "prediction": ["a"]}
    for ending in (".csv", ".jsonl", ".h5"):
        with writing(tmp_path / f"said{ending}") as file:
            file.write(block, ["file", "prediction"])
    assert b"\xff.png" in (tmp_path / "said.csv").read_bytes()
    assert read(tmp_path / "said.jsonl")["file"] == ["\ufffd.png"]
    assert read(tmp_path / "said.h5")["file"] == ["\ufffd.png"]


def test_objects_leave_out_columns_that_nobody_fills():
    assert as_objects({"row": [0, 1], "p": [None, None], "q": [float("inf"), None]}, ["p"]) == [
        {"row": 0, "q": None},
        {"row": 1, "q": None},
    ]


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "-1,5", "+49 30"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_text(text):
    out = StringIO()
    write_csv(out, {text: [text], "b": [1]}, header=True)
    header, row = csv.reader(StringIO(out.getvalue(), newline=""))
    assert not out.getvalue().endswith("\r\n")
    assert header == [f"'{text}", "b"]
    assert row == [f"'{text}", "1"]


@pytest.mark.parametrize(
    "value", ["-", "+", "-5", "+3.25", "-.5e-3", "-inf", "a=b", "", "'=1", "5-3", -5, -0.25, None, "né"]
)
def test_numbers_and_other_text_stay(value):
    out = StringIO()
    write_csv(out, {"a": [value], "b": [1]}, header=False)
    assert next(csv.reader(StringIO(out.getvalue())))[0] == ("" if value is None else str(value))
