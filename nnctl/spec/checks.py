"""Checks of a spec across its keys: what each key alone cannot show. Every mistake is noted in the document."""

import contextlib
from pathlib import Path

from nnctl.data import sets
from nnctl.nn.losses import losses, losses_of
from nnctl.registry import suggestion
from nnctl.spec.document import Document
from nnctl.spec.schema import INVALID
from nnctl.spec.spec import DataSpec, FileSpec, ModelSpec, Spec

FILE_KEYS = ("features", "target", "classes")


def check_data(data: DataSpec, document: Document, built_in: bool, folders: tuple[Path, ...]) -> None:
    if data.source is None and data.train is None:
        names = ", ".join(sets.datasets)
        document.report(("data",), f"data needs source: one of {names}, or a file; or train: a file", key=True)
    if data.source is not None and data.train is not None:
        document.report(("data", "train"), "data has both source and train; keep one", key=True)
    for part in ("train", "validation", "test"):
        place = getattr(data, part)
        if isinstance(place, FileSpec) and place.file is None and (built_in or part == "train"):
            document.report(("data", part), f"data.{part} needs file: the file that its examples are in", key=True)
        if isinstance(place, FileSpec) and place.file is None and place.features is None:
            document.report(("data", part), f"data.{part} needs features: its dataset in the file", key=True)
    if isinstance(data.source, str) and not built_in and data.source is not INVALID:
        bare = Path(data.source)
        if not bare.suffix and len(bare.parts) == 1 and find_file(data.source, folders) is None:
            hint = suggestion(data.source, sets.datasets)
            document.report(("data", "source"), f"there is no file or built-in set {data.source!r}{hint}")
    if built_in:
        for key in FILE_KEYS:
            if getattr(data, key) not in (None, INVALID):
                document.report(
                    ("data", key),
                    f"data.{key} names a dataset in a file; {data.source} is built in",
                    key=True,
                )


def check_model(model: ModelSpec, document: Document) -> None:
    dims, names = model.layer_dims, model.activations
    if dims is INVALID:
        return
    if names is not INVALID and len(names) != len(dims) - 1:
        document.report(
            ("model", "activations"),
            f"model.activations must name one activation for each of the {len(dims) - 1} layers after the input"
            f" (layer_dims {list(dims)}), got {len(names)}",
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
    if not spec.classifies and train.class_weights not in (None, INVALID):
        document.report(
            ("train", "class_weights"), f"train.class_weights wants classes, and a {spec.output} output has none"
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


def _check_dropout(spec: Spec, document: Document) -> None:
    train = spec.train
    if train.dropout not in (None, INVALID) and train.keep_prob not in (None, INVALID):
        document.report(("train", "keep_prob"), "train has both dropout and keep_prob; keep one", key=True)
    if spec.model is INVALID or spec.model.layer_dims is INVALID:
        return
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


def find_file(written: str, folders: tuple[Path, ...]) -> Path | None:
    """Return the absolute path of a data file in the first folder that has it, or None."""
    for folder in folders or (Path(),):
        with contextlib.suppress(OSError, RuntimeError):  # a name too long, or of no user
            path = folder / Path(written).expanduser()
            if written and path.exists():
                return path.resolve()
    return None
