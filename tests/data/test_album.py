"""Pictures that are kept decoded are the pictures, and whatever changes of them or of what is asked is decoded anew."""

import io
import json
import os
import shutil

import h5py
import numpy as np
import PIL
import PIL.Image
import pytest

from nnctl.data import album, cache, decoding, hold
from nnctl.data.dataset import load
from nnctl.data.disk import OnDisk
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.spec import document
from nnctl.spec.reading import parse

M, SIZE = 9, (6, 5)
PIXELS = np.random.RandomState(0).randint(32, 256, (M, *SIZE, 3), np.uint8)
LABELS = np.array(["cats"] * 5 + ["dogs"] * 4)
DARK = ": its brightest value is"


def encoded(pixels):
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


class Pets:
    """Pictures in a folder, or in the cells of an HDF5 dataset, that are loaded again and again."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        self.decoded = []  # the pictures that the last loading decoded
        own = decoding.decode
        monkeypatch.setattr(decoding, "decode", lambda file, form: self.decoded.append(str(file)) or own(file, form))
        monkeypatch.setattr(album, "MANY", M)
        for row, (label, pixels) in enumerate(zip(LABELS, PIXELS, strict=True)):
            path = folder / "pets" / label / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(pixels if row else pixels // 13 + 1))
        files = sorted((folder / "pets").glob("*/*.png"))
        with h5py.File(folder / "pets.h5", "w") as file:
            cells = file.create_dataset("X", (M,), h5py.vlen_dtype(np.uint8))
            for row, path in enumerate(files):
                cells[row] = np.frombuffer(path.read_bytes(), np.uint8)
            file["y"] = LABELS.astype(h5py.string_dtype())

    def loaded(self, source="pets", batch_size=4, **data):
        """Return the training table and the notes on the data, without those on the cache, and these."""
        self.decoded.clear()
        tree = {
            "data": {"source": source, "cache": str(self.folder / "cache"), **data},
            "model": {"layer_dims": ["auto", 4, "auto"], "activations": ["relu", "auto"]},
            "train": {"learning_rate": 0.1, "epochs": 1, "batch_size": batch_size},
        }
        (self.folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        dataset = load(parse(document.read(self.folder / "spec.yaml"), (self.folder,)))
        notes = [note for note in dataset.notes if str(self.folder / "cache") not in note]
        return dataset.parts["train"].table, notes, [note for note in dataset.notes if note not in notes]

    def kept(self):
        return sorted((self.folder / "cache").iterdir())

    def picture(self, row):
        return next((self.folder / "pets").glob(f"*/{row}.png"))


@pytest.fixture
def pets(tmp_path, monkeypatch):
    return Pets(tmp_path, monkeypatch)


def assert_same(one, other):
    assert np.asarray(one.X).dtype == np.asarray(other.X).dtype
    np.testing.assert_array_equal(np.asarray(one.X), np.asarray(other.X))
    np.testing.assert_array_equal(one.y, other.y)
    assert one.classes == other.classes


@pytest.mark.parametrize("held_in", ["memory", "disk"])
@pytest.mark.parametrize("keys", [{}, {"color": "gray"}, {"size": [3, 4]}], ids=str)
@pytest.mark.parametrize("source", ["pets", "pets.h5"])
def test_a_second_run_decodes_nothing_and_says_the_same(pets, source, keys, held_in):
    first, said, told = pets.loaded(source, held_in=held_in, **keys)
    assert len(pets.decoded) == M
    (path,) = pets.kept()
    assert told == [
        f"{pets.folder / source}: its pictures were decoded into {path} (1 kB), where the next run finds them; it may"
        " be deleted"
    ]
    for where in ("memory", "disk"):
        again, said_again, told = pets.loaded(source, held_in=where, **keys)
        assert pets.decoded == []
        assert_same(again, first)
        assert isinstance(again.X, OnDisk) == (where == "disk")
        assert told == [f"{pets.folder / source}: its pictures are read from {path}, where an earlier run decoded them"]
        assert said_again == said
    assert any(DARK in note for note in said)
    if not keys:
        np.testing.assert_array_equal(np.asarray(first.X)[1:], PIXELS[1:])
        np.testing.assert_array_equal(np.load(path), np.asarray(first.X))


def repaint(pets):
    """Change a pixel, and nothing else that a listing of the folder would show."""
    path, before = pets.picture(3), pets.picture(3).stat()
    pixels = np.asarray(PIL.Image.open(path)).copy()
    pixels[0, 0, 0] ^= 1
    path.write_bytes(encoded(pixels))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "a pixel": repaint,
    "one more": lambda pets: (pets.folder / "pets" / "dogs" / "9.png").write_bytes(encoded(PIXELS[0])),
    "one less": lambda pets: pets.picture(8).unlink(),
    "another name": lambda pets: pets.picture(0).rename(pets.folder / "pets" / "cats" / "4b.png"),
    "another class": lambda pets: pets.picture(4).rename(pets.folder / "pets" / "dogs" / "4.png"),
    "another Pillow": lambda pets: pets.patch.setattr(PIL, "__version__", "0.1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_decoded_anew_and_what_was_kept_of_it_is_gone(pets, change):
    pets.patch.setattr(album, "MANY", M - 1)
    pets.loaded()
    (before,) = pets.kept()
    change(pets)
    found, _, _ = pets.loaded()
    assert len(pets.decoded) == len(found.X) == len(list((pets.folder / "pets").glob("*/*")))
    (after,) = pets.kept()
    assert after != before
    shutil.rmtree(pets.folder / "cache")
    assert_same(found, pets.loaded()[0])


@pytest.mark.parametrize("keys", [{"size": [4, 4]}, {"color": "gray"}, {"background": "red"}], ids=str)
def test_what_is_asked_otherwise_is_kept_beside_the_other(pets, keys):
    pets.loaded()
    pets.loaded(**keys)
    assert len(pets.decoded) == M
    assert len(pets.kept()) == 2
    for asked in ({}, keys):
        pets.loaded(**asked)
        assert pets.decoded == []


@pytest.mark.parametrize("held_in", ["memory", "disk"])
def test_pictures_that_are_left_out(pets, held_in):
    pets.picture(0).write_bytes(b"no picture")
    (pets.folder / "pets" / "cats" / "7.png").symlink_to("gone")
    first, said, _ = pets.loaded(held_in=held_in, skip_unreadable=True)
    np.testing.assert_array_equal(np.asarray(first.X), PIXELS[1:])
    assert first.y.tolist() == LABELS[1:].tolist()
    assert any("are left out (data.skip_unreadable), 2 of 10; the first:" in note for note in said)
    again, said_again, _ = pets.loaded(held_in=held_in, skip_unreadable=True)
    assert pets.decoded == []
    assert_same(again, first)
    assert said_again == said
    with pytest.raises(DataError, match="is not a picture that can be read"):
        pets.loaded(held_in=held_in)


def test_few_pictures_in_memory_are_not_kept(pets, monkeypatch):
    monkeypatch.setattr(album, "MANY", M + 1)
    pets.loaded()
    assert not (pets.folder / "cache").exists()
    monkeypatch.setattr(hold, "available", lambda: 0)
    assert isinstance(pets.loaded()[0].X, OnDisk)
    assert len(pets.kept()) == 1


DAMAGES = {
    "empty": lambda raw: b"",
    "cut off": lambda raw: raw[:-1],
    "longer": lambda raw: raw + b"}",
    "another magic": lambda raw: b"x" + raw[1:],
    "another number of rows": lambda raw: raw.replace(b"(9,", b"(8,", 1),
    "another type": lambda raw: raw.replace(b"|u1", b"|i1", 1),
    "no shape": lambda raw: raw.replace(b"'shape'", b"'shale'", 1),
    "no Python": lambda raw: raw.replace(b"{", b"((", 1),
    "other files": lambda raw: raw.replace(b"[0, ", b"[", 1),
    "by columns": lambda raw: raw.replace(b"False", b"True ", 1),
    "another number of colours": lambda raw: raw.replace(b"6, 5, 3)", b"6, 3, 5)", 1),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_not_believed(pets, damage):
    first, _, _ = pets.loaded()
    (path,) = pets.kept()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert path.read_bytes() != whole
    again, _, _ = pets.loaded()
    assert len(pets.decoded) == M
    assert_same(again, first)
    assert path.read_bytes() == whole


def test_without_a_place_for_the_cache_what_fits_into_memory_trains_on(pets):
    (pets.folder / "cache").write_text("a file")
    found, _, told = pets.loaded()
    np.testing.assert_array_equal(found.X[1:], PIXELS[1:])
    assert told == [
        f"{pets.folder / 'cache'}: it was not possible to keep the decoded pictures of {pets.folder / 'pets'} there:"
        " File exists; the next run decodes them anew"
    ]
    with pytest.raises(StorageError, match=r"it was not possible to keep the decoded pictures of .*\nMake room, or"):
        pets.loaded(held_in="disk")


def test_there_must_be_room(pets, monkeypatch):
    usage = type(shutil.disk_usage("/"))(10**9, 10**9, PIXELS.size - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    _, _, told = pets.loaded()
    assert told[0].endswith("pets takes 1 kB; the next run decodes them anew")
    with pytest.raises(StorageError, match=r"has room for 1 kB, and to keep the decoded pictures of .* takes 1 kB"):
        pets.loaded(held_in="disk")
    assert pets.kept() == []


@pytest.mark.parametrize("held_in", ["memory", "disk"])
def test_what_ends_the_decoding_leaves_nothing(pets, monkeypatch, held_in):
    def interrupted(decoded):
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dumps", interrupted)  # all pixels are written by then
    with pytest.raises(KeyboardInterrupt):
        pets.loaded(held_in=held_in)
    assert pets.kept() == []


@pytest.mark.parametrize("held_in", ["memory", "disk"])
def test_pictures_that_change_while_they_are_decoded_are_told(pets, monkeypatch, held_in):
    own = decoding.decode

    def decode(file, form):
        if file.name == "8.png":
            pets.picture(2).write_bytes(encoded(PIXELS[0]))
        return own(file, form)

    monkeypatch.setattr(decoding, "decode", decode)
    with pytest.raises(DataError, match=r"2\.png: has changed while it was read"):
        pets.loaded(held_in=held_in)
    assert pets.kept() == []


def test_a_full_batch_of_pictures_on_disk_is_refused_before_they_are_decoded(pets):
    with pytest.raises(SpecError, match=r"9 examples of .*pets take about"):
        pets.loaded(batch_size=None, held_in="disk")
    assert not (pets.folder / "cache").exists()


def test_a_header_is_as_long_for_any_number_of_rows(tmp_path):
    for m in (1, 10**9):
        with (tmp_path / f"{m}").open("wb") as file:
            cache.write_header(file, (m, 64, 64, 3), np.uint8)
    assert (tmp_path / "1").stat().st_size == (tmp_path / f"{10**9}").stat().st_size
