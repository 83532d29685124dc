"""A table is the same however its file is cut in pieces, and every mistake has the same line."""

import gzip
import json

import numpy as np
import pytest

from nnctl.data import pieces
from nnctl.data.gathered import Asked
from nnctl.data.tables import read_table
from nnctl.errors import DataError

ROWS = 'a,b,y\n1,"x\n,""y",0\n\n2.5,ü,1\r\n-3,z z,0\n,"",1\n1e3, q,1\n'
SIZES = [1, 2, 3, 7, 20, 1 << 19]


def found(path, **asked):
    table = read_table(path, Asked(**asked), ["y"])
    texts = {name: np.array([*column.values, ""])[column.codes].tolist() for name, column in table.X.texts.items()}
    return table.X.numbers.tolist(), texts, table.numbers.tolist(), table.y.tolist()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "gbk"])
def test_the_size_of_a_piece_changes_nothing(tmp_path, monkeypatch, size, encoding):
    monkeypatch.setattr(pieces, "SIZE", size)
    (tmp_path / "t.csv").write_bytes(gzip.compress(ROWS.encode(encoding)))
    numbers, texts, lines, y = found(tmp_path / "t.csv", encoding=encoding.removesuffix("-sig"))
    np.testing.assert_array_equal(numbers, [[1], [2.5], [-3], [np.nan], [1000]])
    assert texts == {"b": ['x\n,"y', "ü", "z z", "", "q"]}
    assert (lines, y) == ([2, 5, 6, 7, 8], [0, 1, 0, 1, 1])


@pytest.mark.parametrize("size", SIZES)
def test_json_lines_too(tmp_path, monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    rows = [{"a": 1, "y": 0}, {"a": 2.5, "y": 1, "b": "ü"}]
    text = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "t.jsonl").write_text(text, encoding="utf-8")
    assert found(tmp_path / "t.jsonl") == ([[1], [2.5]], {"b": ["", "ü"]}, [1, 3], [0, 1])


@pytest.mark.parametrize("size", [1, 5, 1 << 19])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("rows", "line"),
    [(["1,2", "3"], 3), (["1,2", "3,x\0"], 3), (['"1', '",2', "", '"3,4'], 5), (["1,2", '"3"4,5'], 3)],
)
def test_a_mistake_has_its_line(tmp_path, monkeypatch, size, end, rows, line):
    monkeypatch.setattr(pieces, "SIZE", size)
    (tmp_path / "t.csv").write_bytes(end.join(["", "", "a,y", *rows, ""]).encode())
    with pytest.raises(DataError, match=rf"t\.csv:{line + 2}: "):
        found(tmp_path / "t.csv")


@pytest.mark.parametrize("size", [1, 5, 1 << 19])
def test_bytes_of_another_encoding_are_found_in_their_line(tmp_path, monkeypatch, size):
    monkeypatch.setattr(pieces, "SIZE", size)
    (tmp_path / "t.csv").write_bytes(b"a,y\n1,2\n\xe4,3\n")
    with pytest.raises(DataError, match="is not UTF-8, in line 3"):
        found(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["idna", "undefined", "utf-8\0", "base64", "nonsense", ""])
def test_what_is_no_encoding_of_texts_is_told(tmp_path, name):
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    with pytest.raises(DataError, match=r"no encoding .*; data\.encoding: utf-8, latin-1 and gbk are some"):
        found(tmp_path / "t.csv", encoding=name)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("asked", ["utf-8", "utf-16"])
def test_utf_16_without_its_mark_is_read_as_it_is_advised(tmp_path, encoding, asked):
    rows = "feature,y\n" + "1.25,0\n2.25,1\n" * 20
    (tmp_path / "t.csv").write_bytes(rows.encode(encoding))
    with pytest.raises(DataError, match=f"data.encoding: {encoding}"):
        found(tmp_path / "t.csv", encoding=asked)
    assert found(tmp_path / "t.csv", encoding=encoding)[3] == [0, 1] * 20


def test_a_codec_that_fails_in_its_own_way_is_told(tmp_path):
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    with pytest.raises(DataError, match="is not PUNYCODE"):
        found(tmp_path / "t.csv", encoding="punycode")
