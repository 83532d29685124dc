"""A bundle comes back bit for bit, any HDF5 reader finds what is in it, and one byte changed anywhere is found."""

import io
import json
import struct
from hashlib import sha256

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.random import RandomState

from nnctl.runs import bundle, hdf5_layout
from nnctl.runs.bundle import Damaged, pack, unpack

ARRAYS = {
    "W1": RandomState(1).randn(3, 4),
    "b1": RandomState(2).randn(3, 1).astype(np.float32),
    "mask": np.arange(5, dtype=np.uint8),
    "one": np.array(-3.5),
    "none": np.zeros((0, 3)),
    "né 猫": np.array([np.nan, np.inf, -0.0, 5e-324]),
}
ABOUT = {"classes": ["né", "猫 'n' \"dog\"", "\x1b[31m"], "layer_dims": [3, 4], "deep": {"a": [[1.5, None, True]]}}
SIGNED = slice(hdf5_layout.DIGEST_AT, hdf5_layout.DIGEST_AT + hdf5_layout.DIGEST_SIZE)


def signed(image):
    """Return bytes with the SHA-256 that is right for them, as whoever makes a file by hand can write it."""
    image = bytearray(image)
    image[SIGNED] = bytes(32)
    image[SIGNED] = sha256(image).digest()
    return bytes(image)


def refused(image):
    with pytest.raises(Damaged) as caught:
        unpack(image)
    return str(caught.value)


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def test_it_comes_back_bit_for_bit():
    found, about = unpack(pack(ARRAYS, ABOUT))
    assert_same(found, ARRAYS)
    assert about == ABOUT


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(categories=["L", "N", "P"], exclude_characters="/"), min_size=1, max_size=40).filter(
            lambda name: name not in ("about", "sha256", ".")
        ),
        st.sampled_from(["f8", "f4", "u1"]).flatmap(
            lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
        ),
        max_size=5,
    )
)
def test_any_arrays_come_back_and_are_what_hdf5_finds(arrays):
    image = pack(arrays, {})
    assert_same(unpack(image)[0], arrays)
    with h5py.File(io.BytesIO(image)) as file:
        assert set(file) == {"about", "sha256", *arrays}
        for name, array in arrays.items():
            assert (file[name].shape, file[name].dtype) == (array.shape, array.dtype)
            assert file[name][()].tobytes() == array.tobytes()


def test_hdf5_reads_it_from_disk_and_can_add_to_it(tmp_path):
    path = tmp_path / "bundle.h5"
    path.write_bytes(pack(ARRAYS, ABOUT))
    with h5py.File(path, "r+") as file:
        assert json.loads(file["about"][()].tobytes())["about"] == ABOUT
        assert file["W1"].id.get_offset() % 8 == 0
        assert file["W1"].chunks is None
        file["more"] = np.ones(3)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["W1"], ARRAYS["W1"])
        assert file["more"][:].sum() == 3
    assert "damaged" in refused(path.read_bytes())


def test_thousands_of_arrays():
    arrays = {f"members.{number}.b": np.array([number / 3]) for number in range(2000)}
    image = pack(arrays, {})
    assert_same(unpack(image)[0], arrays)
    with h5py.File(io.BytesIO(image)) as file:
        assert file["members.1999.b"][0] == 1999 / 3


def test_other_byte_orders_and_strides_are_written_as_numbers():
    given = {"turned": np.arange(6.0).reshape(2, 3).T, "big": np.arange(4, dtype=">f8")}
    found, _ = unpack(pack(given, {}))
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)


def test_arrays_cannot_be_written_to_and_take_no_copy():
    found, _ = unpack(image := pack({"W": np.ones(1000)}, {}))
    assert not found["W"].flags.writeable
    assert np.shares_memory(found["W"], np.frombuffer(image, np.uint8))


def test_the_same_content_has_the_same_bytes():
    assert pack(ARRAYS, ABOUT) == pack({name: array.copy() for name, array in ARRAYS.items()}, dict(ABOUT))


@pytest.mark.parametrize(
    ("array", "name"),
    [(np.ones(3, int), "a"), (np.ones(3, bool), "a"), (np.ones(3, "f2"), "a"), (np.ones(3, complex), "a")]
    + [(np.ones(3), name) for name in ("", ".", "a/b", "about", "sha256", "a\n", "\udc80", "x" * 256)],
)
def test_what_no_bundle_holds(array, name):
    with pytest.raises(ValueError, match=r"no name|too long|must be of type"):
        pack({name: array}, {})


def test_numbers_that_json_does_not_have():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({}, {"best": float("nan")})


def test_every_byte_counts():
    """Each single bit of a small file is flipped, and each flip is found."""
    image = pack({"W1": np.arange(3.0), "b1": np.array([1, 2], np.uint8)}, {"a": 1})
    for place in range(len(image)):
        for bit in range(8):
            flipped = bytearray(image)
            flipped[place] ^= 1 << bit
            refused(bytes(flipped))


def test_hdf5_itself_notices_few_of_these():
    """The negative control: what stands behind the headers can be anything for HDF5."""
    image = bytearray(pack({"W1": np.arange(3.0)}, {}))
    image[-1] ^= 1
    with h5py.File(io.BytesIO(bytes(image))) as file:
        assert file["W1"][2] != 2
    assert "its SHA-256 is not the one" in refused(bytes(image))


def test_every_end():
    image = pack({"W1": np.arange(3.0)}, {})
    for length in range(len(image)):
        refused(image[:length])
    assert refused(image[:-1]) == f"is cut off: it has {len(image) - 1:,} of {len(image):,} bytes"
    assert "damaged" in refused(image + b"\0")


def test_other_files():
    assert refused(b"") == refused(b"PK\x03\x04" * 100) == "is no HDF5 file"
    other = io.BytesIO()
    with h5py.File(other, "w") as file:
        file["W1"] = np.ones((3, 4))
    assert "from an earlier one, or another program" in refused(other.getvalue())


def test_every_byte_of_the_structure_is_as_it_is_laid_out():
    """Whoever changes a byte can write the SHA-256 that is right for it: headers, links and gaps stay refused."""
    image = pack(ARRAYS, ABOUT)
    layout = hdf5_layout.Layout.of({name: (a.dtype.name, a.shape) for name, a in ARRAYS.items()}, text_of(image))
    numbers = {place + k for place, a in zip(layout.places, ARRAYS.values(), strict=True) for k in range(a.nbytes)}
    for place in set(range(len(image))) - numbers - set(range(SIGNED.start, SIGNED.stop)):
        changed = bytearray(image)
        changed[place] ^= 0x01
        try:
            _, about = unpack(signed(changed))
        except Damaged:
            continue
        assert about != ABOUT  # a character of the text, which may say what it likes
        assert hdf5_layout.TEXT_AT <= place < hdf5_layout.TEXT_AT + len(text_of(image))


def text_of(image):
    return hdf5_layout.text_of(image)


def written(content, size=None):
    """Return a file with a text of its own choice about no arrays."""
    layout = hdf5_layout.Layout.of({}, content.encode())
    return signed(layout.head + bytes((size or layout.size) - layout.size))


def listing(**arrays):
    return json.dumps({"format": bundle.FORMAT, "arrays": arrays, "about": {}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "about is not JSON"),
        ("[]", "about does not say nnctl bundle 1"),
        ("{}", "about does not say nnctl bundle 1"),
        (listing().replace("bundle 1", "bundle 2"), "of another version"),
        ('{"format":"nnctl bundle 1","arrays":{},"about":[]}', "must have objects called arrays"),
        ('{"format":"nnctl bundle 1","arrays":[],"about":{}}', "must have objects called arrays"),
        ('{"format":"nnctl bundle 1","arrays":{},"about":{"a":NaN}}', "about holds NaN"),
        ('{"format":"nnctl bundle 1","arrays":{},"about":{"a":1e999}}', "beyond all floats"),
        ('{"format":"nnctl bundle 1","arrays":{},"about":{"a":1,"a":2}}', "has the key 'a' twice"),
        ("[" * 100_000, "nested too deep"),
        (listing(W1=["float64", 10**9, 10**9]), "and what is in it makes 8,000,000,000,000,000,"),
        (listing(W1=["float64", 2**40, 2**40]), "which no array has"),
        (listing(W1=["float64", 4]), "and what is in it makes"),
        (listing(W1=["float64", -1]), "which no array has"),
        (listing(W1=["float64", 1.0]), "which no array has"),
        (listing(W1=["float64", True]), "which no array has"),
        (listing(W1=["float64", *[1] * 17]), "which no array has"),
        (listing(W1=["object", 1]), "must be of type float64, float32, uint8, got 'object'"),
        (listing(W1=[["float64"], 1]), "must be of type"),
        (listing(W1=[]), "must be of type"),
        (listing(W1="float64"), "must be of type"),
        (listing(**{"../W1": ["float64", 1]}), "is no name of an array"),
        (listing(about=["uint8", 1]), "is no name of an array"),
        (listing(**{str(number): ["uint8", 0] for number in range(20_001)}), "of at most 20,000"),
    ],
)  # fmt: skip
def test_texts_that_say_what_is_not_so(text, words):
    assert words in refused(written(text))


def test_a_length_of_the_text_beyond_the_file():
    image = bytearray(pack({}, {}))
    image[hdf5_layout.LENGTH_AT : hdf5_layout.LENGTH_AT + 8] = struct.pack("<Q", 2**63)
    assert refused(signed(image)).startswith("about is ")


def test_checksums_are_those_of_the_specification():
    """The values that Bob Jenkins gives in lookup3.c, driver5, and one of each length by what HDF5 accepts above."""
    assert hdf5_layout.checksum(b"") == 0xDEADBEEF
    assert hdf5_layout.checksum(b"Four score and seven years ago") == 0x17770551
