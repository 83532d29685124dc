"""A mark is where something stands in a spec: file:line:column, the line itself and a caret.

What a message shows of a spec is made here too, keys and values, each cut to what a line can hold.
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nnctl.errors import SpecError

KeyPath = tuple[str, ...]
Locate = Callable[[int], "Mark"]  # an index into a text -> the mark there

_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what ends a line of YAML
_SHOWN = 10  # mistakes at once
_WIDE = ("W", "F")  # the classes of characters that fill two columns of a terminal


@dataclass(frozen=True)
class Mark:
    """Where something stands: `source` and the text there, with a 0-based line and column in a file."""

    source: str
    line: int | None = None
    column: int = 0
    text: str = ""

    def explain(self, message: str) -> str:
        """Return the message behind its position, followed by the line and a caret."""
        if self.line is None:
            return f"{self.source}: {message}"
        place = f"{self.source}:{self.line + 1}:{self.column + 1}: {message}"
        start = max(0, self.column - 60) if len(self.text) > 100 else 0
        window = "".join(c if c.isprintable() else " " for c in self.text[start : start + 100])
        if not window.strip():
            return place
        until = self.column - start
        columns = sum(2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in window[:until])
        return f"{place}\n  {window}\n  {' ' * (columns + max(0, until - len(window)))}^"


def refusal(problems: list[tuple[Mark, str]]) -> SpecError:
    """Return the error of these mistakes, in the order of the file; not more than a screen holds."""
    ordered = sorted(problems, key=lambda problem: (problem[0].line or 0, problem[0].column))
    told = [mark.explain(message) for mark, message in ordered[:_SHOWN]]
    if (more := len(ordered) - _SHOWN) > 0:
        told.append(f"and {more} more {'mistakes' if more > 1 else 'mistake'}")
    return SpecError("\n".join(told))


def lines_of(source: str, text: str) -> Locate:
    """Return what finds the mark of an index into a text."""
    lines, starts = _BREAKS.split(text), [0, *(found.end() for found in _BREAKS.finditer(text))]

    def locate(index: int) -> Mark:
        line = bisect(starts, index) - 1
        return Mark(source, line, index - starts[line], lines[line])

    return locate


def dotted(path: KeyPath) -> str:
    """Return the keys on the way to a value as a message names them."""
    names = ("".join(c if c.isprintable() else " " for c in name[:100]) for name in path)
    return ".".join(_cut(name) or "''" for name in names) if path else "the spec"


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    return _cut(repr(list(value) if isinstance(value, tuple) else value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
