"""A schema is a signature: annotations are the types and ranges of YAML values, defaults are the defaults.

`build` reads a mapping into the arguments of a dataclass, `options` into those of a registered function;
both note every mistake in the document and go on, so that all are told at once.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from nnctl.registry import Choice, Interval, Registry, listed, nearest, offered, suggestion
from nnctl.spec.document import Document
from nnctl.spec.mark import KeyPath, dotted, shown

INVALID: Any = object()  # stands for a value whose mistake has been noted


def build(cls: type, tree: Any, document: Document, path: KeyPath = ()) -> Any:
    """Return the dataclass with INVALID in each field that `tree` has wrong, or INVALID where it is no mapping."""
    if not isinstance(tree, Mapping):
        from nnctl.spec.slips import in_place_of_a_key  # only a mistake needs words

        slip = in_place_of_a_key(tree) if isinstance(tree, str) else None
        note = f"; {slip[1]}" if slip else ""
        document.report(path, f"{dotted(path)} must hold keys ({listed(_keys(cls))}), got {shown(tree)}{note}")
        return INVALID
    hints = get_type_hints(cls, include_extras=True)
    tree = _known(tree, _keys(cls), document, path)
    values = {
        key.name: _argument(key.name, hints[key.name], key.default, tree, document, path)
        for key in fields(cls)
        if key.name in _keys(cls)
    }
    return cls(**values)


def options(
    function: Callable[..., Any],
    tree: Mapping[str, Any],
    document: Document,
    path: KeyPath,
    beside: Sequence[str] = (),
) -> Any:
    """Return all keyword-only arguments of a registered function, given or default, or INVALID.

    `beside` are other keys that are legal at the same place, for suggestions.
    """
    hints = get_type_hints(function, include_extras=True)
    legal = option_defaults(function)
    before = len(document.problems)
    tree = _known(tree, [*legal, *beside], document, path)
    given = {name: _argument(name, hints[name], legal[name], tree, document, path) for name in legal}
    return INVALID if len(document.problems) > before else given


def option_defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of a registered function with their defaults (MISSING where there is none)."""
    return {
        name: MISSING if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def _argument(name: str, hint: Any, default: Any, tree: Any, document: Document, path: KeyPath) -> Any:
    if name in tree:
        return _value(hint, tree[name], document, (*path, name))
    if default is MISSING:
        document.report(path, f"{dotted((*path, name))} is missing{_wanted(hint)}", key=True)
        return INVALID
    if isinstance(default, Choice):  # its options have defaults of their own
        return _value(hint, default.name, document, (*path, name))
    return default


def _known(tree: Mapping[str, Any], legal: list[str], document: Document, path: KeyPath) -> Mapping[str, Any]:
    """Report the keys that are not legal, and return the tree with INVALID for each key that they were meant as."""
    meant: dict[str, Any] = {}
    for key in (key for key in tree if key not in legal):
        here = (*path, key)
        near = _near(key, legal)
        meant |= {near: INVALID} if near else {}
        document.report(here, f"there is no key {dotted(here)}{_instead(key, near, legal, path)}", key=True)
    return {**meant, **tree}


def _instead(key: str, near: str | None, legal: list[str], path: KeyPath) -> str:
    """Return what to write in place of a key that is not legal, as the end of a message."""
    from nnctl.spec.slips import in_place_of_a_key  # only a mistake needs words

    if near and key.startswith(f"{near}."):
        return f"; dots are for -S: write {near}: and the rest below it"
    if (slip := in_place_of_a_key(key)) is not None:
        return f"; {slip[1]}"
    return offered(near, legal) if legal else f" ({dotted(path)} has no options)"


def _near(key: str, legal: Iterable[str]) -> str | None:
    """Return the key that was meant, also with its value (`m:200`) or what is below it (`train.l2`) stuck to it."""
    from nnctl.spec import signs  # only a mistake needs it

    return nearest(re.split("[:=.]", signs.plain(key))[0].strip(), legal)


def _value(hint: Any, value: Any, document: Document, path: KeyPath) -> Any:
    """Return `value` as the type that `hint` asks for, or INVALID after noting what is wrong."""
    if value is INVALID:
        return INVALID
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and NoneType in members:
        return None
    for member in members:
        if registry := _registry(member):
            return _choice(registry, value, document, path)
        one = isinstance(value, Mapping) or set(members) <= {member, NoneType}
        if is_dataclass(member) and isinstance(member, type) and one:
            return build(member, value, document, path)
        if _is_a(member, value):
            converted = _converted(member, value, document, path)
            complaint = None if converted is INVALID else _out_of_range(member, value)
            if complaint is None:
                return converted
            break
    else:
        complaint = f"must be {' or '.join(_described(member) for member in members)}"
    document.report(path, f"{dotted(path)} {complaint}, got {shown(value)}{_advice(members, value)}")
    return INVALID


def _advice(members: Sequence[Any], value: Any) -> str:
    """Return what to do about a value of another kind, where that is sure, as the end of a message."""
    if set(members) <= {str, NoneType} and isinstance(value, int | float):
        return "; put it in quotes"
    if isinstance(value, str) and NoneType in members and value.lower() in ("none", "nil", "nul"):
        return "; write null"
    from nnctl.spec import numerals  # only a mistake needs words

    numbers = {_plain(member) for member in members} & {int, float}
    return numerals.advice(value, whole=float not in numbers) if isinstance(value, str) and numbers else ""


def _converted(hint: Any, value: Any, document: Document, path: KeyPath) -> Any:
    if _plain(hint) in (int, float):
        return _plain(hint)(value)
    if _plain(hint) is tuple:
        items = [_value(_item(hint), item, document, (*path, str(i))) for i, item in enumerate(value)]
        return INVALID if any(item is INVALID for item in items) else tuple(items)
    if _plain(hint) is Mapping:
        pairs = {key: _value(get_args(hint)[1], item, document, (*path, key)) for key, item in value.items()}
        return INVALID if any(item is INVALID for item in pairs.values()) else pairs
    return value


def _choice(registry: Registry[Any], value: Any, document: Document, path: KeyPath) -> Any:
    """Read `he` or `{name: random, scale: 10}` as a Choice from a registry."""
    name = value
    given: Mapping[str, Any] = {}
    if isinstance(value, Mapping):
        name, given = named(value, registry, document, path)
        if name is INVALID:
            return INVALID
    if not isinstance(name, str):
        document.report(path, f"{dotted(path)} must be the name of one {registry.kind}, got {shown(name)}")
        return INVALID
    if name not in registry:
        where = (*path, "name") if isinstance(value, Mapping) else path
        document.report(where, f"{dotted(path)}: there is no {registry.kind} {shown(name)}{suggestion(name, registry)}")
        return INVALID
    chosen = options(registry[name], given, document, path)
    return INVALID if chosen is INVALID else Choice(name, chosen)


def named(
    value: Mapping[str, Any], registry: Registry[Any], document: Document, path: KeyPath
) -> tuple[Any, dict[str, Any]]:
    """Return what `{name: random, scale: 10}` has under `name`, or INVALID after noting what is wrong, and the rest."""
    rest = {key: item for key, item in value.items() if key != "name"}
    if "name" in value:
        return value["name"], rest
    misspelt = next((key for key in rest if _near(key, ["name"])), None)
    if misspelt is None:
        document.report(path, f"{dotted(path)} is missing its name, such as {{name: {next(iter(registry))}}}")
    else:
        _known({misspelt: None}, ["name"], document, path)
    return INVALID, rest


def _registry(hint: Any) -> Registry[Any] | None:
    """Return the registry that `Annotated[Choice, registry]` names."""
    extras = getattr(hint, "__metadata__", ())
    return next((extra for extra in extras if isinstance(extra, Registry)), None)


def _is_a(hint: Any, value: Any) -> bool:
    """Tell whether a plain value has the type: a whole number is a number, true is not."""
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    kind = _plain(hint)
    if isinstance(value, bool):
        return kind is bool
    if kind is int and isinstance(value, float):  # 1e3 is a whole number to whoever writes it
        return value.is_integer()
    return isinstance(value, (int, float) if kind is float else kind)


def _out_of_range(hint: Any, value: Any) -> str | None:
    """Say which bound a number breaks, or None."""
    if _plain(hint) is float and not math.isfinite(value):
        return "must be finite"
    intervals = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Interval)]
    size = len(value) if isinstance(value, tuple) else value
    complaints = (interval.complaint(size) for interval in intervals)
    return next((f"{c} long" if isinstance(value, tuple) else c for c in complaints if c), None)


def _plain(hint: Any) -> Any:
    """Return int, float, str, bool, tuple, Mapping or NoneType for a hint."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_origin(inner) or inner


def _item(hint: Any) -> Any:
    """Return the type of a list's items."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_args(inner)[0]


def _described(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_described(member) for member in get_args(hint))
    if registry := _registry(hint):
        return f"one of {listed(registry)}"
    if _plain(hint) is tuple:
        return "a list, such as [2, 10, 1]" if _plain(_item(hint)) is int else "a list"
    if is_dataclass(hint) and isinstance(hint, type):
        return f"keys ({', '.join(_keys(hint))})"
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}
    return names.get(_plain(hint), "a mapping of keys to values")


def _wanted(hint: Any) -> str:
    if isinstance(hint, type) and is_dataclass(hint):
        return f"; it holds {listed(_keys(hint))}"
    return f"; it is {_described(hint)}"


def _keys(cls: type) -> list[str]:
    return [spec.name for spec in fields(cls) if not spec.metadata.get("internal")]
