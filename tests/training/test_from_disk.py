"""Training from disk comes to the bits of training from memory, whatever file the rows are in."""

import os
import platform
import shutil
import subprocess
import sys

import h5py
import numpy as np
import PIL.Image
import pytest
from held import same_from_disk

from nnctl.data import cache, hold
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.explain.findings import Start
from nnctl.runs.run import create_run
from nnctl.training import experiment

M, N = 2500, 600  # more than one piece, and the last one is short


def features(kind):
    stream = np.random.RandomState(0)
    if kind == "uint8":
        return stream.randint(0, 256, (M, N), np.uint8)
    X = (stream.randn(M, N) * stream.randint(1, 50, N) + stream.randint(-5, 5, N)).astype(kind)
    X[:, 3] = 0.25  # does not vary
    X[:, 4] *= np.asarray(1e-30, np.float32).astype(X.dtype) if X.dtype.itemsize > 2 else 1
    return X


def labels(X):
    return (X[:, 0].astype(float) + X[:, 1] > X[:, 2]).astype(np.uint8)


def contiguous(path, X, y, more):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in {"X": X, "y": y, **more}.items():
            file[name] = values


def gzipped(path, X, y, more):
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=X, chunks=(170, 70), compression="gzip", compression_opts=1)
        for name, values in {"y": y, **more}.items():
            file[name] = values


def npz(path, X, y, more):
    with path.open("wb") as file:
        np.savez_compressed(file, X=X, y=y, **more)


WRITERS = {"contiguous": contiguous, "gzipped": gzipped, "npz": npz}


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("kind", ["uint8", "float32", ">f8"])
@pytest.mark.parametrize("scale", ["none", "standardize", "minmax", "robust", 255])
def test_the_bits_are_those_of_memory(place, write, kind, scale):
    X = features(kind)
    WRITERS[write](place.folder / "data.bin", X, labels(X), {})
    dtype = "float32" if kind == "float32" else "float64"
    split = {"validation": 0.1, "test": 0.2}
    in_memory, on_disk = same_from_disk(place, {"source": "data.bin", "scale": scale, **split}, dtype=dtype)
    assert on_disk.notes[1 if write != "contiguous" else 0 :] == in_memory.notes
    assert (place.folder / "cache").is_dir() == (write != "contiguous")


@pytest.mark.parametrize(
    "data",
    [
        {"validation": 0.3, "group": "patient"},
        {"test": 0.3, "order": "time"},
        {"test": 0.3, "order": "file"},
        {"test": {"features": "X_test", "target": "y_test"}},
    ],
)
def test_parts_of_every_kind(place, data):
    X, stream = features("float32"), np.random.RandomState(1)
    more = {
        "patient": stream.randint(0, 90, M),
        "time": stream.randn(M),
        "X_test": X[:70] + 1,
        "y_test": labels(X)[:70],
    }
    contiguous(place.folder / "data.h5", X, labels(X), more)
    same_from_disk(place, {"source": "data.h5", "features": "X", "target": "y", **data}, batch_size=128, dropout=0.2)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_npy_in_either_order_and_layout(place, order, layout):
    X = features("float32")
    np.save(place.folder / "y.npy", labels(X))
    np.save(place.folder / "X.npy", np.asarray(X if layout == "rows" else X.T, order=order))
    data = {"source": {"features": "X.npy", "target": "y.npy"}, "layout": layout, "scale": "standardize"}
    same_from_disk(place, data)
    assert (place.folder / "cache").is_dir() == ((order, layout) != ("C", "rows"))


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_an_archive_in_fortrans_order(place, layout):
    X = features("float32")
    np.savez(place.folder / "data.npz", X=np.asfortranarray(X if layout == "rows" else X.T), y=labels(X))
    same_from_disk(place, {"source": "data.npz", "layout": layout, "scale": "robust"})


@pytest.mark.parametrize("write", ["contiguous", "gzipped"])
def test_pictures_as_columns(place, write):
    X = np.random.RandomState(2).randint(0, 256, (8, 9, 3, M), np.uint8)
    y = (X[0, 0, 0] > X[1, 1, 1]).astype(np.uint8)
    options = {"chunks": (8, 9, 3, 300), "compression": "gzip"} if write == "gzipped" else {}
    with h5py.File(place.folder / "data.h5", "w") as file:
        file.create_dataset("X", data=X, **options)
        file["y"] = y
    same_from_disk(place, {"source": "data.h5", "layout": "columns", "test": 0.2})


@pytest.mark.parametrize("keys", [{}, {"color": "gray", "size": [4, 3], "validation": 0.2}], ids=str)
def test_a_folder_of_pictures(place, keys):
    for row, pixels in enumerate(np.random.RandomState(3).randint(32, 256, (60, 6, 5, 3), np.uint8)):
        path = place.folder / "pets" / ("cats" if row % 3 else "dogs") / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(pixels).save(path)
    for _ in range(2):  # decoded, and as they are kept
        same_from_disk(place, {"source": "pets", "test": 0.2, **keys}, batch_size=8)


def test_other_types_of_numbers(place):
    for kind in (bool, "int16", "float16"):
        X = features("float32")[:, :20].astype(kind)
        contiguous(place.folder / "data.h5", X, labels(features("float32")), {})
        same_from_disk(place, {"source": "data.h5"}, dtype="float32")


def test_denormal_numbers_are_data(place):
    X = features("float64")[:, :20] * 1e-310
    contiguous(place.folder / "data.h5", X, labels(features("float64")), {})
    same_from_disk(place, {"source": "data.h5", "scale": "standardize"})


def test_what_compare_init_measures_at_the_start(place):
    X = features("uint8")
    contiguous(place.folder / "data.h5", X, labels(X), {})
    expected, found = (Start.of(place.prepared(where, {"source": "data.h5"})) for where in ("memory", "disk"))
    assert found == expected


def test_rows_that_two_parts_share_are_counted(place):
    X, y = features("uint8"), labels(features("uint8"))
    contiguous(place.folder / "data.h5", X, y, {"X_test": X[:30], "y_test": y[:30]})
    data = {"source": "data.h5", "features": "X", "target": "y", "test": {"features": "X_test", "target": "y_test"}}
    notes = [place.prepared(where, data).dataset.notes for where in ("memory", "disk")]
    assert notes[0] == notes[1]
    assert any("30 of 30 test rows have the same features" in note for note in notes[1])
    data["test"] = {"features": "X", "target": "y"}
    with pytest.raises(DataError, match="the test part has the very rows of the train part"):
        place.prepared("disk", data)


def test_the_memory_that_there_is_decides(place, monkeypatch):
    X = features("float32")
    contiguous(place.folder / "data.h5", X, labels(X), {})
    needed = X.nbytes + X.size * 8
    for there, in_memory in ((2 * needed, True), (2 * needed - 2, False)):
        monkeypatch.setattr(hold, "available", lambda there=there: there)
        ready = place.prepared(None, {"source": "data.h5"})
        assert isinstance(ready.dataset.parts["train"].X, np.ndarray) == in_memory


def test_a_full_batch_is_answered_with_its_memory_and_the_way_out(place, monkeypatch):
    X = features("float32")
    contiguous(place.folder / "data.h5", X, labels(X), {})
    monkeypatch.setattr(hold, "available", lambda: 15_000_000)
    with pytest.raises(SpecError) as caught:
        place.prepared(None, {"source": "data.h5"}, batch_size=None)
    said = str(caught.value)
    assert "2,500 examples" in said
    assert "take about 18.2 MB" in said  # X once as it is and once in float64, Z and dZ of 6 units
    assert "15 MB are there" in said
    assert "batch_size: 128" in said
    place.prepared("memory", {"source": "data.h5"}, batch_size=None)


def test_a_built_in_set_is_not_held_on_disk(place):
    with pytest.raises(SpecError, match=r"data\.held_in is for files and folders"):
        place.prepared("disk", {"source": "circles"})


def test_a_value_that_is_no_number_is_found_on_disk(place):
    X = features("float32")
    X[2400, 7] = np.nan
    X[2401, 8] = np.inf
    contiguous(place.folder / "data.h5", X, labels(X), {})
    for where in ("memory", "disk"):
        with pytest.raises(DataError, match=r"X is nan in row 2400, column 7 \(counted from 0; there are 1 more\)"):
            place.prepared(where, {"source": "data.h5"})


def test_a_second_run_finds_what_was_unpacked_and_a_changed_file_is_unpacked_anew(place, monkeypatch):
    X = features("uint8")
    y = labels(X)
    gzipped(place.folder / "data.h5", X, y, {})
    first, _ = place.trained("disk", {"source": "data.h5"})
    (unpacked,) = (place.folder / "cache").iterdir()
    assert np.array_equal(np.load(unpacked), X)
    with monkeypatch.context() as there:
        there.setattr(cache, "_unpack", None)  # must not be called
        again, dataset = place.trained("disk", {"source": "data.h5"})
    assert again == first
    assert any("where an earlier run unpacked it" in note for note in dataset.notes)
    gzipped(place.folder / "data.h5", X[::-1], y, {})
    same_from_disk(place, {"source": "data.h5"})
    (anew,) = (place.folder / "cache").iterdir()  # what was unpacked of the file as it was is gone
    assert anew != unpacked


def test_there_must_be_room_to_unpack(place, monkeypatch):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})
    usage = type(shutil.disk_usage("/"))(10**9, 10**9 - X.size + 1, X.size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(StorageError, match=r"has room for 1.5 MB, and to unpack X of .* takes 1.5 MB"):
        place.prepared("disk", {"source": "data.h5"})
    assert not list((place.folder / "cache").iterdir())


def test_what_ends_the_unpacking_leaves_nothing(place, monkeypatch):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})

    def interrupted(X, dtype):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "ascontiguousarray", interrupted)
    with pytest.raises(KeyboardInterrupt):
        place.prepared("disk", {"source": "data.h5"})
    assert not list((place.folder / "cache").iterdir())


def test_a_file_that_is_cut_off_before_is_told_and_one_that_is_cut_off_meanwhile(place):
    X = features("uint8")
    np.save(place.folder / "X.npy", X)
    np.save(place.folder / "y.npy", labels(X))
    data = {"source": {"features": "X.npy", "target": "y.npy"}}
    ready = place.prepared("disk", data)
    with (place.folder / "X.npy").open("r+b") as file:
        file.truncate(X.size // 2)
    with pytest.raises(DataError, match="the file holds"):
        place.prepared("disk", data)
    run = create_run(place.folder / "runs", "run", {})
    result = experiment.train(ready, run)
    assert "X.npy: has only 750,000 bytes by now, and was longer" in str(result.mishap)
    assert f"The parameters so far are saved in {run.folder}" in str(result.mishap)
    assert (result.status, result.mishap.exit_code, run.parameters.is_file()) == ("failed", 3, True)


def test_a_file_that_is_cut_off_before_the_last_measuring(place, monkeypatch):
    np.save(place.folder / "X.npy", features("uint8"))
    np.save(place.folder / "y.npy", labels(features("uint8")))
    ready = place.prepared("disk", {"source": {"features": "X.npy", "target": "y.npy"}})

    def cut_off(steps):
        yield from steps
        with (place.folder / "X.npy").open("r+b") as file:
            file.truncate(1000)

    run = create_run(place.folder / "runs", "run", {})
    result = experiment.train(ready, run, [cut_off])
    assert "X.npy: has only 1,000 bytes by now" in str(result.mishap)
    assert (result.status, result.metrics, run.parameters.is_file()) == ("failed", {}, True)


def test_a_file_that_is_written_to_meanwhile_is_told(place):
    X = features("uint8")
    np.save(place.folder / "X.npy", X)
    np.save(place.folder / "y.npy", labels(X))
    ready = place.prepared("disk", {"source": {"features": "X.npy", "target": "y.npy"}})
    os.utime(place.folder / "X.npy", (1, 1))
    said = []
    result = experiment.train(ready, create_run(place.folder / "runs", "run", {}), say=said.append)
    assert result.mishap is None
    assert said == result.notes
    assert "X.npy: was changed while it was trained on" in said[0]


def other_array(path):
    np.save(path, np.zeros((7, 3), np.float32))


def other_type(path):
    np.save(path, np.load(path).view(np.int8))


def other_order(path):
    np.save(path, np.asfortranarray(np.load(path)))


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def longer(path):
    path.write_bytes(path.read_bytes() + b"x")


def begun(path):
    path.write_bytes(path.read_bytes()[:50])


@pytest.mark.parametrize("change", [other_array, other_type, other_order, empty, cut, longer, begun])
def test_a_file_in_the_cache_is_not_believed_for_its_name(place, change):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})
    first, _ = place.trained("disk", {"source": "data.h5"})
    (unpacked,) = (place.folder / "cache").iterdir()
    change(unpacked)
    again, dataset = place.trained("disk", {"source": "data.h5"})
    assert again == first
    assert any("was unpacked into" in note for note in dataset.notes)
    assert np.array_equal(np.load(unpacked), X)


def test_what_a_killed_process_left_half_unpacked_is_removed(place):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host, folder = platform.node(), place.folder / "cache"
    folder.mkdir()
    dead = folder / f".{host}-{gone.pid}-0.unfinished"
    others = [folder / f".{host}-{os.getppid()}-0.unfinished", folder / f".{host}-elsewhere-{gone.pid}-0.unfinished"]
    for path in (dead, *others):
        path.write_bytes(b"half")
    place.prepared("disk", {"source": "data.h5"})
    assert set(folder.glob(".*")) == set(others)
    assert len(list(folder.glob("*.npy"))) == 1


def test_a_data_file_that_is_damaged_is_not_blamed_on_the_cache(place):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})
    with h5py.File(place.folder / "data.h5") as file:
        chunk = file["X"].id.get_chunk_info(5)
    raw = bytearray((place.folder / "data.h5").read_bytes())
    raw[chunk.byte_offset + 50 : chunk.byte_offset + chunk.size] = bytes(chunk.size - 50)
    (place.folder / "data.h5").write_bytes(raw)
    with pytest.raises(DataError, match=r"data\.h5: X is damaged .*\nCopy or download it again"):
        place.prepared("disk", {"source": "data.h5"})
    assert not list((place.folder / "cache").iterdir())


def test_a_data_file_that_is_gone_meanwhile_is_not_blamed_on_the_cache(place, monkeypatch):
    X = features("uint8")
    gzipped(place.folder / "data.h5", X, labels(X), {})
    own = cache.write_header

    def write_header(*given):
        own(*given)
        (place.folder / "data.h5").unlink()

    monkeypatch.setattr(cache, "write_header", write_header)
    with pytest.raises(DataError, match=r"data\.h5: has changed while it was read"):
        place.prepared("disk", {"source": "data.h5"})
