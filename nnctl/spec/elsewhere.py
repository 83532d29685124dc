"""A key may be right in another place: below another section, or as an option of another optimizer or built-in set."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from nnctl import synonyms
from nnctl.data import sets
from nnctl.nn.activations import activations
from nnctl.nn.initializers import initializers
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.registry import Registry, listed
from nnctl.spec.mark import KeyPath
from nnctl.spec.spec import DataSpec, ModelSpec, Spec, TrainSpec

_SECTIONS: dict[KeyPath, type] = {(): Spec, ("data",): DataSpec, ("model",): ModelSpec, ("train",): TrainSpec}
_CHOICES: dict[KeyPath, Registry[Any]] = {
    ("data", "source"): sets.datasets,
    ("model", "activations"): activations,
    ("model", "init"): initializers,
    ("train", "optimizer"): optimizers,
    ("train", "schedule"): schedules,
}


def belongs(key: str, path: KeyPath) -> str:
    """Return where a key that is not legal at `path` has its place, as the end of a message, or nothing."""
    return next((told for name in (key, *synonyms.names(key)) if (told := _option(name, path) or _key(name, path))), "")


def _option(name: str, path: KeyPath) -> str:
    """Say which optimizers, built-in sets and so on have an option, or that one of them is called so."""
    for place, registry in _CHOICES.items():
        if path and place[: len(path)] == path[:2]:
            owners = [entry for entry in registry if _takes(registry[entry], name)]
            if owners:
                written = f"; write {place[1]}: {{name: {owners[0]}, {name}: ...}}" if path == ("train",) else ""
                return f"; {name} is an option of {listed(owners)}{written}"
            if name in registry and path == place[:1]:
                return f"; {name} is one {registry.kind}; write {place[1]}: {name}"
    return ""


def _takes(entry: Callable[..., Any], name: str) -> bool:
    parameter = inspect.signature(entry).parameters.get(name)
    return parameter is not None and parameter.kind is parameter.KEYWORD_ONLY


def _key(name: str, path: KeyPath) -> str:
    for place, section in _SECTIONS.items():
        if place != path and any(item.name == name and not item.metadata.get("internal") for item in fields(section)):
            return f"; {name} belongs below {place[0]}:" if place else f"; {name} belongs to the top of the spec"
    return ""
