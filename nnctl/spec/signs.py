"""A look-alike is a sign that a person takes for another: a no-break space, a full-width colon, a curly quote.

Editors, web pages and keyboards for other scripts put them in. In texts and comments they are welcome; where YAML or a
key wants the sign that they look like, the message names them. Most are found by what Unicode says of them.
"""

import re
import unicodedata
from collections.abc import Iterator

_SPELLED = {  # what a sign looks like, where Unicode does not say it
    **dict.fromkeys("\u2212\u2043\u2022\u2023\u25e6\u2219", "-"),
    **dict.fromkeys("“”„‟«»″「」『』", '"'),
    **dict.fromkeys("‘’‚‛‹›′´ʹʼ", "'"),
    **dict.fromkeys("∶ː꞉׃", ":"),
    **dict.fromkeys("、،٬", ","),
    **dict.fromkeys("。٫", "."),
    **dict.fromkeys("【〔〖", "["),
    **dict.fromkeys("】〕〗", "]"),
    **dict.fromkeys("\u2800", " "),
    **dict.fromkeys("\u034f\u115f\u1160\u3164\uffa0", ""),
    "\u2044": "/", "\u2215": "/", "\u2217": "*", "\u223c": "~",
}  # fmt: skip
_LETTERS = dict(  # of other scripts
    zip("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅοναΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijshdqwABEKMHOPCTYXIJSovaABEZHIKMNOPTYX", strict=True)
)
NEXT_LINE = "\x85"
_JOINERS = "\u200c\u200d"  # which shape letters and pictures of other scripts
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def meant(sign: str) -> str | None:
    """Return what a sign looks like, nothing where it cannot be seen, None where it is itself."""
    if sign in _SPELLED:
        return _SPELLED[sign]
    if _unseen(sign):
        return ""
    category = unicodedata.category(sign)
    if category == "Pd":
        return "-"
    if category == "Nd":
        return str(unicodedata.digit(sign))
    plain = unicodedata.normalize("NFKC", sign)  # of full-width forms, all kinds of spaces, raised digits, ligatures
    return plain if plain.isascii() else None


def plain(text: str) -> str:
    """Return the text with each look-alike replaced; letters of other scripts too where no others are left."""
    replaced = _FOREIGN.sub(lambda found: found[0] if (sign := meant(found[0])) is None else sign, text)
    latin = "".join(_LETTERS.get(sign, sign) for sign in replaced)
    return latin if latin.isascii() else replaced


def first(text: str) -> int | None:
    """Return the place of the first look-alike in a text."""
    mixed = plain(text).isascii()  # else its letters are a word of another script
    places = (found.start() for found in _FOREIGN.finditer(text))
    return next((i for i in places if meant(text[i]) is not None or (mixed and text[i] in _LETTERS)), None)


def never_meant(text: str) -> int | None:
    """Return the place of the first sign that nobody means outside of quotes: unseen, or a space at an end."""
    return next(_never_meant(text), None)


def _never_meant(text: str) -> Iterator[int]:
    ends = (len(text) - len(text.lstrip()), len(text.rstrip()))
    for place in (found.start() for found in _FOREIGN.finditer(text)):
        sign, around = text[place], text[max(0, place - 1) : place + 2]
        joins = sign in _JOINERS and len(around) == 3 and not (around[0].isascii() or around[2].isascii())
        if (_unseen(sign) and not joins) or (sign.isspace() and not ends[0] <= place < ends[1]):
            yield place


def _unseen(sign: str) -> bool:
    return sign == NEXT_LINE or unicodedata.category(sign) in ("Cf", "Zl", "Zp")


def words(sign: str, looks: str | None = None) -> str:
    """Name a look-alike and what it looks like, or what belongs in its place."""
    name = f"U+{ord(sign):04X} {'NEXT LINE' if sign == NEXT_LINE else unicodedata.name(sign, '')}".rstrip()
    looks = looks or _LETTERS.get(sign) or meant(sign)
    if not looks:
        return f"here is {name}, which cannot be seen; take it out"
    if looks == " ":
        return f"here is {name} in place of a space"
    return f"here is {sign} ({name}) in place of {looks}"
