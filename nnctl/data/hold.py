"""Where the features of a file are held while they are used: in memory, or on disk where they would fill it.

On disk they are rows of a file: of the data file itself where they lie there as they are, else of an NPY file into
which they are unpacked, or pictures decoded, once.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import cache
from nnctl.data.arrays import Stored
from nnctl.data.disk import OnDisk, RawFile
from nnctl.data.memory import available, in_words
from nnctl.data.picture import Form
from nnctl.errors import SpecError
from nnctl.spec.spec import Spec

SHARE = 0.5  # of the memory that there is: data that would take more are left on disk


@dataclass(frozen=True)
class Hold:
    """What a spec, and the memory that there is, say of where features are held."""

    spec: Spec
    to_train: bool  # or only to look at them

    @property
    def cache(self) -> Path:
        """The folder for what must be unpacked, or decoded."""
        return Path(self.spec.data.cache or cache.FOLDER)

    def on_disk(
        self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], part: str, there: int | None = None
    ) -> bool:
        """Tell whether features (m, ...) are left on disk; raise a SpecError where a full batch of them cannot be.

        `there` is the memory that there was before some of them were read.
        """
        about = "" if there is None else "about "  # before all rows have been read nobody knows how many they are
        wanted, there = self.spec.data.held_in, available() if there is None else there
        prepared = self._prepared(shape, dtype)
        if wanted == "memory" or (wanted is None and prepared <= SHARE * there):
            return False
        if part == "train" and self.to_train and self.spec.train.batch_size is None:
            raise self._too_large(path, shape[0], about, prepared, there)
        return True

    def rows(self, X: Stored, notes: list[str]) -> OnDisk:
        """Return features on disk as rows, unpacked if they must be, and note where."""
        path, offset = X.path, X.offset
        if offset is None:
            path, offset = cache.unpacked(X, self.cache, notes)
        rows = OnDisk(RawFile(path), offset, X.dtype, X.shape[1:], range(len(X)))
        X.tell()
        return rows

    def _prepared(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
        """Return how many bytes it takes to hold features as found, once more for shares of them, and prepared."""
        found = dtype.itemsize * (2 if self.spec.data.drawn else 1)
        return prod(shape) * (found + np.dtype(self.spec.train.dtype).itemsize)

    def _too_large(self, path: Path, m: int, about: str, prepared: int, there: int) -> SpecError:
        dims = self.spec.model.layer_dims
        itemsize = np.dtype(self.spec.train.dtype).itemsize
        needed = prepared + 2 * m * sum(dims[1:]) * itemsize  # Z and dZ of every layer
        return self.spec.document.mistake(
            ("train",),
            f"has no batch_size, and a full batch is held in memory: {about}{m:,} examples of {path} take about"
            f" {in_words(needed)} of it with what they become in each layer, and {in_words(there)} are there.\n"
            "  Train on mini-batches, which gather their rows from disk: batch_size: 128, and epochs: 10 in place of"
            " iterations" + ("" if self.spec.data.held_in is None else "; or take data.held_in: disk out"),
        )


@dataclass(frozen=True)
class Way:
    """How a spec wants features to be read: where they are held, and what the pictures' files among them become."""

    hold: Hold
    form: Form
    skip: bool  # pictures that cannot be read
