"""A prediction is what a model says of rows: a class with its probability, or a number, and the truth if known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnctl.data.dataset import read_parts
from nnctl.data.fingerprint import sha256
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError, SpecError
from nnctl.explain.answers import PROBABILITY, ROW, Answers, Beside, as_objects
from nnctl.nn import Array
from nnctl.nn.metrics import Metrics, classify
from nnctl.runs import model
from nnctl.runs.model import Model
from nnctl.runs.run import Run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training.measures import cross_entropy_of, score

PLAIN = Beside()
SPREAD = "spread"  # the column


@dataclass(frozen=True)
class Prediction:
    """The outputs A[L] (n[L], m) of a model for a table, with the table's own targets where it has them."""

    model: Model
    table: Table
    outputs: Array
    each: Sequence[Array] = ()  # A[L] of each network, as it comes out of it
    logits: Array | None = None  # Z[L] of all of them, where it was asked for and the outputs are probabilities

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

    def columns(self, beside: Beside = PLAIN) -> Answers:
        """Return what is answered for each row (m,): predictions, the probability of a class, and those of all."""
        interface, n = self.model.interface, len(self.outputs)
        names = interface.output_names(n)
        answers: dict[str, list[object]] = {}
        if interface.classes:
            predicted, shares = classify(self.outputs), self.probabilities()
            answers["prediction"] = [interface.classes[index] for index in predicted.tolist()]
            answers[PROBABILITY] = shares[np.arange(len(shares)), predicted].tolist()
            each: Iterable[Array] = shares.T
        else:
            values = (self.outputs > 0.5).astype(int) if interface.labels else self.outputs
            titles = ["prediction"] if n == 1 else [f"prediction_{name}" for name in names]
            answers |= dict(zip(titles, values.tolist(), strict=True))
            answers[PROBABILITY] = [None] * self.outputs.shape[1]
            each = self.outputs
        if beside.proba and (titled := interface.classes or (names if interface.labels else ())):
            answers |= {f"p_{name}": own.tolist() for name, own in zip(titled, each, strict=True)}
        if beside.spread:
            answers |= self._spread()
        for row in self.beyond().tolist():
            for own_values in answers.values():
                own_values[row] = None
        return answers

    def _spread(self) -> dict[str, list[object]]:
        """Return the standard deviation over networks of each number, or of the probability of what is said, (m,)."""
        if len(self.each) < 2:
            raise MismatchError("the run has one network, and a spread is that of several: train.ensemble: 5")
        with np.errstate(over="ignore", invalid="ignore"):
            spread = np.std([self.model.interface.in_units(outputs) for outputs in self.each], axis=0, ddof=1)
        if self.classes and len(spread) > 1:
            spread = spread[classify(self.outputs), np.arange(spread.shape[1])][None, :]
        if len(spread) == 1:
            return {SPREAD: spread[0].tolist()}
        names = self.model.interface.output_names(len(spread))
        return {f"{SPREAD}_{name}": own.tolist() for name, own in zip(names, spread, strict=True)}

    def beyond(self) -> Array:
        """Return the rows of which some output is no finite number, for what they become in the network overflows."""
        return np.flatnonzero(~np.isfinite(self.outputs).all(axis=0))

    @property
    def texts(self) -> list[str]:
        """The columns that hold text."""
        return ["prediction"] if self.classes else []

    def worst_first(self) -> Array:
        """Return the rows (m,) in the order of their errors: wrong classes first, or numbers furthest from the truth.

        Where two are as far off, or nothing is known of the truth, they stay as they are.
        """
        if self.table.y is None:
            return np.arange(self.outputs.shape[1])
        if (wrong := self.wrong()) is not None:
            return np.argsort(-wrong, kind="stable")
        with np.errstate(over="ignore", invalid="ignore"):
            errors = np.abs(self.model.interface.numbers(self.table).T.astype(np.float64) - self.outputs)
            return np.argsort(-errors.sum(axis=0), kind="stable")

    def wrong(self) -> Array | None:
        """Return how many answers of each row (m,) are wrong, or None for numbers and where the truth is not known."""
        interface = self.model.interface
        if self.table.y is None:
            return None
        if interface.classes:
            return (interface.class_indices(self.table) != classify(self.outputs)).astype(int)
        return ((self.outputs > 0.5) != interface.numbers(self.table).T).sum(axis=0) if interface.labels else None

    def as_json(self, beside: Beside = PLAIN) -> list[dict[str, object]]:
        """Return each row with its answers by their names, and the truth where it is known."""
        answers = {ROW: range(self.outputs.shape[1]), **self.columns(beside)}
        if self.table.y is not None:
            answers["truth"] = self.table.y.tolist() if self.classes is None else self.truth() or ()
        return as_objects(answers, () if self.classes else (PROBABILITY,))

    def truth(self) -> list[str] | None:
        """Return each row's true class or number as text, or None where the table has no targets."""
        if self.table.y is None:
            return None
        if self.classes is None:
            numbers = self.model.interface.numbers(self.table)
            numbers = numbers.astype(int) if self.model.interface.labels else numbers
            return [", ".join(map(str, row)) for row in numbers.tolist()]
        return [self.classes[index] for index in self.model.interface.class_indices(self.table)]

    def metrics(self) -> Metrics | None:
        """Return the metrics against the table's targets, or None where it has none."""
        if self.table.y is None:
            return None
        Y = self.model.interface.targets(self.table, len(self.outputs), self.outputs.dtype)
        return score(self.outputs, Y, self.table, self.model.interface)


def predict_own(run: Run, with_logits: bool = False) -> tuple[Prediction, str]:
    """Predict a run's own test set, or its training set where it has none; return which it was."""
    command = "evaluate" if with_logits else "predict"
    trained = model.load(run.parameters)
    if not run.config.is_file():
        raise SpecError(
            f"{run.folder}: has no {run.config.name}, which says where its own test set is.\n"
            f"Name the INPUT to {command}: nnctl {command} {run.folder} INPUT"
        )
    tables = read_parts(parse(document.read(run.config), (run.folder,)))
    part = "test" if "test" in tables else "train"
    table = tables[part].with_notes(_compare(run, tables, command))
    return predicted(trained, table.with_notes(trained.interface.preparation.remarks(table)), with_logits), part


def _compare(run: Run, tables: Mapping[str, Table], command: str) -> list[str]:
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
        f"Put the data back as they were, train again, or {command} them as they are:"
        f" nnctl {command} {run.folder} INPUT"
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


def predicted(trained: Model, table: Table, with_logits: bool = False) -> Prediction:
    """Return what a model says of the rows of a table."""
    loss = cross_entropy_of(trained.activations[-1].name) if with_logits else None
    if loss is not None:
        outputs, logits = trained.predict_logits(table.X, table.origin, loss)
        return Prediction(trained, table, outputs, logits=logits)
    each = trained.predict_each(table.X, table.origin)
    return Prediction(trained, table, trained.together(each), each)
