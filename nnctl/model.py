"""A model is a trained network with its interface: all that `predict` needs, and what parameters.h5 holds.

The file has W1, b1, ..., WL, bL as plain datasets, so that any HDF5 reader can take them; how the layers
are put together and what goes in and comes out stands in its attributes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import __version__
from nnctl.data.interface import Interface, Preparation
from nnctl.errors import DataError, StorageError
from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.nn.network import Network
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice

FILE = "parameters.h5"


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
        return self.network.predict(self.interface.columns(X, self.parameters.flat.dtype, origin))


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
            if model.interface.classes is not None:
                file["classes"] = np.array(model.interface.classes, h5py.string_dtype())
            file.attrs["nnctl_version"] = __version__
            file.attrs["layer_dims"] = model.parameters.layer_dims
            file.attrs["example_shape"] = model.interface.example_shape
            file.attrs["activations"] = json.dumps([[c.name, dict(c.options)] for c in model.activations])
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path) -> Model:
    """Read parameters.h5; raise a DataError where it is not one."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            dims = tuple(int(n) for n in file.attrs["layer_dims"])
            first: Any = file["W1"]
            parameters = Parameters(dims, first.dtype)
            for name, array in parameters.items():
                stored: Any = file[name]
                stored.read_direct(array)
            arrays = {
                name: np.asarray(file[f"preparation/{name}"]) if f"preparation/{name}" in file else None
                for name in ("mean", "divisor")
            }
            names: Any = file["classes"].asstr()[:] if "classes" in file else None
            classes = None if names is None else tuple(str(name) for name in names)
            shape = tuple(int(n) for n in file.attrs["example_shape"])
            choices = tuple(Choice(name, given) for name, given in json.loads(file.attrs["activations"]))
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = str(error).strip("'\"").splitlines()[0]
        raise DataError(f"{path}: is not a parameters file of nnctl ({reason})") from None
    return Model(parameters, choices, Interface(shape, Preparation(**arrays), classes))
