"""A spec says everything about a run: the data, the network, the training. It is frozen once it is read.

`parse` reads a document into a Spec or raises every mistake in it at once; each dataclass below is one
section of the YAML file, its fields are the keys, with their types, ranges and defaults.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from nnctl.data import sets
from nnctl.document import Document
from nnctl.errors import DataError
from nnctl.nn.activations import activations
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses, losses_of
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.registry import Choice, Count, Fraction, Interval, NotNegative, Positive, Seed, nearest, suggestion
from nnctl.schema import INVALID, build, option_defaults, options

Share = Annotated[float, Interval(gt=0, lt=1)]
Kept = Annotated[float, Interval(gt=0, le=1)]
CLASSIFYING = ("sigmoid", "softmax")  # the output activations whose outputs are probabilities of classes
FILE_KEYS = ("features", "target", "classes")


@dataclass(frozen=True)
class DataSpec:
    """`data:`, where the examples come from and how they are prepared."""

    source: str | None = None  # a built-in set, or a file
    train: str | None = None  # a file, in place of source
    validation: str | Share | None = None  # a file, or a share of the training examples
    test: str | Share | None = None
    features: str | None = None  # names of datasets inside the files
    target: str | None = None
    classes: str | None = None
    scale: Positive | Literal["standardize", "none"] | None = None  # what to divide by; null: 255 for pictures
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"internal": True})


@dataclass(frozen=True)
class ModelSpec:
    """`model:`, the layers and how their parameters start."""

    layer_dims: Annotated[tuple[Count, ...], Interval(ge=2)]
    activations: tuple[Annotated[Choice, activations], ...]
    init: Annotated[Choice, initializers] = Choice("he")  # noqa: RUF009 (frozen)


@dataclass(frozen=True)
class EarlyStoppingSpec:
    """`train.early_stopping:`, when to stop before the last iteration; the best parameters are kept."""

    patience: Count  # rows of the cost log without an improvement
    metric: Literal["cost", "accuracy", "precision", "recall", "mse", "mae", "r2"] = "cost"  # of the validation set
    min_delta: NotNegative = 0.0  # what counts as an improvement


@dataclass(frozen=True)
class TrainSpec:
    """`train:`, what is minimized and how."""

    learning_rate: Positive
    iterations: Count | None = None
    epochs: Count | None = None
    batch_size: Count | None = None  # null: the full batch
    shuffle_seed: Seed | None = None  # null: the spec's seed
    loss: Annotated[Choice, losses] | None = None  # null: the one that goes with the output activation
    optimizer: Annotated[Choice, optimizers] = Choice("gradient_descent")  # noqa: RUF009 (frozen)
    schedule: Annotated[Choice, schedules] = Choice("constant")  # noqa: RUF009 (frozen)
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    dropout: Fraction | tuple[Fraction, ...] | None = None  # the share silenced, of all hidden layers or each
    keep_prob: Kept | tuple[Kept, ...] | None = None  # the same the other way round: the share kept
    clip_value: Positive | None = None
    clip_norm: Positive | None = None
    class_weights: Literal["balanced"] | Mapping[str, Positive] | None = None
    early_stopping: EarlyStoppingSpec | None = None
    log_every: Count | None = None  # null: 100 iterations, or 1 epoch with a batch_size
    dtype: Literal["float64", "float32"] = "float64"
    fast_path: Literal["auto", "off"] = "auto"  # the exact short cut for wide inputs
    threads: Count | None = None  # of matrix products; null: one for each core

    def kept_shares(self, hidden: int) -> tuple[float, ...]:
        """Return the share of units that dropout keeps in each hidden layer, 1 for all."""
        given = self.keep_prob if self.dropout is None else self.dropout
        if given is None:
            return (1.0,) * hidden
        shares = given if isinstance(given, tuple) else (given,) * hidden
        return shares if self.dropout is None else tuple(1 - share for share in shares)


@dataclass(frozen=True)
class Spec:
    """A whole spec; `document` remembers where each key was written."""

    data: DataSpec
    model: ModelSpec
    train: TrainSpec
    name: str = ""
    seed: Seed = 1
    document: Document = field(default_factory=lambda: Document(""), compare=False, metadata={"internal": True})

    @property
    def output(self) -> str:
        """The name of the output activation."""
        return self.model.activations[-1].name

    @property
    def classifies(self) -> bool:
        """Whether the outputs are probabilities of classes; else they are numbers."""
        return self.output in CLASSIFYING

    def with_init(self, init: Choice) -> "Spec":
        """Return this spec with another initializer."""
        return replace(self, model=replace(self.model, init=init))

    def resolved(self) -> dict[str, Any]:
        """Return the spec as plain values with all defaults filled in, to be written as YAML."""
        data = {key: value for key, value in _plain(self.data).items() if value is not None}
        return {
            "name": self.name,
            "seed": self.seed,
            "data": {**data, **self.data.options},
            "model": _plain(self.model),
            "train": {key: value for key, value in _plain(self.train).items() if key != "epochs" or value},
        }


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
        _check_data(spec.data, document, source in sets.datasets, folders)
    if spec.model is not INVALID:
        _check_model(spec.model, document)
    if spec.train is not INVALID:
        _check_train(spec, document)
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


def _check_data(data: DataSpec, document: Document, built_in: bool, folders: tuple[Path, ...]) -> None:
    if data.source is None and data.train is None:
        names = ", ".join(sets.datasets)
        document.report(("data",), f"data needs source: one of {names}, or a file; or train: a file", key=True)
    if data.source is not None and data.train is not None:
        document.report(("data", "train"), "data has both source and train; keep one", key=True)
    if isinstance(data.source, str) and not built_in and data.source is not INVALID:
        bare = Path(data.source)
        if not bare.suffix and len(bare.parts) == 1 and _find(data.source, folders) is None:
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


def _check_model(model: ModelSpec, document: Document) -> None:
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


def _check_train(spec: Spec, document: Document) -> None:
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
        legal = ("cost", *(("accuracy", "precision", "recall") if spec.classifies else ("mse", "mae", "r2")))
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


def _find(written: str, folders: tuple[Path, ...]) -> Path | None:
    """Return the absolute path of a data file in the first folder that has it, or None."""
    for folder in folders or (Path(),):
        with contextlib.suppress(OSError, RuntimeError):  # a name too long, or of no user
            path = folder / Path(written).expanduser()
            if written and path.exists():
                return path.resolve()
    return None


def _located(data: DataSpec, document: Document, folders: tuple[Path, ...]) -> DataSpec:
    """Return the data section with the paths of its files made absolute, so that it holds anywhere."""
    changes: dict[str, Any] = {}
    for key in ("source", "train", "validation", "test"):
        written = getattr(data, key)
        if isinstance(written, str) and not (key == "source" and written in sets.datasets):
            path = _find(written, folders)
            if path is None:
                part = "train" if key == "source" else key
                places = " nor in ".join(dict.fromkeys(str(folder.resolve()) for folder in folders))
                message = (
                    f"data.{key}: there is no file {written}"
                    + ("" if Path(written).is_absolute() else f", neither in {places}" if folders else "")
                    + f".\n  Expected an HDF5 or NPZ file with features and targets, by names such as {part}_set_x and"
                    f" {part}_set_y,\n  X and y, or those that data.features and data.target give"
                )
                raise DataError(document.mark(("data", key)).explain(message))
            changes[key] = str(path)
    return replace(data, **changes)


def _plain(section: Any) -> dict[str, Any]:
    """Return a section as a mapping of plain values."""
    return {
        item.name: _written(getattr(section, item.name))
        for item in fields(section)
        if not item.metadata.get("internal")
    }


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_written(item) for item in value)
    if is_dataclass(value) and not isinstance(value, Choice):
        return _plain(value)
    if isinstance(value, Choice):
        return {"name": value.name, **value.options} if value.options else value.name
    return value
