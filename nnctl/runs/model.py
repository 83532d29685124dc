"""A model is a trained network with its interface: all that `predict` needs, and what parameters.h5 holds.

The file is a bundle: W1, b1, ..., WL, bL and the arrays of what goes in and comes out as plain datasets, so that any
HDF5 reader can take them, and JSON that says how they are put together. `load` is the one reader of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nnctl import __version__, threads
from nnctl.data.arrays import Unusable
from nnctl.data.interface import Interface
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.nn.ensemble import Ensemble, mean
from nnctl.nn.front import Front
from nnctl.nn.losses import Loss
from nnctl.nn.network import Forward, Network, Pass
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import fronts, interfaces
from nnctl.runs.bundle import Damaged, image_of_file, pack, unpack
from nnctl.runs.checked import Content
from nnctl.runs.files import write_durably
from nnctl.team import gathered

ROWS = 16384  # prepared at a time in `predict`, so that a large file needs no second copy
MEMBERS = "members"  # of an ensemble: members.1.W1, ...
MOST_LAYERS = 10_000
NETWORK = "network"  # what a parameters.h5 says that it holds
VALUES = 2**25  # of the widest layer at a time


@dataclass(frozen=True)
class Model:
    """A network, the names and options of its activations, and its interface to rows of features.

    An ensemble has several networks alike, of which `parameters` are the first one's.
    """

    parameters: Parameters
    activations: tuple[Choice, ...]
    interface: Interface
    others: tuple[Parameters, ...] = ()

    @property
    def networks(self) -> list[Network]:
        """The networks, each by itself."""
        return [build_network(parameters, self.activations) for parameters in (self.parameters, *self.others)]

    @property
    def network(self) -> Forward[Any]:
        """The network that computes, or all of them as one."""
        return Ensemble(self.networks) if self.others else self.networks[0]

    def predict(self, X: Array, origin: str) -> Array:
        """Return the outputs (n[L], m) for rows X (m, ...) as found in a file, numbers in the unit of the targets."""
        return self.together(self.predict_each(X, origin))

    def together(self, each: Sequence[Array]) -> Array:
        """Return what the outputs of each network (n[L], m) come to: their mean, in the unit of the targets."""
        return self.interface.in_units(each[0] if len(each) == 1 else mean(each, np.empty_like(each[0])))

    def predict_each(self, X: Array, origin: str) -> list[Array]:
        """Return A[L] (n[L], m) of each network for rows X (m, ...) as found in a file."""
        return self._predict(X, origin)

    def predict_logits(self, X: Array, origin: str, loss: Loss) -> tuple[Array, Array]:
        """Return the outputs, and the Z[L] (n[L], m) that a loss takes for them, for rows X (m, ...) of a file."""
        Z = [np.empty((self.parameters.layer_dims[-1], len(X))) for _ in range(1 + len(self.others))]
        each = self._predict(X, origin, Z, loss)
        return self.together(each), Z[0] if len(Z) == 1 else loss.logits_of_mean(np.stack(Z))

    def _predict(self, X: Array, origin: str, logits: Sequence[Array] = (), loss: Loss | None = None) -> list[Array]:
        """Run all networks over rows that are prepared once; `logits` (n[L], m) of each are written to, if given."""
        dims, dtype = self.parameters.layer_dims, np.float64  # in which a row has one answer, whatever is beside it
        members = (self.parameters, *self.others)
        members = tuple(own if own.flat.dtype == dtype else own.copy(dtype) for own in members)
        networks = [build_network(own, self.activations) for own in members]
        outputs = [np.empty((dims[-1], len(X)), dtype) for _ in networks]
        together = max(1, min(ROWS, VALUES // max(dims)))
        starts = range(0, len(X), together)
        workers = max(1, min(threads.number(), len(starts)))

        def fill(worker: int) -> None:
            passes: list[dict[int, Pass]] = [{} for _ in networks]
            with np.errstate(over="ignore", invalid="ignore"):
                for start in starts[worker::workers]:
                    rows = slice(start, start + together)
                    prepared = self.interface.columns(X[rows], dtype, origin)
                    for number, network in enumerate(networks):
                        Z = logits[number][:, rows] if logits else None
                        outputs[number][:, rows] = network.predict(prepared, passes[number], Z, loss)

        with gathered(workers) as team:  # on blocks of their own threads scale better than inside these narrow products
            team.run(fill, workers)
        return outputs


def build_network(parameters: Parameters, choices: tuple[Choice, ...]) -> Network:
    """Return the network of these parameters and registered activations."""
    return Network(parameters, [activations.resolve(choice) for choice in choices])


def save(model: Model, path: Path) -> None:
    """Write parameters.h5, whole or not at all, and durably."""
    write_durably(path, image_of(model))


def image_of(model: Model) -> bytes:
    """Return the bytes of parameters.h5."""
    members = (model.parameters, *model.others)
    arrays = {
        prefix + _dataset(name): array
        for prefix, parameters in zip(_prefixes(len(members)), members, strict=True)
        for name, array in parameters.items()
    }
    facts = {
        "content": NETWORK,
        "nnctl_version": __version__,
        "members": len(members),
        "layer_dims": list(model.parameters.layer_dims),
        "activations": [[choice.name, dict(choice.options)] for choice in model.activations],
        **fronts.facts(model.parameters.front),
        **interfaces.facts(model.interface),
    }
    return pack({**arrays, **interfaces.arrays(model.interface)}, facts)


def load(path: Path) -> Model:
    """Read parameters.h5; raise a DataError where it is not one, and a StorageError where it does not fit."""
    from nnctl.data.recognition import recognized

    try:
        kind = recognized(path)
    except Unusable as reason:
        words = str(reason).partition("\n")[0]
        if words.startswith(("there is no such file", "cannot be read")):
            raise DataError(f"{path}: {words}") from None
        raise _no_model(path, words) from None
    if kind != "HDF5":
        raise _no_model(path, f"is an {kind} file")
    try:
        arrays, facts = unpack(image_of_file(path))
        return _read(Content(arrays, facts))
    except MemoryError:
        raise StorageError(f"{path}: the network in it does not fit into memory") from None
    except (Damaged, Unusable, SpecError) as reason:
        raise _no_model(path, str(reason)) from None


def _no_model(path: Path, reason: str) -> DataError:
    first = reason.partition("\n")[0].rstrip(".")
    return DataError(f"{path}: is not a parameters file of nnctl ({first}).\nCopy it again, or train again.")


def _prefixes(members: int) -> list[str]:
    """Return how the names of each network's arrays begin."""
    return [""] if members == 1 else [f"{MEMBERS}.{number}." for number in range(1, members + 1)]


def _dataset(name: str) -> str:
    """Return what parameters are called in the file, which has no groups."""
    return name.replace("/", ".")


def _read(content: Content) -> Model:
    """Read a model; nothing is taken for granted."""
    content.text("content", [NETWORK])
    content.text("nnctl_version")
    dims = content.whole_numbers("layer_dims", MOST_LAYERS)
    if len(dims) < 2:
        raise Unusable(f"layer_dims must have at least 2 layers, got {len(dims)}")
    chosen = _activations(content, len(dims) - 1)
    front = fronts.read(content, dims[0])
    shapes: dict[str, tuple[int, ...]] = {
        f"{letter}{number}": (n, k if letter == "W" else 1)
        for number, (k, n) in enumerate(pairwise(dims), start=1)
        for letter in "Wb"
    }
    if front is not None:
        shapes |= {"W1": (dims[1], front.width), **front.shapes()}
    parameters, *others = _networks(content, dims, shapes, front)
    interface = interfaces.read(content, dims[0], dims[-1], chosen[-1].name)
    content.check_empty()
    return Model(parameters, chosen, interface, tuple(others))


def _networks(
    content: Content, dims: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]], front: Front | None
) -> list[Parameters]:
    """Return the parameters of the network, or of all members of an ensemble."""
    members = content.whole("members", len(content.names("")))
    if members < 1:
        raise Unusable("members must be at least 1")
    prefixes = _prefixes(members)
    stored = [
        {name: content.array(prefix + _dataset(name), [shape]) for name, shape in shapes.items()} for prefix in prefixes
    ]
    dtypes = {array.dtype for each in stored for array in each.values()}
    if len(dtypes) > 1:
        raise Unusable(f"its parameters are of different types, {', '.join(sorted(map(str, dtypes)))}")
    dtype = dtypes.pop()
    networks = [Parameters(dims, dtype, front=front) for _ in prefixes]
    for each, parameters in zip(stored, networks, strict=True):
        for name, array in parameters.items():
            array[...] = each[name]
    return networks


def _activations(content: Content, layers: int) -> tuple[Choice, ...]:
    """Return the activation of each layer, with options that it takes."""
    given = content.fact("activations")
    if not isinstance(given, list) or len(given) != layers:
        raise Unusable(f"{len(given) if isinstance(given, list) else 'no list of'} activations for {layers} layers")
    return tuple(fronts.chosen(item, activations) for item in given)
