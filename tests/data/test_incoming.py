"""Incoming rows have the same answers however they come: in blocks of any size, alone, by a pipe, in another order."""

import gzip
import io
import json
import os
import re
import sys

import numpy as np
import pytest

from nnctl.data import pieces
from nnctl.data.incoming import read_blocks
from nnctl.data.kinds import boolean, category, number
from nnctl.data.scaling import Scaling
from nnctl.data.tabular import TabularPreparation
from nnctl.errors import DataError, MismatchError

COLUMNS = (number("a", 0.5, 0.0, 1.0, True), boolean("b", 1.0, True), category("c", ("x", "y"), True))
PREPARATION = TabularPreparation((*COLUMNS, number("d", 7.0, 0.0, 1.0, True)), Scaling(), ("-9",))
ROWS = [  # cells of id, a, b, c, d, y; and the inputs that they make, or why not
    (["r0", "1.5", "yes", "x", "-9", "1"], [1.5, 1, 1, 0, 0, 7]),
    (["r1", "", "no", "z", "1e3", "0"], [0.5, 0, 0, 0, 1, 1000]),
    (["r2", "old", "no", "y", "2", "1"], 'column a is "old"; expected a number, as in training'),
    (["r3", "2", "", "y,y", "-9.0", "0"], [2, 1, 0, 0, 1, 7]),
    (["r4", "3", "no"], "has 3 cells, and the header has 6 columns"),
    (["r5", "inf", "no", "x", "1", "1"], "column a is inf; expected finite numbers"),
    (["r6", "4", "no", "x\ny", "new", "1"], 'column d is "new"'),
    (["r7", "5", "TRUE", "y", "0.25", ""], [5, 1, 0, 1, 0, 0.25]),
]
SIZES = [1, 8, 50, 1 << 18]


def csv_of(rows, header=("id", "a", "b", "c", "d", "y")):
    quoted = [[f'"{cell}"' if set(cell) & set(",\n") else cell for cell in cells] for cells in [header, *rows]]
    return "\n".join(map(",".join, quoted)) + "\n"


def answers(blocks):
    """Return what is known of each row, by its place: its inputs or why it failed, and its line; and what is kept."""
    found, kept, begin = {}, {}, 0
    for block in blocks:
        inputs = PREPARATION.apply(block.table.X, np.float64, "t")
        for at, own, line in zip(block.rows.tolist(), inputs.tolist(), block.table.numbers, strict=True):
            found[begin + at] = (own, int(line))
        for failed in block.failed:
            found[begin + failed.row] = (failed.reason, int(re.search(r"(?::|row )(\d+)", failed.place)[1]))
        assert len(block.rows) + len(block.failed) == len(block)
        for name, cells in block.kept.items():
            assert len(cells) == len(block)
            kept.setdefault(name, []).extend(cells)
        begin += len(block)
    assert sorted(found) == list(range(begin))
    return [found[at] for at in range(begin)], kept


def check(found, lines):
    assert len(found) == len(ROWS)
    for (_, expected), answer, line in zip(ROWS, found, lines, strict=True):
        assert answer[1] == line
        if isinstance(expected, str):
            assert answer[0].startswith(expected)
        else:
            assert answer[0] == expected


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keep", [["all"], ["id", "d"]])
def test_each_row_has_its_answer_whatever_the_size_of_a_block(tmp_path, monkeypatch, size, keep):
    monkeypatch.setattr(pieces, "SIZE", size)
    (tmp_path / "t.csv").write_text(csv_of(cells for cells, _ in ROWS))
    found, kept = answers(read_blocks(tmp_path / "t.csv", PREPARATION, keep))
    check(found, [2, 3, 4, 5, 6, 7, 8, 10])
    assert list(kept) == (["id", "a", "b", "c", "d", "y"] if keep == ["all"] else keep)
    assert kept["id"] == [f"r{row}" for row in range(8)]
    assert kept["d"] == ["-9", "1e3", "2", "-9.0", "", "1", "new", "0.25"]


@pytest.mark.parametrize("size", SIZES)
def test_a_row_alone_and_columns_in_another_order_change_nothing(tmp_path, monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    path = tmp_path / "t.csv"
    path.write_text(csv_of(cells for cells, _ in ROWS))
    together, _ = answers(read_blocks(path, PREPARATION))
    for cells, expected in zip([cells for cells, _ in ROWS], together, strict=True):
        path.write_text(csv_of([cells]))
        alone, _ = answers(read_blocks(path, PREPARATION))
        np.testing.assert_equal(alone[0][0], expected[0])
        if len(cells) == 6:
            header = ["y", "more", "d", "c", "b", "a"]
            path.write_text(csv_of([[cells[5], "?", *cells[:0:-1][1:]]], header))
            turned, _ = answers(read_blocks(path, PREPARATION))
            np.testing.assert_equal(turned[0][0], expected[0])


@pytest.mark.parametrize("size", SIZES)
def test_columns_of_numbers_in_another_order(tmp_path, monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    (tmp_path / "t.csv").write_text("v,u\n1,2\n3,4\n")
    preparation = TabularPreparation((number("u", 0.0, 0.0, 9.0, False), number("v", 0.0, 0.0, 9.0, False)), Scaling())
    tables = [block.table for block in read_blocks(tmp_path / "t.csv", preparation)]
    assert {table.X.names for table in tables} == {("u", "v")}
    inputs = np.concatenate([preparation.apply(table.X, np.float64, "t") for table in tables])
    np.testing.assert_array_equal(inputs, [[2, 1], [4, 3]])


@pytest.mark.parametrize("size", SIZES)
def test_json_lines_too(tmp_path, monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    objects = [json.dumps(dict(zip(["id", *"abcdy"], cells, strict=False))) for cells, _ in ROWS]
    objects[4] = "[4]"
    objects[3] = objects[3].replace('"b": "", ', "")
    (tmp_path / "t.jsonl").write_text("\n".join(objects))
    found, kept = answers(read_blocks(tmp_path / "t.jsonl", PREPARATION, ["id"]))
    assert found[4][0].startswith("is no object")
    found[4] = (ROWS[4][1], 5)
    check(found, range(1, 9))
    assert kept == {"id": ["r0", "r1", "r2", "r3", "", "r5", "r6", "r7"]}


def test_parquet_too(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet, table

    rows = [cells for cells, _ in ROWS if len(cells) == 6]
    columns = dict(zip(["id", *"abcdy"], zip(*rows, strict=True), strict=True))
    parquet.write_table(table({name: list(cells) for name, cells in columns.items()}), tmp_path / "t.parquet")
    found, kept = answers(read_blocks(tmp_path / "t.parquet", PREPARATION, ["id"]))
    assert [line for _, line in found] == list(range(7))
    check([*found[:4], (ROWS[4][1], 4), *((own, line + 1) for own, line in found[4:])], range(8))
    assert kept["id"][4] == "r5"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "gzip"])
def test_the_standard_input_is_told_by_its_first_sign(tmp_path, monkeypatch, kind):
    text = csv_of([cells for cells, _ in ROWS])
    if kind == "jsonl":
        text = "\n" + "\n".join(json.dumps(dict(zip(["id", *"abcdy"], cells, strict=False))) for cells, _ in ROWS)
    raw = gzip.compress(text.encode()) if kind == "gzip" else text.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(raw))))
    blocks = list(read_blocks(None, PREPARATION))
    assert blocks[0].table.origin == "-"
    assert blocks[0].table.files == ()
    found, _ = answers(blocks)
    rows = [at for at, (own, _) in enumerate(found) if isinstance(own, list)]
    assert rows == ([0, 1, 3, 4, 7] if kind == "jsonl" else [0, 1, 3, 7])  # where a key is not there it is missing


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_rows_of_a_pipe_come_before_its_end(monkeypatch, kind):
    reading, writing = os.pipe()
    rows = [dict(zip(["id", *"abcdy"], cells, strict=True)) for cells, _ in ROWS[:2]]
    lines = csv_of([]) if kind == "csv" else ""
    with open(reading) as stdin, open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdin", stdin)
        blocks = read_blocks(None, PREPARATION)
        for row in rows:
            lines += csv_of([row.values()]).splitlines()[1] + "\n" if kind == "csv" else json.dumps(row) + "\n"
            pipe.write(lines)
            pipe.flush()
            assert next(blocks).files == ["-"]
            lines = ""
        pipe.close()
        assert next(blocks, None) is None


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
@pytest.mark.parametrize(("absent", "keep"), [("d", []), ("idd", ["idd"])])
def test_a_missing_column_stops_at_once(tmp_path, name, absent, keep):
    cells = dict(zip(["id", "a", "b", "c", "dd", "y"], ROWS[0][0], strict=True))
    if absent != "d":
        cells["d"] = "1"
    text = json.dumps(cells) if name == "t.jsonl" else csv_of([cells.values()], cells)
    (tmp_path / name).write_text(text)
    with pytest.raises(MismatchError, match=rf'{name}: there is no column {absent}; did you mean "'):
        next(read_blocks(tmp_path / name, PREPARATION, keep))


def test_a_key_that_the_first_objects_have_not_is_missing_there(tmp_path):
    rows = [{"a": 1, "b": "yes", "c": "x"}, {"a": 1, "b": "yes", "c": "x", "d": 3, "e": 4}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, _ = answers(read_blocks(tmp_path / "t.jsonl", PREPARATION))
    assert [own[0][-1] for own in found] == [7, 3]


def test_the_columns_that_are_needed_tell_the_separator(tmp_path):
    (tmp_path / "t.csv").write_text("a|b|c|d|x,y,z,u,v,w\n1|yes|x|2|1,2,3,4,5,6\n")
    found, _ = answers(read_blocks(tmp_path / "t.csv", PREPARATION))
    assert found[0][0] == [1, 1, 1, 0, 0, 2]


@pytest.mark.parametrize("end", [b'r,"1,yes', b"r,\xff,yes,x,1,1\n", b"r,\0,yes,x,1,1\n", b"cut"])
def test_what_makes_the_rest_unreadable_is_an_error_behind_what_was_read(tmp_path, monkeypatch, end):
    monkeypatch.setattr(pieces, "SIZE", 64)
    raw = csv_of([ROWS[0][0]] * 40).encode() + end
    (tmp_path / "t.csv").write_bytes(gzip.compress(raw, 0)[:-20] if end == b"cut" else raw)
    counts = []
    with pytest.raises(DataError, match=r"t\.csv:?"):
        counts.extend(len(block) for block in read_blocks(tmp_path / "t.csv", PREPARATION))
    assert sum(counts) >= 30


def test_a_header_alone_is_an_error(tmp_path):
    (tmp_path / "t.csv").write_text(csv_of([]))
    with pytest.raises(DataError, match="has a header and no rows below it"):
        list(read_blocks(tmp_path / "t.csv", PREPARATION))


def test_another_encoding_is_advised_as_predict_takes_it(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b,c,d\n1,\xe4,no,2\n")
    with pytest.raises(DataError, match=r"is not UTF-8, .*\nIt looks like Latin-1 .*: --encoding latin-1"):
        list(read_blocks(tmp_path / "t.csv", PREPARATION))
