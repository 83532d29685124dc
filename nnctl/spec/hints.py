"""A hint is the annotation of a key: which values it may have, and how a message describes them."""

import math
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nnctl.registry import Interval, Registry, listed


def registry_of(hint: Any) -> Registry[Any] | None:
    """Return the registry that `Annotated[Choice, registry]` names."""
    extras = getattr(hint, "__metadata__", ())
    return next((extra for extra in extras if isinstance(extra, Registry)), None)


def is_a(hint: Any, value: Any) -> bool:
    """Tell whether a plain value has the type: a whole number is a number, true is not."""
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    kind = plain(hint)
    if isinstance(value, bool):
        return kind is bool
    if kind is int and isinstance(value, float):  # 1e3 is a whole number to whoever writes it
        return value.is_integer()
    return isinstance(value, (int, float) if kind is float else kind)


def out_of_range(hint: Any, value: Any) -> str | None:
    """Say which bound a number breaks, or None."""
    if plain(hint) is float and not math.isfinite(value):
        return "must be finite"
    intervals = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Interval)]
    size = len(value) if isinstance(value, tuple) else value
    complaints = (interval.complaint(size) for interval in intervals)
    return next((f"{c} long" if isinstance(value, tuple) else c for c in complaints if c), None)


def plain(hint: Any) -> Any:
    """Return int, float, str, bool, tuple, Mapping or NoneType for a hint."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_origin(inner) or inner


def item_of(hint: Any) -> Any:
    """Return the type of a list's items."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_args(inner)[0]


def described(hint: Any) -> str:
    """Return what a value must be, for a message."""
    if get_origin(hint) is Literal:
        return " or ".join(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(described(member) for member in get_args(hint))
    if registry := registry_of(hint):
        return f"one of {listed(registry)}"
    if plain(hint) is tuple:
        lengths = [extra.ge for extra in getattr(hint, "__metadata__", ()) if extra.ge == extra.le]
        if lengths:
            return f"a list of {lengths[0]} whole numbers"
        return "a list, such as [2, 10, 1]" if plain(item_of(hint)) is int else "a list"
    if is_dataclass(hint) and isinstance(hint, type):
        return f"keys ({', '.join(keys_of(hint))})"
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}
    return names.get(plain(hint), "a mapping of keys to values")


def wanted(hint: Any) -> str:
    """Return what a missing key is or holds, as the end of a message."""
    if isinstance(hint, type) and is_dataclass(hint):
        return f"; it holds {listed(keys_of(hint))}"
    return f"; it is {described(hint)}"


def keys_of(cls: type) -> list[str]:
    """Return the keys of a section."""
    return [spec.name for spec in fields(cls) if not spec.metadata.get("internal")]
