"""A model is a trained network with its interface: all that `predict` needs, and what parameters.h5 holds.

The file has W1, b1, ..., WL, bL as plain datasets, so that any HDF5 reader can take them; how the layers
are put together and what goes in and comes out stands in its attributes.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nnctl import __version__, threads
from nnctl.data.interface import Interface
from nnctl.data.preparation import Preparation
from nnctl.data.ranges import Range
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.nn.network import Network, Pass
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice

ROWS = 16384  # prepared at a time in `predict`, so that a large file needs no second copy


@dataclass(frozen=True)
class Model:
    """A network, the names and options of its activations, and its interface to rows of features."""

    parameters: Parameters
    activations: tuple[Choice, ...]
    interface: Interface

    @property
    def network(self) -> Network:
        """The network that computes."""
        return build_network(self.parameters, self.activations)

    def predict(self, X: Array, origin: str) -> Array:
        """Return A[L] (n[L], m) for rows X (m, ...) as found in a file."""
        network, dtype = self.network, self.parameters.flat.dtype
        outputs = np.empty((self.parameters.layer_dims[-1], len(X)), dtype)
        starts = range(0, len(X), ROWS)
        workers = max(1, min(threads.number(), len(starts)))

        def fill(worker: int) -> None:
            passes: dict[int, Pass] = {}
            for start in starts[worker::workers]:
                rows = slice(start, start + ROWS)
                outputs[:, rows] = network.predict(self.interface.columns(X[rows], dtype, origin), passes)

        # threads on blocks of their own scale better than threads inside these narrow products
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
            list(pool.map(fill, range(workers)))
        return outputs


def build_network(parameters: Parameters, choices: tuple[Choice, ...]) -> Network:
    """Return the network of these parameters and registered activations."""
    return Network(parameters, [activations.resolve(choice) for choice in choices])


def save(model: Model, path: Path) -> None:
    """Write parameters.h5, whole or not at all."""
    import h5py

    unfinished = path.with_suffix(".unfinished")
    try:
        with h5py.File(unfinished, "w") as file:
            for name, array in model.parameters.items():
                file[name] = array
            preparation = model.interface.preparation
            for name, fitted in (("mean", preparation.mean), ("divisor", preparation.divisor)):
                if fitted is not None:
                    file[f"preparation/{name}"] = fitted
            if (range := model.interface.range) is not None:
                file["range/low"], file["range/high"] = range.low, range.high
                file["range"].attrs["dtype"] = range.dtype
            if model.interface.classes is not None:
                file["classes"] = np.array(model.interface.classes, h5py.string_dtype())
            file.attrs["nnctl_version"] = __version__
            file.attrs["layer_dims"] = model.parameters.layer_dims
            file.attrs["example_shape"] = model.interface.example_shape
            file.attrs["pixels"] = model.interface.pixels
            file.attrs["layout"] = model.interface.layout
            if model.interface.features is not None:
                file.attrs["features"] = model.interface.features
            file.attrs["activations"] = json.dumps([[c.name, dict(c.options)] for c in model.activations])
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path) -> Model:
    """Read parameters.h5; raise a DataError where it is not one."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _read(file)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, KeyError, TypeError, ValueError, SpecError) as error:
        reason = str(error).strip("'\"").splitlines()[0]
        raise DataError(f"{path}: is not a parameters file of nnctl ({reason})") from None


def _read(file: Any) -> Model:
    """Read a model from an open HDF5 file."""
    parameters = Parameters([int(n) for n in file.attrs["layer_dims"]], file["W1"].dtype)
    for name, array in parameters.items():
        if file[name].shape != array.shape:
            raise ValueError(f"{name} has shape {file[name].shape}, expected {array.shape}")
        file[name].read_direct(array)
    choices = tuple(Choice(name, options) for name, options in json.loads(file.attrs["activations"]))
    if len(choices) != len(parameters.W):
        raise ValueError(f"{len(choices)} activations for {len(parameters.W)} layers")
    build_network(parameters, choices)  # it knows all activations
    mean, divisor = (
        np.asarray(file[name]) if name in file else None for name in ("preparation/mean", "preparation/divisor")
    )
    range = (
        Range(np.asarray(file["range/low"]), np.asarray(file["range/high"]), str(file["range"].attrs["dtype"]))
        if "range" in file
        else None
    )
    interface = Interface(
        example_shape=tuple(int(n) for n in file.attrs["example_shape"]),
        preparation=Preparation(mean, divisor),
        classes=tuple(map(str, file["classes"].asstr()[:])) if "classes" in file else None,
        pixels=bool(file.attrs["pixels"]),
        features=file.attrs.get("features"),
        range=range,
        layout=str(file.attrs.get("layout", "rows")),
    )
    return Model(parameters, choices, interface)
