"""What steers a terminal never reaches it from the text of others; rich's own colours do."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from nnctl.data.words import for_terminal
from nnctl.show import console

NASTY = {
    "colour": "\x1b[31mred",
    "title": "\x1b]0;title\x07",
    "clear": "\x1b[2J\x1b[H",
    "bell": "\x07",
    "back": "a\b\b\b",
    "carriage return": "safe\rgone",
    "c1": "\x9b31mred",
    "c1 string": "\x9d0;title\x9c",
    "direction": "txt.\u202egnp",
    "isolate": "\u2066a\u2069",
    "mark": "\u200fa",
    "line separator": "a\u2028b",
    "delete": "\x7f",
}


def assert_harmless(text):
    assert all(c.isprintable() or c in "\n\t" for c in text), ascii(text)


@pytest.mark.parametrize("name", NASTY)
def test_text_is_written_as_its_code(name):
    assert NASTY[name] != for_terminal(NASTY[name])
    assert_harmless(for_terminal(NASTY[name]))


@pytest.mark.parametrize(
    "text", ["a\n\tb", "né 猫 [bold] :cat:", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "می\u200cخواهم", "\udcff"]
)
def test_other_text_stays(text):
    assert for_terminal(text) == text


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("name", NASTY)
def test_consoles_write_no_code_of_others(monkeypatch, name, terminal):
    for making in (console.results, console.messages):
        own = making()
        own.file = out = io.StringIO()
        own._force_terminal = terminal
        own.no_color = True
        table = Table(title=NASTY[name])
        table.add_column(NASTY[name])
        table.add_row(NASTY[name])
        for shown in (NASTY[name], Text(NASTY[name]), table):
            own.print(shown)
        assert_harmless(out.getvalue())


def test_the_colours_of_rich_are_still_there():
    own = console.results()
    own.file = out = io.StringIO()
    own._force_terminal, own._color_system = True, own._detect_color_system() or 1
    own.print(Text("red", style="red"))
    assert "red" in out.getvalue()


def test_a_plain_stream_on_a_terminal():
    out = io.StringIO()
    console.Plain(out).write("a,\x1b[31mb\n")
    assert out.getvalue() == "a,\\x1b[31mb\n"
