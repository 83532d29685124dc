"""A commented spec is the text of a YAML file in which a comment says what each line is for, as in the shipped ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnctl.spec.document import inline

PLACE = 39  # of the comments behind the lines


@dataclass(frozen=True)
class Key:
    """A key with its value and what it is for; a list may stand below it, with a comment for each of its items."""

    name: str
    value: Any
    why: str
    each: tuple[str, ...] = ()

    def lines(self, indent: str) -> list[str]:
        """Return the lines of the key."""
        if not self.each:
            return [_beside(f"{indent}{self.name}: {inline(self.value)}", self.why)]
        items = zip(self.value, self.each, strict=True)
        return [
            _beside(f"{indent}{self.name}:", self.why),
            *(_beside(f"{indent}  - {inline(item)}", why) for item, why in items),
        ]


@dataclass(frozen=True)
class Section:
    """A section of a spec with its keys, and comments that stand below them; the one without a name is the top."""

    name: str
    keys: Sequence[Key]
    below: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return the lines of the section."""
        indent = "  " if self.name else ""
        lines = [line for key in self.keys for line in key.lines(indent)]
        return [*([f"{self.name}:"] if self.name else []), *lines, *(_comment(text, indent) for text in self.below)]


def tree_of(sections: Sequence[Section]) -> dict[str, Any]:
    """Return the plain values of a spec, as they are read from its text."""
    tree: dict[str, Any] = {}
    for section in sections:
        values: Mapping[str, Any] = {key.name: key.value for key in section.keys}
        tree |= {section.name: values} if section.name else values
    return tree


def text_of(head: Sequence[str], sections: Sequence[Section]) -> str:
    """Return the text of a spec below comments at its head."""
    blocks = [[_comment(line) for line in head], *(section.lines() for section in sections)]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _beside(line: str, why: str) -> str:
    return f"{line:{PLACE - 2}}  {_comment(why)}" if why else line


def _comment(text: str, indent: str = "") -> str:
    """Return text as a comment, which ends with its line."""
    return f"{indent}# " + "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
