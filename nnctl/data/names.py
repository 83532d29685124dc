"""Which dataset of a file holds what: by names that the spec gives, or by the usual ones.

A dataset whose name names a part (Xtest, y_train, test/x) belongs to that part and to no other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nnctl.data.arrays import Datasets

PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "cv"),
    "test": ("test", "testing"),
}
FEATURES = ("set_x", "x", "images", "features", "data", "inputs")
TARGETS = ("set_y", "y", "labels", "targets", "target")


@dataclass(frozen=True)
class Names:
    """The names of the datasets of one part in a file, where the spec gives them."""

    features: str | None = None
    target: str | None = None
    classes: str | None = None  # of all parts
    group: str | None = None  # of the training part: a value (m,) for each row
    order: str | None = None

    def beside(self, training: "Names", part: str, file: Datasets) -> "Names":
        """Return these names of a part, filled up by those of the training part: its `ans_train` is our `ans_test`.

        A part with features of its own takes no target from the training part.
        """
        target = self.target or (None if self.features else _counterpart(file, training.target, part))
        return Names(self.features or _counterpart(file, training.features, part), target)


def part_named(key: str) -> str | None:
    """Return the part that a dataset's name names: Xtest, labels_of_test, test/y -> test; None for X or labels."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", key)]
    words += [word[1:] for word in words if word[0] in "xy"]
    return next((part for part, names in PARTS.items() if any(word in names for word in words)), None)


def target_of(file: Datasets, part: str, features: str, given: str | None, stated: bool) -> tuple[str | None, str]:
    """Return the dataset of the targets of `features`, or None and why there is none; the one given comes first.

    Features that were found by a name that names a part, and not stated by the spec, take targets of that part only.
    """
    target = given or usual(file, part, TARGETS)
    owner = part_named(features)
    if not stated and owner is not None and target is not None and part_named(target) != owner:
        belongs = part_named(target)
        why = f"{target} {'names no part' if belongs is None else f'is of the {belongs} part'} and {features} does"
        both = f"data.features: {features} and data.target: {target}"
        if part != "train":
            both = f"data.{part}: {{features: {features}, target: {target}}}"
        return None, f"{why}; if they belong together, give {both}"
    key = "data.target" if part == "train" else f"data.{part}: {{features: {features}, target: ...}}"
    return target, f"or name it in the spec: {key}"


def _counterpart(file: Datasets, given: str | None, part: str) -> str | None:
    """Return the dataset that is for `part` what the given one is for training, or None: look for the usual names."""
    if given is None:
        return None
    if part_named(given) is None:
        named = (name for word in PARTS[part] for name in (f"{given}_{word}", f"{word}_{given}", f"{given}{word}"))
        return next((name for name in (*named, given) if name in file), None)
    for word in PARTS["train"]:
        for other in PARTS[part]:
            name = re.sub(word, partial(_cased, other), given, flags=re.IGNORECASE)
            if name != given and name in file:
                return name
    return None


def _cased(word: str, found: re.Match[str]) -> str:
    """Return a word written as the one that was found: Train -> Test."""
    return word.upper() if found[0].isupper() else word.capitalize() if found[0][0].isupper() else word


def usual(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that names the part, else the one that names no part at all."""
    own = named(file, part, endings)
    if own is not None:
        return own
    return next((key for ending in endings for key in file if bare(key) == ending and part_named(key) is None), None)


def named(file: Datasets, part: str, endings: Sequence[str]) -> str | None:
    """Return the dataset that is named after the part: test_set_x, x_test, Xtest, test/x."""
    compact = {re.sub(r"[^a-z0-9]", "", key.lower()): key for key in reversed(list(file))}
    pairs = ((word, ending.replace("_", "")) for word in PARTS[part] for ending in endings)
    names = (name for word, ending in pairs for name in (word + ending, ending + word))
    return next((compact[name] for name in names if name in compact), None)


def bare(key: str) -> str:
    """Return a dataset's name without its groups."""
    return key.rpartition("/")[2].lower()
