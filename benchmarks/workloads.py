"""The workloads as data: what is trained, predicted or started, against whom, and how much faster nnctl must be.

Nothing here runs anything; `quick` gives the same workload on a size that only shows that it works.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

NAMES = {
    "nnctl": "nnctl",
    "course": "the course's loop",
    "torch": "PyTorch",
    "sklearn": "scikit-learn",
    "jax": "JAX, jitted step",
}
MODULES = {"torch": "torch", "sklearn": "sklearn", "jax": "jax"}  # what must be installed for a peer


@dataclass(frozen=True)
class Peer:
    """Who else does a workload: in which dtype, and how many times faster nnctl must be."""

    name: str
    at_least: float
    dtype: str


@dataclass(frozen=True)
class Training:
    """A network trained in a worker, training alone; hidden layers are relu."""

    contestant: ClassVar[str] = ""  # what the names of the contestants' classes end with

    title: str
    data: str  # a function of data.py: cat, circles or digits
    m: int
    layer_dims: tuple[int, ...]
    learning_rate: float
    epochs: int
    dtype: str
    peers: tuple[Peer, ...]
    optimizer: str = "gradient_descent"
    batch_size: int | None = None
    init: str = "he"
    seed: int = 1
    peak_share: float | None = None  # of the matrix-product peak, that nnctl must reach
    limited: bool = True  # by products and memory; the smallest networks are limited by the cost of a call
    smaller: Mapping[str, Any] = field(default_factory=dict)

    def quick(self) -> "Training":
        """Return this workload on a small size."""
        return replace(self, **self.smaller)

    def job(self, data: str, dtype: str) -> dict[str, Any]:
        """Return what a worker needs to know."""
        keys = ("layer_dims", "learning_rate", "epochs", "optimizer", "batch_size", "init", "seed")
        return {**{key: getattr(self, key) for key in keys}, "data": data, "dtype": dtype}


@dataclass(frozen=True)
class Predicting(Training):
    """Probabilities for many rows from an array in memory."""

    contestant = "Predictor"

    rows: int = 1_000_000
    extra_megabytes: float = 100  # the process may take this much memory beside its input

    def job(self, data: str, dtype: str) -> dict[str, Any]:
        """Return what a worker needs to know."""
        return {**super().job(data, dtype), "rows": self.rows}


@dataclass(frozen=True)
class Dying(Training):
    """Units die, and what the optimizer remembers of them shrinks to nothing: does an epoch go on taking as long?"""

    contestant = "Epochs"

    at_most: float = 1.2  # times the first epoch, that the last one may take


@dataclass(frozen=True)
class Busy(Training):
    """Other programs keep the cores busy: how much longer does it take than without them?"""

    beside: int = 2  # programs that never rest
    at_most: float = 4.0  # times the seconds without them


@dataclass(frozen=True)
class Commands:
    """Whole commands of Python, timed from pressing Enter in an empty folder.

    {data}, {spec} and {epochs} in their arguments stand for the data file, nnctl's spec and the number of
    updates of the training workload `of`, {mistakes} for a spec with three mistakes. `targets` are
    (measured, against, bound), where `nnctl.saved` is the time until parameters.h5 was in place and a bound
    is how many times faster, or with `seconds_more` how many seconds more.
    """

    title: str
    arguments: Mapping[str, tuple[str, ...]]
    targets: tuple[tuple[str, str, float], ...]
    of: str | None = None
    run: str | None = None  # where nnctl's run lies whose parameters and cost are looked at; scripts end with theirs
    exit_codes: Mapping[str, int] = field(default_factory=dict)  # where not 0
    seconds_more: bool = False


def _digits(
    title: str,
    batch_size: int,
    peers: tuple[Peer, ...],
    kind: type[Training] = Training,
    m: int = 60_000,
    learning_rate: float = 1e-3,
    epochs: int = 1,
    peak_share: float | None = None,
    smaller: Mapping[str, Any] | None = None,
) -> Training:
    """Return a training of [784,256,128,10] on drawn digits by Adam in float32."""
    return kind(
        title=f"[784,256,128,10], {m:,} examples, Adam, float32, batch {batch_size}, {title}",
        data="digits",
        m=m,
        layer_dims=(784, 256, 128, 10),
        learning_rate=learning_rate,
        epochs=epochs,
        dtype="float32",
        optimizer="adam",
        batch_size=batch_size,
        peers=peers,
        peak_share=peak_share,
        limited=kind is Training,
        smaller=smaller or {"m": 1_000},
    )


def _against(sklearn: float, torch: float) -> tuple[Peer, ...]:
    return Peer("sklearn", sklearn, "float32"), Peer("torch", torch, "float32")


WORKLOADS: dict[str, Training | Commands] = {
    "cat": Training(
        title="[12288,20,7,5,1], 209 pictures, 2,500 full-batch updates, float64, training only",
        data="cat",
        m=209,
        layer_dims=(12288, 20, 7, 5, 1),
        init="lecun",
        learning_rate=0.0075,
        epochs=2500,
        dtype="float64",
        peers=(
            Peer("course", 40, "float64"),
            Peer("torch", 20, "float32"),
            Peer("sklearn", 15, "float32"),
            Peer("jax", 10, "float32"),
        ),
        smaller={"epochs": 20},
    ),
    "cat-command": Commands(
        title="the same from pressing Enter, against a script that trains and saves",
        of="cat",
        run="runs/spec-*",
        arguments={
            "nnctl": ("-m", "nnctl", "train", "{spec}"),
            "sklearn": ("-m", "benchmarks.sklearn_script", "{data}", "{epochs}"),
        },
        targets=(("nnctl.saved", "sklearn", 5), ("nnctl", "sklearn", 3.5)),
    ),
    "circles": Training(
        title="[2,10,5,1], 300 examples, 15,000 full-batch updates, float64",
        data="circles",
        m=300,
        layer_dims=(2, 10, 5, 1),
        learning_rate=0.01,
        epochs=15_000,
        dtype="float64",
        seed=3,
        limited=False,
        peers=(
            Peer("course", 1.8, "float64"),
            Peer("sklearn", 4, "float64"),
            Peer("torch", 5, "float64"),
            Peer("jax", 1, "float64"),
        ),
        smaller={"epochs": 100},
    ),
    "compare-init": Commands(
        title="compare-init zeros random he with pictures, against three trainings in turn and one picture",
        of="circles",
        run="runs/compare-init-*/he",
        arguments={
            "nnctl": ("-m", "nnctl", "compare-init", "zeros", "random", "he", "-S", "train.iterations={epochs}"),
            "course": ("-m", "benchmarks.course_script", "{data}", "{epochs}"),
        },
        targets=(("nnctl", "course", 1),),
    ),
    "batch-128": _digits("one epoch", 128, _against(1.5, 3.5)),
    "batch-32": _digits("one epoch", 32, _against(1.5, 2)),
    "batch-512": _digits("one epoch", 512, _against(1.3, 3.5), peak_share=0.5),
    "deep": Training(
        title="8 hidden layers of 512, 20,000 examples, Adam, float32, batch 256, one epoch",
        data="digits",
        m=20_000,
        layer_dims=(784, *(512,) * 8, 10),
        learning_rate=1e-3,
        epochs=1,
        dtype="float32",
        optimizer="adam",
        batch_size=256,
        peers=(Peer("sklearn", 1.3, "float32"), Peer("torch", 1.8, "float32")),
        smaller={"m": 512, "layer_dims": (784, *(64,) * 8, 10)},
    ),
    "dead-units": _digits(
        "20 epochs at 100 times Adam's rate",
        128,
        (),
        Dying,
        m=12_000,
        learning_rate=0.1,
        epochs=20,
        smaller={"m": 1_000, "epochs": 2},
    ),
    "busy": _digits("one epoch beside two busy programs", 128, _against(1, 3), Busy, m=12_000),
    "predict": Predicting(
        title="predict 1,000,000 rows x 100 features, [100,64,32,2], float32, from an array",
        data="digits",
        m=200,
        layer_dims=(100, 64, 32, 2),
        learning_rate=1e-3,
        epochs=1,
        dtype="float32",
        peers=(Peer("sklearn", 3, "float32"),),
        smaller={"rows": 20_000},
    ),
    "start": Commands(
        title="the time to say something",
        arguments={
            "python -c pass": ("-c", "pass"),
            "nnctl --help": ("-m", "nnctl", "--help"),
            "three mistakes": ("-m", "nnctl", "train", "{mistakes}"),
        },
        exit_codes={"three mistakes": 2},
        targets=(("nnctl --help", "python -c pass", 0.15), ("three mistakes", "python -c pass", 0.30)),
        seconds_more=True,
    ),
}
