"""Every key of a spec, written as every kind of value: it is read, or the mistake is explained and is that key's alone.

The keys are those of the schema, with the options of everything that is registered, so a new one is tried by itself.
"""

from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest

from nnctl import threads
from nnctl.data.sets import datasets
from nnctl.errors import NnctlError
from nnctl.registry import Registry
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.spec.schema import option_defaults
from nnctl.spec.spec import Spec

KINDS = (
    "null", "true", "7", "0", "-3", "9" * 400, "9" * 299, "0.5", "-1e300", ".nan", ".inf", "abc", "''", "'a\\0b'", "[]",
    "[1, a]", "[[[1]]]", "[{b: [2]}]", "{}", "{a: 1}", "{name: abc}", "{name: [{a: 1}]}", "{a: {b: [c]}}", "{1: 2}",
    "{? [1] : 2}", '"a\\0b"', '"\\ud83d"',
)  # fmt: skip
SMALLEST: dict[str, Any] = {
    "data": {"source": "circles"},
    "model": {"layer_dims": (2, 4, 1), "activations": ("relu", "sigmoid")},
    "train": {"learning_rate": 0.01, "iterations": 5},
}
HERE = "the value under test"


def _members(hint):
    """Yield the types that a key may have, with those inside of lists."""
    if get_origin(hint) in (Union, UnionType):
        for member in get_args(hint):
            yield from _members(member)
    else:
        yield hint


def _inside(hint, path):
    """Yield the paths inside a value of this type, each with what stands around it there."""
    for member in _members(hint):
        extras = getattr(member, "__metadata__", ())
        registry = next((extra for extra in extras if isinstance(extra, Registry)), None)
        plain = get_args(member)[0] if get_origin(member) is Annotated else member
        if registry is not None:
            for name, entry in registry.items():
                for option in option_defaults(entry):
                    yield (*path, option), {"name": name}
        elif isinstance(member, type) and is_dataclass(member):
            yield from _keys(member, path)
        elif get_origin(plain) is tuple:
            yield (*path, "0"), None
            yield from _inside(get_args(plain)[0], (*path, "0"))


def _keys(cls, path=()):
    """Yield the path of every key of a section and of all inside it."""
    hints = get_type_hints(cls, include_extras=True)
    for key in (item for item in fields(cls) if not item.metadata.get("internal")):
        yield (*path, key.name), None
        yield from _inside(hints[key.name], (*path, key.name))


def _set_options():
    for name, entry in datasets.items():
        for option in option_defaults(entry):
            yield ("data", option), {"source": name}
            yield ("data", "source", option), {"name": name}


PLACES = [*_keys(Spec), *_set_options()]


def _with(tree, path, around):
    """Return the tree with HERE at a path, in a mapping that holds `around`."""
    if not path:
        return HERE
    name, rest = path[0], path[1:]
    if name == "0":
        first, others = (tree[0], tree[1:]) if isinstance(tree, tuple) and tree else (None, ())
        return (_with(first, rest, around), *others)
    inner = dict(tree) if isinstance(tree, dict) else {}
    return {**inner, **(around if around and not rest else {}), name: _with(inner.get(name), rest, around)}


def _read(file, text, *overrides):
    """Return the messages of what is wrong, each with its mark."""
    file.write_text(text, encoding="utf-8")
    written = None
    try:
        written = document.read(file, overrides)
        spec = parse(written, (file.parent,))
    except NnctlError:
        return [message for _, message in written.problems] if written else []
    written = document.read(file, overrides)
    file.write_text(document.dump(spec.resolved()), encoding="utf-8")
    assert parse(document.read(file), (file.parent,)) == spec  # what is read once is read again
    return []


@pytest.mark.parametrize(
    ("path", "around"), PLACES, ids=lambda value: ".".join(value) if isinstance(value, tuple) else str(value)
)
def test_every_kind_of_value_is_read_or_explained(tmp_path, path, around):
    template = document.dump(_with(SMALLEST, path, around))
    assert template.count(HERE) == 1
    for kind in KINDS:
        told = _read(tmp_path / "spec.yaml", template.replace(HERE, kind))
        names = [".".join(path[:depth]) for depth in range(len(path), 0, -1)]
        near = names[: max(2, len(path) - 1)]  # the key itself, and what is around it below the section
        assert all(any(name in message for name in near) or "file or built-in" in message for message in told), told


@pytest.mark.parametrize("path", [path for path, around in PLACES if around is None], ids=".".join)
def test_so_it_is_on_the_command_line(tmp_path, path):
    for kind in KINDS:
        _read(tmp_path / "spec.yaml", document.dump(SMALLEST), f"{'.'.join(path)}={kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_used_before_they_are_checked(tmp_path, monkeypatch, kind):
    file = tmp_path / "spec.yaml"
    file.write_text(f"train: {{threads: {kind}, dtype: {kind}}}\n", encoding="utf-8")
    for module in (*threads.THREADS, threads.KERNEL):
        monkeypatch.delenv(module, raising=False)
    monkeypatch.delitem(threads.sys.modules, "numpy")
    try:
        written = document.read(file)
    except NnctlError:
        return
    threads.configure(written.setting("train", "threads"), dtype=written.setting("train", "dtype"))
    assert {threads.os.environ[name] for name in threads.THREADS} == {"7" if kind == "7" else str(threads.cores())}
