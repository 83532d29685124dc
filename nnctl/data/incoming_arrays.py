"""Incoming arrays are features that a network is to predict: read block by block, however many rows there are.

A row that is not finite fails by itself, and the reading goes on behind it.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from nnctl.data.arrays import ALONE, Stored
from nnctl.data.block import BlockPreparation
from nnctl.data.blocks import Block, Failed
from nnctl.data.files import cells_of, not_found
from nnctl.data.formats import Datasets, check_not_sparse, check_usable, fetch, opened, told
from nnctl.data.names import FEATURES, usual
from nnctl.data.portions import evenly
from nnctl.data.sound import check_rows
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.nn.network import BLOCK
from nnctl.registry import FEW, listed

PREDICTED = 2**22  # values at a time: 32 MB as float64


def read_blocks(path: Path, preparation: BlockPreparation, name: str | None = None) -> Iterator[Block]:
    """Read only features in blocks, to predict them: those of this name, else those that the model was trained on by
    name, else those of a test set, of no part, or of any part. A row that is not finite is told, and not raised.

    The notes stand in the first block.
    """
    with opened(path) as file:
        features, others = to_predict(file, path, preparation, name)
        if cells := cells_of(file, features, path):
            from nnctl.data.folder import read_pictures

            for number, block in enumerate(read_pictures(path, cells, preparation)):
                notes = () if number else (*file.notes, *others)
                yield replace(block, files=[str(path)] * len(block), table=block.table.with_notes(notes))
            return
        with told(features, path):
            check_not_sparse(file, features, path)
        stored = file.stored(features)
        X = preparation.as_rows(stored or fetch(file, features, path))  # some can only be read as a whole, or not
        check_rows(X, path, features)
        if isinstance(X, Stored):
            X.tell()
        start, notes = 0, (*file.notes, *others)
        with told(features, path):
            for rows in evenly(X.pieces() if isinstance(X, Stored) else [X], _at_a_time(X.shape[1:])):
                if start == 0:
                    check_usable(file, features, path, rows[:1])
                finite = np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)
                good = np.flatnonzero(finite)
                failed = [_failed(path, features, start, row, rows[row]) for row in np.flatnonzero(~finite).tolist()]
                own = rows if not failed else rows[good]
                table = Table(own, None, origin=str(path), numbers=start + good, files=(path,), notes=notes)
                yield Block([str(path)] * len(rows), table, good, failed)
                start, notes = start + len(rows), ()


def _failed(path: Path, key: str, start: int, row: int, values: Array) -> Failed:
    """Return what is told of a row (...) of which not all numbers are finite."""
    place = np.argwhere(~np.isfinite(values))[0].tolist()
    column = ", ".join(map(str, place))
    reason = f"{key} is {values[tuple(place)]} in column {column} (counted from 0); expected finite numbers"
    return Failed(row, f"{path}, row {start + row} (counted from 0)", reason)


def _at_a_time(example: tuple[int, ...]) -> int:
    """Return how many rows of this shape are predicted at a time: blocks of a network, for these give the same bits."""
    return max(1, PREDICTED // prod(example) // BLOCK) * BLOCK


def to_predict(file: Datasets, path: Path, preparation: BlockPreparation, name: str | None) -> tuple[str, list[str]]:
    """Return the dataset of features in a file to predict, and what is said of the others."""
    found = (usual(file, part, FEATURES) for part in ("test", "validation", "train"))
    trained = preparation.features if preparation.features in file else None
    alone = ALONE if file.nameless else None
    features = name or alone or trained or next(filter(None, found), None)
    if features is None:
        raise DataError(not_found(path, file, "features", "test", "or name it: --features NAME"))
    others = [key for key in file if key != features.strip("/")]
    return features, [f"{path}: {features} is predicted; {listed(others, FEW)} not used"] if others else []
