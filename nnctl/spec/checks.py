"""Checks of a spec across its keys: what each key alone cannot show. Every mistake is noted in the document."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnctl.data import sets
from nnctl.nn.losses import losses, losses_of
from nnctl.registry import AUTO, LEGAL_AUTO, suggestion
from nnctl.spec.document import Document
from nnctl.spec.mark import KeyPath, dotted, shown
from nnctl.spec.paths import advice, find_file
from nnctl.spec.schema import INVALID
from nnctl.spec.spec import ARRAYS, AS_IT_STANDS, SEPARATOR, DataSpec, FileSpec, ModelSpec, Spec, is_array_file

FILE_KEYS = ("features", "target", "classes", "group", "order")
WITHOUT_PICTURES = (".npy", ".npz", ".csv", ".tsv", ".tab", ".txt", ".data", ".jsonl", ".ndjson", ".parquet", ".gz")
FOLDER_KEYS = ("size", "color", "skip_unreadable")


def check_name(name: Any, document: Document) -> None:
    if isinstance(name, str) and re.search(r"\$[{(]|\{\{", name):
        document.report(("name",), f"name is taken letter by letter, {shown(name)}")


def check_data(data: DataSpec, document: Document, built_in: bool, folders: tuple[Path, ...]) -> None:
    misplaced = next((what for what in ARRAYS if is_array_file(getattr(data, what)) and not built_in), None)
    if misplaced:
        document.report(
            ("data", misplaced),
            f"data.{misplaced} names a dataset inside the file of the training part, and this is a file;"
            " for files of their own write data.source: {features: X.npy, target: y.npy}",
        )
    elif data.source is None and data.train is None:
        names = ", ".join(sets.datasets)
        document.report(
            ("data",), f"data needs source: one of {names}, a file or a folder of pictures; or train: a file", key=True
        )
    if data.source not in (None, INVALID) and data.train not in (None, INVALID):
        document.report(("data", "train"), "data.train and data.source are both there; keep one", key=True)
    main, training = ("train", data.train) if data.source is None else ("source", data.source)
    for what in ARRAYS if isinstance(training, FileSpec) else ():
        if None not in (getattr(training, what), getattr(data, what)):
            message = f"data.{what} and data.{main}.{what} are both there; keep one"
            document.report(("data", what), message, key=True)
    for key in (main, "validation", "test"):
        place = getattr(data, key)
        if not isinstance(place, FileSpec) or place.file is not None or INVALID in (place.features, place.target):
            continue
        shared = place is not training and not built_in  # the training part's file, if that is in one
        shared = shared and not (isinstance(training, FileSpec) and training.file is None)
        if lacking := _lacking(place, f"data.{key}", shared):
            document.report(("data", key), lacking, key=True)
    if isinstance(data.source, str) and not built_in and not is_file(data.source, folders):
        behind = document.behind(("data", "source"), data.source)
        hint = advice(data.source, folders, behind) or suggestion(data.source, sets.datasets)
        document.report(("data", "source"), f"there is no file or built-in set {shown(data.source)}{hint}")
    if data.background is not INVALID and not is_colour(data.background):
        document.report(
            ("data", "background"),
            f'data.background must be a colour such as white or "#ffcc00", got {data.background!r}',
        )
    if data.columns not in (None, INVALID):
        _check_kinds(data.columns, document)
    _check_scale(data.scale, document)
    _check_split(data, document)
    _check_fold(data, document)
    if data.separator not in (None, INVALID) and not re.fullmatch(SEPARATOR, data.separator):
        document.report(
            ("data", "separator"),
            f"data.separator must be one sign, no space and no quote, such as ; or a tab, got {data.separator!r}",
        )
    if built_in:
        for key in FILE_KEYS:
            if getattr(data, key) not in (None, INVALID) and (key, data.order) != ("order", AS_IT_STANDS):
                document.report(
                    ("data", key),
                    f"data.{key} names a dataset in a file; {data.source} is built in",
                    key=True,
                )
    _check_folders(data, document, built_in, folders)


def _check_kinds(columns: Mapping[str, str], document: Document) -> None:
    from nnctl.data.kinds import kinds  # only where some are named

    for name, kind in columns.items():
        if kind not in kinds:
            where = ("data", "columns", name)
            document.report(where, f"data.columns.{name}: there is no {kinds.kind} {kind!r}{suggestion(kind, kinds)}")


def _check_scale(scale: Any, document: Document) -> None:
    ways: dict[KeyPath, Any] = {("data", "scale"): scale}
    if isinstance(scale, Mapping):
        ways = {("data", "scale", name): way for name, way in scale.items()}
    names = {where: way for where, way in ways.items() if isinstance(way, str)}
    if not names:
        return
    from nnctl.data.scaling import scalings  # only where some are named

    for where, way in names.items():
        if way not in scalings:
            document.report(
                where, f"{dotted(where)}: there is no {scalings.kind} {shown(way)}{suggestion(way, scalings)}"
            )


def _check_folders(data: DataSpec, document: Document, built_in: bool, folders: tuple[Path, ...]) -> None:
    """Check that keys of folders of pictures are there for such a folder, and those of files for none."""
    written = {key: getattr(data, key) for key in ("source", "train", "validation", "test")}
    names = {key: place.file if isinstance(place, FileSpec) else place for key, place in written.items()}
    found = {
        key: find_file(name, folders)
        for key, name in names.items()
        if isinstance(name, str) and not (key == "source" and built_in)
    }
    training = found.get("source") or found.get("train")
    if training is not None and training.is_dir():
        for key in (*FILE_KEYS, "layout"):
            if getattr(data, key) not in (getattr(DataSpec, key), INVALID, AS_IT_STANDS):
                document.report(
                    ("data", key),
                    f"data.{key} is for a file of arrays; {training.name}/ is a folder of pictures",
                    key=True,
                )
    if any(path is None or path.is_dir() for path in found.values()) or INVALID in names.values():
        return
    apart = any(isinstance(place, FileSpec) and place.apart("features") for place in written.values())
    if apart or any(path.suffix.lower() not in WITHOUT_PICTURES for path in found.values() if path):
        return  # for HDF5 may hold them
    for key in FOLDER_KEYS:
        if getattr(data, key) not in (getattr(DataSpec, key), INVALID):
            document.report(("data", key), f"data.{key} is for folders of pictures, and there is none", key=True)


def _check_split(data: DataSpec, document: Document) -> None:
    given = [key for key in ("order", "group") if getattr(data, key) is not None]
    if len(given) == 2:
        document.report(("data", "group"), "data.order and data.group are both there; keep one", key=True)
    elif given and not data.drawn and INVALID not in (data.validation, data.test):
        document.report(
            ("data", given[0]),
            f"data.{given[0]} says which rows a share takes, and there is none; give data.test a share such as 0.2",
            key=True,
        )


def _check_fold(data: DataSpec, document: Document) -> None:
    fold = data.fold
    if fold is None:
        return
    if data.test is not None:
        document.report(
            ("data", "test"), "data.fold and data.test are both there; keep one: a fold is a test", key=True
        )
    if data.order is not None:
        document.report(
            ("data", "order"),
            "data.order says that rows follow each other in time, and those of folds must be exchangeable: a fold would"
            " be tested by what was learned from later rows. Train with a share as the test, or take the order out"
            " (-S data.order=null)",
            key=True,
        )
    if fold is not INVALID and INVALID not in (fold.of, fold.number) and fold.number > fold.of:
        document.report(
            ("data", "fold", "number"), f"data.fold.number must be at most {fold.of}, the folds, got {fold.number}"
        )


def _lacking(place: FileSpec, name: str, shared: bool) -> str | None:
    """Say what is missing of a part without a file, or None; `shared` tells whether it has the training part's."""
    missing = [what for what in ARRAYS if getattr(place, what) is None]
    apart = [what for what in ARRAYS if place.apart(what)]
    if apart and missing:
        example = "X.npy" if missing == ["features"] else "y.npy"
        return f"{name}.{apart[0]} is a file of its own; {name} needs {missing[0]}, too, such as {example}"
    if len(apart) < 2 and not shared:
        return f"{name} needs file: the file that its {'other dataset is' if apart else 'examples are'} in"
    return f"{name} needs features: its dataset in the file" if "features" in missing else None


def is_file(source: str, folders: tuple[Path, ...]) -> bool:
    """Tell whether a source names a file or a folder, there or not; else a bare word is a misspelt built-in set."""
    bare = Path(source)
    return bool(bare.suffix) or source.endswith("/") or len(bare.parts) > 1 or find_file(source, folders) is not None


def is_colour(name: str) -> bool:
    """Tell whether Pillow knows a colour, and paper can have it: nothing shines through."""
    if name == "white":  # the default is not worth loading Pillow
        return True
    import PIL.ImageColor

    try:
        colour = PIL.ImageColor.getrgb(name)
    except ValueError:
        return False
    return len(colour) == 3 and max(colour) <= 255


def check_model(model: ModelSpec, document: Document) -> None:
    dims, names = model.layer_dims, model.activations
    if dims is INVALID:
        return
    for index, n in enumerate(dims):
        if n == AUTO and 0 < index < len(dims) - 1:
            where = ("model", "layer_dims", str(index))
            document.report(where, "auto is for the first and the last layer, which the data tell; give a number here")
    for index, choice in enumerate(() if names is INVALID else names[:-1]):
        if choice.name == LEGAL_AUTO:
            where = ("model", "activations", str(index))
            document.report(where, "auto is for the output, which the data tell; name one here, such as relu")
    if names is not INVALID and len(names) != len(dims) - 1:
        document.report(
            ("model", "activations"),
            f"model.activations must name one activation for each of the {len(dims) - 1} layers after the input"
            f" (layer_dims {shown(dims)}), got {len(names)}",
        )
    elif names is not INVALID:
        for index, (choice, n) in enumerate(zip(names, dims[1:], strict=True)):
            if choice.name == "softmax" and n == 1:
                document.report(
                    ("model", "activations", str(index)),
                    "softmax over 1 unit is always 1; use sigmoid for two classes, or one unit for each class",
                )


def check_train(spec: Spec, document: Document) -> None:
    train = spec.train
    if train.iterations is None and train.epochs is None:
        document.report(("train",), "train.iterations (or train.epochs) is missing", key=True)
    if train.iterations not in (None, INVALID) and train.epochs not in (None, INVALID):
        document.report(
            ("train", "epochs"),
            "train has both iterations and epochs; keep one (-S train.iterations=null takes it out)",
            key=True,
        )
    _check_dropout(spec, document)
    if spec.model is INVALID or spec.model.activations is INVALID or not spec.model.activations:
        return
    if spec.output == LEGAL_AUTO:  # all that follows is of an output; it is looked at when that is settled
        return
    if not spec.classifies and train.class_weights not in (None, INVALID):
        document.report(
            ("train", "class_weights"), f"train.class_weights wants classes, and a {spec.output} output has none"
        )
    if not spec.classifies and spec.data is not INVALID and spec.data.positive not in (None, INVALID):
        document.report(
            ("data", "positive"), f"data.positive names one of two classes, and a {spec.output} output has none"
        )
    stopping = train.early_stopping
    if stopping not in (None, INVALID) and stopping.metric is not INVALID:
        legal = ("loss", *(("accuracy", "precision", "recall") if spec.classifies else ("mse", "mae", "r2")))
        if stopping.metric not in legal:
            document.report(
                ("train", "early_stopping", "metric"),
                f"train.early_stopping.metric must be one of {', '.join(legal)} with a {spec.output} output,"
                f" got {stopping.metric!r}",
            )
    if train.loss not in (None, INVALID) and train.loss.name not in losses_of(spec.output):
        document.report(
            ("train", "loss"),
            f"train.loss {train.loss.name} goes with the output activation"
            f" {' or '.join(losses[train.loss.name].outputs)}, and this one is {spec.output};"
            f" for {spec.output} take {' or '.join(losses_of(spec.output))}",
        )
    elif train.label_smoothing not in (0, INVALID) and train.loss is not INVALID:
        name = train.loss.name if train.loss else losses_of(spec.output)[0]
        if losses[name]().even(2) is None:
            document.report(
                ("train", "label_smoothing"),
                f"train.label_smoothing is for the targets of a cross-entropy, and the loss is {name}",
            )


def _check_dropout(spec: Spec, document: Document) -> None:
    train = spec.train
    if train.dropout not in (None, INVALID) and train.keep_prob not in (None, INVALID):
        document.report(("train", "keep_prob"), "train has both dropout and keep_prob; keep one", key=True)
    if spec.model is INVALID or spec.model.layer_dims is INVALID:
        return
    names = spec.model.activations
    if names is not INVALID and len(names) != len(spec.model.layer_dims) - 1:
        return  # how many layers are hidden is not yet clear
    hidden = len(spec.model.layer_dims) - 2
    for key in ("dropout", "keep_prob"):
        given = getattr(train, key)
        if given in (None, INVALID):
            continue
        if hidden == 0:
            document.report(("train", key), f"train.{key} is for hidden layers, and this network has none")
        elif isinstance(given, tuple) and len(given) != hidden:
            document.report(
                ("train", key),
                f"train.{key} must be one number, or one for each of the {hidden} hidden layers, got {len(given)}",
            )
