"""A spec says everything about a run: the data, the network, the training. It is frozen once it is read.

Each dataclass below is one section of the YAML file, its fields are the keys, with their types, ranges and defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Annotated, Any, Literal

from nnctl.nn.activations import activations
from nnctl.nn.embeddings import embeddings
from nnctl.nn.initializers import initializers
from nnctl.nn.input_scales import input_scales
from nnctl.nn.losses import losses
from nnctl.nn.optimizers import optimizers
from nnctl.nn.schedules import schedules
from nnctl.registry import AUTO, LEGAL_AUTO, Choice, Count, Fraction, Interval, NotNegative, Positive, Seed
from nnctl.spec.document import Document

Share = Annotated[float, Interval(gt=0, lt=1)]
Kept = Annotated[float, Interval(gt=0, le=1)]
AS_IT_STANDS = "file"  # of data.order: the rows as they stand, by no dataset
ARRAYS = ("features", "target")
SEPARATOR = r"[^\s\"]|\t"  # of cells: one sign, no space and no quote
SUFFIXES = (".npy", ".npz", ".h5", ".hdf5")  # what ends so in place of a dataset's name is a file
CLASSIFYING = ("sigmoid", "softmax")  # the output activations whose outputs are probabilities of classes


def is_array_file(written: Any) -> bool:
    """Tell whether what stands for a dataset's name is a file."""
    return isinstance(written, str) and written.lower().endswith(SUFFIXES)


@dataclass(frozen=True)
class ArraySpec:
    """The features or the target in a file of their own."""

    file: str
    name: str | None = None  # null: a usual name, or the only dataset in the file


@dataclass(frozen=True)
class FileSpec:
    """A part of the data in a file, with names of its own, or in two files."""

    file: str | None = None  # null: that of the training part
    features: str | ArraySpec | None = None  # names of datasets inside the file; X.npy stands for {file: X.npy}
    target: str | ArraySpec | None = None

    def apart(self, key: str) -> ArraySpec | None:
        """Return where the features or the target are that have a file of their own, or None."""
        given = getattr(self, key)
        if is_array_file(given):
            return ArraySpec(given)
        return given if isinstance(given, ArraySpec) else None

    def array(self, key: str) -> ArraySpec:
        """Return where the features or the target are."""
        return self.apart(key) or ArraySpec(self.file or "", getattr(self, key))


@dataclass(frozen=True)
class FoldSpec:
    """`data.fold:`, which of several equal parts of the training rows is the test part."""

    of: Annotated[int, Interval(ge=2, le=10**9)]
    number: Count  # 1, 2, ...
    repeat: Count = 1  # in each the folds are drawn anew


@dataclass(frozen=True)
class DataSpec:
    """`data:`, where the examples come from and how they are prepared."""

    source: str | FileSpec | None = None  # a built-in set, a file or two, or a folder of pictures
    train: str | FileSpec | None = None  # a file, in place of source
    validation: str | Share | FileSpec | None = None  # a file, or a share of the training examples
    test: str | Share | FileSpec | None = None
    fold: FoldSpec | None = None  # in place of test: one fold of the training rows, as cross-validate takes them
    seed: Seed = 1  # of what is drawn for shares and folds; a built-in set's own where it has one
    order: str | None = None  # file, or a dataset: shares are the last rows by it; null: they are drawn
    group: str | None = None  # a dataset: shares are whole groups, the rows of one value
    features: str | None = None  # names of datasets inside the training part's file
    target: str | tuple[str, ...] | None = None  # of an array, or of a table's column, or several columns
    ignore: str | tuple[str, ...] = ()  # columns of a table that are left out
    columns: Mapping[str, str] | None = None  # the kinds of columns that are not to be told from them
    separator: str | None = None  # between the cells of a table in text; null: what parts its first lines
    encoding: str | None = None  # of a table in text; null: UTF-8
    missing: tuple[str | int, ...] = ()  # texts that mean missing, beside nothing, NA, nan, null and ?
    fill: Literal["median", "indicator", "error"] | None = None  # what a missing number becomes; null: the median
    drop_missing_targets: bool = False  # whether rows without a target are left out, and counted
    classes: str | None = None  # none: the labels alone say what classes there are
    positive: str | None = None  # of two classes the one that precision and recall are of; null: the second
    layout: Literal["rows", "columns"] = "rows"  # of the examples in files
    scale: Positive | str | Mapping[str, Positive | str] | None = None  # what to divide by or a scaling, or one for
    # each column; null: 255 for pictures, else none
    scale_target: Literal["standardize"] | None = None  # how numbers are learnt; they are predicted in their own unit
    clip_outputs: bool = False  # whether numbers that are predicted stay within the range of the training targets
    background: str = "white"  # the colour under transparent picture files: a name or #rrggbb
    megapixels: Positive = 25.0  # that a picture file may have
    size: Annotated[tuple[Count, ...], Interval(ge=2, le=2)] | None = None  # of pictures in a folder; null: as they are
    color: Literal["rgb", "gray"] = "rgb"  # of pictures in a folder
    skip_unreadable: bool = False  # leave out pictures of a folder that cannot be read
    held_in: Literal["memory", "disk"] | None = None  # where features are in training; null: where there is room
    cache: str | None = None  # the folder for what is unpacked or decoded; null: cache, beside runs
    options: Mapping[str, Any] = field(default_factory=dict, metadata={"internal": True})

    @property
    def shares(self) -> dict[str, float]:
        """The share of the training rows that each part takes, of those that take one."""
        return {part: share for part in ("validation", "test") if isinstance(share := getattr(self, part), float)}

    @property
    def drawn(self) -> tuple[str, ...]:
        """The parts that are taken from the training rows: shares, and a fold, which is the test part."""
        own = [*self.shares, *(["test"] if self.fold is not None else [])]
        return tuple(part for part in ("validation", "test") if part in own)

    def has_file(self, part: str) -> bool:
        """Tell whether the validation or test part is in a file, rather than a share or nothing."""
        return isinstance(getattr(self, part), str | FileSpec)

    def place(self, part: str) -> FileSpec:
        """Return where the features and targets of a part are that is in files, or in a folder of pictures."""
        given = self.source if part == "train" and self.train is None else getattr(self, part)
        place = given if isinstance(given, FileSpec) else FileSpec(given)
        if part == "train":
            target = place.target or (self.target if isinstance(self.target, str) else None)
            return replace(place, features=place.features or self.features, target=target)
        return place if place.file is not None else replace(place, file=self.place("train").file)


@dataclass(frozen=True)
class ModelSpec:
    """`model:`, the layers and how their parameters start."""

    layer_dims: Annotated[tuple[Annotated[Count, LEGAL_AUTO], ...], Interval(ge=2)]
    activations: tuple[Annotated[Choice, activations, LEGAL_AUTO], ...]
    init: Annotated[Choice, initializers] = Choice("he")  # noqa: RUF009 (frozen)
    embed: Annotated[Choice, embeddings] | None = None  # what each number among the inputs becomes, beside itself
    input_scale: Annotated[Choice, input_scales] | None = None  # what each input of layer 1 is multiplied by


@dataclass(frozen=True)
class EarlyStoppingSpec:
    """`train.early_stopping:`, when to stop before the last iteration; the best parameters are kept."""

    patience: Count  # rows of the cost log without an improvement
    metric: Literal["loss", "accuracy", "precision", "recall", "mse", "mae", "r2"] = "loss"  # of the validation set
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
    label_smoothing: Fraction = 0.0  # of a cross-entropy: the share of every target that all classes get alike
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
    ensemble: Annotated[int, Interval(ge=1, le=1000)] = 1  # networks whose predictions are averaged
    fast_path: Literal["auto", "off"] = "auto"  # the exact short cut for wide inputs
    threads: Count | None = None  # that compute; null: one for each core
    shards: Count | None = None  # fixed parts of a batch, side by side; null: as its work is worth, a full batch is one

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

    @property
    def is_open(self) -> bool:
        """Whether the data have yet to tell something of the network."""
        return AUTO in self.model.layer_dims or self.output == LEGAL_AUTO

    def with_fold(self, fold: FoldSpec) -> "Spec":
        """Return this spec with another fold as its test part."""
        return replace(self, data=replace(self.data, fold=fold))

    @property
    def networks(self) -> list[str]:
        """What each network of the ensemble is called; none where there is one network."""
        count = self.train.ensemble
        return [f"network {number}" for number in range(1, count + 1)] if count > 1 else []

    def member(self, index: int) -> "Spec":
        """Return the spec of one network of the ensemble: each has a start and an order of its own."""
        train = self.train
        assert train.shuffle_seed is not None
        train = replace(train, ensemble=1, shuffle_seed=(train.shuffle_seed + index) % 2**32)
        return replace(self, seed=(self.seed + index) % 2**32, train=train)

    def with_init(self, init: Choice) -> "Spec":
        """Return this spec with another initializer."""
        return replace(self, model=replace(self.model, init=init))

    def resolved(self) -> dict[str, Any]:
        """Return the spec as plain values with all defaults filled in, to be written as YAML."""
        given = _plain(self.data).items()
        data = {key: value for key, value in given if value is not None and value is not False and value != ()}
        model = {key: value for key, value in _plain(self.model).items() if value is not None}
        return {
            "name": self.name,
            "seed": self.seed,
            "data": {**data, **self.data.options},
            "model": model,
            "train": {key: value for key, value in _plain(self.train).items() if key != "epochs" or value},
        }


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
