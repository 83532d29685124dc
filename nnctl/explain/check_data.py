"""Checks of the data: what parts share, what columns hold, which classes there are, and how far all is from unit scale.

What loading the data tells as notes is graded here, and not looked for again.
"""

from collections import Counter

import numpy as np

from nnctl.data.block import BlockPreparation
from nnctl.data.fingerprint import Shared
from nnctl.explain.shares import percent
from nnctl.explain.verdicts import Check, Subject, Verdict
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.registry import FEW, Registry, listed
from nnctl.training.experiment import Experiment

MANY_SHARED, FEW_SHARED = 0.05, 5  # of a part's rows, from which its numbers flatter, and rows
NEARLY = 0.99  # of the rows have one value, in a column that is nearly constant
UNEVEN, RARE = 0.5, 0.2  # of the classes that there could be, as many as they are worth: (exp(entropy) - 1) / (K - 1)
CODES = np.array([sign * int(digit * count) for sign in (1, -1) for digit in "89" for count in (2, 3, 4, 5)])
FEWEST_CODES = 2  # rows with a code: one may be a slip
SAMPLE, ENOUGH = 2**17, 5  # values that are sorted at first; rows of each class that can tell whether a column does
FEWEST, AT_FIRST = 20, 200  # rows without which nothing is said, and that are looked at where columns are many
SAME = 1e-9  # of 1, below which a correlation is no other column
OFTEN = 2  # rows of a text on average
FEW_VALUES = 2**18  # of the features that training looks at

checks: Registry[Check] = Registry("check of data")


@checks
def shared(subject: Subject) -> list[Verdict]:
    """Say how many rows two parts share."""
    verdicts = []
    for found in subject.experiment.dataset.told["shared"]:
        assert isinstance(found, Shared)
        grave = found.rows >= max(FEW_SHARED, MANY_SHARED * found.of) and not found.repeats
        change = f"data.{found.part}: rows of its own; data.group keeps rows that belong together in one part"
        evidence = {"part": found.part, "other": found.other, "rows": found.rows, "of": found.of}
        verdicts.append(Verdict("warning" if grave else "note", str(found), change, evidence, noted=True))
    return verdicts or [Verdict("ok", f"no row is in two parts ({_sizes(subject)})")]


@checks
def unlike(subject: Subject) -> list[Verdict]:
    """Say what of the other parts is unlike the training part."""
    dataset = subject.experiment.dataset
    grave = isinstance(dataset.interface.preparation, BlockPreparation)  # where all features have one unit each
    told = [str(note) for note in dataset.told["unlike"]]
    found = [
        Verdict("warning" if grave else "note", note, "the files, to one unit for all parts", noted=True)
        for note in told
    ]
    return found or [Verdict("ok", "the other parts are within what training sees")]


@checks
def reading(subject: Subject) -> list[Verdict]:
    """Say what was said when the data were read."""
    told = Counter(str(note) for note in subject.experiment.dataset.told["reading"])
    return [Verdict("note", note, noted=True) for note in told] or [Verdict("ok", "the data were read as they are")]


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
        change = f'data.missing: ["{own["value"]:g}"]' if _is_table(subject) else "the file, where such numbers stand"
        verdicts.append(Verdict("warning", said, change, {"column": name, **own}))
    return verdicts or [Verdict("ok", "no number stands for a missing one")]


def _without(subject: Subject, names: list[str]) -> str:
    """Return what leaves columns out."""
    return f"data.ignore: [{listed(names, FEW)}]" if _is_table(subject) else "the file, to be without them"


def _is_table(subject: Subject) -> bool:
    return not isinstance(subject.experiment.dataset.interface.preparation, BlockPreparation)


@checks
def determines(subject: Subject) -> list[Verdict]:
    """Say which columns determine the target alone."""
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
    which = f"{names[0]} determines" if len(names) == 1 else f"{len(names):,} columns determine"
    said = f"{which} the target alone ({listed(names, FEW)}): is it known before the target is?"
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


@checks
def classes(subject: Subject) -> list[Verdict]:
    """Say which classes, or labels, a part has no row of."""
    dataset = subject.experiment.dataset
    counts = _counts(subject)
    if not counts:
        return [Verdict("ok", "numbers are predicted, not classes")]
    names = dataset.interface.classes or dataset.interface.output_names(len(counts["train"]))
    absent = np.sum(list(counts.values()), axis=0) == 0
    verdicts = []
    if _counts_from_one(subject):
        said = (
            f"no row is of class {names[0]}, and there are rows of {names[1]} to {names[-1]}: do labels count from 1?"
        )
        change = f"model.layer_dims: [..., {len(names) - 1}]" if len(names) > 3 else "the labels, to count from 0"
        verdicts.append(Verdict("warning", said, change, {"classes": [names[0]]}))
    for part, own in counts.items():
        lacking = [name for name, count, no in zip(names, own, absent, strict=True) if not count and not no]
        if lacking:
            said = f"the {part} part has no row of {listed(lacking, FEW)}"
            noted = part == "train" and any("is left for training" in str(note) for note in dataset.told["reading"])
            verdicts.append(Verdict("warning", said, f"data.{part}", {"part": part, "classes": lacking}, noted=noted))
    never = [name for name, no in zip(names, absent, strict=True) if no]
    if never and not _counts_from_one(subject):
        verdicts.append(Verdict("note", f"no part has a row of {listed(never, FEW)}", None, {"classes": never}))
    return verdicts or [Verdict("ok", f"every part has rows of all {len(names):,} classes")]


def _counts_from_one(subject: Subject) -> bool:
    """Tell whether classes that are numbers from 0 on have rows from 1 on only."""
    names = subject.experiment.dataset.interface.classes
    together = np.sum(list(_counts(subject).values()), axis=0)
    return (
        names is not None
        and len(names) > 2
        and list(names) == [str(number) for number in range(len(names))]
        and bool(together[0] == 0 and (together[1:] > 0).all())
    )


def _counts(subject: Subject) -> dict[str, Array]:
    """Return how many rows of each class, or with a 1 for each label, each part has."""
    dataset = subject.experiment.dataset
    names = dataset.interface.classes
    if names:
        parts = dataset.parts.items()
        return {part: np.bincount(classify(examples.Y), minlength=len(names)) for part, examples in parts}
    if dataset.interface.labels:
        return {part: (examples.Y > 0.5).sum(axis=1) for part, examples in dataset.parts.items()}
    return {}


@checks
def balance(subject: Subject) -> list[Verdict]:
    """Say how uneven the classes are."""
    names, train = subject.experiment.dataset.interface.classes, subject.experiment.spec.train
    if not names:
        return [Verdict("ok", "there are no classes that exclude each other")]
    counts = _counts(subject)["train"]
    shares = counts[counts > 0] / counts.sum()
    even = float((np.exp(-(shares * np.log(shares)).sum()) - 1) / max(1, len(shares) - 1))
    most = int(counts.argmax())
    said = f"{percent(counts[most] / counts.sum())} of the training rows are {names[most]}"
    evidence = {"counts": dict(zip(names, counts.tolist(), strict=True)), "evenness": round(even, 4)}
    if even >= UNEVEN or train.class_weights is not None:
        return [Verdict("ok", said, None, evidence)]
    change = "train.class_weights: balanced"
    return [Verdict("warning" if even < RARE else "note", f"{said}: accuracy tells little", change, evidence)]


@checks
def features(subject: Subject) -> list[Verdict]:
    """Say that features are far from unit scale once they are prepared."""
    told = subject.experiment.dataset.told["features"]
    found = [Verdict("warning", str(note), "data.scale: standardize", noted=True) for note in told]
    return found or [Verdict("ok", "features are about unit scale once they are prepared")]


@checks
def targets(subject: Subject) -> list[Verdict]:
    """Say that numbers to predict are far from unit scale."""
    told = subject.experiment.dataset.told["targets"]
    found = [Verdict("warning", str(note), "data.scale_target: standardize", noted=True) for note in told]
    return found or [Verdict("ok", "targets are about unit scale, or classes")]


def _sizes(subject: Subject) -> str:
    return ", ".join(f"{examples.m:,} {part}" for part, examples in subject.experiment.dataset.parts.items())


CHEAP: tuple[Check, ...] = (classes, balance, codes)  # which training makes, too


def warnings(experiment: Experiment) -> list[str]:
    """Return what of an experiment's data is grave and is known in no time, unless the notes on them say it."""
    subject = Subject(experiment, most=FEW_VALUES)
    found = [verdict for look in CHEAP for verdict in look(subject)]
    grave = [verdict for verdict in found if verdict.grade == "warning" and not verdict.noted]
    return [f"{verdict.said} ({verdict.change})" if verdict.change else verdict.said for verdict in grave]
