"""JSON as it is taken from a file: one value, no key twice, finite numbers, and no deeper than anyone writes.

Python's own reader takes NaN, keeps the last of keys that are there twice, and ends in a RecursionError on brackets.
"""

import json
from collections import Counter
from math import isfinite
from typing import Any

DEEPEST = 32  # lists and objects inside each other; what nnctl writes has 6


def read_json(text: str | bytes, most: int) -> Any:
    """Return the value of a text of at most so many characters, or bytes of UTF-8; raise a ValueError that says why
    there is none.
    """
    if len(text) > most:
        raise ValueError(f"is larger than {most:,} bytes")
    try:
        value = json.loads(
            text.decode("utf-8") if isinstance(text, bytes) else text,
            object_pairs_hook=_object,
            parse_constant=_refused,
            parse_float=_finite,
            parse_int=_whole,
        )
    except RecursionError:
        raise ValueError("is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON (line {error.lineno}, column {error.colno})") from None
    _check_depth(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"has the key {twice[:80]!r} twice")
    return found


def _refused(name: str) -> Any:
    raise ValueError(f"holds {name}, which is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"holds the number {digits[:40]}, which is beyond all floats")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 100:  # no count has as many, and they cost time to read
        raise ValueError(f"holds a whole number of {len(digits):,} digits")
    return int(digits)


def _check_depth(value: Any) -> None:
    """Raise a ValueError for lists and objects deeper than DEEPEST."""
    inside = [value]
    for _ in range(DEEPEST + 1):
        inside = [
            each
            for one in inside
            if isinstance(one, dict | list)
            for each in (one.values() if isinstance(one, dict) else one)
        ]
        if not inside:
            return
    raise ValueError(f"is nested too deep: expected at most {DEEPEST} levels")
