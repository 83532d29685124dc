"""A problem is the work that every contestant does: the same data, network, start and number of updates.

It is described by a plain dict (a job), so that it can be handed to a worker process. Everything is counted
in passes over the data, `epochs`; with the full batch a pass is one update. What the contestants share, as
Trainer and Predictor, stands here too.
"""

import itertools
import json
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

Layers = list[tuple[np.ndarray, np.ndarray]]  # W (n[l], n[l-1]) and b (n[l],) of each layer


class Problem:
    """A job with its data loaded: X (m, n[0]) in `dtype`, class indices y (m,)."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.data = Path(job["data"])
        self.layer_dims: list[int] = job["layer_dims"]
        self.dtype = job["dtype"]
        self.init, self.seed = job["init"], job["seed"]
        self.optimizer, self.learning_rate = job["optimizer"], job["learning_rate"]
        self.batch_size: int | None = job["batch_size"]
        self.epochs: int = job["epochs"]
        self.warm_up_epochs = max(1, self.epochs // 20)

    @property
    def binary(self) -> bool:
        """Whether the output is one sigmoid unit (else softmax); hidden layers are relu."""
        return self.layer_dims[-1] == 1

    @cached_property
    def X(self) -> np.ndarray:
        """The features as rows; pictures are flattened and divided by 255."""
        with np.load(self.data) as file:
            X = file["x_train"]
        rows = X.reshape(len(X), -1)
        return np.divide(rows, 255, dtype=self.dtype) if X.dtype == np.uint8 else rows.astype(self.dtype, copy=False)

    @cached_property
    def y(self) -> np.ndarray:
        """The class index of each row."""
        with np.load(self.data) as file:
            return file["y_train"]

    def initial(self) -> Layers:
        """Draw the parameters that nnctl draws (its design, section 2)."""
        stream = np.random.RandomState(self.seed)
        gain = {"he": 2.0, "lecun": 1.0}[self.init]
        return [
            ((stream.randn(n, k) * np.sqrt(gain / k)).astype(self.dtype), np.zeros(n, self.dtype))
            for k, n in itertools.pairwise(self.layer_dims)
        ]

    def order(self, epoch: int) -> np.ndarray:
        """Return the order of the examples in an epoch, which is nnctl's."""
        return np.random.RandomState(self.seed + epoch).permutation(len(self.X))

    def cost(self, layers: Layers) -> float:
        """Return the mean cross-entropy of trained layers over all examples, the same way for every contestant."""
        A = self.X
        for number, (W, b) in enumerate(layers):
            Z = A @ W.T.astype(self.dtype) + b.astype(self.dtype)
            A = np.maximum(Z, 0) if number < len(layers) - 1 else Z.astype(np.float64)
        if self.binary:
            return float((np.logaddexp(0, A[:, 0]) - self.y * A[:, 0]).mean())
        A -= A.max(axis=1, keepdims=True)
        return float((np.log(np.exp(A).sum(axis=1)) - A[np.arange(len(A)), self.y]).mean())

    def spec(self) -> str:
        """Return nnctl's spec of this problem, as JSON, which is YAML."""
        return json.dumps(
            {
                "seed": self.seed,
                "data": {"source": str(self.data)},
                "model": {
                    "layer_dims": self.layer_dims,
                    "activations": ["relu"] * (len(self.layer_dims) - 2) + ["sigmoid" if self.binary else "softmax"],
                    "init": self.init,
                },
                "train": {
                    "optimizer": self.optimizer,
                    "learning_rate": self.learning_rate,
                    "epochs": self.epochs,
                    "batch_size": self.batch_size,
                    "dtype": self.dtype,
                },
            },
            indent=2,
        )


class Trainer:
    """A contestant that trains: what all of them share."""

    settings = "defaults"

    def __init__(self, job: dict[str, Any]) -> None:
        self.problem = Problem(job)

    def train(self, epochs: int) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that training alone took, and the layers."""
        raise NotImplementedError

    def warm_up(self) -> dict[str, Any]:
        """Train shortly, and settle on the best settings where there is a choice."""
        self.train(self.problem.warm_up_epochs)
        return {"settings": self.settings}

    def run(self) -> dict[str, Any]:
        """Train once, to the end."""
        seconds, layers = self.train(self.problem.epochs)
        return {"seconds": seconds, "cost": self.problem.cost(layers)}


class Predictor:
    """A contestant that predicts many rows from an array in memory, with the problem's initial parameters."""

    settings = "defaults"

    def __init__(self, job: dict[str, Any]) -> None:
        self.problem = Problem(job)
        self.prepare()
        shape = (job["rows"], self.problem.layer_dims[0])
        self.rows = np.random.default_rng(1).standard_normal(shape, dtype=self.problem.dtype)

    def prepare(self) -> None:
        """Make the model."""
        raise NotImplementedError

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 for each row of X."""
        raise NotImplementedError

    def warm_up(self) -> dict[str, Any]:
        """Predict a few rows."""
        self.predict(self.rows[:10_000])
        return {"settings": self.settings}

    def run(self) -> dict[str, Any]:
        """Predict all rows; tell how much memory the process took at most, beside the input."""
        start = time.perf_counter()
        probabilities = self.predict(self.rows)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "cost": float(probabilities.mean()), "extra_bytes": self._extra_bytes()}

    def _extra_bytes(self) -> int | None:
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            return None  # only Linux tells
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 - self.rows.nbytes
