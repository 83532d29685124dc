"""A document is a YAML file as people write it: plain values, and where each of them stands.

It follows YAML 1.2's rules (`1e-3` is a number, `no` and `on` are text) and keeps the position of every
key and value, so that a mistake is answered with file:line:column, the line itself and a caret.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nnctl.errors import SpecError

KeyPath = tuple[str, ...]

Locate = Callable[[int, int], "Mark"]  # a 0-based line and column -> the mark there

_YAML = "tag:yaml.org,2002:"
_DIGITS = "[0-9]+(_[0-9]+)*"
_SCALARS = {  # how each kind of value is written; all else is text
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": rf"[-+]?{_DIGITS}",
    "float": rf"[-+]?(\.[0-9]+|{_DIGITS}(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
_REASONS = (  # PyYAML's words for the commonest mistakes, and plainer ones
    (r"'\t'", "there is a tab here, and YAML is indented with spaces; replace the tab by spaces"),
    ("cannot start any token", "a text that begins with this character wants quotes"),
    ("expected ',' or", "expected a comma or the closing bracket"),
    ("but found ']'", "this bracket closes nothing"),
    ("but found '}'", "this bracket closes nothing"),
    ("'<scalar>'", "expected the end of the line; a text with quotes in it wants quotes around all of it"),
    ("expected <block end>", "this is not indented like the lines that it belongs to"),
    (
        "mapping values are not allowed",
        'no key is expected here; is the line above as it should be, or does a text with ": " want quotes?',
    ),
    ("another document", "a second document begins here; a spec is one document"),
)
_UNFINISHED = (  # what PyYAML was reading -> the mistake, which is where that begins
    ("flow", "the bracket that opens here is not closed"),
    ("quoted", "the quote that opens here is not closed"),
    ("simple key", "expected key: value, with a space after the colon"),
)


class _Loader(yaml.SafeLoader):
    # the command line may name a file whose name is no text, and holds it as surrogates
    NON_PRINTABLE = re.compile(  # type: ignore[misc]
        yaml.SafeLoader.NON_PRINTABLE.pattern.replace("\ue000", "\udc80-\udcff\ue000")
    )
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _kind, _pattern in _SCALARS.items():
    for _rules in (_Loader, _Dumper):
        _rules.add_implicit_resolver(_YAML + _kind, re.compile(rf"^(?:{_pattern})\Z"), None)
_Dumper.add_representer(  # what cannot be seen is escaped: left to itself, PyYAML folds some line breaks into spaces
    str, lambda dumper, text: dumper.represent_scalar(f"{_YAML}str", text, None if text.isprintable() else '"')
)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_sequence(f"{_YAML}seq", value, flow_style=True))


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
        if not self.text.strip():
            return place
        start = max(0, self.column - 60) if len(self.text) > 100 else 0
        return f"{place}\n  {self.text[start : start + 100]}\n  {' ' * (self.column - start)}^"


@dataclass
class Document:
    """The values of a YAML file (dicts, tuples, scalars) and the marks of their keys and values."""

    source: str
    tree: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, Mark] = field(default_factory=dict)
    values: dict[KeyPath, Mark] = field(default_factory=dict)
    problems: list[tuple[Mark, str]] = field(default_factory=list)

    def mark(self, path: KeyPath, key: bool = False) -> Mark:
        """Return the mark of a value (or its key), or that of the nearest thing around it that is written."""
        while path:
            if key and path in self.keys:
                return self.keys[path]
            if path in self.values:
                return self.values[path]
            path, key = path[:-1], True
        return Mark(self.source)

    def setting(self, section: str, key: str) -> Any:
        """Return a value as it is written, before it is checked, or None."""
        found = self.tree.get(section)
        return found.get(key) if isinstance(found, Mapping) else None

    def report(self, path: KeyPath, message: str, key: bool = False) -> None:
        """Note a mistake at a value, or at its key."""
        self.problems.append((self.mark(path, key), message))

    def mistake(self, path: KeyPath, message: str) -> SpecError:
        """Return the error of one mistake that is found only once the data are known."""
        return SpecError(self.mark(path).explain(f"{'.'.join(path)} {message}"))

    def raise_problems(self) -> None:
        """Raise all mistakes noted so far as one error, in the order of the file."""
        if self.problems:
            ordered = sorted(self.problems, key=lambda problem: (problem[0].line or 0, problem[0].column))
            raise SpecError("\n".join(mark.explain(message) for mark, message in ordered))


def read(file: Path, overrides: Sequence[str] = ()) -> Document:
    """Read a YAML file and apply overrides `key.path=value`; raise a SpecError for what is not YAML."""
    source = _shown(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError(f"{source}: there is no such file") from None
    except IsADirectoryError:
        raise SpecError(f"{source}: is a folder; a spec is a YAML file") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{source}: is not text in UTF-8 (byte {error.start}); a spec is a YAML file") from None
    except OSError as error:
        raise SpecError(f"{source}: cannot be read: {error.strerror}") from None
    document, lines = Document(source), text.splitlines()

    def locate(line: int, column: int) -> Mark:
        text = lines[line] if line < len(lines) else ""
        return Mark(source, line, column, "".join(c if c.isprintable() else " " for c in text))

    node = _compose(text, locate)
    if node is None:
        raise SpecError(f"{source}: is empty; a spec needs at least data, model and train")
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(f"{source}: is not a spec: expected keys such as data, model and train at the top")
    document.tree = _Reader(document, locate).value(node, ())
    for override in overrides:
        _override(document, override)
    return document


def dump(tree: Mapping[str, Any]) -> str:
    """Return YAML text that `read` turns into the same values."""
    return yaml.dump(dict(tree), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Reader:
    """Turns YAML nodes into values, noting marks, repeated keys and aliases that contain themselves."""

    def __init__(self, document: Document, locate: Locate) -> None:
        self.document = document
        self.locate = locate
        self.open: list[int] = []  # the nodes being read, to find an alias inside itself

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the node's value; a mapping's keys are the text that is written."""
        self.document.values[path] = self._mark(node)
        kind = node.tag.removeprefix(_YAML)
        scalar = isinstance(node, yaml.ScalarNode)
        if kind not in ("str", "seq", "map") and not (scalar and re.fullmatch(_SCALARS.get(kind, "(?!)"), node.value)):
            raise SpecError(self._mark(node).explain(f"the tag {kind} does not fit this value; leave it out"))
        if scalar:
            return _scalar(kind, node.value)
        if id(node) in self.open:
            raise SpecError(self.document.mark(path, key=True).explain(f"{'.'.join(path)} contains itself"))
        self.open.append(id(node))
        result: Any
        if isinstance(node, yaml.SequenceNode):
            result = tuple(self.value(item, (*path, str(index))) for index, item in enumerate(node.value))
        else:
            result = {}
            for key, item in node.value:
                name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
                here = (*path, name)
                first = self.document.keys.get(here)
                self.document.keys[here] = self._mark(key)
                if name in result and first is not None:
                    line = "" if first.line is None else f" (first on line {first.line + 1})"
                    self.document.report(here, f"{'.'.join(here)} is there twice{line}; keep one", key=True)
                result[name] = self.value(item, here)
        self.open.pop()
        return result

    def _mark(self, node: yaml.Node) -> Mark:
        return self.locate(node.start_mark.line, node.start_mark.column)


def _compose(text: str, locate: Locate) -> yaml.Node | None:
    """Return the root node of YAML text, or None where there is nothing; raise a SpecError for what is not YAML."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark, reason = _reason(error)
        raise SpecError(locate(mark.line, mark.column).explain(f"is not YAML: {reason}")) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = locate(before.count("\n"), error.position - before.rfind("\n") - 1)
        raise SpecError(
            where.explain(f"is not YAML: the character U+{error.character:04X} cannot stand here")
        ) from None
    except RecursionError:
        raise SpecError(locate(0, 0).explain("is not a spec: its brackets are nested too deeply")) from None
    return node


def _reason(error: yaml.MarkedYAMLError) -> tuple[yaml.Mark, str]:
    """Return where the mistake is and what it is, in plain words."""
    mark, begin, problem = error.problem_mark, error.context_mark, str(error.problem)
    assert mark is not None
    unfinished = next((reason for words, reason in _UNFINISHED if words in str(error.context)), None)
    if unfinished and begin is not None and (mark.line > begin.line or "stream" in problem):
        return begin, unfinished
    return mark, next((reason for words, reason in _REASONS if words in problem), problem)


def _scalar(kind: str, text: str) -> Any:
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


def _override(document: Document, override: str) -> None:
    """Set one `key.path=value`; a chosen name on the way (`init: he`) becomes `{name: he}`."""
    dotted, equals, text = override.partition("=")
    names = tuple(dotted.strip().split("."))
    if not equals or not all(names):
        raise SpecError(f"-S {override}: expected key.path=value, such as train.learning_rate=0.01")
    mark = Mark(f"-S {override}")
    node = _compose(text, lambda line, column: mark)
    value = None if node is None else _Reader(document, lambda line, column: mark).value(node, names)
    for depth in range(1, len(names)):  # what the file does not have is written here
        document.values.setdefault(names[:depth], mark)
    document.keys[names] = document.values[names] = mark
    document.tree = _with(document.tree, names, value, mark, dotted)


def _with(tree: Any, names: KeyPath, value: Any, mark: Mark, dotted: str) -> Any:
    """Return `tree` with the value at the path `names` replaced."""
    if not names:
        return value
    name, rest = names[0], names[1:]
    if isinstance(tree, tuple):
        if not name.isdecimal() or int(name) >= len(tree):
            raise SpecError(mark.explain(f"{dotted}: expected a place from 0 to {len(tree) - 1}, got {name!r}"))
        index = int(name)
        return (*tree[:index], _with(tree[index], rest, value, mark, dotted), *tree[index + 1 :])
    if tree is None:
        tree = {}
    elif isinstance(tree, str):
        tree = {"name": tree}
    elif not isinstance(tree, dict):
        raise SpecError(mark.explain(f"{dotted}: {tree!r} has no keys to set"))
    return {**tree, name: _with(tree.get(name), rest, value, mark, dotted)}


def _shown(file: Path) -> str:
    """Return the path as short as it can be written from here."""
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
