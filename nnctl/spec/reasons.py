"""A reason says in plain words why PyYAML cannot read on, and where the mistake begins.

PyYAML speaks of tokens and nodes; a person wants to know which bracket, quote or space it is.
"""

from typing import Any

from nnctl.spec.paths import ESCAPE

_UNFINISHED = (  # what PyYAML was reading -> the mistake, which is where that begins
    ("flow", "the bracket that opens here is not closed"),
    ("quoted", "the quote that opens here is not closed"),
    ("simple key", "expected key: value, with a space after the colon"),
)
_READING = (  # what it was reading, where its own words do not tell more
    ("alias", "a text that begins with * wants quotes"),
    ("anchor", "a text that begins with & wants quotes"),
    ("block scalar", "a text that begins with | or > wants quotes"),
    ("directive", "a line that begins with % wants quotes"),
    ("tag", "a text that begins with ! wants quotes"),
)
_PROBLEMS = (  # its words for the commonest mistakes, and plainer ones
    (r"'\t'", "there is a tab here, and YAML is indented with spaces; replace the tab by spaces"),
    (
        "character '%'",
        "a text that begins with this character wants quotes; environment variables such as %NAME% are not expanded",
    ),
    ("cannot start any token", "a text that begins with this character wants quotes"),
    ("unknown escape", ESCAPE),
    ("hexadecimal", ESCAPE),
    ("duplicate anchor", "this & name is given twice"),
    ("undefined tag", "a text that begins with ! wants quotes"),
    ("found incompatible YAML", "this version of YAML is not known; leave the line out"),
    ("<document start>", "a line that begins with % wants quotes"),
    ("expected ',' or", "expected a comma or the closing bracket"),
    ("content, but found ','", "something is missing before this comma"),
    ("but found ']'", "this bracket closes nothing"),
    ("but found '}'", "this bracket closes nothing"),
    ("'<scalar>'", "expected the end of the line; a text with quotes in it wants quotes around all of it"),
    ("expected <block end>", "this is not indented like the lines that it belongs to"),
    ("sequence entries are not", "a list with - begins on a line of its own"),
    ("mapping keys are not", "a text that begins with ? wants quotes"),
    (
        "mapping values are not allowed",
        'no key is expected here; is the line above as it should be, or does a text with ": " want quotes?',
    ),
    ("another document", "a second document begins here; a spec is one document"),
)  # fmt: skip


def reason(error: Any) -> tuple[int, str]:
    """Return where the mistake of a MarkedYAMLError is, as an index into the text, and what it is."""
    mark, begin = error.problem_mark, error.context_mark
    context, problem = str(error.context), str(error.problem)
    unfinished = _first(_UNFINISHED, context)
    if unfinished and begin is not None and (mark.line > begin.line or "stream" in problem):
        return begin.index, unfinished
    return mark.index, _first(_PROBLEMS, problem) or _first(_READING, context) or problem


def _first(plainer: tuple[tuple[str, str], ...], words: str) -> str | None:
    return next((plain for theirs, plain in plainer if theirs in words), None)
