"""A registry is a dict of named things that is also a decorator, so that adding one edits one place.

The keyword-only arguments of a registered function are its options in YAML: their annotations are the
types and legal ranges, their defaults the defaults. An unknown name answers with the nearest legal one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, TypeVar

from nnctl.errors import SpecError

Entry = TypeVar("Entry", bound=Callable[..., Any])
LISTED = 30  # names in a message: more than any section has keys
FEW = 8  # names in a message that come from data, and may be long


@dataclass(frozen=True)
class Interval:
    """The legal range of a number, written into its type: `Annotated[float, Interval(gt=0)]`."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    def complaint(self, value: float) -> str | None:
        """Say which bound `value` breaks, or None."""
        if self.gt is not None and not value > self.gt:
            return f"must be greater than {self.gt:.10g}"
        if self.ge is not None and not value >= self.ge:
            return f"must be at least {self.ge:.10g}"
        if self.lt is not None and not value < self.lt:
            return f"must be less than {self.lt:.10g}"
        if self.le is not None and not value <= self.le:
            return f"must be at most {self.le:.10g}"
        return None


Positive = Annotated[float, Interval(gt=0)]
NotNegative = Annotated[float, Interval(ge=0)]
Fraction = Annotated[float, Interval(ge=0, lt=1)]
Count = Annotated[int, Interval(ge=1, le=10**9)]
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]  # what RandomState takes


AUTO = 0  # stands for a number of units that the data will tell
LEGAL_AUTO = "auto"  # written into a type: this value may be told by the data


@dataclass(frozen=True)
class Choice:
    """A registered name with options: `he`, or `{name: random, scale: 10}`."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ", ".join(f"{key} {value}" for key, value in self.options.items())
        return f"{self.name} ({values})" if values else self.name


class Registry(dict[str, Entry]):
    """Named functions or classes of one kind; `@registry` adds one under its own name."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    __hash__ = object.__hash__  # type: ignore[assignment]  # there is one registry of a kind, so that it can stand inside a type
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __call__(self, entry: Entry) -> Entry:
        self[entry.__name__] = entry
        return entry

    def __missing__(self, name: str) -> Entry:
        raise SpecError(f"there is no {self.kind} {name!r}{suggestion(name, self)}")

    def resolve(self, choice: Choice) -> Callable[..., Any]:
        """Return the chosen entry with its options filled in."""
        return partial(self[choice.name], **choice.options) if choice.options else self[choice.name]


def nearest(name: str, legal: Iterable[str]) -> str | None:
    """Return the legal name that was meant, or None when nothing is near."""
    from nnctl import synonyms  # only a mistake needs words

    names = list(legal)
    near = (
        synonyms.meant(name, names)
        or get_close_matches(name, names, n=1, cutoff=0.6)
        or [key for key in names if len(name) > 1 and (key.startswith(name) or name in key.split("_"))]
    )
    return near[0] if near else next((key for key in names if key.lower() == name.lower()), None)


def suggestion(name: str, legal: Iterable[str], most: int = LISTED) -> str:
    """Return `; did you mean "..."?`, or the list of all that is legal when nothing is near."""
    names = list(legal)
    return offered(name, nearest(name, names), names, most)


def offered(name: str, near: str | None, legal: list[str], most: int = LISTED) -> str:
    """Return `; did you mean "..."?` for the nearest name, or the list of all that is legal where there is none."""
    from nnctl import synonyms  # only a mistake needs words

    if near is None:
        return f" (legal: {listed(legal, most)})"
    if near not in (meant := synonyms.meant(name, legal)):
        return f'; did you mean "{near}"?'
    quoted = '" or "'.join(meant)
    return f'; did you mean "{quoted}"?{synonyms.note(name)}'


def listed(names: Iterable[str], most: int = LISTED) -> str:
    """Return names with commas between them, and of many the first and how many there are."""
    all_names = list(names)
    more = len(all_names) - most
    return ", ".join(all_names[:most]) + (f" and {more} more" if more > 0 else "")
