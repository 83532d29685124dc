"""Tables that are held on disk: training from there comes to the bits of training from memory, whatever the file."""

import gzip
import json
import shutil

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from held import same_from_disk

from nnctl.data import gathered, hold, unpacked
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.show import console, tables

M = 9000  # more than one block of every reader
NAMES = ["ward", "age", "level", "sex", "code", "smoker", "visit", "patient", "y"]


def rows():
    """Return rows of cells as texts: numbers, categories, yes and no, with gaps, and one number that is a code."""
    stream = np.random.RandomState(0)
    age = np.where(stream.rand(M) < 0.1, np.nan, stream.randint(1, 90, M))
    level, sex, smoker = stream.randn(M) * 30, stream.randint(0, 3, M), stream.randint(0, 3, M)
    y = (np.nan_to_num(age) + 5 * sex + level > 40).astype(int)
    columns = age, level, sex, smoker, y, stream.randn(M), stream.randint(0, 50, M)
    cells = zip(*(column.tolist() for column in columns), strict=True)
    found = []
    for at, (years, number, kind, smokes, answer, visit, patient) in enumerate(cells):
        code = "007" if at == M - 5 else str(at % 7)
        sexes, smoking = ["f", "m", ""][kind], ["yes", "no", "?"][smokes]
        years = "" if np.isnan(years) else repr(years)
        row = [f"w{patient % 6}", years, repr(number), sexes, code, smoking, repr(visit), f"p{patient}", str(answer)]
        found.append(row)
    return found


def csv(path, found):
    path.write_text("\n".join(",".join(row) for row in [NAMES, *found]) + "\n")


def csv_gz(path, found):
    with gzip.open(path, "wt") as file:
        file.write("\n".join(",".join(row) for row in [NAMES, *found]) + "\n")


def json_lines(path, found):
    numbers = {"age", "level", "visit"}
    lines = [
        {n: float(cell) if n in numbers and cell else cell for n, cell in zip(NAMES, row, strict=True)} for row in found
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")


def parquet(path, found):
    columns = dict(zip(NAMES, map(list, zip(*found, strict=True)), strict=True))
    for name in ("age", "level", "visit"):
        columns[name] = [float(cell) if cell else None for cell in columns[name]]
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=2000)


WRITERS = {".csv": csv, ".csv.gz": csv_gz, ".jsonl": json_lines, ".parquet": parquet}
KEYS = {"target": "y", "ignore": ["patient", "visit"], "validation": 0.1, "test": 0.2}


@pytest.fixture(scope="module")
def found():
    return rows()


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("scale", ["none", "standardize", {"age": "robust", "level": 10, "others": "minmax"}], ids=str)
def test_the_bits_are_those_of_memory(place, found, ending, scale):
    WRITERS[ending](place.folder / f"t{ending}", found)
    keys = {"source": f"t{ending}", "scale": scale, **KEYS}
    in_memory, on_disk = same_from_disk(place, keys, dtype="float32" if scale == "none" else "float64")
    assert on_disk.notes[1:] == in_memory.notes
    assert "its rows were unpacked into" in on_disk.notes[0]
    assert on_disk.interface.preparation.written() == in_memory.interface.preparation.written()
    assert [type(column).__name__ for column in on_disk.interface.preparation.columns] == [
        "category", "number", "number", "category", "category", "boolean"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "keys",
    [
        {"group": "patient", "ignore": ["visit"], "validation": 0.3},
        {"order": "visit", "ignore": ["patient"], "test": 0.3},
        {"order": "file", "test": 0.3},
        {"fill": "indicator", "columns": {"patient": "category", "code": "category"}},
        {"target": ["y", "smoker"], "missing": ["?"], "drop_missing_targets": True},
        {"target": "level", "scale_target": "standardize", "scale": "standardize"},
        {"target": "ward", "ignore": ["patient"]},
    ],
    ids=str,
)
def test_keys_of_tables(place, found, keys):
    csv(place.folder / "t.csv", found)
    target = keys.get("target", "y")
    ends = {"level": [1, "linear"], "ward": [6, "softmax"]}.get(
        str(target), [2 if isinstance(target, list) else 1, "sigmoid"]
    )
    model = {"layer_dims": ["auto", 4, ends[0]], "activations": ["tanh", ends[1]]}
    same_from_disk(place, {"source": "t.csv", "target": "y", **keys}, model=model)


def test_a_test_part_in_a_file_of_its_own(place, found):
    csv(place.folder / "t.csv", found[:6000])
    parquet(place.folder / "u.parquet", [*found[6000:], *found[:10], ["new", *found[0][1:]]])
    keys = {
        "source": "t.csv",
        "test": "u.parquet",
        "target": "y",
        "ignore": KEYS["ignore"],
        "columns": {"code": "category"},
    }
    in_memory, on_disk = same_from_disk(place, keys)
    assert [note for note in on_disk.notes if "unpacked" not in note] == list(in_memory.notes)
    assert any("ward has a value that training never saw" in note for note in on_disk.notes)
    assert any("test rows have the same features" in note for note in on_disk.notes)


def test_a_second_run_reads_what_was_unpacked_and_another_question_does_not(place, found, monkeypatch):
    csv(place.folder / "t.csv", found)
    first, _ = place.trained("disk", {"source": "t.csv", **KEYS})
    with monkeypatch.context() as there:
        there.setattr(gathered, "_on_disk", None)  # must not be called
        there.setattr(gathered, "_in_memory", None)
        again, dataset = place.trained("disk", {"source": "t.csv", **KEYS})
    assert again == first
    assert "where an earlier run unpacked them" in dataset.notes[0]
    ready = place.prepared("disk", {"source": "t.csv", **KEYS, "missing": ["no"]})
    assert "its rows were unpacked" in ready.dataset.notes[0]
    csv(place.folder / "t.csv", found[::-1])
    assert "its rows were unpacked" in place.prepared("disk", {"source": "t.csv", **KEYS}).dataset.notes[0]


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-3], lambda raw: raw[:60], lambda raw: b"", lambda raw: raw + b"}"]
)
def test_a_file_in_the_cache_that_is_not_whole_is_written_anew(place, found, change):
    csv(place.folder / "t.csv", found[:500])
    first, _ = place.trained("disk", {"source": "t.csv", **KEYS})
    (unpacked,) = (place.folder / "cache").iterdir()
    unpacked.write_bytes(change(unpacked.read_bytes()))
    again, dataset = place.trained("disk", {"source": "t.csv", **KEYS})
    assert again == first
    assert "its rows were unpacked" in dataset.notes[0]


@pytest.mark.parametrize("ending", WRITERS)
def test_the_memory_that_there_is_decides(place, found, monkeypatch, ending):
    WRITERS[ending](place.folder / f"t{ending}", found)
    keys = {"source": f"t{ending}", **KEYS}
    width = place.prepared(None, keys).dataset.interface.preparation.width
    for there, in_memory in ((10**9, True), (2 * M * width * 24 * 2 // 3, False)):
        monkeypatch.setattr(hold, "available", lambda there=there: there)
        monkeypatch.setattr(gathered, "available", lambda there=there: there)
        ready = place.prepared(None, keys)
        assert isinstance(ready.dataset.parts["train"].X, np.ndarray) == in_memory


def test_a_full_batch_is_answered_with_its_memory_and_the_way_out(place, found):
    csv(place.folder / "t.csv", found)
    with pytest.raises(SpecError, match=r"about 9,00[01] examples of .*t\.csv take about [\d.]+ MB"):
        place.prepared("disk", {"source": "t.csv", **KEYS}, batch_size=None)


def test_a_mistake_in_the_rows_leaves_nothing(place, found):
    wrong = [*found[:-3], [*found[0][:2], "inf", *found[0][3:]], found[1], [*found[0][:2], "-inf", *found[0][3:]]]
    csv(place.folder / "t.csv", wrong)
    said = []
    for held_in in ("memory", "disk"):
        with pytest.raises(DataError) as caught:
            place.prepared(held_in, {"source": "t.csv", **KEYS})
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "t.csv:8999: column level is inf; there are 1 more; expected finite numbers" in said[0]
    assert not list((place.folder / "cache").iterdir())


def test_there_must_be_room_to_unpack(place, found, monkeypatch):
    csv(place.folder / "t.csv", found)
    usage = type(shutil.disk_usage("/"))(10**9, 10**9, 400_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match=r"has room for 400 kB, and to unpack .*t\.csv takes 576 kB"):
        place.prepared("disk", {"source": "t.csv", **KEYS})


def test_a_table_that_changes_while_it_is_unpacked_is_told(place, found, monkeypatch):
    csv(place.folder / "t.csv", found)
    own = unpacked.finish

    def finish(*given):
        own(*given)
        csv(place.folder / "t.csv", found[:20])

    monkeypatch.setattr(unpacked, "finish", finish)
    with pytest.raises(DataError, match=r"t\.csv: has changed while it was read"):
        place.prepared("disk", {"source": "t.csv", **KEYS})


def test_what_is_shown_of_the_columns_is_the_same(place, found, capsys):
    csv(place.folder / "t.csv", found)
    shown = []
    for held_in in ("memory", "disk"):
        console.results().print(tables.columns(place.prepared(held_in, {"source": "t.csv", **KEYS})))
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert "6 values and missing" not in shown[0]
    assert "2 values and missing" in shown[0]


def test_columns_some_at_a_time(place, found, monkeypatch):
    csv(place.folder / "t.csv", found)
    monkeypatch.setattr("nnctl.data.unpacked.COLUMN_VALUES", 2 * M)
    same_from_disk(place, {"source": "t.csv", "scale": "robust", **KEYS})


def test_another_encoding_is_another_question(place):
    rows = [b"\x80,1" if row % 3 else b"b,0" for row in range(30)]
    (place.folder / "t.csv").write_bytes(b"\n".join([b"a,y", *rows]) + b"\n")
    for encoding, sign in (("cp1252", "\u20ac"), ("latin-1", "\x80"), ("cp1252", "\u20ac")):
        ready = place.prepared("disk", {"source": "t.csv", "target": "y", "encoding": encoding}, batch_size=8)
        assert ready.dataset.interface.preparation.columns[0].values == ("b", sign)
