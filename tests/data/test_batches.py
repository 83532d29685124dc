"""Batches: every example once an epoch, in an order that follows from the seed and the epoch alone."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import RandomState

from nnctl.data.batches import batches_per_epoch, full_batch, mini_batches


def examples(m):
    """Return X (3, m) and Y (2, m) whose columns tell which example they are."""
    numbers = np.arange(m, dtype=np.float64)[:, None]
    return np.hstack([numbers, numbers + 1000, numbers + 2000]).T, np.hstack([numbers, -numbers]).T


def gathered(batch, parts=1):
    """Return X and Y of a batch, gathered in so many parts."""
    X, Y, gather = batch
    ends = [X.shape[1] * number // parts for number in range(parts + 1)]
    for start, end in reversed(list(itertools.pairwise(ends))):
        gather(slice(start, end))
    return X, Y


def test_the_full_batch_is_the_data_themselves():
    X, Y = examples(5)
    batch = full_batch(X, Y)
    for iteration in (0, 7):
        assert batch(iteration)[0] is X
        assert batch(iteration)[1] is Y
        batch(iteration)[2](slice(0, 5))  # there is nothing to gather
    np.testing.assert_array_equal(X, examples(5)[0])


@pytest.mark.parametrize(
    ("m", "batch_size", "expected"), [(10, None, 1), (10, 10, 1), (10, 3, 4), (10, 5, 2), (10, 1, 10), (1, 1, 1)]
)
def test_batches_per_epoch(m, batch_size, expected):
    assert batches_per_epoch(m, batch_size) == expected


@given(
    m=st.integers(1, 40),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 3),
    parts=st.integers(1, 4),
)
def test_an_epoch_is_the_permutation_of_its_seed(m, share, seed, epoch, parts):
    X, Y = examples(m)
    batch_size = max(1, int(m * share))
    batch, per_epoch = mini_batches(X, Y, batch_size, seed), batches_per_epoch(m, batch_size)
    seen = []
    for number in range(per_epoch):
        X_batch, Y_batch = gathered(batch(epoch * per_epoch + number), parts)
        rows = X_batch[0].astype(int)
        np.testing.assert_array_equal(X_batch, X[:, rows])
        np.testing.assert_array_equal(Y_batch, Y[:, rows])
        assert len(rows) == batch_size or number == per_epoch - 1
        seen += rows.tolist()
    assert seen == RandomState((seed + epoch) % 2**32).permutation(m).tolist()


@given(iterations=st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_a_batch_follows_from_its_iteration_alone(iterations):
    X, Y = examples(11)
    wandering = mini_batches(X, Y, 4, 5)
    for iteration in iterations:
        expected = [part.copy() for part in gathered(mini_batches(X, Y, 4, 5)(iteration))]
        for found, part in zip(gathered(wandering(iteration)), expected, strict=True):
            np.testing.assert_array_equal(found, part)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_batches_keep_the_dtype_and_leave_the_data_alone(dtype):
    X, Y = (part.astype(dtype) for part in examples(6))
    before = X.copy()
    X_batch, Y_batch = gathered(mini_batches(X, Y, 4, 1)(0))
    assert X_batch.dtype == Y_batch.dtype == dtype
    assert not np.shares_memory(X_batch, X)
    X_batch[:] = 0
    np.testing.assert_array_equal(X, before)


def test_rows_of_memory_stay_rows_of_memory():
    rows = np.arange(24, dtype=np.float64).reshape(8, 3)
    X_batch, _ = gathered(mini_batches(rows.T, rows.T[:1], 4, 1)(0))
    assert X_batch.flags.f_contiguous


def test_batches_use_the_same_memory_again():
    batch = mini_batches(*examples(8), 4, 1)
    assert np.shares_memory(batch(0)[0], batch(1)[0])
