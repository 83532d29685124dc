"""Folds are equal parts of the training rows; each is the test part of one training, so that every row is tested once.

Classes are spread over the folds as evenly as that can be, or groups stay whole. What is drawn follows from the seed
and the number of the repeat alone.
"""

from heapq import heapify, heapreplace
from itertools import permutations

import numpy as np
from numpy.random import RandomState

from nnctl.nn import Array


def folds(classes: Array, groups: Array | None, of: int, seed: int, repeat: int) -> Array:
    """Return for each row (m,) its fold, 0 to of - 1; `classes` (m,) says of which class each row is.

    Folds differ by one row at most, and by one row of each class. With `groups` (m,) all rows of a group are in one
    fold and classes are not looked at; there must be as many groups as folds.
    """
    stream = RandomState([seed, repeat])  # each repeat has a stream that is no other seed's
    if groups is not None:
        return _whole(groups, of, stream)
    order = stream.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    owner = np.empty(len(classes), np.int64)
    owner[order] = np.arange(len(classes)) % of  # like cards, class after class
    return owner


def _whole(groups: Array, of: int, stream: RandomState) -> Array:
    """Return for each row the fold of its group, as even as moving and changing places can make them."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    owner, folds = np.empty(len(sizes), np.int64), [(0, fold) for fold in range(of)]
    heapify(folds)
    for group in stream.permutation(len(sizes)).tolist():
        rows, owner[group] = folds[0]
        heapreplace(folds, (rows + int(sizes[group]), int(owner[group])))
    while any(_evened(owner, sizes, *pair) for pair in permutations(range(of), 2)):
        pass
    return owner[codes]


def _evened(owner: Array, sizes: Array, fold: int, other: int) -> bool:
    """Let a group of a fold go to another, or change places with one there, where that brings them nearest each other.

    Return whether it did: it does not where the fold is not the larger one, or nothing would bring them nearer.
    """
    ours, theirs = np.flatnonzero(owner == fold), np.flatnonzero(owner == other)
    apart = int(sizes[ours].sum() - sizes[theirs].sum())
    if apart < 2:
        return False
    theirs = theirs[np.argsort(sizes[theirs], kind="stable")]
    in_return = np.concatenate([[0], sizes[theirs]])  # 0: nothing comes back
    wanted = sizes[ours] - apart / 2  # the size that, in return, would make both alike
    above = np.searchsorted(in_return, wanted).clip(max=len(theirs))
    choices = np.stack([above, (above - 1).clip(min=0)])
    left = np.abs(apart - 2 * (sizes[ours] - in_return[choices]))
    which, index = np.unravel_index(int(left.argmin()), left.shape)
    if left[which, index] >= apart:
        return False
    owner[ours[index]] = other
    if back := int(choices[which, index]):
        owner[theirs[back - 1]] = fold
    return True
