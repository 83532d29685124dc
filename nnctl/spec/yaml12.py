"""YAML 1.2 as people write it: the nodes of a text, each with its place, and the value that a scalar stands for.

`1e-3` is a number, `no` and `on` are text. Where a text is no YAML, the message says in plain words what is to blame.
A file may be a stranger's: what can stand for more than is written, or for code, is refused as it is met, before any
of it is composed: tags, anchors and aliases, too many values, and those too deep inside each other.
"""

import re
from typing import Any

import yaml

from nnctl.errors import SpecError
from nnctl.spec.mark import Locate, shown

TAG = "tag:yaml.org,2002:"
_DIGITS = "[0-9]+(_[0-9]+)*"
SCALARS = {  # how each kind of value is written; all else is text
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": rf"[-+]?{_DIGITS}",
    "float": rf"[-+]?(\.[0-9]+|{_DIGITS}(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
DEEPEST = 16  # mappings and lists inside each other
MOST_NODES = 5_000  # keys and values
TOO_DEEP = "is nested too deeply; a spec has few levels"
TOO_MANY = f"has more than {MOST_NODES:,} keys and values; a spec is a short YAML file"


class _Refused(yaml.MarkedYAMLError):
    """What stands there is YAML, and is not taken; the problem says what it is."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)
    depth = nodes = 0

    def check_printable(self, data: str) -> None:
        """Let pass, beside what can be printed, surrogates: the command line may name a file whose name is no text."""
        super().check_printable(re.sub("[\udc80-\udcff]", "?", data))

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        self.nodes += 1
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if (why := _refusal(event)) or self.depth > DEEPEST + (isinstance(event, yaml.ScalarEvent)):
            raise _Refused(problem=why or TOO_DEEP, problem_mark=event.start_mark)
        if self.nodes > MOST_NODES:
            raise _Refused(problem=TOO_MANY, problem_mark=event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refusal(event: yaml.Event) -> str | None:
    """Say why a value that begins so is not taken, or None."""
    if isinstance(event, yaml.AliasEvent):
        return "aliases (*) are not taken: write the value out; a text that begins with * wants quotes"
    if getattr(event, "anchor", None) is not None:
        return "anchors (&) are not taken: write the value out where it is used; a text that begins with & wants quotes"
    tag = getattr(event, "tag", None)
    if tag is None:
        return None
    written = shown(f"!!{tag.removeprefix(TAG)}" if tag.startswith(TAG) else tag).strip("'")
    return f"tags ({written}) are not taken: nothing is expanded, included or run; write the value itself"


class Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _kind, _pattern in SCALARS.items():
    for _rules in (_Loader, Dumper):
        _rules.add_implicit_resolver(TAG + _kind, re.compile(rf"^(?:{_pattern})\Z"), None)
Dumper.add_implicit_resolver(f"{TAG}merge", re.compile(r"^<<\Z"), None)  # so that the text << is put in quotes
Dumper.add_representer(  # what cannot be seen is escaped: left to itself, PyYAML folds some line breaks into spaces
    str, lambda dumper, text: dumper.represent_scalar(f"{TAG}str", text, None if text.isprintable() else '"')
)
Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_sequence(f"{TAG}seq", value, flow_style=True))


def compose(text: str, locate: Locate) -> yaml.Node | None:
    """Return the root node of YAML text, or None where there is nothing; raise a SpecError for what is not YAML."""
    if not text.isascii():
        from nnctl.spec.slips import line_break  # most specs have no such sign

        if (unseen := line_break(text)) is not None:
            raise SpecError(locate(unseen[0]).explain(unseen[1]))
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        from nnctl.spec.reasons import reason  # only a mistake needs words
        from nnctl.spec.sections import section
        from nnctl.spec.slips import cause

        place, why = reason(error)
        if isinstance(error, _Refused):
            raise SpecError(locate(place).explain(why)) from None
        stopped = place if error.problem_mark is None else error.problem_mark.index
        place, why = section(text) or cause(text, stopped, _stop) or (place, why)
    except yaml.reader.ReaderError as error:
        place, why = error.position, f"the character U+{error.character:04X} cannot stand here"
    else:
        return node
    raise SpecError(locate(place).explain(f"is not YAML: {why}"))


def _stop(text: str) -> int | None:
    """Return where the reading of a text stops, or None where it does not."""
    try:
        yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.index if error.problem_mark else 0
    return None


def scalar(kind: str, text: str) -> Any:
    """Return the value of a plain scalar of this kind."""
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    digits = text.replace("_", "")
    if kind == "int" and len(digits) < 300:  # a longer one is a float: infinite, and refused like any other
        return int(digits)
    if kind in ("int", "float"):
        return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # "\ud83d\ude00" is one character
    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", joined)  # the others stand for bytes of a file's name
