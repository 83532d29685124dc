"""Checks of the data: what parts share, which classes there are, and how far all is from unit scale.

What loading the data tells as notes is graded here, and not looked for again.
"""

from collections import Counter

import numpy as np

from nnctl.data.fingerprint import Shared
from nnctl.explain import check_columns
from nnctl.explain.shares import percent
from nnctl.explain.verdicts import Check, Subject, Verdict
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.registry import FEW, Registry, listed
from nnctl.training.experiment import Experiment

MORE_THAN_USUAL = 2.0  # times the share of training rows that come again among themselves
MANY_SHARED, FEW_SHARED = 0.05, 5  # of a part's rows, from which its numbers flatter, and rows
UNEVEN, RARE = 0.5, 0.2  # of the classes that there could be, as many as they are worth: (exp(entropy) - 1) / (K - 1)
FEW_VALUES = 2**18  # of the features that training looks at

checks: Registry[Check] = Registry("check of data")


@checks
def shared(subject: Subject) -> list[Verdict]:
    """Say how many rows two parts share."""
    verdicts = []
    for found in subject.experiment.dataset.told["shared"]:
        assert isinstance(found, Shared)
        usual = found.within / found.m  # where rows come again anyway, they do in any other part
        share = found.rows / found.of
        grave = found.rows >= FEW_SHARED and share >= max(MANY_SHARED, MORE_THAN_USUAL * usual)
        change = f"data.{found.part}: rows of its own; data.group keeps rows that belong together in one part"
        evidence = {"part": found.part, "other": found.other, "rows": found.rows, "of": found.of}
        verdicts.append(Verdict("warning" if grave else "note", str(found), change, evidence, noted=True))
    return verdicts or [Verdict("ok", f"no row is in two parts ({_sizes(subject)})")]


@checks
def unlike(subject: Subject) -> list[Verdict]:
    """Say what of the other parts is unlike the training part."""
    dataset = subject.experiment.dataset
    grave = not subject.is_table  # whose notes say themselves what may be wrong, for a column is not always numbers
    change = "the files, to one unit for all parts" if grave else None
    told = [str(note) for note in dataset.told["unlike"]]
    found = [Verdict("warning" if grave else "note", note, change, noted=True) for note in told]
    return found or [Verdict("ok", "the other parts are within what training sees")]


@checks
def reading(subject: Subject) -> list[Verdict]:
    """Say what was said when the data were read."""
    told = Counter(str(note) for note in subject.experiment.dataset.told["reading"])
    return [Verdict("note", note, noted=True) for note in told] or [Verdict("ok", "the data were read as they are")]


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


CHEAP: tuple[Check, ...] = (classes, balance, check_columns.codes)  # which training makes, too


def warnings(experiment: Experiment) -> list[str]:
    """Return what of an experiment's data is grave and is known in no time, unless the notes on them say it."""
    subject = Subject(experiment, most=FEW_VALUES)
    found = [verdict for look in CHEAP for verdict in look(subject)]
    grave = [verdict for verdict in found if verdict.grade == "warning" and not verdict.noted]
    return [f"{verdict.said} ({verdict.change})" if verdict.change else verdict.said for verdict in grave]
