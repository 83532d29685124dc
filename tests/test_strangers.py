"""Files from strangers run no code and reach no other file: each attack here has a name, is made by the test, and ends
in one clear error or in harmless output, without a traceback, at once.

Beside every attack lie files with a secret that none of them may reach.
"""

# ruff: noqa: E501  (a line is an attack)

import faulthandler
import gzip
import io
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib

import h5py
import numpy as np
import PIL.Image
import pytest
from numpy.lib import format as npy
from torture.mutants import signed

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import hdf5_layout, model
from nnctl.runs.bundle import pack, unpack

SECRET = "THE-SECRET-4711"
NUMBERS = np.full((4, 2), 47114711.0)  # a secret in numbers
LONGEST = 60  # seconds until a test that hangs ends all of them, with the place
X, Y = np.array([[0.5, 1], [1, 2], [3, 4], [-1, 0]]), np.array([0, 1, 0, 1])
GOOD = """data: {source: circles}
model: {layer_dims: [2, 1], activations: [sigmoid]}
train: {learning_rate: 1, iterations: 2}
"""
ATTACKS = {}
STEERING = ["\x1b[31m\x1b]0;x\x07", "\x9b2J\u202e"]
ON_TERMINAL = "parameters: escape codes in classes"  # what goes into a pipe or file stays as it is


def attack(name, exit_code, *words):
    """Register what makes the files of an attack in a folder and returns the arguments of the command."""

    def register(make):
        assert name not in ATTACKS
        ATTACKS[name] = (make, exit_code, words)
        return make

    return register


@pytest.fixture(scope="module")
def models():
    """Return parameters.h5 of a network of two numbers, and of one of pictures."""
    found = []
    for n, preparation in ((2, BlockPreparation((2,), Scaling())), (192, BlockPreparation((8, 8, 3), Scaling(), True))):
        interface = Interface(preparation, ("no", "yes"))
        found.append(model.image_of(model.Model(Parameters((n, 1)), (Choice("sigmoid"),), interface)))
    return found


@pytest.fixture
def place(tmp_path, models):
    """Make two runs, an input and the secrets."""
    for name, image in zip(("run", "pictures"), models, strict=True):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "parameters.h5").write_bytes(image)
        said = {"status": "finished", "started": "2026-11-20T12:00:00", "finished": "2026-11-20T12:00:01"}
        (tmp_path / "runs" / name / "run.json").write_text(json.dumps(said))
    np.savez(tmp_path / "new.npz", X=X)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text(SECRET * 40)
    with h5py.File(tmp_path / "elsewhere" / "secret.h5", "w") as file:
        file["X"], file["y"], file["classes"] = NUMBERS, Y, [SECRET, "b"]
    (tmp_path / "here").mkdir()
    return tmp_path


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def assert_kept(text):
    assert SECRET not in text
    assert "4711" not in text
    assert all(c.isprintable() or c in "\n\t" for c in text), ascii(text)


def predicting(place, *inputs):
    return ["predict", "run", *(inputs or ["new.npz"])]


# --- parameters.h5 ---


def parameters(place):
    return place / "runs" / "run" / "parameters.h5"


def by_hdf5(change):
    """Return what makes parameters.h5 by the HDF5 library."""

    def make(place):
        with h5py.File(parameters(place), "w") as file:
            file["W1"], file["b1"] = np.ones((1, 2)), np.ones((1, 1))
            change(file, place)
        return predicting(place)

    return make


def replaced(name, value):
    def change(file, place):
        del file[name]
        file[name] = value(place) if callable(value) else value

    return change


def external_storage(file, place):
    size = 8
    del file["W1"]
    file.create_dataset("W1", (1, 2), "f4", external=[(str(place / "elsewhere" / "secret.txt"), 0, size)])


def external_classes(file, place):
    file.create_dataset("classes", (2,), "S15", external=[(str(place / "elsewhere" / "secret.txt"), 0, 30)])


def virtual_weights(file, place):
    del file["W1"]
    layout = h5py.VirtualLayout((1, 2), "f8")
    layout[:] = h5py.VirtualSource(str(place / "elsewhere" / "secret.h5"), "X", (4, 2))[:1]
    file.create_virtual_dataset("W1", layout)


def options(**given):
    def change(file, place):
        del file["W1"]
        file.create_dataset("W1", data=np.ones((1, 2)), **given)

    return change


for _name, _change in {
    "parameters: external link": replaced("W1", lambda place: h5py.ExternalLink(place / "elsewhere/secret.h5", "/X")),
    "parameters: external storage of weights": external_storage,
    "parameters: external storage of classes": external_classes,
    "parameters: virtual dataset": virtual_weights,
    "parameters: soft link": replaced("W1", h5py.SoftLink("/b1")),
    "parameters: soft link to itself": replaced("W1", h5py.SoftLink("/W1")),
    "parameters: gzip": options(compression="gzip", chunks=True),
    "parameters: lzf": options(compression="lzf", chunks=True),
    "parameters: shuffle": options(shuffle=True, chunks=True),
    "parameters: chunks": options(chunks=(1, 1)),
    "parameters: objects of any length": replaced("W1", np.array([b"x"], h5py.string_dtype())),
    "parameters: references": lambda file, place: file.create_dataset("r", data=file["W1"].ref, dtype=h5py.ref_dtype),
    "parameters: a named type": lambda file, place: file.__setitem__("type", np.dtype("f8")),
    "parameters: a group in itself": lambda file, place: file.create_group("g").__setitem__("self", file),
    "parameters: of an earlier nnctl": lambda file, place: file.attrs.update(
        {"nnctl_version": "0.1", "layer_dims": [2, 1]}
    ),
    "parameters: never written": lambda file, place: file.create_dataset("big", (10**9, 10**6), "f8"),
}.items():
    attack(_name, 3, "is not a parameters file of nnctl (is not laid out as this version of nnctl does it")(
        by_hdf5(_change)
    )


def forged(change):
    """Return what changes the bytes of parameters.h5 and writes the SHA-256 that is right for them."""

    def make(place):
        image = bytearray(parameters(place).read_bytes())
        parameters(place).write_bytes(signed(change(image) or image))
        return predicting(place)

    return make


def said(change):
    """Return what changes the arrays and facts of parameters.h5 as someone can who has nnctl."""

    def make(place):
        arrays, about = unpack(parameters(place).read_bytes())
        change(arrays, about)
        parameters(place).write_bytes(pack(arrays, about))
        return predicting(place)

    return make


def put(image, place, value):
    image[place : place + len(value)] = value


def text_put(old, new):
    return lambda image: put(image, image.index(old), new)


NO = "is not a parameters file of nnctl ("
attack("parameters: one bit", 3, "its SHA-256 is not the one")(
    lambda place: (
        parameters(place).write_bytes(
            (image := parameters(place).read_bytes())[:-9] + bytes([image[-9] ^ 1]) + image[-8:]
        )
        and predicting(place)
    )
)
attack("parameters: cut off", 3, "is cut off")(
    lambda place: parameters(place).write_bytes(parameters(place).read_bytes()[:-20]) and predicting(place)
)
attack("parameters: bytes behind it", 3, NO)(forged(lambda image: image + bytes(4096)))
attack("parameters: a size that lies", 3, NO)(forged(lambda image: put(image, 28, struct.pack("<Q", 2**60))))
attack("parameters: a root group elsewhere", 3, "is not laid out")(forged(lambda image: put(image, 36, bytes(8))))
attack("parameters: a text without end", 3, NO)(
    forged(lambda image: put(image, hdf5_layout.LENGTH_AT, struct.pack("<Q", 2**62)))
)
attack("parameters: a shape that lies", 3, NO)(forged(text_put(b'"W1":["float64",1,2]', b'"W1":["float64",9,9]')))
attack("parameters: a name that leads out", 3, NO)(forged(text_put(b'"W1":', b'"..":')))
attack("parameters: nan in the text", 3, NO)(forged(text_put(b'"positive":1', b'"positiv":NaN')))
attack("parameters: one object over another", 3, "is not laid out")(
    forged(lambda image: put(image, image.rindex(b"W1") + 2, image[image.rindex(b"b1") + 2 :][:8]))
)
attack("parameters: nan", 3, "W1 holds numbers that are not finite")(
    said(lambda a, f: a.update(W1=np.full((1, 2), np.nan)))
)
attack("parameters: inf", 3, "b1 holds numbers that are not finite")(
    said(lambda a, f: a.update(b1=np.full((1, 1), np.inf)))
)
attack("parameters: divisor 0", 3, "must be greater than 0")(
    said(lambda a, f: a.update({"preparation.divisor": np.array(0.0)}))
)
attack("parameters: a class twice", 3, "has a name twice")(said(lambda a, f: f.update(classes=["a", "a"])))
attack("parameters: linear for sigmoid", 3, "classes are predicted")(
    said(lambda a, f: f.update(activations=[["linear", {}]]))
)
attack("parameters: a stranger's fact", 3, "does not belong")(said(lambda a, f: f.update(command="rm")))
attack("parameters: layers without end", 3, "layer_dims must be")(
    said(lambda a, f: f.update(layer_dims=[2, 10**15, 1]))
)
attack("parameters: deep facts", 3, "nested too deep")(
    said(lambda a, f: f.update(front=json.loads("[" * 300 + "]" * 300)))
)
attack("parameters: escape codes in classes", 0)(said(lambda a, f: f.update(classes=STEERING)))
attack("parameters: a formula in classes", 0, "'=cmd|")(
    said(lambda a, f: f.update(classes=["=cmd|' /C calc'!A0", "=1+1"]))
)
attack("parameters: pickle", 3, NO)(
    lambda place: parameters(place).write_bytes(pickle.dumps(Evil())) and predicting(place)
)


class Evil:
    """What runs a command when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch here/ran",)


# --- YAML ---


def spec(text, *more):
    def make(place):
        (place / "spec.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return ["train", "spec.yaml", "-q", "--no-pictures", *more]

    return make


BOMB = "\n".join(
    ["a: &a [x, x]", *(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh" * 9, "bcdefghi" * 9, strict=False))]
)
MERGE = "a0: &a0 {k: 1}\n" + "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i}, *a{i}]}}\n" for i in range(60))
for _name, _text, _words in (
    ("alias bomb", BOMB, "anchors (&) are not taken"),
    ("merge-key bomb", MERGE, "anchors (&) are not taken"),
    ("alias of itself", "a: &a [*a]\n", "anchors (&) are not taken"),
    ("merge key", f"{GOOD}x: {{<<: {{a: 1}}}}\n", "merge keys (<<) are not supported"),
    ("command in a tag", "a: !!python/object/apply:os.system [touch here/ran]\n", "are not taken"),
    ("module in a tag", "a: !!python/module:antigravity\n", "are not taken"),
    ("file in a tag", "a: !include elsewhere/secret.txt\n", "tags (!include) are not taken"),
    ("tag of its own", "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system [x]\n", "are not taken"),
    ("deep brackets", "a: " + "[" * 20_000, "is nested too deeply"),
    ("deep keys", "".join(f"{' ' * i}a:\n" for i in range(200)), "is nested too deeply"),
    ("many values", f"a: [{'x, ' * 20_000}]", "has more than 5,000 keys and values"),
    ("large", "#" * 300_000, "is longer than 256 KiB"),
    ("two documents", f"{GOOD}---\n{GOOD}", "a second document begins here"),
    ("a key twice", f"{GOOD}seed: 1\nseed: 2\n", "is there twice"),
    ("control characters", "a: \x1b[31m\n", "cannot stand here"),
    ("escaped control characters", f'{GOOD}"\\e[31mkey\\u202e": 1\n', "there is no key"),
    ("a NUL", "a: \0\n", "cannot stand here"),
    ("UTF-16", GOOD.encode("utf-16"), "UTF-16"),
    ("a number without end", f"{GOOD}seed: {'9' * 100_000}\n", "seed"),
):  # fmt: skip
    attack(f"YAML: {_name}", 2, _words)(spec(_text))
attack("YAML: alias bomb in an override", 2, "anchors (&) are not taken")(spec(GOOD, "-S", "model.x=[&a [x, x], *a]"))
attack("YAML: a name that leads out", 0)(spec(f"name: ../../out\n{GOOD}"))
attack("YAML: escape codes in a name", 0)(spec(f'name: "\\e[31mred\\u202e"\n{GOOD}'))


# --- NPZ and NPY ---


def array_bytes(array=X, **options):
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def headed(text, version=(1, 0), behind=bytes(64)):
    """Return an NPY file with a header of any text."""
    raw = text.encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(raw))
    return b"\x93NUMPY" + bytes(version) + length + raw + behind


def npz_of(members, way=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        for name, raw in members:
            archive.writestr(name, raw)
    return out.getvalue()


def input_of(name, raw):
    def make(place):
        (place / name).write_bytes(raw() if callable(raw) else raw)
        return predicting(place, name)

    return make


def lied(place_in_entry, value):
    """Return an archive whose directory says something else of its member."""
    raw = bytearray(npz_of([("X.npy", array_bytes())]))
    put(raw, raw.index(b"PK\1\2") + place_in_entry, value)
    return bytes(raw)


def overlapping():
    """Return an archive of two members at one place."""
    raw = bytearray(npz_of([("X.npy", array_bytes()), ("y.npy", array_bytes())]))
    second = raw.rindex(b"PK\1\2")
    put(raw, second + 42, bytes(4))
    return bytes(raw)


def bomb():
    """Return a member of 300 MB in 300 kB."""
    header = npy.header_data_from_array_1_0(np.empty((0, 2)))
    out = io.BytesIO()
    npy.write_array_header_1_0(out, {**header, "shape": (300_000_000 // 16, 2)})
    out = zipfile.ZipFile(whole := io.BytesIO(), "w", zipfile.ZIP_DEFLATED), out.getvalue()
    archive, head = out
    with archive, archive.open("X.npy", "w", force_zip64=True) as member:
        member.write(head)
        for _ in range(300):
            member.write(bytes(1_000_000))
    return whole.getvalue()


CODE = "{'descr': __import__('os').system('touch here/ran'), 'fortran_order': False, 'shape': (4, 2), }"
for _name, _raw, _words in (
    ("NPY: pickle", lambda: array_bytes(np.array([Evil()] * 2), allow_pickle=True), "pickle"),
    ("NPY: code in the header", lambda: headed(CODE), "its header cannot be understood"),
    ("NPY: deep header", lambda: headed("(" * 60_000), "its header cannot be understood"),
    ("NPY: header without end", lambda: headed("{" * 10, (2, 0))[:8] + b"\xff\xff\xff\x7f", "is"),
    ("NPY: unfinished header", lambda: headed("{'descr': '<f8', 'fortran_order': False, 'shape': (4,"), "header"),
    ("NPY: huge shape", lambda: headed("{'descr': '<f8', 'fortran_order': False, 'shape': (10**9, 10**9), }"), "header"),
    ("NPY: larger than its file", lambda: headed("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 2), }"), "is damaged"),
    ("NPY: beyond all sizes", lambda: headed("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 10000000000), }"), "no array has"),
    ("NPY: negative shape", lambda: headed("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -8), }"), "no array has"),
    ("NPY: objects in a field", lambda: headed("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (4,), }"), "pickle"),
    ("NPZ: pickle", lambda: npz_of([("X.npy", array_bytes(np.array([Evil()] * 2), allow_pickle=True))]), "pickle"),
    ("NPZ: a member that leads out", lambda: npz_of([("X.npy", array_bytes()), ("../out.npy", array_bytes())]), "leads out"),
    ("NPZ: an absolute member", lambda: npz_of([("X.npy", array_bytes()), ("/tmp/out.npy", array_bytes())]), "leads out"),
    ("NPZ: a member of Windows", lambda: npz_of([("X.npy", array_bytes()), ("..\\out.npy", array_bytes())]), "leads out"),
    ("NPZ: decompression bomb", bomb, "more than 250-fold"),
    ("NPZ: bzip2", lambda: npz_of([("X.npy", array_bytes())], zipfile.ZIP_BZIP2), "compressed in a way"),
    ("NPZ: lzma", lambda: npz_of([("X.npy", array_bytes())], zipfile.ZIP_LZMA), "compressed in a way"),
    ("NPZ: encrypted", lambda: lied(8, b"\x01\x00"), "is"),
    ("NPZ: a size that lies", lambda: lied(24, struct.pack("<I", 2**31)), "cannot have"),
    ("NPZ: a packed size that lies", lambda: lied(20, struct.pack("<I", 2**31)), "is damaged"),
    ("NPZ: a place that lies", lambda: lied(42, struct.pack("<I", 2**31)), "is"),
    ("NPZ: members over each other", overlapping, "lies over another"),
    ("NPZ: sizes for 64 bits that lie", lambda: lied(20, b"\xff" * 8), "is"),
):  # fmt: skip
    attack(_name, 3, _words)(input_of(f"x{_name[:3].lower()}.{_name[:3].lower()}", _raw))


# --- HDF5 data ---


def hdf5_of(change):
    def make(place):
        with h5py.File(place / "here" / "data.h5", "w") as file:
            file["y"] = Y
            change(file, place)
        return predicting(place, "here/data.h5")

    return make


def raw_storage(file, place):
    file.create_dataset("X", (4, 2), "f4", external=[(str(place / "elsewhere" / "secret.txt"), 0, 32)])


def virtual(source):
    def change(file, place):
        layout = h5py.VirtualLayout((4, 2), "f8")
        layout[:] = h5py.VirtualSource(source(place), "X", (4, 2))
        file.create_virtual_dataset("X", layout)

    return change


def linked(place):
    (place / "here" / "link.h5").symlink_to(place / "elsewhere" / "secret.h5")
    return "link.h5"


def paths(file, place):
    """Make 2**40 paths to one dataset."""
    group = file
    for _ in range(40):
        inner = group.create_group("a")
        group["b"] = inner
        group = inner
    group["X"] = X


def zeros(file, place):
    """Make 160 MB of 160 kB."""
    file.create_dataset("X", (2 * 10**7, 2), "f4", compression="gzip", chunks=(10**7, 2))
    packed = zlib.compress(bytes(8 * 10**7), 9)
    for start in (0, 10**7):
        file["X"].id.write_direct_chunk((start, 0), packed)


def through(file, place):
    file["other"] = h5py.ExternalLink(place / "elsewhere" / "secret.h5", "/")
    file["X"] = h5py.SoftLink("other/X")


for _name, _change, _words in (
    ("external link", lambda f, p: f.__setitem__("X", h5py.ExternalLink(p / "elsewhere/secret.h5", "/X")), "not followed"),
    ("external link to the folder beside", lambda f, p: f.__setitem__("X", h5py.ExternalLink("../elsewhere/secret.h5", "/X")), "not followed"),
    ("soft link through an external one", through, "not followed"),
    ("external storage", raw_storage, "has its numbers in another file"),
    ("virtual dataset elsewhere", virtual(lambda place: str(place / "elsewhere" / "secret.h5")), "lies outside the folder"),
    ("virtual dataset above", virtual(lambda place: "../elsewhere/secret.h5"), "lies outside the folder"),
    ("virtual dataset behind a link", virtual(linked), "lies outside the folder"),
    ("virtual dataset of itself", virtual(lambda place: "."), "these from each other"),
    ("soft link in a circle", lambda f, p: f.__setitem__("X", h5py.SoftLink("/X")), "is a link to /X"),
    ("never written", lambda f, p: f.create_dataset("X", (10**9, 10**7), "f8"), "never written"),
    ("never written in chunks", lambda f, p: f.create_dataset("X", (10**9, 10**7), "f8", chunks=(1, 2)), "in part"),
    ("decompression bomb", zeros, "more than 250-fold"),
    ("references", lambda f, p: f.create_dataset("X", data=[f["y"].ref] * 4, dtype=h5py.ref_dtype), "references"),
    ("objects of any length", lambda f, p: f.create_dataset("X", (4,), h5py.vlen_dtype("f8")), "is"),
    ("a null", lambda f, p: f.__setitem__("X", h5py.Empty("f8")), "holds nothing"),
):  # fmt: skip
    attack(f"HDF5: {_name}", 3, _words)(hdf5_of(_change))
attack("HDF5: 2**40 paths", 0)(hdf5_of(paths))
attack("HDF5: a group in itself", 0)(
    hdf5_of(lambda f, p: (f.__setitem__("X", X), f.create_group("g").__setitem__("f", f)))
)
attack("HDF5: escape codes in names", 0)(
    hdf5_of(lambda f, p: (f.__setitem__("X", X), f.__setitem__("\x1b[31m\u202e", Y)))
)


# --- pictures ---


def picture_of(name, raw):
    def make(place):
        (place / name).write_bytes(raw() if callable(raw) else raw)
        return ["predict", "pictures", name]

    return make


def drawn(kind, mode="RGB", size=(8, 8), **options):
    out = io.BytesIO()
    PIL.Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data, *before):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n(elsewhere/secret.txt) run (touch here/ran) system\n%%EOF\n"
CAN = "is not a picture that can be read"
for _name, _raw, _words in (
    ("EPS", EPS, CAN),
    ("ICO", lambda: drawn("ICO"), CAN),
    ("TGA", lambda: drawn("TGA"), CAN),
    ("DDS", lambda: drawn("DDS"), CAN),
    ("PCX", lambda: drawn("PCX"), CAN),
    ("PPM", lambda: drawn("PPM"), CAN),
    ("PDF", b"%PDF-1.4\n1 0 obj\n", CAN),
    ("169 megapixels", lambda: png(13_000, 13_000, bytes(13_000)), "169.0 megapixels"),
    ("a header of 4 gigapixels", lambda: png(65_535, 65_535, b""), "megapixels"),
    ("a GIF of 4 gigapixels", lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";", "is"),
    ("10 of 64 rows", lambda: png(64, 64, bytes(650)), "is cut off"),
    ("a text that unpacks to 100 MB", lambda: png(8, 8, bytes(72), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))), CAN),
    ("a TIFF in a circle", lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0", CAN),
    ("no pixels", lambda: png(0, 0, b""), "is"),
):  # fmt: skip
    attack(f"picture: {_name}", 3, _words)(picture_of("photo.png", _raw))


# --- tables and runs ---


def in_run(name, content):
    def make(place):
        (place / "runs" / "run" / name).write_text(content)
        return predicting(place)

    return make


def link_in_run(place):
    (place / "runs" / "run" / "config.yaml").symlink_to(place / "elsewhere" / "secret.txt")
    return predicting(place)


def link_to_run(place):
    os.rename(place / "runs" / "run", place / "elsewhere" / "run")
    (place / "runs" / "run").symlink_to(place / "elsewhere" / "run")
    return predicting(place)


def named_run(place):
    (place / "runs" / "\x1b[31mrun\u202e").mkdir()
    (place / "runs" / "\x1b[31mrun\u202e" / "run.json").write_text("{")
    return ["predict", "latest", "new.npz"]


def table(place, header, rows, name="t.csv", spec_more=""):
    (place / name).write_text("\n".join([header, *rows]) + "\n")
    (place / "spec.yaml").write_text(
        f'data: {{source: "{name}", target: y{spec_more}}}\nmodel: {{layer_dims: [auto, auto], activations: [auto]}}\n'
        "train: {learning_rate: 0.1, iterations: 2}\n"
    )
    return ["train", "spec.yaml", "--no-pictures"]


ROWS = [f"{i},{'ab'[i % 2]}" for i in range(8)]
attack("run: a link in it", 2, "holds a link, config.yaml")(link_in_run)
attack("run: behind a link", 2, "is a link, to ")(link_to_run)
attack("run: escape codes in the name of another", 0)(named_run)
attack("run.json: deep", 0, "is nested too deep")(in_run("run.json", "[" * 100_000))
attack("run.json: nan", 0)(in_run("run.json", '{"status": "finished", "started": NaN}'))
attack("run.json: escape codes", 0)(in_run("run.json", '{"status": "\\u001b[31m"}'))
attack("run.json: large", 0, "is not one of nnctl's")(in_run("run.json", " " * (17 << 20)))
attack("table: escape codes in a column", 0)(lambda place: table(place, "\x1b[31mx\u202e,y", ROWS))
attack("table: escape codes in labels", 0)(
    lambda place: table(place, "x,y", [row.replace("a", "\x1b]0;t\x07a").replace("b", "\x9b2Jb") for row in ROWS])
)
attack("table: markup in labels", 0, "[red]")(
    lambda place: table(place, "x,y", [row.replace("a", "[red]a") for row in ROWS])
)
attack("table: JSON nested without end", 3, "t.jsonl")(lambda place: table(place, "[" * 100_000, [], "t.jsonl"))
attack("table: pickle", 3, "t.csv")(
    lambda place: (table(place, "", []), (place / "t.csv").write_bytes(pickle.dumps(Evil())))[0]
)
attack("table: a gzip bomb", 3, "t.csv.gz")(
    lambda place: (table(place, "", [], "t.csv.gz"), (place / "t.csv.gz").write_bytes(gzip.compress(bytes(10**8))))[0]
)


def test_there_are_enough_of_them():
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack(nnctl, place, monkeypatch, name):
    make, exit_code, words = ATTACKS[name]
    if name == ON_TERMINAL:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    arguments = make(place)
    before = files(place)
    faulthandler.dump_traceback_later(LONGEST, exit=True, file=2)
    try:
        outcome = nnctl(*arguments)
    finally:
        faulthandler.cancel_dump_traceback_later()
    said = outcome.stdout + outcome.stderr
    assert outcome.exit_code == exit_code, said
    for word in words:
        assert word in said
    if exit_code:
        error = outcome.stderr.removeprefix(outcome.stderr[: outcome.stderr.index("nnctl: ")])
        assert 1 <= len(error.splitlines()) <= 5
    assert_kept(said)
    after = files(place)
    assert all(after.get(path) == time for path, time in before.items())  # nothing is written over
    new = [path for path in after if path not in before]
    assert all((place / "runs") in path.parents or (place / "cache") in path.parents for path in new), new
    for path in new:
        assert SECRET.encode() not in path.read_bytes()
