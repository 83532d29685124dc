"""A spec says everything about a run: the data, the network, the training. It is frozen once it is read.

`parse` reads a document into a Spec or raises every mistake in it at once; each dataclass below is one
section of the YAML file, its fields are the keys, with their types, ranges and defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from nnctl.data import sets
from nnctl.document import Document
from nnctl.nn.activations import activations
from nnctl.nn.initializers import initializers
from nnctl.nn.losses import losses, losses_of
from nnctl.nn.optimizers import optimizers
from nnctl.registry import Choice, Count, Interval, NotNegative, Positive, Seed, suggestion
from nnctl.schema import INVALID, build, option_defaults, options

Share = Annotated[float, Interval(gt=0, lt=1)]
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
class TrainSpec:
    """`train:`, what is minimized and how."""

    learning_rate: Positive
    iterations: Count | None = None
    epochs: Count | None = None
    batch_size: Count | None = None
    shuffle_seed: Seed | None = None
    loss: Annotated[Choice, losses] | None = None
    optimizer: Annotated[Choice, optimizers] = Choice("gradient_descent")  # noqa: RUF009 (frozen)
    l2: NotNegative = 0.0
    log_every: Count | None = None
    dtype: Literal["float64", "float32"] = "float64"


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
    raw_data = document.tree.get("data")
    source = raw_data.get("source") if isinstance(raw_data, Mapping) else None
    built_in = sets.datasets.get(source) if isinstance(source, str) else None
    chosen: Any = {}
    if built_in is not None and isinstance(raw_data, Mapping):  # its options stand among the keys of data
        own = {key: value for key, value in raw_data.items() if key in option_defaults(built_in)}
        chosen = options(built_in, own, document, ("data",))
        document.tree["data"] = {key: value for key, value in raw_data.items() if key not in own}
    spec: Spec = build(Spec, document.tree, document)
    if spec.data is not INVALID:
        _check_data(spec.data, document, built_in is not None, folders)
    if spec.model is not INVALID:
        _check_model(spec.model, document)
    if spec.train is not INVALID:
        _check_train(spec, document)
    document.raise_problems()
    data = replace(_located(spec.data, folders), options=chosen)
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
        if not bare.suffix and len(bare.parts) == 1 and not _find(data.source, folders).exists():
            hint = suggestion(data.source, sets.datasets)
            document.report(("data", "source"), f"there is no file or built-in set {data.source!r}{hint}")
    if built_in:
        for key in FILE_KEYS:
            if getattr(data, key) is not None:
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
        document.report(("train", "epochs"), "train has both iterations and epochs; keep one", key=True)
    if spec.model is INVALID or spec.model.activations is INVALID or not spec.model.activations:
        return
    if train.loss not in (None, INVALID) and train.loss.name not in losses_of(spec.output):
        document.report(
            ("train", "loss"),
            f"train.loss {train.loss.name} goes with the output activation"
            f" {' or '.join(losses[train.loss.name].outputs)}, and this one is {spec.output};"
            f" for {spec.output} take {' or '.join(losses_of(spec.output))}",
        )


def _find(written: str, folders: tuple[Path, ...]) -> Path:
    """Return the path of a data file: as it is found in one of the folders, else as it is written."""
    candidates = [folder / Path(written).expanduser() for folder in folders]
    return next((path.resolve() for path in candidates if path.exists()), Path(written))


def _located(data: DataSpec, folders: tuple[Path, ...]) -> DataSpec:
    """Return the data section with the paths of its files made absolute, so that it holds anywhere."""
    changes = {
        key: str(_find(value, folders))
        for key in ("source", "train", "validation", "test")
        if isinstance(value := getattr(data, key), str) and not (key == "source" and value in sets.datasets)
    }
    return replace(data, **changes)  # type: ignore[arg-type]


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
    if isinstance(value, Choice):
        return {"name": value.name, **value.options} if value.options else value.name
    return value
