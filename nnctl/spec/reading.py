"""A document becomes a spec, or every mistake in it is told at once; the files that it names are found here."""

import os
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from nnctl.data import sets
from nnctl.errors import DataError
from nnctl.nn.losses import losses_of
from nnctl.nn.shards import fitting
from nnctl.registry import Choice, nearest
from nnctl.spec.checks import check_data, check_model, check_name, check_train, is_file
from nnctl.spec.document import Document
from nnctl.spec.hints import keys_of
from nnctl.spec.mark import KeyPath, dotted, shown
from nnctl.spec.paths import find_file, missing
from nnctl.spec.schema import INVALID, build, named, option_defaults, options
from nnctl.spec.spec import ARRAYS, DataSpec, FileSpec, Spec


def parse(document: Document, folders: tuple[Path, ...] = ()) -> Spec:
    """Read a document into a Spec; raise every mistake at once. Data files are looked for in `folders`."""
    tree: dict[str, Any] = dict(document.tree)
    chosen: Any = {}
    if isinstance(tree.get("data"), Mapping):
        tree["data"], chosen = _apart(tree["data"], document, folders)
    spec: Spec = build(Spec, tree, document)
    check_name(spec.name, document)
    if spec.data is not INVALID:
        check_data(spec.data, document, spec.data.source in sets.datasets, folders)
    if spec.model is not INVALID:
        check_model(spec.model, document)
    if spec.train is not INVALID:
        check_train(spec, document)
    document.raise_problems()
    seed = chosen.get("seed", spec.data.seed)  # one key for what a set draws and for its shares
    data = replace(_located(spec.data, document, folders), options=chosen, seed=seed)
    train = spec.train
    if train.shuffle_seed is None:
        train = replace(train, shuffle_seed=spec.seed)
    if train.log_every is None:
        train = replace(train, log_every=1 if train.batch_size else 100)
    name = spec.name or Path(document.source).stem
    spec = replace(spec, data=data, train=train, name=name, document=document)
    return spec if spec.is_open else _completed(spec)


def settled(spec: Spec, n0: int) -> Spec:
    """Return a spec whose outputs are known with so many inputs, where it says auto, and all that follows from both."""
    first, *others = spec.model.layer_dims
    spec = replace(spec, model=replace(spec.model, layer_dims=(first or n0, *others)))
    check_model(spec.model, spec.document)
    check_train(spec, spec.document)
    spec.document.raise_problems()
    return _completed(spec)


def _completed(spec: Spec) -> Spec:
    """Return a spec with the defaults that follow from its network."""
    train = spec.train
    if train.loss is None:
        train = replace(train, loss=Choice(losses_of(spec.output)[0]))
    if train.shards is None:
        embed, (first, *others) = spec.model.embed, spec.model.layer_dims
        dims = (first * (1 + embed.options["outputs"]) if embed else first, *others)
        shards = fitting(dims, train.batch_size) if train.batch_size else 1
        train = replace(train, shards=shards)
    return replace(spec, train=train)


def _apart(given: Mapping[str, Any], document: Document, folders: tuple[Path, ...]) -> tuple[dict[str, Any], Any]:
    """Return the keys of data apart from the options of its built-in set, which stand beside source or in it."""
    keys = [item.name for item in fields(DataSpec) if not item.metadata.get("internal")]
    if _is_place(given.get("source")):
        return dict(given), {}
    source, inside = _named(given.get("source"), document)
    data = {**given, "source": source} if "source" in given else dict(given)
    drawn = _drawn(source, folders)
    a_file = is_file(source, folders) if isinstance(source, str) else source is None and "train" in given
    if drawn is None and a_file:
        for key in inside:
            here = ("data", "source", key)
            document.report(here, f"there is no key {dotted(here)}; a file has no options", key=True)
        return data, {}
    if drawn is None:  # the mistake is in source, and which options there are is not yet clear
        return {key: value for key, value in data.items() if key in keys or key not in _all_options()}, {}
    legal = option_defaults(drawn)
    beside = {key: value for key, value in data.items() if key in legal or key not in keys}
    for key in (key for key in inside if key in beside):
        message = f"data.{dotted((key,))} and data.source.{dotted((key,))} are the same option; keep one"
        document.report(("data", "source", key), message, key=True)
    within = options(drawn, {**dict.fromkeys(legal, INVALID), **inside}, document, ("data", "source"))
    chosen = options(drawn, {**{key: INVALID for key in legal if key in inside}, **beside}, document, ("data",), keys)
    data = {key: value for key, value in data.items() if key not in beside}
    if within is INVALID or chosen is INVALID:
        return data, INVALID
    return data, {key: (within if key in inside else chosen)[key] for key in legal}


def _is_place(source: Any) -> bool:
    """Tell whether a source is a mapping that says where in files the examples are, not one of a built-in set."""
    if not isinstance(source, Mapping) or "name" in source or any(key in sets.datasets for key in source):
        return False
    keys = keys_of(FileSpec)
    legal = ["name", *keys, *_all_options()]
    return any(key in source for key in keys) or any(nearest(key, legal) in keys for key in source)


def _all_options() -> set[str]:
    """Return the options of all built-in sets."""
    return {key for entry in sets.datasets.values() for key in option_defaults(entry)}


def _named(source: Any, document: Document) -> tuple[Any, dict[str, Any]]:
    """Return the name of a source and the options written with it, as in {name: circles, m: 200}."""
    if not isinstance(source, Mapping):
        return source, {}
    name, inside = named(source, sets.datasets, document, ("data", "source"))
    document.move(("data", "source", "name"), ("data", "source"))
    if isinstance(name, Mapping):
        document.report(("data", "source"), f"data.source.name must be text, got {shown(name)}")
        name = INVALID
    return name, inside


def _drawn(source: Any, folders: tuple[Path, ...]) -> Callable[..., Any] | None:
    """Return the built-in set that a source names, or is meant to name, or None."""
    if not isinstance(source, str):
        return None
    if source not in sets.datasets and is_file(source, folders):
        return None
    name = source if source in sets.datasets else nearest(source, sets.datasets)
    return None if name is None else sets.datasets[name]


def _located(data: DataSpec, document: Document, folders: tuple[Path, ...]) -> DataSpec:
    """Return the data section with the paths of its files made absolute, so that it holds anywhere."""
    changes: dict[str, Any] = {}
    for key in ("source", "train", "validation", "test"):
        place = getattr(data, key)
        part = "train" if key == "source" else key
        expected = (
            f"an HDF5 or NPZ file with features and targets, by names such as {part}_set_x and {part}_set_y,\n"
            "  X and y, or those that data.features and data.target give; or a folder of pictures, or a table (CSV,"
            "\n  TSV, JSON lines)"
        )
        if isinstance(place, FileSpec):
            found: dict[str, Any] = {}
            if place.file is not None:
                found["file"] = _path(place.file, ("data", key, "file"), expected, document, folders)
            for what in ARRAYS:
                if array := place.apart(what):
                    inner = () if isinstance(getattr(place, what), str) else ("file",)
                    expected = f"an NPY, NPZ or HDF5 file of the {what} alone"
                    path = _path(array.file, ("data", key, what, *inner), expected, document, folders)
                    found[what] = replace(array, file=path)
            changes[key] = replace(place, **found)
        elif isinstance(place, str) and not (key == "source" and place in sets.datasets):
            changes[key] = _path(place, ("data", key), expected, document, folders)
    cache = None if data.cache is None else os.path.abspath(os.path.expanduser(data.cache))
    return replace(data, cache=cache, **changes)


def _path(written: str, where: KeyPath, expected: str, document: Document, folders: tuple[Path, ...]) -> str:
    """Return the absolute path of a data file; raise a DataError where there is none."""
    path = find_file(written, folders)
    if path is not None:
        return str(path)
    place = dotted(where[:-1] if where[-1] == "file" else where)
    message = f"{place}: there is no file {missing(written, folders, document.behind(where, written))}"
    raise DataError(document.explain(where, f"{message}\n  Expected {expected}"))
