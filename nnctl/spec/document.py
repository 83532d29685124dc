"""A document is a YAML file as people write it: plain values, and where each of them stands.

It keeps the position of every key and value, so that a mistake is answered with file:line:column, the line itself and
a caret.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import yaml

from nnctl.errors import SpecError
from nnctl.spec.mark import KeyPath, Locate, Mark, dotted, lines_of, refusal, shown
from nnctl.spec.text import short, text_of
from nnctl.spec.yaml12 import DEEPEST, TAG, Dumper, compose, scalar

_EXPANDED = set("$%{<")  # where a placeholder may begin


@dataclass
class Document:
    """The values of a YAML file (dicts, tuples, scalars) and the marks of their keys and values."""

    source: str
    tree: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, Mark] = field(default_factory=dict)
    values: dict[KeyPath, Mark] = field(default_factory=dict)
    # what there is to know of a value, or of a key (True), if a mistake is found there
    remarks: dict[tuple[KeyPath, bool], tuple[Mark, str]] = field(default_factory=dict)
    problems: list[tuple[Mark, str]] = field(default_factory=list)
    taken_out: set[KeyPath] = field(default_factory=set)  # keys overridden by null: legal or not, they are not given

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
        self.problems.append(self._told(path, message, key))

    def mistake(self, path: KeyPath, message: str) -> SpecError:
        """Return the error of one mistake that is found only once the data are known."""
        return SpecError(self.explain(path, f"{dotted(path)} {message}"))

    def explain(self, path: KeyPath, message: str) -> str:
        """Return a message about a value, with its place."""
        mark, message = self._told(path, message, key=False)
        return mark.explain(message)

    def forget(self, path: KeyPath) -> None:
        """Drop what is noted of a value and all inside it, because something else takes its place."""
        for marks in (self.keys, self.values):
            for here in [here for here in marks if here[: len(path)] == path]:
                del marks[here]
        self.taken_out = {here for here in self.taken_out if here[: len(path)] != path}
        self.remarks = {place: told for place, told in self.remarks.items() if place[0][: len(path)] != path}

    def move(self, path: KeyPath, to: KeyPath) -> None:
        """Tell of what stands at `path` when the value at `to` is told of."""
        self.values[to] = self.mark(path)
        if (path, False) in self.remarks:
            self.remarks[to, False] = self.remarks[path, False]

    def behind(self, path: KeyPath, text: str) -> str:
        """Return the comment that stands behind a plain text in its line, with the space between them."""
        mark = self.mark(path)
        line = mark.source.partition("=")[2].lstrip() if mark.line is None else mark.text[mark.column :]
        found = re.match(r"\s+#.*", line[len(text) :]) if line.startswith(text) else None
        return found[0].rstrip() if found else ""

    def raise_problems(self) -> None:
        """Raise all mistakes noted so far as one error, in the order of the file."""
        if self.problems:
            raise refusal(self.problems)

    def _told(self, path: KeyPath, message: str, key: bool) -> tuple[Mark, str]:
        """Return where a message belongs and the message, with what else there is to know of what is wrong."""
        if (path, key) not in self.remarks:
            return self.mark(path, key), message
        mark, words = self.remarks[path, key]
        first, newline, rest = message.partition("\n")
        return mark, message if words in message else f"{first}; {words}{newline}{rest}"


def read(file: Path, overrides: Sequence[str] = ()) -> Document:
    """Read a YAML file and apply overrides `key.path=value`; raise a SpecError for what is not YAML."""
    source = short(file)
    text = text_of(file, source)
    document, locate = Document(source), lines_of(source, text)
    node = compose(text, locate)
    if node is None:
        raise SpecError(f"{source}: is empty; a spec needs at least data, model and train")
    if not isinstance(node, yaml.MappingNode):
        from nnctl.spec.sections import section  # only a mistake needs words
        from nnctl.spec.slips import in_place_of_a_key

        if (found := section(text) or in_place_of_a_key(text)) is not None:
            raise SpecError(locate(found[0]).explain(f"is not YAML: {found[1]}"))
        raise SpecError(f"{source}: is not a spec: expected YAML with keys such as data, model and train at the top")
    document.tree = _Reader(document, text, locate).read(node, ())
    for each in overrides:
        override(document, each)
    return document


def dump(tree: Mapping[str, Any]) -> str:
    """Return YAML text that `read` turns into the same values."""
    return yaml.dump(dict(tree), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def inline(value: Any) -> str:
    """Return YAML text of a value, on one line."""
    text = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=inf, default_flow_style=True)
    return text.removesuffix("...\n").rstrip("\n")


class _Reader:
    """Turns YAML nodes into values, noting marks, look-alikes and repeated keys."""

    def __init__(self, document: Document, text: str, locate: Locate) -> None:
        self.document = document
        self.text = text
        self.locate = locate
        self.misread: dict[Mark, str] = {}  # what makes of the text something else than it seems to be

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the node's value; where the text is not what it seems to be, that alone is told."""
        value = self.value(node, path)
        if self.misread:
            raise refusal(list(self.misread.items()))
        return value

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the node's value; a mapping's keys are the text that is written."""
        self.document.values[path] = self._mark(node)
        kind = node.tag.removeprefix(TAG)
        if isinstance(node, yaml.ScalarNode):
            self._look(node, path, key=False)
            return scalar(kind, node.value)
        result: Any
        if isinstance(node, yaml.SequenceNode):
            result = tuple([self.value(item, (*path, str(index))) for index, item in enumerate(node.value)])
        else:
            result = {}
            for key, item in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    self.misread[self._mark(key)] = (
                        "a key is a word, and here is a list or a mapping; {{ }} is not filled in, brackets want quotes"
                    )
                elif key.value == "<<" and key.style is None:
                    self.misread[self._mark(key)] = "merge keys (<<) are not supported; write the keys out"
                else:
                    name = str(key.value)
                    self._note_key(key, path, name in result)
                    value = self.value(item, (*path, name))
                    result[name] = _joined(result[name], value) if name in result else value
        return result

    def _note_key(self, key: yaml.ScalarNode, path: KeyPath, again: bool) -> None:
        here = (*path, str(key.value))
        first = self.document.keys.get(here)
        self.document.keys[here] = self._mark(key)
        self._look(key, here, key=True)
        if again and first is not None:
            line = "" if first.line is None else f" (first on line {first.line + 1})"
            self.document.report(here, f"{dotted(here)} is there twice{line}; keep one", key=True)

    def _look(self, node: yaml.ScalarNode, path: KeyPath, key: bool) -> None:
        """Note a look-alike or a placeholder, for when a mistake is found there; what nobody means is a mistake."""
        if node.value.isascii():
            if _EXPANDED & set(node.value):
                from nnctl.spec import placeholders  # most specs have none

                if words := placeholders.advice(node.value):
                    self.document.remarks[path, key] = (self._mark(node), words)
            return
        from nnctl.spec import signs  # most specs have no such sign

        start, written = node.start_mark.index, self.text[node.start_mark.index : node.end_mark.index]
        never = None if node.style else signs.never_meant(written)
        if never is not None:
            self.misread[self.locate(start + never)] = signs.words(written[never])
        elif (place := signs.first(written)) is not None:
            self.document.remarks[path, key] = (self.locate(start + place), signs.words(written[place]))

    def _mark(self, node: yaml.Node) -> Mark:
        return self.locate(node.start_mark.index)


def _joined(first: Any, again: Any) -> Any:
    """Return the value of a key that is there twice: what either has, so that nothing in one of them seems missing."""
    if not isinstance(first, dict):
        return again
    if not isinstance(again, dict):
        return first
    return first | {key: _joined(first[key], value) if key in first else value for key, value in again.items()}


def override(document: Document, given: str) -> None:
    """Set one `key.path=value`, or take it out by null; a chosen name on the way (`init: he`) becomes `{name: he}`."""
    from nnctl.spec import signs  # here, for many a command has no override

    mark = Mark(f"-S {given}")
    keys, equals, text = given.partition("=")
    names = tuple(keys.strip().split("."))
    if not equals or not all(names) or len(names) > DEEPEST:
        place = signs.first(given)
        note = "" if place is None else f"; {signs.words(given[place])}"
        raise SpecError(mark.explain(f"expected key.path=value, such as train.learning_rate=0.01{note}"))
    if (place := signs.never_meant(keys)) is not None:
        raise SpecError(mark.explain(signs.words(keys[place])))
    node = compose(text, lambda index: mark)
    document.forget(names)
    value = None if node is None else _Reader(document, text, lambda index: mark).read(node, names)
    if value is None and text.strip():
        if (rest := _without(document.tree, names)) != document.tree:
            document.tree = rest
            return
        document.taken_out.add(names)  # and checked, for it may be misspelt
    for depth in range(1, len(names) + 1):  # what the file does not have is written here
        document.values.setdefault(names[:depth], mark)
        if (place := signs.first(names[depth - 1])) is not None:
            document.remarks[names[:depth], True] = (mark, signs.words(names[depth - 1][place]))
    document.keys[names] = document.values[names] = mark
    document.tree = _with(document.tree, names, value, mark, dotted(names))


def _without(tree: Any, names: KeyPath) -> Any:
    """Return `tree` without the key at `names`, if it is there."""
    name, rest = names[0], names[1:]
    if not isinstance(tree, dict) or name not in tree:
        return tree
    if rest:
        return {**tree, name: _without(tree[name], rest)}
    return {key: value for key, value in tree.items() if key != name}


def _with(tree: Any, names: KeyPath, value: Any, mark: Mark, path: str) -> Any:
    """Return `tree` with the value at `names` replaced; messages call the whole way there `path`."""
    if not names:
        return value
    name, rest = names[0], names[1:]
    if isinstance(tree, tuple):
        if not name.isdecimal() or len(name) > 9 or int(name) >= len(tree):
            raise SpecError(mark.explain(f"{path}: expected a place from 0 to {len(tree) - 1}, got {shown(name)}"))
        index = int(name)
        return (*tree[:index], _with(tree[index], rest, value, mark, path), *tree[index + 1 :])
    if tree is None:
        tree = {}
    elif isinstance(tree, str):
        tree = {"name": tree}
    elif not isinstance(tree, dict):
        raise SpecError(mark.explain(f"{path}: {shown(tree)} has no keys to set"))
    return {**tree, name: _with(tree.get(name), rest, value, mark, path)}
