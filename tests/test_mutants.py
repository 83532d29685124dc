"""Files that are damaged in any way are refused in words or read, and never a traceback, a hang or a crash.

NNCTL_MUTANTS multiplies how many there are; `python -m tests.torture mutate N` gives any number.
"""

import io
import os

import h5py
import pytest
from numpy.random import RandomState
from torture.mutants import flipped
from torture.readers import KINDS, check_samples, outcomes

from nnctl.data import guard

MUTANTS = 1000 * int(os.environ.get("NNCTL_MUTANTS", "1"))  # of a kind with a share of 1


@pytest.mark.parametrize("name", KINDS)
def test_every_sample_is_read(name):
    check_samples(name)


@pytest.mark.parametrize("name", KINDS)
def test_mutants(tmp_path, monkeypatch, name):
    monkeypatch.setattr(guard, "OPENING", 1.0)  # some of HDF5's hang the library
    count = round(MUTANTS * KINDS[name].share)
    found = outcomes(name, count, seed=1, folder=tmp_path)
    assert found.total() == count
    assert found["refused"]
    assert not KINDS[name].strict or found["refused"] == count


def test_hdf5_itself_finds_few_flips():
    """The negative control of the flips: what the library reads of them without a word."""
    (image, *_), stream, silent = KINDS["flips"].samples(), RandomState(1), 0
    for _ in range(100):
        try:
            with h5py.File(io.BytesIO(flipped(image, stream))) as file:
                silent += all(len(file[name].shape) == 2 for name in ("W1", "b1", "W2", "b2"))
        except Exception:
            continue
    assert silent > 50
