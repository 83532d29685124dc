"""A document becomes a spec, or every mistake in it is told at once; the files that it names are found here."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from nnctl.data import sets
from nnctl.errors import DataError
from nnctl.nn.losses import losses_of
from nnctl.registry import Choice, nearest
from nnctl.spec.checks import check_data, check_model, check_train, find_file
from nnctl.spec.document import Document, KeyPath
from nnctl.spec.schema import INVALID, build, option_defaults, options
from nnctl.spec.spec import DataSpec, FileSpec, Spec


def parse(document: Document, folders: tuple[Path, ...] = ()) -> Spec:
    """Read a document into a Spec; raise every mistake at once. Data files are looked for in `folders`."""
    tree: dict[str, Any] = dict(document.tree)
    chosen: Any = {}
    given = tree.get("data")
    source = given.get("source") if isinstance(given, Mapping) else None
    meant = source if source in sets.datasets else nearest(str(source), sets.datasets)
    if meant is not None and isinstance(given, Mapping):  # a built-in set's options stand among the keys of data
        keys = [item.name for item in fields(DataSpec) if not item.metadata.get("internal")]
        its = option_defaults(sets.datasets[meant])
        own = {key: value for key, value in given.items() if key in its or key not in keys}
        chosen = options(sets.datasets[meant], own, document, ("data",), keys)
        tree["data"] = {key: value for key, value in given.items() if key not in own}
    spec: Spec = build(Spec, tree, document)
    if spec.data is not INVALID:
        check_data(spec.data, document, source in sets.datasets, folders)
    if spec.model is not INVALID:
        check_model(spec.model, document)
    if spec.train is not INVALID:
        check_train(spec, document)
    document.raise_problems()
    data = replace(_located(spec.data, document, folders), options=chosen)
    train = spec.train
    if train.loss is None:
        train = replace(train, loss=Choice(losses_of(spec.output)[0]))
    if train.shuffle_seed is None:
        train = replace(train, shuffle_seed=spec.seed)
    if train.log_every is None:
        train = replace(train, log_every=1 if train.batch_size else 100)
    name = spec.name or Path(document.source).stem
    return replace(spec, data=data, train=train, name=name, document=document)


def _located(data: DataSpec, document: Document, folders: tuple[Path, ...]) -> DataSpec:
    """Return the data section with the paths of its files made absolute, so that it holds anywhere."""
    changes: dict[str, Any] = {}
    for key in ("source", "train", "validation", "test"):
        place = getattr(data, key)
        if isinstance(place, FileSpec) and place.file is not None:
            changes[key] = replace(place, file=_path(place.file, key, ("data", key, "file"), document, folders))
        elif isinstance(place, str) and not (key == "source" and place in sets.datasets):
            changes[key] = _path(place, key, ("data", key), document, folders)
    return replace(data, **changes)


def _path(written: str, key: str, where: KeyPath, document: Document, folders: tuple[Path, ...]) -> str:
    """Return the absolute path of a data file; raise a DataError where there is none."""
    path = find_file(written, folders)
    if path is not None:
        return str(path)
    part = "train" if key == "source" else key
    places = " nor in ".join(dict.fromkeys(str(folder.resolve()) for folder in folders))
    message = (
        f"data.{key}: there is no file {written}"
        + ("" if Path(written).is_absolute() else f", neither in {places}" if folders else "")
        + f".\n  Expected an HDF5 or NPZ file with features and targets, by names such as {part}_set_x and"
        f" {part}_set_y,\n  X and y, or those that data.features and data.target give"
    )
    raise DataError(document.mark(where).explain(message))
