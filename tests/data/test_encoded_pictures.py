"""Pictures' files in the cells of an HDF5 dataset are read as those in a folder are."""

import io

import h5py
import numpy as np
import PIL.Image
import pytest

from nnctl.data import hdf5
from nnctl.data.block import BlockPreparation
from nnctl.data.dataset import load
from nnctl.data.incoming_arrays import read_blocks
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.spec import document
from nnctl.spec.reading import parse

M, SIZE = 12, (6, 5)
PIXELS = np.random.RandomState(0).randint(0, 256, (M, *SIZE, 3), np.uint8)
LABELS = np.array(["cat", "dog", "cow"] * 4)


def encoded(pixels, form="PNG"):
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def as_bytes_of_any_length(file, cells):
    dataset = file.create_dataset("X", (len(cells),), h5py.vlen_dtype(np.uint8))
    for row, cell in enumerate(cells):
        dataset[row] = np.frombuffer(cell, np.uint8)


def as_opaque(file, cells):
    longest = max(map(len, cells))
    file["X"] = np.array([cell.ljust(longest, b"\0") for cell in cells], f"V{longest}")


def as_text(file, cells):
    file["X"] = np.array(cells, f"S{max(map(len, cells))}")


WRITERS = [as_bytes_of_any_length, as_opaque, as_text]


def write(folder, cells, writer=as_bytes_of_any_length, **more):
    with h5py.File(folder / "pets.h5", "w") as file:
        writer(file, cells)
        file["y"] = LABELS.astype(h5py.string_dtype())
        for name, values in more.items():
            file[name] = values
    return folder / "pets.h5"


def loaded(folder, dims=("auto", 4, "auto"), **data):
    tree = {
        "data": {"source": "pets.h5", **data},
        "model": {"layer_dims": list(dims), "activations": ["relu", "auto"]},
        "train": {"learning_rate": 0.1, "epochs": 1, "batch_size": 4},
    }
    (folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
    return load(parse(document.read(folder / "spec.yaml"), (folder,)))


def folder_of(place, cells):
    """Write the same pictures as a folder with a sub-folder for each class."""
    for row, (label, cell) in enumerate(zip(LABELS, cells, strict=True)):
        (place / "pets" / label).mkdir(parents=True, exist_ok=True)
        (place / "pets" / label / f"{row:02}.png").write_bytes(cell)
    return np.argsort(LABELS, kind="stable")  # the rows in the order of the folder


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF"])
def test_they_are_the_pictures_of_a_folder(tmp_path, writer, form):
    cells = [encoded(pixels, form) for pixels in PIXELS]
    order = folder_of(tmp_path, cells)
    write(tmp_path, cells, writer)
    for keys in ({}, {"size": [4, 4]}, {"color": "gray"}):
        found, expected = loaded(tmp_path, **keys), loaded(tmp_path, source="pets", **keys)
        for what in ("X", "Y"):
            own, other = (getattr(dataset.parts["train"], what) for dataset in (found, expected))
            np.testing.assert_array_equal(own[:, order], other)
        assert found.interface.classes == expected.interface.classes == ("cat", "cow", "dog")
        assert found.interface.preparation.shape == expected.interface.preparation.shape


def test_the_pixels(tmp_path):
    write(tmp_path, [encoded(pixels) for pixels in PIXELS])
    np.testing.assert_array_equal(loaded(tmp_path).parts["train"].table.X, PIXELS)


def test_one_that_cannot_be_read_is_told_or_left_out_with_its_label_and_group(tmp_path):
    cells = [encoded(pixels) for pixels in PIXELS]
    cells[0] = cells[0][:60]
    write(tmp_path, cells, patient=np.arange(M))
    with pytest.raises(DataError, match=r"pets.h5, row 0 of X \(counted from 0\): is not a picture that can be read"):
        loaded(tmp_path)
    found = loaded(tmp_path, skip_unreadable=True, group="patient", test=0.3)
    tables = [examples.table for examples in found.parts.values()]
    rows = np.concatenate([table.numbers for table in tables])
    assert sorted(rows) == list(range(1, M))
    for what, values in (("X", PIXELS), ("y", LABELS), ("groups", np.arange(M))):
        np.testing.assert_array_equal(np.concatenate([getattr(table, what) for table in tables]), values[rows])
    assert any("pictures that cannot be read are left out (data.skip_unreadable), 1 of 12" in n for n in found.notes)


def test_sizes_that_differ_are_told_with_their_rows(tmp_path):
    cells = [encoded(pixels) for pixels in PIXELS]
    cells[5] = encoded(PIXELS[0, :4])
    write(tmp_path, cells)
    told = r"row 0 of X \(counted from 0\) is 6 x 5 \(height x width\), row 5 of X \(counted from 0\) 4 x 5"
    with pytest.raises(DataError, match=told):
        loaded(tmp_path)


def test_keys_of_pictures_are_for_pictures(tmp_path):
    with h5py.File(tmp_path / "pets.h5", "w") as file:
        file["X"], file["y"] = PIXELS, np.arange(M) % 3
    with pytest.raises(SpecError, match=r"data.size is for pictures, and .*pets.h5 holds none"):
        loaded(tmp_path, size=[4, 4])
    write(tmp_path, [encoded(pixels) for pixels in PIXELS])
    with pytest.raises(SpecError, match=r"must start with 48: an example has 48 features \(4 x 4 x 3\), got 7"):
        loaded(tmp_path, size=[4, 4], dims=(7, 4, 3))


def test_they_are_predicted_in_blocks_and_a_bad_one_stops_no_other(tmp_path):
    cells = [encoded(pixels) for pixels in PIXELS]
    cells[7] = b"no picture"
    path = write(tmp_path, cells)
    (block,) = read_blocks(path, BlockPreparation((*SIZE, 3), Scaling(), pixels=True))
    good = np.delete(np.arange(M), 7)
    np.testing.assert_array_equal(block.table.X, PIXELS[good])
    np.testing.assert_array_equal(block.rows, good)
    assert list(block.files) == [str(path)] * M
    assert [(failed.row, failed.place) for failed in block.failed] == [(7, f"{path}, row 7 of X (counted from 0)")]
    assert block.table.notes == (f"{path}: X is predicted; y not used",)
    with pytest.raises(MismatchError, match=r"holds pictures, and the network was trained on 2 features"):
        list(read_blocks(path, BlockPreparation((2,), Scaling())))


@pytest.mark.parametrize("writer", WRITERS)
def test_only_some_cells_are_in_memory(tmp_path, monkeypatch, writer):
    monkeypatch.setattr(hdf5, "AT_ONCE", 3)
    read, own = [], hdf5._values

    def values(dataset, which=()):
        found = own(dataset, which)
        read.append((dataset.name, len(found)))
        return found

    monkeypatch.setattr(hdf5, "_values", values)
    path = write(tmp_path, [encoded(pixels) for pixels in PIXELS], writer)
    (block,) = read_blocks(path, BlockPreparation((*SIZE, 3), Scaling(), pixels=True))
    np.testing.assert_array_equal(block.table.X, PIXELS)
    assert {size for name, size in read if name == "/X"} == {3}
    read.clear()
    np.testing.assert_array_equal(np.asarray(loaded(tmp_path).parts["train"].table.X), PIXELS)
    assert {size for name, size in read if name == "/X"} == {3}


def test_a_cell_that_is_damaged_is_told_and_stops_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "AT_ONCE", 3)
    monkeypatch.setattr(hdf5, "LOOKED_AT", 3)
    with h5py.File(write(tmp_path, [encoded(pixels) for pixels in PIXELS], as_opaque), "r+") as file:
        cells = file["X"][()]
        del file["X"]
        file.create_dataset("X", data=cells, chunks=(3,), compression="gzip")
        chunk = file["X"].id.get_chunk_info(2)
    raw = bytearray((tmp_path / "pets.h5").read_bytes())
    raw[chunk.byte_offset + 50 : chunk.byte_offset + chunk.size] = bytes(chunk.size - 50)
    (tmp_path / "pets.h5").write_bytes(raw)
    (block,) = read_blocks(tmp_path / "pets.h5", BlockPreparation((*SIZE, 3), Scaling(), pixels=True))
    assert [failed.row for failed in block.failed] == [6, 7, 8]
    assert block.failed[0].reason.startswith("is damaged (")
    with pytest.raises(DataError, match=r"row 6 of X \(counted from 0\): is damaged .*\nCopy or download it again"):
        loaded(tmp_path)
    assert len(loaded(tmp_path, skip_unreadable=True).parts["train"].table.X) == M - 3
