"""A prediction is what a model says of rows: a class with its probability, or a number, and the truth if known."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from nnctl.data import readers
from nnctl.data.block import in_words
from nnctl.data.dataset import read_parts
from nnctl.data.fingerprint import sha256
from nnctl.data.incoming import read_rows
from nnctl.data.table import Table
from nnctl.data.tabular import TabularPreparation
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.nn import Array
from nnctl.nn.metrics import Metrics, classify
from nnctl.registry import FEW
from nnctl.runs import model
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training.measures import score


@dataclass(frozen=True)
class Prediction:
    """The outputs A[L] (n[L], m) of a model for a table, with the table's own targets where it has them."""

    model: Model
    table: Table
    outputs: Array

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes, or None where numbers are predicted."""
        return self.model.interface.classes

    def probabilities(self) -> Array:
        """Return the probability of each class (m, classes)."""
        assert self.classes is not None
        if len(self.outputs) > 1:
            return self.outputs.T
        probabilities: Array = self.outputs[[0, 0]].T
        probabilities[:, 0] = 1 - probabilities[:, 1]
        return probabilities

    def header(self, proba: bool = False) -> list[str]:
        """Return the names of the columns of `rows`."""
        n = len(self.outputs)
        values = ["prediction"] if self.classes or n == 1 else [f"prediction_{k}" for k in range(1, n + 1)]
        more = [f"p_{name}" for name in self.classes] if proba and self.classes else []
        return ["row", *values, "probability", *more]

    def rows(self, proba: bool = False) -> Iterator[list[object]]:
        """Yield row, prediction, the probability of that prediction (empty for numbers), and each class's."""
        if self.classes is None:
            for row, values in enumerate(self.outputs.T.tolist()):
                yield [row, *values, ""]
            return
        predicted, shares = classify(self.outputs), self.probabilities()
        own = shares[np.arange(len(shares)), predicted].tolist()
        names = (self.classes[label] for label in predicted.tolist())
        each: Iterable[Sequence[float]] = shares.tolist() if proba else repeat(())
        for row, (name, share, more) in enumerate(zip(names, own, each, strict=False)):
            yield [row, name, share, *more]

    def worst_first(self) -> Array:
        """Return the rows (m,) in the order of their errors: wrong classes first, or numbers furthest from the truth.

        Where two are as far off, or nothing is known of the truth, they stay as they are.
        """
        if self.table.y is None:
            return np.arange(self.outputs.shape[1])
        Y = self.model.interface.targets(self.table, len(self.outputs), np.float64)
        if self.classes:
            return np.argsort(classify(Y) == classify(self.outputs), kind="stable")
        with np.errstate(over="ignore", invalid="ignore"):
            return np.argsort(-np.abs(Y - self.outputs).sum(axis=0), kind="stable")

    def as_json(self, proba: bool = False) -> list[dict[str, object]]:
        """Return the columns of `rows` by their names, and the truth where it is known, for each row."""
        header, known = self.header(proba), self.table.y
        rows = [
            {name: finite(value) for name, value in zip(header, row, strict=True) if value != ""}
            for row in self.rows(proba)
        ]
        if known is None:
            return rows
        truth: Iterable[object] = known.tolist() if self.classes is None else self.truth() or ()
        return [{**row, "truth": own} for row, own in zip(rows, truth, strict=True)]

    def csv(self, proba: bool = False) -> str:
        """Return the whole table as CSV text."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header(proba))
        writer.writerows(self.rows(proba))
        return text.getvalue()

    def truth(self) -> list[str] | None:
        """Return each row's true class or number as text, or None where the table has no targets."""
        if self.table.y is None:
            return None
        if self.classes is None:
            return [", ".join(str(v) for v in row) for row in self.table.y.reshape(len(self.table.y), -1).tolist()]
        return [self.classes[index] for index in self.model.interface.class_indices(self.table)]

    def metrics(self) -> Metrics | None:
        """Return the metrics against the table's targets, or None where it has none."""
        if self.table.y is None:
            return None
        Y = self.model.interface.targets(self.table, len(self.outputs), self.outputs.dtype)
        return score(self.outputs, Y, self.table, self.model.interface)


def finite(value: object) -> object:
    """Return a value as JSON can hold it, which has no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def predict_input(run: Run, path: Path, features: str | None = None) -> Prediction:
    """Predict a data file, of which a name may tell the features, a picture or a folder of pictures from
    parameters.h5 alone.
    """
    from nnctl.data.files import read_features  # and with it the readers of all formats
    from nnctl.data.folder import read_pictures
    from nnctl.data.picture import SUFFIXES, read_picture

    trained = model.load(run.parameters)
    preparation = trained.interface.preparation
    what = "a table of named columns" if readers.ending_of(path) else "a folder" if path.is_dir() else None
    what = "a picture" if path.suffix.lower() in SUFFIXES else what
    if features is not None and what is not None:
        raise SpecError(f"{path}: is {what}, in which no dataset is called {features!r}; leave --features out")
    if isinstance(preparation, TabularPreparation):
        return _predict(trained, _rows(path, preparation))
    if readers.ending_of(path) is not None:
        raise MismatchError(
            f"{path}: is a table with named columns, and the network was trained on arrays, whose features have none"
            f" ({in_words(preparation.shape)}).\nGive it an HDF5 or NPZ file, or train on a table."
        )
    if path.is_dir():
        return _predict(trained, read_pictures(path, preparation))
    if path.suffix.lower() in SUFFIXES:
        return _predict(trained, read_picture(path, preparation))
    return _predict(trained, read_features(path, preparation, features))


def _rows(path: Path, preparation: TabularPreparation) -> Table:
    """Return the rows of a table of named columns; raise a MismatchError for any other file."""
    if readers.ending_of(path) is None:
        names = ", ".join(column.name for column in preparation.columns[:FEW])
        raise MismatchError(
            f"{path}: the network was trained on a table with named columns ({names}, ...).\n"
            f"Give it one, in a file that ends with {', '.join(readers.READERS)}."
        )
    return read_rows(path, preparation)


def predict_own(run: Run) -> tuple[Prediction, str]:
    """Predict a run's own test set, or its training set where it has none; return which it was."""
    trained = model.load(run.parameters)
    if not run.config.is_file():
        raise SpecError(
            f"{run.folder}: has no {run.config.name}, which says where its own test set is.\n"
            f"Name the INPUT to predict: nnctl predict {run.folder} INPUT"
        )
    tables = read_parts(parse(document.read(run.config), (run.folder,)))
    part = "test" if "test" in tables else "train"
    table = tables[part].with_notes(_compare(run, tables))
    return _predict(trained, table), part


def _compare(run: Run, tables: Mapping[str, Table]) -> list[str]:
    """Raise a DataError unless the tables are those of the run's training; say so where nobody can tell."""
    known = run.status().get("data_sha256")
    if not isinstance(known, Mapping):
        return [f"{run.folder}: does not say what its data were, so these may be others"]
    found = {name: sha256(table) for name, table in tables.items()}
    if dict(known) == found:
        return []
    rows = run.status().get("data_rows")
    before = rows if isinstance(rows, Mapping) else {}
    changes = [
        f"{name}: {_change(before.get(name), tables.get(name))}"
        for name in dict.fromkeys([*known, *found])
        if known.get(name) != found.get(name)
    ]
    origins = ", ".join(dict.fromkeys(table.origin for table in tables.values()))
    raise DataError(
        f"{run.folder}: its data have changed since the training, so {origins} no longer has its own test set.\n"
        f"{'; '.join(changes)}.\n"
        f"Put the data back as they were, train again, or predict them as they are: nnctl predict {run.folder} INPUT"
    )


def _change(rows: Any, table: Table | None) -> str:
    """Say how a part differs from the one with so many rows in training."""
    if table is None:
        return "the part is gone"
    m = len(table.X)
    if not isinstance(rows, int):
        return f"{m:,} rows, which are not those of the training"
    if rows != m:
        return f"{rows:,} rows then, {m:,} now"
    return f"{m:,} rows as then, with other values or classes, or in another order"


def _predict(trained: Model, table: Table) -> Prediction:
    table = table.with_notes(trained.interface.preparation.remarks(table))
    return Prediction(trained, table, trained.predict(table.X, table.origin))
