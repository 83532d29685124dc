"""The data of the workloads, the same files for every contestant: x_train, y_train, and for pictures x_test, y_test."""

from pathlib import Path

import numpy as np

from benchmarks.workloads import Training
from nnctl.data import sets


def write(workload: Training, file: Path) -> None:
    """Write the NPZ file of a workload."""
    np.savez(file, **{"cat": cat, "circles": circles, "digits": digits}[workload.data](workload))


def cat(workload: Training) -> dict[str, np.ndarray]:
    """nnctl's drawn pictures, in the shapes of the course's."""
    train, test = sets.cat(m=workload.m)
    return {"x_train": train.X, "y_train": train.y, "x_test": test.X, "y_test": test.y}


def circles(workload: Training) -> dict[str, np.ndarray]:
    """The points of the course's lesson on initialization."""
    train, _ = sets.circles(m=workload.m)
    return {"x_train": train.X, "y_train": train.y}


def digits(workload: Training) -> dict[str, np.ndarray]:
    """Noise around a centre for each class, in the shape of MNIST's digits: learnable, but not at once."""
    stream = np.random.default_rng(1)
    features, classes = workload.layer_dims[0], max(2, workload.layer_dims[-1])
    y = np.arange(workload.m) % classes
    x = stream.standard_normal((workload.m, features), dtype=np.float32)
    x += 0.1 * stream.standard_normal((classes, features), dtype=np.float32)[y]
    return {"x_train": x, "y_train": y}
