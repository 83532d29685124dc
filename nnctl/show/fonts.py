"""The fonts of a picture: matplotlib's own, and for signs that it lacks installed ones that have them.

Fonts are looked for on the disk, for matplotlib's list of them may be older than they are.
"""

from functools import cache
from unicodedata import category

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, findSystemFonts, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

OWN = "DejaVu Sans"
UPRIGHT = ("Regular", "Book", "Roman", "Medium")  # the styles to be preferred


def lend(figure: Figure) -> set[str]:
    """Let the texts of a figure use installed fonts for signs that ours lacks; return the signs that none has."""
    texts = figure.findobj(Text)
    own = FT2Font(findfont(OWN))
    signs = {sign for text in texts if isinstance(text, Text) for sign in text.get_text()}
    lacking = frozenset(sign for sign in signs if _is_seen(sign) and not own.get_char_index(ord(sign)))
    if not lacking:
        return set()
    families, boxes = _lenders(lacking)
    for text in texts:
        if isinstance(text, Text):
            text.set_fontfamily([OWN, *families])
    return set(boxes)


@cache
def _lenders(signs: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the families of as few installed fonts as have the signs, and the signs that none has."""
    candidates = []
    for path in sorted(findSystemFonts()):
        try:
            font = FT2Font(path)
            has = frozenset(sign for sign in signs if _draws(font, sign))
        except Exception:  # what is no font, or one of pictures of a fixed size
            continue
        if has and "LastResort" not in font.family_name.replace(" ", ""):  # that has a box for every sign there is
            candidates.append((has, font.style_name in UPRIGHT, font.family_name, path))
    families: list[str] = []
    left = signs
    while candidates:
        has, _, family, path = max(candidates, key=lambda font: (len(font[0] & left), font[1]))
        if not has & left:
            break
        fontManager.addfont(path)
        families.append(family)
        left -= has
    return tuple(families), left


def _draws(font: FT2Font, sign: str) -> bool:
    """Tell whether a font has an outline for a sign; one of coloured pictures has empty ones."""
    if not font.get_char_index(ord(sign)):
        return False
    font.load_char(ord(sign))
    return len(font.get_path()[0]) > 0


def _is_seen(sign: str) -> bool:
    """Tell whether a sign is more than a joiner, a direction or a choice of variant."""
    return category(sign) not in ("Cc", "Cf", "Cs") and not "\ufe00" <= sign <= "\ufe0f"
