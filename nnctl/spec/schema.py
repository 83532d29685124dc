"""A schema is a signature: annotations are the types and ranges of YAML values, defaults are the defaults.

`build` reads a mapping into the arguments of a dataclass, `options` into those of a registered function;
both note every mistake in the document and go on, so that all are told at once.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from nnctl.errors import SpecError
from nnctl.registry import AUTO, LEGAL_AUTO, Choice, Registry, listed, nearest, offered, suggestion
from nnctl.spec.document import Document
from nnctl.spec.hints import described, is_a, item_of, keys_of, out_of_range, plain, registry_of, wanted
from nnctl.spec.mark import KeyPath, dotted, shown

INVALID: Any = object()  # stands for a value whose mistake has been noted


def build(cls: type, tree: Any, document: Document, path: KeyPath = ()) -> Any:
    """Return the dataclass with INVALID in each field that `tree` has wrong, or INVALID where it is no mapping."""
    if not isinstance(tree, Mapping):
        from nnctl.spec.slips import in_place_of_a_key  # only a mistake needs words

        slip = in_place_of_a_key(tree) if isinstance(tree, str) else None
        note = f"; {slip[1]}" if slip else ""
        document.report(path, f"{dotted(path)} must hold keys ({listed(keys_of(cls))}), got {shown(tree)}{note}")
        return INVALID
    hints = get_type_hints(cls, include_extras=True)
    tree = _known(tree, keys_of(cls), document, path)
    values = {
        key.name: _argument(key.name, hints[key.name], key.default, tree, document, path)
        for key in fields(cls)
        if key.name in keys_of(cls)
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
    tree = _known(tree, list(dict.fromkeys([*legal, *beside])), document, path)
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
    if name in tree and (*path, name) not in document.taken_out:
        return _value(hint, tree[name], document, (*path, name))
    if default is MISSING:
        document.report(path, f"{dotted((*path, name))} is missing{wanted(hint)}", key=True)
        return INVALID
    if isinstance(default, Choice):  # its options have defaults of their own
        return _value(hint, default.name, document, (*path, name))
    return default


def _known(tree: Mapping[str, Any], legal: list[str], document: Document, path: KeyPath) -> Mapping[str, Any]:
    """Report the keys that are not legal, and return the tree with INVALID for each key that they were meant as."""
    meant: dict[str, Any] = {}
    for key in (key for key in tree if key not in legal):
        here = (*path, key)
        near, hint = _instead(key, legal, path)
        meant |= {near: INVALID} if near else {}
        document.report(here, f"there is no key {dotted(here)}{hint}", key=True)
    return {**meant, **tree}


def _instead(key: str, legal: list[str], path: KeyPath) -> tuple[str | None, str]:
    """Return the key that one that is not legal was meant as, and what to write, as the end of a message."""
    from nnctl import synonyms  # only a mistake needs words
    from nnctl.spec.elsewhere import belongs
    from nnctl.spec.slips import in_place_of_a_key

    word, none = _word(key), "" if legal else f" ({dotted(path)} has no options)"
    if word not in legal and not synonyms.meant(word, legal) and (place := belongs(word, path)):
        return None, none + place
    near = nearest(word, legal)
    if near and key.startswith(f"{near}."):
        return near, f"; dots are for -S: write {near}: and the rest below it"
    if (slip := in_place_of_a_key(key)) is not None:
        return near, f"; {slip[1]}"
    return near, none or offered(word, near, legal)


def _word(key: str) -> str:
    """Return a key without its value (`m:200`) or what is below it (`train.l2`), should they be stuck to it."""
    from nnctl.spec import signs  # only a mistake needs it

    return re.split("[:=.]", signs.plain(key))[0].strip()


def _value(hint: Any, value: Any, document: Document, path: KeyPath) -> Any:
    """Return `value` as the type that `hint` asks for, or INVALID after noting what is wrong."""
    if value is INVALID:
        return INVALID
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and NoneType in members:
        return None
    if value == LEGAL_AUTO and LEGAL_AUTO in getattr(hint, "__metadata__", ()):
        return AUTO if registry_of(hint) is None else Choice(LEGAL_AUTO)
    for member in members:
        if registry := registry_of(member):
            return _choice(registry, value, document, path)
        one = isinstance(value, Mapping) or set(members) <= {member, NoneType}
        if is_dataclass(member) and isinstance(member, type) and one:
            return build(member, value, document, path)
        if is_a(member, value):
            converted = _converted(member, value, document, path)
            complaint = None if converted is INVALID else out_of_range(member, value)
            if complaint is None:
                return converted
            break
    else:
        complaint = f"must be {' or '.join(described(member) for member in members)}"
    document.report(path, f"{dotted(path)} {complaint}, got {shown(value)}{_advice(members, value)}")
    return INVALID


def _advice(members: Sequence[Any], value: Any) -> str:
    """Return what to do about a value of another kind, where that is sure, as the end of a message."""
    if set(members) <= {str, NoneType} and isinstance(value, int | float):
        return "; put it in quotes"
    if isinstance(value, str) and NoneType in members and value.lower() in ("none", "nil", "nul"):
        return "; write null"
    from nnctl.spec import numerals  # only a mistake needs words

    numbers = {plain(member) for member in members} & {int, float}
    return numerals.advice(value, whole=float not in numbers) if isinstance(value, str) and numbers else ""


def _converted(hint: Any, value: Any, document: Document, path: KeyPath) -> Any:
    if plain(hint) in (int, float):
        return plain(hint)(value)
    if plain(hint) is tuple:
        items = [_value(item_of(hint), item, document, (*path, str(i))) for i, item in enumerate(value)]
        return INVALID if any(item is INVALID for item in items) else tuple(items)
    if plain(hint) is Mapping:
        given = {key: item for key, item in value.items() if (*path, key) not in document.taken_out}
        pairs = {key: _value(get_args(hint)[1], item, document, (*path, key)) for key, item in given.items()}
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
    if isinstance(value, str) and ":" in name and name.partition(":")[0] in registry:
        try:
            name, given = name.partition(":")[0], spelled_out(name, registry)
        except SpecError as error:
            document.report(path, f"{dotted(path)}: {error}")
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
    if len(rest) == 1 and (name := next(iter(rest))) in registry:
        try:
            return name, _options_below(name, rest[name], registry, document, path)
        except SpecError as error:
            document.report((*path, name), f"{dotted(path)}: {error}")
            return INVALID, {}
    misspelt = next((key for key in rest if nearest(_word(key), ["name"])), None)
    if misspelt is None:
        such = next((key for key in rest if key in registry), next(iter(registry)))
        document.report(path, f"{dotted(path)} is missing its name, such as {{name: {such}}}")
    else:
        _known({misspelt: None}, ["name"], document, path)
    return INVALID, rest


def _options_below(name: str, given: Any, registry: Registry[Any], document: Document, path: KeyPath) -> dict[str, Any]:
    """Return the options of `{random: {scale: 10}}` or, where there is one option only, of `{random: 10}`."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        option = _only_option(name, registry)
        document.move((*path, name), (*path, option))
        return {option: given}
    for key in given:
        document.move((*path, name, key), (*path, key))
    return dict(given)


def spelled_out(text: str, registry: Registry[Any]) -> dict[str, Any]:
    """Return the options of `random:0.01` or `random:scale=0.01`; raise a SpecError where they are none."""
    name, _, given = text.partition(":")
    found: dict[str, Any] = {}
    for item in given.split(","):
        key, equals, value = item.rpartition("=")
        key = key.strip() if equals else _only_option(name, registry)
        if key in found:
            raise SpecError(f"{key} is there twice; keep one")
        try:
            found[key] = float(value)
        except ValueError:
            raise SpecError(f"expected a number after {name}:, got {value!r}") from None
    return found


def _only_option(name: str, registry: Registry[Any]) -> str:
    """Return the one option of a registered thing; raise a SpecError where it has none or several."""
    legal = list(option_defaults(registry[name]))
    if not legal:
        raise SpecError(f"{name} takes no value, for it has no options")
    if len(legal) > 1:
        raise SpecError(f"{name} has several options; say which of {', '.join(legal)} has this value")
    return legal[0]
