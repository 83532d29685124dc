"""Names in pictures are drawn as they are written, by an installed font where ours lacks a sign.

The fonts here are made for the test, so that it does not matter which are installed.
"""

import numpy as np
import pytest
from drawn import boundary, costs, examples, model, pixels, wrong
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from nnctl.show import fonts

ORIGINAL = list(fontManager.ttflist)
CAT, DOG, PRIVATE = "猫", "犬", "\U000f0001"


def made(path, family, signs, outline=True):
    """Write a font that has a black square (or nothing) for each sign."""
    pen = TTGlyphPen(None)
    if outline:
        for step, point in enumerate([(0, 0), (0, 900), (900, 900), (900, 0)]):
            (pen.lineTo if step else pen.moveTo)(point)
        pen.closePath()
    square = pen.glyph()
    names = [".notdef", *(f"sign{ord(sign)}" for sign in signs)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(sign): f"sign{ord(sign)}" for sign in signs})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=900, sTypoDescender=-100)
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs fonts, each a family and its signs, and nothing else."""
    fonts._lenders.cache_clear()
    yield lambda *given: monkeypatch.setattr(
        fonts,
        "findSystemFonts",
        lambda: [made(tmp_path / f"{family}.ttf", family, *rest) for family, *rest in given],
    )
    fonts._lenders.cache_clear()
    fontManager.ttflist[:] = ORIGINAL
    fontManager._findfont_cached.cache_clear()


def titled(title):
    return costs({"cost": {0: 1.0, 1: 0.5}}, title)


def family(figure):
    return figure.axes[0].title.get_fontfamily()


@pytest.mark.parametrize("title", ["cat", "$0-$50k", "_background", "naïve – m²", "قطة"])
def test_our_own_font_is_enough_for_most_names(installed, title):
    installed(("Other", "cat"))
    figure = titled(title)
    before = family(figure)
    assert fonts.lend(figure) == set()
    assert family(figure) == before


def test_an_installed_font_lends_its_signs(installed):
    installed(("Cats", CAT), ("Both", CAT + DOG), ("Blank", CAT + DOG + PRIVATE, False))
    figure = titled(f"{CAT} {DOG} {PRIVATE}")
    assert fonts.lend(figure) == {PRIVATE}  # a font without an outline for it does not have it
    assert family(figure) == [fonts.OWN, "Both"]
    both = titled(f"{CAT} {DOG}")
    assert fonts.lend(both) == set()
    assert (pixels(both)[:40].max(axis=2) < 20).sum() > 300  # two black squares


def test_several_fonts_lend_together(installed):
    installed(("Cats", CAT), ("Dogs", DOG))
    figure = titled(f"{CAT}{DOG}")
    assert fonts.lend(figure) == set()
    assert sorted(family(figure)[1:]) == ["Cats", "Dogs"]


def test_files_that_are_no_fonts_lend_nothing(installed, tmp_path, monkeypatch):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(tmp_path / "broken.ttf"), str(tmp_path / "none.otf")])
    assert fonts.lend(titled(CAT)) == {CAT}


def test_a_font_that_has_a_box_for_every_sign_lends_none(installed):
    installed(("Last Resort", CAT))
    assert fonts.lend(titled(CAT)) == {CAT}


def test_what_cannot_be_seen_wants_no_font(installed):
    installed()
    assert fonts.lend(titled("a\u200db\u2066c\ufe0f")) == set()


NAMES = ("$0-$50k", "$50k-$100k", "_background", "a$^b", "\\frac{1}", r"\$5")


def texts(figure):
    return [text for text in figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_formula_and_is_not_hidden(name):
    curves = {name: {0: 1.5, 1: 0.5}, "he": {0: 1.0, 1: 0.5}}
    legend = costs(curves, name).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [name, "he"]
    train = examples([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    drawn = [
        costs(curves, name),
        boundary(model([[5, 0]], [-1], "sigmoid", (name, "other"), (2,)), train),
        wrong(model(np.zeros((1, 4)), [5], "sigmoid", (name, "other"), (2, 2)), examples(np.zeros((1, 2, 2)), [0])),
    ]
    for figure in drawn:
        pixels(figure)
        own = [text for text in texts(figure) if name in text.get_text()]
        assert own
        assert not any(text.get_parse_math() for text in own)


def test_a_name_like_a_formula_is_drawn_with_its_dollars():
    plain, formula = (titled(title) for title in ("$x$", "x"))
    assert pixels(plain)[:40].min(axis=2).sum() < pixels(formula)[:40].min(axis=2).sum()  # there is more ink


def test_powers_of_ten_are_still_powers():
    figure = costs({"$": {0: 1000.0, 1: 0.1}}, "$")
    pixels(figure)
    (label, *_) = [text for text in figure.axes[0].get_yticklabels() if "10^{2}" in text.get_text()]
    assert label.get_parse_math()


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("a\nb\tc\u2028d", "a b c d"),
        ("\x00\x1b[1m\ud800", "??[1m?"),
        ("L" * 400, "L" * 15 + "…" + "L" * 14),
        ("猫" * 400, "猫" * 7 + "…" + "猫" * 7),
        ("family \U0001f469\u200d\U0001f467", "family \U0001f469\u200d\U0001f467"),
    ],
)
def test_a_name_is_one_line_of_signs(name, drawn):
    train = examples([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    figure = boundary(model([[5, 0]], [-1], "sigmoid", (name, "other"), (2,)), train)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [drawn, "other", "training"]
