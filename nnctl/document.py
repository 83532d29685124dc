"""A document is a YAML file as people write it: plain values, and where each of them stands.

It follows YAML 1.2's rules (`1e-3` is a number, `no` and `on` are text) and keeps the position of every
key and value, so that a mistake is answered with file:line:column, the line itself and a caret.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nnctl.errors import SpecError

KeyPath = tuple[str, ...]

_TAGS = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9][0-9_]*"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
    ),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as the base)

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, _pattern in _TAGS:
    for _rules in (_Loader, _Dumper):
        _rules.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), None)
_Dumper.add_representer(
    tuple, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


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
        return f"{place}\n  {self.text}\n  {' ' * self.column}^" if self.text.strip() else place


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
    document = Document(source)
    node = _compose(text, source)
    if node is None:
        raise SpecError(f"{source}: is empty; a spec needs at least data, model and train")
    if not isinstance(node, yaml.MappingNode):
        raise SpecError(f"{source}: is not a spec: expected keys such as data, model and train at the top")
    lines = text.splitlines()
    reader = _Reader(document, lambda mark: Mark(source, mark.line, mark.column, _line(lines, mark.line)))
    document.tree = reader.value(node, ())
    for override in overrides:
        _override(document, override)
    return document


def dump(tree: Mapping[str, Any]) -> str:
    """Return YAML text that `read` turns into the same values."""
    return yaml.dump(dict(tree), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Reader:
    """Turns YAML nodes into values, noting marks, repeated keys and aliases that contain themselves."""

    def __init__(self, document: Document, locate: Any) -> None:
        self.document = document
        self.locate = locate
        self.open: list[int] = []  # the nodes being read, to find an alias inside itself

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the node's value; a mapping's keys are the text that is written."""
        self.document.values[path] = self.locate(node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node.tag, node.value)
        if id(node) in self.open:
            self.document.report(path, f"{'.'.join(path)} contains itself")
            return None
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
                self.document.keys[here] = self.locate(key.start_mark)
                if name in result and first is not None:
                    line = "" if first.line is None else f" (first on line {first.line + 1})"
                    self.document.report(here, f"{'.'.join(here)} is there twice{line}; keep one", key=True)
                result[name] = self.value(item, here)
        self.open.pop()
        return result


def _compose(text: str, source: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if mark is None:
            raise SpecError(f"{source}: is not YAML: {error.problem}") from None
        line = _line(text.splitlines(), mark.line)
        what = f"is not YAML: {error.problem}"
        if "\t" in line[: mark.column + 1]:
            what = "there is a tab here, and YAML is indented with spaces; replace the tab by spaces"
        elif ": " in line and "mapping values are not allowed" in str(error.problem):
            what += '; is the line above indented as it should be, or does a text with ": " want quotes?'
        raise SpecError(Mark(source, mark.line, mark.column, line).explain(what)) from None
    except yaml.YAMLError as error:
        raise SpecError(f"{source}: is not YAML: {str(error).splitlines()[0]}") from None
    return node


def _scalar(tag: str, text: str) -> Any:
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _override(document: Document, override: str) -> None:
    """Set one `key.path=value`; a chosen name on the way (`init: he`) becomes `{name: he}`."""
    dotted, equals, text = override.partition("=")
    names = tuple(dotted.strip().split("."))
    if not equals or not all(names):
        raise SpecError(f"-S {override}: expected key.path=value, such as train.learning_rate=0.01")
    mark = Mark(f"-S {override}")
    node = _compose(text, mark.source)
    value = None if node is None else _Reader(document, lambda _: mark).value(node, names)
    document.keys[names] = document.values[names] = mark
    document.tree = _with(document.tree, names, value, mark, dotted)


def _with(tree: Any, names: KeyPath, value: Any, mark: Mark, dotted: str) -> Any:
    """Return `tree` with the value at the path `names` replaced."""
    if not names:
        return value
    name, rest = names[0], names[1:]
    if isinstance(tree, tuple):
        if not name.isdigit() or int(name) >= len(tree):
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


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number].replace("\t", " ") if number < len(lines) else ""


def _shown(file: Path) -> str:
    """Return the path as short as it can be written from here."""
    try:
        return str(file.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(file)
