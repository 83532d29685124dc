"""Checks of columns: which are constant, which have codes for what is missing, and which give the target away."""

import numpy as np

from nnctl.explain.shares import percent
from nnctl.explain.verdicts import Check, Subject, Verdict
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.registry import FEW, Registry, listed

NEARLY = 0.99  # of the rows have one value, in a column that is nearly constant
CODES = np.array([sign * int(digit * count) for sign in (1, -1) for digit in "89" for count in (2, 3, 4, 5)])
FEWEST_CODES = 2  # rows with a code: one may be a slip
SAMPLE, ENOUGH = 2**17, 5  # values that are sorted at first; rows of each class that can tell whether a column does
FEWEST, AT_FIRST = 20, 200  # rows without which nothing is said, and that are looked at where columns are many
SAME = 1e-9  # of 1, below which a correlation is no other column
OFTEN = 2  # rows of a text on average

checks: Registry[Check] = Registry("check of columns")


@checks
def columns(subject: Subject) -> list[Verdict]:
    """Say which columns are constant, or nearly so."""
    look = subject.look
    numbers, m = look.numbers, len(look.rows)
    counts = (numbers == _usual(numbers)).sum(axis=0)
    shares = {name: count / m for name, count in zip(look.names, counts.tolist(), strict=True)}
    shares |= {name: np.bincount(codes + 1).max() / m for name, codes in look.texts.items()}
    constant = [name for name, share in shares.items() if share == 1]
    nearly = [name for name, share in shares.items() if NEARLY <= share < 1]
    verdicts = []
    if constant:
        said = f"{len(constant):,} of {len(shares):,} columns are constant: {listed(constant, FEW)}"
        verdicts.append(Verdict("note", said, _without(subject, constant), {"columns": constant}))
    if nearly and not look.of_pictures:  # most pictures have a border
        said = f"{len(nearly):,} columns have one value in {percent(NEARLY)} of the rows or more: {listed(nearly, FEW)}"
        shown = {name: round(float(shares[name]), 6) for name in nearly}
        verdicts.append(Verdict("note", said, _without(subject, nearly), {"columns": shown}))
    return verdicts or [Verdict("ok", f"all {len(shares):,} columns vary")]


def _usual(numbers: Array) -> Array:
    """Return of each column (m, n) the middle one of some values: what most rows have is that, too."""
    some = numbers[:: max(1, len(numbers) // 501)]
    middle: Array = np.partition(some, len(some) // 2, axis=0)[len(some) // 2]
    return middle


@checks
def codes(subject: Subject) -> list[Verdict]:
    """Say which columns hold numbers far from all others that people write for a missing one, such as -999."""
    look, found = subject.look, dict[str, dict[str, float]]()
    if look.numbers.dtype.kind not in "if":
        return [Verdict("ok", "no number stands for a missing one")]
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(look.numbers), np.fmax.reduce(look.numbers)
    for ends, sign in ((low, 1), (high, -1)):
        for column in np.flatnonzero((ends[:, None] == CODES).any(axis=1)).tolist():
            values, code = look.numbers[:, column], float(ends[column])
            others = values[(values != code) & (values == values)].astype(np.float64)
            rows = int((values == code).sum())
            if rows < FEWEST_CODES or not len(others):
                continue
            nearest = others.min() if sign > 0 else others.max()
            alone_below = code < 0 <= others.min()
            if alone_below or abs(nearest - code) > others.max() - others.min():
                found[look.names[column]] = {
                    "value": code,
                    "rows": rows,
                    "low": float(others.min()),
                    "high": float(others.max()),
                }
    verdicts = []
    for name, own in found.items():
        said = (
            f"{name} is {own['value']:g} in {own['rows']:,} rows, and {own['low']:g} to {own['high']:g} in all others:"
            " does that mean missing?"
        )
        change = f'data.missing: ["{own["value"]:g}"]' if subject.is_table else "the file, where such numbers stand"
        verdicts.append(Verdict("warning", said, change, {"column": name, **own}))
    return verdicts or [Verdict("ok", "no number stands for a missing one")]


def _without(subject: Subject, names: list[str]) -> str:
    """Return what leaves columns out."""
    return f"data.ignore: [{listed(names, FEW)}]" if subject.is_table else "the file, to be without them"


@checks
def determines(subject: Subject) -> list[Verdict]:
    """Say which columns determine the target alone; of pictures, where single pixels may, nothing is asked."""
    if subject.look.of_pictures:
        return [Verdict("ok", "pixels are not looked at one by one")]
    look, train = subject.look, subject.experiment.dataset.parts["train"]
    Y, interface = train.Y[:, look.rows], subject.experiment.dataset.interface
    names = list[str]()
    if interface.classes or (interface.labels and len(Y) == 1):
        truth = classify(Y)
        names = [look.names[column] for column in _parting(look.numbers, truth)]
        names += [name for name, own in look.texts.items() if _goes_with(own, truth)]
    elif not interface.labels:
        names = [look.names[column] for column in _alike(look.numbers, Y)]
    if names:
        return [_leak(subject, names)]
    return [Verdict("ok", "no column determines the target alone")]


def _leak(subject: Subject, names: list[str]) -> Verdict:
    said = f"{names[0]} determines the target alone: is it known before the target is?"
    if len(names) > 1:
        which = f"{len(names):,} columns ({listed(names, FEW)})"
        said = f"{which} determine the target, each alone: are they known before the target is?"
    return Verdict("warning", said, _without(subject, names), {"columns": names})


def _goes_with(codes: Array, truth: Array) -> bool:
    """Tell whether a column of texts (m,) says of each row which class it is, in texts that come again."""
    pairs = np.unique(np.stack([codes, truth]), axis=1)
    different = len(np.unique(codes))
    return 1 < different == pairs.shape[1] and OFTEN * different <= len(codes) >= FEWEST


def _parting(numbers: Array, truth: Array) -> list[int]:
    """Return the columns (m, n) along which every class (m,) is in one piece: first in some rows, then in all."""
    m, n = numbers.shape
    some = np.linspace(0, m - 1, min(m, max(AT_FIRST, SAMPLE // max(1, n)))).astype(np.int64)
    seen = np.bincount(truth[some])
    if m < FEWEST or (seen > 0).sum() < 2 or seen[seen > 0].min() < ENOUGH:
        return []
    found = np.arange(n)
    for rows in (some, np.arange(m)):
        own, pieces = truth[rows], len(np.unique(truth[rows]))
        left = []
        for part in np.array_split(found, max(1, len(found) * len(rows) // SAMPLE)):
            values = numbers[np.ix_(rows, part)]
            order = np.argsort(values, axis=0, kind="stable")
            values, classes = np.take_along_axis(values, order, axis=0), own[order]
            turns = classes[1:] != classes[:-1]
            apart = values[1:] > values[:-1]  # not where a value is that of both, or missing
            left.append(part[(turns.sum(axis=0) == pieces - 1) & (apart | ~turns).all(axis=0)])
        found = np.concatenate(left)
    return found.tolist()


def _alike(numbers: Array, Y: Array) -> list[int]:
    """Return the columns (m, n) that are a target (k, m) in another unit."""
    if len(numbers) < FEWEST:
        return []
    found = set[int]()
    with np.errstate(all="ignore"):
        X = numbers - numbers.mean(axis=0, dtype=np.float64)
        lengths = np.sqrt(np.square(X).sum(axis=0))
        for y in Y.astype(np.float64):
            y = y - y.mean()
            together = np.abs(y @ X) / (lengths * np.sqrt(y @ y))
            found |= set(np.flatnonzero(1 - together < SAME).tolist())
    return sorted(found)
