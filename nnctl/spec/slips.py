"""A slip is what reads well to a person and is no YAML: a look-alike, `key = value`, a colon without its space.

PyYAML stops some way behind a slip, and blames what stands there. What is really to blame is found by putting it right:
if the text can then be read further, it was that.
"""

import re
from collections.abc import Callable

from nnctl.spec import signs
from nnctl.spec.paths import ESCAPE

_PARTS = (  # compiled when YAML has stopped, and not before
    r"""
    (?<=[\s\[{,]) "(?:[^"\\\n]|\\[^"\n])* (?P<escape>\\) "[ ]*$   # a folder in double quotes, which \" leaves open
    | (?<![^\s\[{,:?-]) (?: "(?:\\.|[^"\\])*" | '(?:''|[^'])*' )     # a text in quotes
    | (?<!\S) \# [^\n\r\x85\u2028\u2029]*                          # a comment
    | (?:^|[{,]) [ ]* (?:-[ ]+)? [\w.]+ (?: [ ]*(?P<equals>=) | (?P<colon>:) (?=[!-.0-9;-\[\]-~]) )
    | (?:^|[,{}\[\]]) [ ]* (?P<comment> //[^\n]* | /\*.*?\*/)
    | (?P<placeholder> \$\{+[^}\n]*\}+ | \{\{[^}\n]*\}\})
    | (?P<sign> [^\x00-\x7f])
    """
)
_MEANT = {  # by the name of the part: what is meant there, and how it is told
    "equals": (": ", "write key: value, with a colon in place of ="),
    "colon": (": ", "a space is missing behind this colon"),
    "escape": ("\\\\", ESCAPE),
    "comment": ("", "a comment begins with #"),
    "placeholder": ("x", "nothing is expanded; in place of ${ } and {{ }} write out what they stand for"),
}
_BREAKS = "\x85\u2028\u2029"
WIDE_SPACE = "\u3000"
_MOST = 5  # so many slips before the place are tried, so that the time stays that of a few readings

Slip = tuple[int, int, str, str]  # where it begins and ends, what is meant there, and how it is told


def slips(text: str) -> list[Slip]:
    """Return the slips in YAML text, outside of quotes and comments."""
    found: list[Slip] = []
    for part in re.finditer(_PARTS, text, re.VERBOSE | re.MULTILINE | re.DOTALL):
        if part["sign"]:
            looks, place = signs.meant(part["sign"]), part.start()
            if looks == "" and text[max(0, place - 1) : place] in (":", ",", "-"):
                looks = " "
            if looks is not None:
                right = f"{looks} " if looks in (":", ",") else looks
                if part["sign"] == WIDE_SPACE:  # as wide as two
                    right = "  "
                found.append((*part.span(), right, signs.words(part["sign"], looks)))
        elif part.lastgroup is not None:
            found.append((*part.span(part.lastgroup), *_MEANT[part.lastgroup]))
    return found


def line_break(text: str) -> tuple[int, str] | None:
    """Return the place and the words of a sign that nobody sees and that ends a line for YAML, or None."""
    return next(((place, words) for place, _, _, words in slips(text) if text[place] in _BREAKS), None)


def in_place_of_a_key(text: str) -> tuple[int, str] | None:
    """Return the place and the words of the slip that makes a plain text of a key and its value, or None."""
    place, _, right, words = next(iter(slips(text)), (0, 0, "", ""))
    return (place, words) if right == ": " else None


def cause(text: str, stopped: int, stop: Callable[[str], int | None]) -> tuple[int, str] | None:
    """Return the place and the words of the slip for which reading stopped at an index, or None where it was none.

    `stop` tells where the reading of a text stops, None where it does not.
    """
    end = text.find("\n", stopped)
    before = [slip for slip in slips(text) if end < 0 or slip[0] < end]
    for number in range(1, min(_MOST, len(before)) + 1):
        mended = _mended(text, before[-number:])
        where = stop(mended)
        if where is None or len(mended) - where < len(text) - stopped:
            return before[-number][0], before[-number][3]
    return None


def _mended(text: str, found: list[Slip]) -> str:
    pieces, end = [], 0
    for start, stop, right, _ in found:
        pieces += [text[end:start], right]
        end = stop
    return "".join([*pieces, text[end:]])
