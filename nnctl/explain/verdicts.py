"""A verdict is what a check says of a spec and its data before any training: ok, note, warning or error, and why.

A check is one decorated function, which looks at one thing and gives one verdict or more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnctl.data.columns import Named
from nnctl.nn import Array
from nnctl.training.experiment import Experiment

MOST_VALUES = 2**24  # of the features that are looked at: more than that, and some rows stand for all

Grade = Literal["ok", "note", "warning", "error"]
GRADES: tuple[Grade, ...] = ("ok", "note", "warning", "error")  # the gravest last


@dataclass(frozen=True)
class Verdict:
    """What one check says: how grave it is, in words, the numbers, rows and columns it rests on, and what to change."""

    grade: Grade
    said: str
    change: str | None = None  # a key with its value
    evidence: Mapping[str, Any] = field(default_factory=dict)
    noted: bool = False  # whether training says it, too, as a note on the data


@dataclass(frozen=True)
class Look:
    """Training features as found: numbers (m, n), and of a table columns of texts as indices (m,) of their values."""

    names: tuple[str, ...]  # of the numbers
    numbers: Array
    texts: Mapping[str, Array]
    rows: Array  # which training rows these are
    of_pictures: bool


@dataclass(frozen=True)
class Subject:
    """What is checked: a spec with its data loaded and its network drawn, and the folder its runs go to."""

    experiment: Experiment
    runs_dir: Path = Path("runs")
    most: int = MOST_VALUES

    @property
    def is_table(self) -> bool:
        """Whether the data are named columns."""
        return isinstance(self.experiment.dataset.parts["train"].table.X, Named)

    @cached_property
    def look(self) -> Look:
        """The training features as found, all rows or as many as are looked at."""
        X = self.experiment.dataset.parts["train"].table.X
        m, n = len(X), len(X.names) if isinstance(X, Named) else int(np.prod(X.shape[1:]))
        some = min(m, max(1, self.most // max(1, n)))
        rows = np.arange(m) if some == m else np.linspace(0, m - 1, some).astype(np.int64)
        found = X if some == m else X[rows]
        if isinstance(found, Named):
            columns = found.read()
            codes = {name: texts.codes for name, texts in columns.texts.items()}
            return Look(columns.number_names, columns.numbers, codes, rows, of_pictures=False)
        numbers = np.asarray(found).reshape(some, -1)
        names = tuple(f"feature {number}" for number in range(n))
        return Look(names, numbers, {}, rows, X.dtype == np.uint8 or X.ndim > 2)


Check = Callable[[Subject], list[Verdict]]
