"""A folder of pictures becomes the same rows as the same pictures in a file of arrays, and trains to the same bits."""

import csv
import time
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
import yaml

from nnctl.data import album, decoding, folder
from nnctl.data.block import BlockPreparation
from nnctl.data.dataset import load
from nnctl.data.folder import pictures_in, read_folder, read_pictures
from nnctl.data.hold import Hold, Way
from nnctl.data.picture import Form
from nnctl.data.scaling import Scaling
from nnctl.data.sets import datasets
from nnctl.errors import DataError, MismatchError, StorageError
from nnctl.runs import model
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse

COURSE = Path(__file__).parents[3] / "shared" / "data" / "catvnoncat"
STREAM = np.random.RandomState(1)
PIXELS = STREAM.randint(0, 256, (7, 6, 5, 3)).astype(np.uint8)
CLASSES = ("cats", "dogs")


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def pets(tmp_path):
    """A folder of four cats and three dogs of 6 x 5 pixels."""
    for row, pixels in enumerate(PIXELS):
        save(tmp_path / "pets" / CLASSES[row >= 4] / f"{row}.png", pixels)
    return tmp_path / "pets"


def read(path, channels=3, size=None, skip=False, background="white", also=("validation", "test")):
    hold = Hold(parse(document.read(shipped.find("circles"))), to_train=True)
    return read_folder(path, ["train"], also, Way(hold, Form(channels, size, background), skip))


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


def spec_of(path, data, dims, iterations=20):
    """Write a spec, and return its file."""
    tree = {
        "data": data,
        "model": {"layer_dims": dims, "activations": ["relu"] * (len(dims) - 2) + ["sigmoid"]},
        "train": {"learning_rate": 0.01, "iterations": iterations},
    }
    path.write_text(yaml.safe_dump(tree))
    return path


def trained(nnctl, file):
    """Train a spec and return its parameters, with the interface."""
    outcome = nnctl("train", file, "-q", "--no-pictures")
    assert outcome.exit_code == 0, outcome.stderr
    return model.load(file.parent / outcome.stdout.strip() / "parameters.h5")


def assert_same(one, other):
    np.testing.assert_array_equal(one.parameters.flat, other.parameters.flat)
    assert one.interface.classes == other.interface.classes


# --- rows and classes ---


def test_sub_folders_are_classes_and_pictures_rows_in_the_order_of_their_names(pets):
    (table,) = read(pets).values()
    np.testing.assert_array_equal(table.X, PIXELS)
    assert table.X.dtype == np.uint8
    assert table.y.tolist() == ["cats"] * 4 + ["dogs"] * 3
    assert (table.classes, table.origin, table.notes) == (CLASSES, str(pets), ())


def test_gray_pictures_have_no_channel(pets):
    X = read(pets, channels=1)["train"].X
    assert X.shape == (7, 6, 5)
    np.testing.assert_allclose(X, PIXELS @ np.array([299, 587, 114]) / 1000, atol=1)


def test_pictures_of_all_sizes_and_formats_are_brought_to_one(pets):
    even = np.full((30, 20, 3), (200, 100, 50), np.uint8)
    for suffix in ("jpg", "BMP", "gif", "webp", "tiff"):
        save(pets / "even" / f"picture.{suffix}", even[: 10 + len(suffix)])
    table = read(pets, size=(8, 9))["train"]
    assert table.X.shape == (12, 8, 9, 3)
    np.testing.assert_allclose(table.X[7:].astype(int), np.broadcast_to([200, 100, 50], (5, 8, 9, 3)), atol=6)
    with PIL.Image.open(pets / "dogs" / "5.png") as picture:
        expected = picture.resize((9, 8), PIL.Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(table.X[5], np.asarray(expected))


def test_pictures_are_turned_as_their_camera_was_held(tmp_path):
    turned = PIL.Image.Exif()
    turned[0x0112] = 6  # turn a quarter clockwise to see it
    save(tmp_path / "a" / "1.png", PIXELS[0], exif=turned)
    save(tmp_path / "b" / "1.png", np.rot90(PIXELS[1]).copy())
    np.testing.assert_array_equal(read(tmp_path)["train"].X, [np.rot90(PIXELS[0], -1), np.rot90(PIXELS[1])])


def test_transparent_ink_lies_on_the_background(tmp_path):
    for name in CLASSES:
        save(tmp_path / name / "1.png", np.zeros((4, 4, 4), np.uint8))
    X = read(tmp_path, background="#ffcc00")["train"].X
    np.testing.assert_array_equal(X, np.broadcast_to([255, 204, 0], (2, 4, 4, 3)))


@pytest.mark.parametrize("members", [1, 2, 7])
def test_rows_do_not_depend_on_who_decodes_them(pets, monkeypatch, members):
    monkeypatch.setattr(decoding.threads, "number", lambda: members)
    np.testing.assert_array_equal(read(pets)["train"].X, PIXELS)


@pytest.mark.parametrize("validation", ["validation", "val", "Valid"])
def test_parts_are_sub_folders_with_classes_in_them(tmp_path, validation):
    parts = {"train": [0, 1, 2], validation: [3, 4], "test": [5]}
    for part, rows in parts.items():
        for row in rows:
            save(tmp_path / part / CLASSES[row % 2] / f"{row}.png", PIXELS[row])
    save(tmp_path / "drafts" / "1.png", PIXELS[6])
    tables = read(tmp_path)
    assert {part: table.y.tolist() for part, table in tables.items()} == {
        "train": ["cats", "cats", "dogs"], "validation": ["cats", "dogs"], "test": ["dogs"]
    }  # fmt: skip
    np.testing.assert_array_equal(tables["train"].X, PIXELS[[0, 2, 1]])
    np.testing.assert_array_equal(tables["validation"].X, PIXELS[[4, 3]])
    np.testing.assert_array_equal(tables["test"].X, PIXELS[[5]])
    assert tables["train"].notes == (f"{tmp_path} also holds drafts: not used",)
    assert list(read(tmp_path, also=())) == ["train"]


def test_a_class_may_have_the_name_of_a_part(tmp_path):
    for row, name in enumerate(("plane", "train")):
        save(tmp_path / name / "1.png", PIXELS[row])
    assert read(tmp_path)["train"].classes == ("plane", "train")


def test_what_is_no_picture_is_left_out_and_counted(pets):
    (pets / "cats" / "Thumbs.db").write_bytes(b"x")
    (pets / "cats" / "._0.png").write_bytes(b"x")
    (pets / "__MACOSX").mkdir()
    (pets / ".git").mkdir()
    (pets / "README.txt").write_text("x")
    table = read(pets)["train"]
    np.testing.assert_array_equal(table.X, PIXELS)
    assert table.notes == (
        f"{pets}: files that are no pictures are left out, 5 in all: .git, README.txt, __MACOSX, ._0.png, Thumbs.db",
    )


def test_of_many_notes_the_first_are_told(tmp_path):
    frames = [PIL.Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for row in range(5):
        path = tmp_path / CLASSES[row % 2] / f"{row}.gif"
        path.parent.mkdir(exist_ok=True)
        frames[0].save(path, save_all=True, append_images=frames[1:])
    *first, last = read(tmp_path)["train"].notes
    assert first[0] == f"{tmp_path / 'cats' / '0.gif'}: holds 2 pictures; the first of them is taken"
    assert (len(first), last) == (3, f"{tmp_path}: such things are to be said of further pictures (2 notes)")


# --- what is refused ---


def test_several_sizes_want_a_size(pets):
    save(pets / "dogs" / "9.png", PIXELS[0, :4])
    assert refusal(pets) == (
        f"{pets}: its pictures have more than one size: cats/0.png is 6 x 5 (height x width), dogs/9.png 4 x 5.\n"
        "Say to which size they are brought: data.size: [height, width], such as [64, 64]."
    )


def test_a_corrupt_picture_is_named_or_skipped(pets):
    content = (pets / "cats" / "1.png").read_bytes()
    (pets / "cats" / "1.png").write_bytes(content[: len(content) // 2])
    assert refusal(pets).startswith(f"{pets / 'cats' / '1.png'}: is not a picture that can be read (")
    table = read(pets, skip=True)["train"]
    np.testing.assert_array_equal(table.X, np.delete(PIXELS, 1, axis=0))
    assert table.y.tolist() == ["cats"] * 3 + ["dogs"] * 3
    (note,) = table.notes
    assert note.startswith(
        f"{pets}: pictures that cannot be read are left out (data.skip_unreadable), 1 of 7; the first:"
        f" {pets / 'cats' / '1.png'}: is not a picture"
    )


def test_of_each_class_a_picture_is_left(pets):
    save(pets / "fish" / "1.png", PIXELS[0]).write_bytes(b"x")
    assert refusal(pets, skip=True) == (f"{pets}: of fish/ no picture can be read, so nothing is left of that class")
    for path in pets.glob("*/*"):
        path.write_bytes(b"x")
    assert refusal(pets, skip=True).startswith(f"{pets}: none of its 8 pictures can be read; {pets / 'cats'}")


def test_one_class(pets):
    for path in [*(pets / "dogs").iterdir()]:
        path.unlink()
    assert refusal(pets).startswith(f"{pets / 'dogs'}: holds no pictures; expected those of the class dogs.\n")
    (pets / "dogs").rmdir()
    assert refusal(pets).startswith(f"{pets}: has one sub-folder only (cats), and so one class; expected two or more")


def test_pictures_and_sub_folders_in_one_folder(pets):
    save(pets / "cats" / "kittens" / "1.png", PIXELS[0])
    assert refusal(pets).startswith(f"{pets / 'cats'}: holds both pictures (0.png, 1.png, 2.png, 3.png) and sub-fold")
    save(pets / "9.png", PIXELS[0])
    assert refusal(pets).startswith(f"{pets}: holds both pictures (9.png) and sub-folders (cats, dogs).\n")


def test_classes_in_classes(tmp_path):
    save(tmp_path / "cats" / "kittens" / "1.png", PIXELS[0])
    save(tmp_path / "dogs" / "1.png", PIXELS[1])
    assert refusal(tmp_path).startswith(f"{tmp_path / 'cats'}: holds sub-folders (kittens); expected the pictures of")


def test_pictures_without_classes(pets):
    assert refusal(pets / "cats").startswith(f"{pets / 'cats'}: holds pictures (0.png, 1.png, 2.png, 3.png), and noth")


def test_a_folder_without_pictures(tmp_path):
    expected = f"{tmp_path}: is a folder without pictures; expected sub-folders of pictures, one for each class, or a "
    assert refusal(tmp_path) == f"{expected}file of arrays (HDF5 or NPZ)."
    (tmp_path / "data.npz").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path) == f"{expected}file of arrays (HDF5 or NPZ).\nIt holds data.npz: give one of them."


def test_parts_that_are_not_there_or_there_twice(tmp_path):
    save(tmp_path / "test" / "cats" / "1.png", PIXELS[0])
    assert refusal(tmp_path).startswith(f"{tmp_path}: has no sub-folder for train; it holds test.\n")
    for part in ("train", "val", "valid"):
        save(tmp_path / part / "cats" / "1.png", PIXELS[0])
    assert refusal(tmp_path) == f"{tmp_path}: val/ and valid/ are both for validation; keep one"


def test_pictures_that_do_not_fit_into_memory(pets, monkeypatch):
    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr(album.np, "empty", fail)
    with pytest.raises(StorageError, match=r"its 7 pictures do not fit into memory \(0\.0 GB at 6 x 5\)"):
        album._in_memory(pets, [], (7, 6, 5, 3))


@pytest.mark.parametrize("members", [1, 2])
def test_of_several_mistakes_the_first_is_told_and_no_further_picture_is_decoded(pets, monkeypatch, members):
    monkeypatch.setattr(decoding.threads, "number", lambda: members)
    decoded = []

    def decode(file, form):
        decoded.append(file)
        if file.name in ("1.png", "2.png"):
            raise DataError(f"{file}: is bad")
        time.sleep(0.01)
        return PIXELS[0], ()

    monkeypatch.setattr(decoding, "decode", decode)
    for number in range(100):
        save(pets / "fish" / f"{number}.png", PIXELS[0])
    assert refusal(pets) == f"{pets / 'cats' / '1.png'}: is bad"
    assert len(decoded) < 100


# --- from the spec to parameters ---


def test_pictures_train_as_the_same_pictures_in_hdf5(nnctl, tmp_path, pets):
    with h5py.File(tmp_path / "pets.h5", "w") as file:
        file["X"], file["y"], file["classes"] = PIXELS, [0] * 4 + [1] * 3, [name.encode() for name in CLASSES]
    dims = [90, 4, 1]
    from_file = trained(nnctl, spec_of(tmp_path / "file.yaml", {"source": "pets.h5"}, dims))
    assert_same(trained(nnctl, spec_of(tmp_path / "folder.yaml", {"source": "pets/"}, dims)), from_file)
    sized = {"train": "pets", "size": [6, 5]}
    assert_same(trained(nnctl, spec_of(tmp_path / "sized.yaml", sized, dims)), from_file)


def test_the_drawn_cats_written_as_a_folder_train_as_the_built_in_set(nnctl, tmp_path):
    """Sub-folders bring the classes one after another, so the built-in set is put into that order, too."""
    arrays = {}
    for part, table in zip(("train", "test"), datasets["cat"](m=24, m_test=8), strict=True):
        names = np.array(["non-cat", "cat"])[table.y]
        order = np.argsort(names, kind="stable")
        for row, name in enumerate(names):
            save(tmp_path / "drawn" / part / name / f"{row:03}.png", table.X[row])
        arrays |= {f"{part}_set_x": table.X[order], f"{part}_set_y": names[order]}
    np.savez(tmp_path / "drawn.npz", **arrays)
    dims = [12288, 5, 1]
    one = trained(nnctl, spec_of(tmp_path / "folder.yaml", {"source": "drawn"}, dims))
    assert_same(one, trained(nnctl, spec_of(tmp_path / "file.yaml", {"source": "drawn.npz"}, dims)))
    assert one.interface.classes == ("cat", "non-cat")
    table = read(tmp_path / "drawn")["test"]
    drawn = datasets["cat"](m=24, m_test=8)[1]
    assert {x.tobytes() for x in table.X} == {x.tobytes() for x in drawn.X}


@pytest.mark.skipif(not COURSE.is_dir(), reason="the course's pictures (../shared/data/catvnoncat) are not here")
def test_the_courses_cats_written_as_a_folder_train_as_their_files(nnctl, tmp_path):
    for part in ("train", "test"):
        with h5py.File(COURSE / f"{part}_catvnoncat.h5") as file:
            X, y = file[f"{part}_set_x"][:], file[f"{part}_set_y"][:]
        names = np.array(["a non-cat", "cat"])[y]  # whose order is that of the classes in the file
        order = np.argsort(names, kind="stable")
        for row, name in enumerate(names):
            save(tmp_path / "course" / part / name / f"{row:03}.png", X[row])
        np.savez(tmp_path / f"{part}.npz", X=X[order], y=y[order])
    dims, files = [12288, 5, 1], {"train": "train.npz", "test": "test.npz"}
    folder_run = trained(nnctl, spec_of(tmp_path / "folder.yaml", {"source": "course"}, dims))
    file_run = trained(nnctl, spec_of(tmp_path / "file.yaml", files, dims))
    np.testing.assert_array_equal(folder_run.parameters.flat, file_run.parameters.flat)


def loaded(tmp_path, data, dims):
    return load(parse(document.read(spec_of(tmp_path / "spec.yaml", data, dims)), (tmp_path,)))


def test_gray_small_pictures_in_parts_of_their_own(tmp_path, pets):
    save(tmp_path / "more" / "dogs" / "1.png", PIXELS[0])
    data = {"source": "pets/", "test": "more", "size": [2, 3], "color": "gray"}
    dataset = loaded(tmp_path, data, [6, 1])
    assert dataset.parts["train"].X.shape == (6, 7)
    assert dataset.interface.preparation.shape == (2, 3)
    np.testing.assert_array_equal(dataset.parts["test"].Y, [[1]])
    assert dataset.parts["train"].X.max() <= 1  # of bytes, divided by 255
    assert loaded(tmp_path, {"source": "pets", "validation": 0.3}, [90, 1]).parts["validation"].m == 2


def test_another_part_has_no_class_of_its_own(tmp_path, pets):
    save(tmp_path / "more" / "birds" / "1.png", PIXELS[0])
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, {"source": "pets", "test": "more"}, [90, 1])
    assert str(caught.value).startswith(
        f"{tmp_path / 'more'}: has the class birds, and {pets} has not (cats, dogs).\nGive the sub-folders of one class"
    )


@pytest.mark.parametrize(
    ("data", "dims", "said"),
    [
        ({"source": "pets", "size": [64]}, [90, 1], "data.size must be at least 2 long, got [64]"),
        ({"source": "pets", "size": 64}, [90, 1], "data.size must be a list of 2 whole numbers or null, got 64"),
        ({"source": "pets", "color": "grey"}, [90, 1], "data.color must be rgb or gray, got 'grey'"),
        ({"source": "pets", "size": [9, 9]}, [90, 1], "must start with 243: an example has 243 features (9 x 9 x 3)"),
        ({"source": "pets", "layout": "columns"}, [90, 1], "data.layout is for a file of arrays; pets/ is a folder"),
        ({"source": "pets", "features": "X"}, [90, 1], "data.features is for a file of arrays; pets/ is a folder"),
        ({"source": "circles", "size": [8, 8]}, [2, 1], "data.size is for folders of pictures, and there is none"),
        ({"source": "a.npz", "color": "gray"}, [2, 1], "data.color is for folders of pictures, and there is none"),
        ({"source": "pots/"}, [2, 1], "there is no file pots/, not in"),
    ],
)
def test_mistakes_in_the_spec(nnctl, tmp_path, pets, data, dims, said):
    np.savez(tmp_path / "a.npz", X=np.zeros((2, 2)), y=[0, 1])
    outcome = nnctl("train", spec_of(tmp_path / "spec.yaml", data, dims))
    assert outcome.exit_code in (2, 3)
    assert said in outcome.stderr


# --- predicting ---


def preparation(*shape, pixels=True):
    return BlockPreparation(shape, Scaling(), pixels)


@pytest.mark.parametrize("first", [False, True], ids=["channels last", "channels first"])
def test_all_pictures_below_a_folder_are_predicted(pets, first):
    save(pets / ".trash" / "0.png", PIXELS[0])
    (pets / "dogs" / "all").symlink_to(pets)  # which is not entered again
    files, notes = pictures_in(pets)
    (block,) = read_pictures(pets, files, preparation(*((3, 6, 5) if first else (6, 5, 3))))
    np.testing.assert_array_equal(block.table.X, np.moveaxis(PIXELS, 3, 1) if first else PIXELS)
    assert block.table.y is None
    assert [Path(file).relative_to(pets).as_posix() for file in block.files][:2] == ["cats/0.png", "cats/1.png"]
    assert len(block) == 7
    assert notes == [f"{pets}: files that are no pictures are left out, 1 in all: .trash"]


def test_a_picture_that_cannot_be_read_is_told_with_its_place_among_the_others(pets, monkeypatch):
    monkeypatch.setattr(folder, "IN_A_BLOCK", 3)
    (pets / "cats" / "0b.png").write_bytes(b"no picture")
    files, _ = pictures_in(pets)
    blocks = list(read_pictures(pets, files, preparation(6, 5, 3)))
    assert [len(block) for block in blocks] == [3, 3, 2]
    assert [block.rows.tolist() for block in blocks] == [[0, 2], [0, 1, 2], [0, 1]]
    np.testing.assert_array_equal(np.concatenate([block.table.X for block in blocks]), PIXELS)
    (failed,) = blocks[0].failed
    assert (failed.row, failed.place) == (1, str(pets / "cats" / "0b.png"))
    assert failed.reason.startswith("is not a picture that can be read")


def test_the_training_pictures_are_predicted_as_the_rows_that_they_are(nnctl, tmp_path, pets):
    file = spec_of(tmp_path / "spec.yaml", {"source": "pets"}, [90, 4, 1])
    run = nnctl("train", file, "-q", "--no-pictures").stdout.strip()
    np.savez(tmp_path / "rows.npz", X=PIXELS)
    rows = nnctl("predict", run, "rows.npz").stdout
    for outcome in (nnctl("predict", run, "pets/"), nnctl("predict", "pets")):
        table = list(csv.reader(outcome.stdout.splitlines()))
        assert [row[1:] for row in table] == list(csv.reader(rows.splitlines()))
        assert [row[0] for row in table][:3] == ["file", "pets/cats/0.png", "pets/cats/1.png"]
    assert nnctl("predict", run).exit_code == 0


def test_what_cannot_be_predicted(tmp_path, pets):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="is a folder without pictures; expected pictures, or a file of arrays"):
        pictures_in(tmp_path / "empty")
    with pytest.raises(MismatchError, match="is a folder, and the network was trained on 2 features"):
        next(read_pictures(pets, pictures_in(pets)[0], preparation(2)))
