"""A large text that is read in spans, side by side, gives the table and the mistakes that it gives in order."""

import gzip

import numpy as np
import pytest

from nnctl.data import pieces, relay, spans
from nnctl.data.gathered import Asked, gather
from nnctl.errors import DataError

pytestmark = pytest.mark.skipif(not relay.can_run(), reason="needs Linux and two cores")
RNG = np.random.default_rng(0)
NUMBERS = [f"{a:.6f},{b},{c!r}" for b, (a, c) in enumerate(RNG.normal(size=(60, 2)).tolist())]


def text(end="\n", **changed):
    """Return a table of 60 rows, of which some are others: row_30="x,y,z"."""
    rows = [changed.get(f"row_{number}", row) for number, row in enumerate(NUMBERS)]
    return end.join(["a,b,c", *rows]) + end


def read(path, monkeypatch, large, size, **asked):
    """Return all that is told of a table, or the mistake, and how many spans were read."""
    passed = []
    monkeypatch.setattr(spans, "LARGE", large)
    monkeypatch.setattr(pieces, "SIZE", size)
    monkeypatch.setattr(spans.Spans, "passed", lambda *own, real=spans.Spans.passed: passed.append(own) or real(*own))
    try:
        found = gather(path, Asked(**asked))
    except DataError as error:
        return str(error), len(passed)
    rows = found.rows
    texts = {name: (column.codes.tolist(), column.values) for name, column in rows.texts.items()}
    return (rows.names, rows.numbers.tobytes(), texts, found.lines.tolist(), found.notes), len(passed)


ALIKE = {
    "plain": text(),
    "ends of Windows": text("\r\n"),
    "no end of the last line": text().rstrip("\n"),
    "missing numbers": text(row_20=",,", row_40="NA,?,"),
    "texts": text(row_1="x,y,é", row_20="z,x,", row_40="w,y,z"),
    "texts late in the file": text(row_50="x,1,2"),
    "codes": text(row_50="1,007,2"),
    "a row longer than a span": text(row_30=f"{'9' * 300},1,2"),
    "a blank line": text(row_30=""),
    "a quote": text(row_30='"1","2\n",3'),
    "a single return": text(row_30="1,2,3\r4,5,6"),
    "a short row": text(row_30="1,2"),
    "two bad rows": text(row_30="1,2", row_45="1"),
    "infinite numbers": text(row_30="inf,1,2", row_31="1,-inf,2"),
    "a zero sign": text(row_30="1,\0,2"),
    "an open quote": text(row_30='1,"2,3'),
    "a mark of UTF-8 in the midst": text(row_30="\ufeff1,2,3"),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_spans_give_what_reading_in_order_gives(tmp_path, monkeypatch, kind):
    (tmp_path / "t.csv").write_text(ALIKE[kind], encoding="utf-8", newline="")
    in_order, none = read(tmp_path / "t.csv", monkeypatch, 10**9, 64)
    side_by_side, passed = read(tmp_path / "t.csv", monkeypatch, 0, 64)
    assert side_by_side == in_order
    assert none == 0
    assert passed > 10


def test_columns_that_are_to_be_numbers_are_told_by_their_line(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text(text(row_50="1,2,x"), encoding="utf-8")
    said, passed = read(tmp_path / "t.csv", monkeypatch, 0, 64, numbers=["c"])
    assert said == f'{tmp_path}/t.csv:52: column c is "x"; expected a number'
    assert passed > 10


def test_bytes_that_are_not_utf_8_are_told_by_their_line(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_bytes(text(row_50="1,2,é").encode("latin-1"))
    said, passed = read(tmp_path / "t.csv", monkeypatch, 0, 64)
    assert "is not UTF-8, in line 52" in said
    assert passed > 10


@pytest.mark.parametrize("asked", [{"encoding": "latin-1"}, {}])
def test_what_is_not_utf_8_or_is_compressed_is_read_in_order(tmp_path, monkeypatch, asked):
    content = text().encode()
    (tmp_path / "t.csv").write_bytes(content if asked else gzip.compress(content))
    (_, numbers, *_), passed = read(tmp_path / "t.csv", monkeypatch, 0, 64, **asked)
    assert passed == 0
    assert numbers == np.array([[float(cell) for cell in row.split(",")] for row in NUMBERS]).tobytes()


def test_the_rest_is_read_in_order_where_a_process_ends(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text(text(), encoding="utf-8")
    whole, _ = read(tmp_path / "t.csv", monkeypatch, 10**9, 64)
    real = spans.Spans.read
    monkeypatch.setattr(spans.Spans, "read", lambda own, index: real(own, index) if index < 7 else 1 // 0)
    assert read(tmp_path / "t.csv", monkeypatch, 0, 64) == (whole, 7)
