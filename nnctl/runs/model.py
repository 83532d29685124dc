"""A model is a trained network with its interface: all that `predict` needs, and what parameters.h5 holds.

The file has W1, b1, ..., WL, bL as plain datasets, and groups for what stands before layer 1, so that any HDF5 reader
can take them; how the layers are put together and what goes in and comes out stands in its attributes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl import __version__, threads
from nnctl.data.arrays import Unusable
from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.errors import DataError, SpecError, StorageError
from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.nn.ensemble import Ensemble, mean
from nnctl.nn.front import Front
from nnctl.nn.losses import Loss
from nnctl.nn.network import Forward, Network, Pass
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import checked, fronts
from nnctl.runs.files import write_bytes
from nnctl.team import gathered

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation

ROWS = 16384  # prepared at a time in `predict`, so that a large file needs no second copy
MEMBERS = "members"  # the group of an ensemble's networks, each a group 1, 2, ... of its own
VALUES = 2**25  # of the widest layer at a time
GROUPS = ("preparation", "range", "targets", MEMBERS, *fronts.PARTS)


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
    """Write parameters.h5, whole or not at all."""
    import h5py

    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:  # in memory: a full disk upsets HDF5
        for number, parameters in enumerate((model.parameters, *model.others), start=1):
            group = file.create_group(f"{MEMBERS}/{number}") if model.others else file
            for name, array in parameters.items():
                group[name] = array
        if model.parameters.front is not None:
            fronts.write(file, model.parameters.front)
        preparation = model.interface.preparation
        if isinstance(preparation, BlockPreparation):
            _write_block(file, preparation)
        else:
            file["preparation/columns"] = preparation.to_json()
        _write_scaling(file, "preparation", preparation.scaling)
        _write_scaling(file, "targets", model.interface.unit)
        if model.interface.limits is not None:
            file["targets/low"], file["targets/high"] = model.interface.limits
        if model.interface.names:
            file["targets/names"] = np.array(model.interface.names, h5py.string_dtype())
        file.attrs["labels"] = model.interface.labels
        if model.interface.classes is not None:
            file["classes"] = np.array(model.interface.classes, h5py.string_dtype())
            file.attrs["positive"] = model.interface.positive
        file.attrs["nnctl_version"] = __version__
        file.attrs["layer_dims"] = model.parameters.layer_dims
        file.attrs["activations"] = json.dumps([[c.name, dict(c.options)] for c in model.activations])
        file.flush()
        image: bytes = file.id.get_file_image()
    write_bytes(path, image)


def _write_scaling(file: Any, group: str, scaling: Scaling) -> None:
    """Write what numbers are brought to before they are learnt from; the offset is called mean."""
    for name, fitted in (("mean", scaling.offset), ("divisor", scaling.divisor), ("clipped", scaling.clipped)):
        if fitted is not None:
            file[f"{group}/{name}"] = np.asarray(fitted, np.float64)


def _write_block(file: Any, preparation: BlockPreparation) -> None:
    """Write what is known of the examples of a block of numbers."""
    file.attrs["example_shape"] = preparation.shape
    file.attrs["pixels"] = preparation.pixels
    file.attrs["layout"] = preparation.layout
    file.attrs["background"] = preparation.background
    if preparation.features is not None:
        file.attrs["features"] = preparation.features
    if (range := preparation.range) is not None:
        file["range/low"], file["range/high"] = range.low, range.high
        file["range"].attrs["dtype"] = range.dtype
        if range.means is not None:
            file["range/means"] = range.means


def load(path: Path) -> Model:
    """Read parameters.h5; raise a DataError where it is not one."""
    import h5py

    from nnctl.data.recognition import recognized
    from nnctl.data.words import in_plain_words

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
        with h5py.File(path, "r") as file:
            return _read(file)
    except MemoryError:
        raise StorageError(f"{path}: the network in it does not fit into memory") from None
    except (Unusable, SpecError) as reason:
        raise _no_model(path, str(reason)) from None
    except Exception as error:  # h5py and json have an exception of every kind for what is no such file
        raise _no_model(path, in_plain_words(error).removeprefix("cannot be read: ")) from None


def _no_model(path: Path, reason: str) -> DataError:
    first = reason.partition("\n")[0].rstrip(".")
    return DataError(f"{path}: is not a parameters file of nnctl ({first}).\nCopy it again, or train again.")


def _read(file: Any) -> Model:
    """Read a model from an open HDF5 file; nothing is taken for granted, and memory only for what is there."""
    import h5py

    dims = checked.whole_numbers(file, "layer_dims")
    if len(dims) < 2:
        raise Unusable(f"layer_dims must have at least 2 layers, got {len(dims)}")
    for name in GROUPS:
        if isinstance(file.get(name), h5py.Dataset):
            raise Unusable(f"{name} is an array, expected a group")
    front = fronts.read(file, dims[0])
    shapes: dict[str, tuple[int, ...]] = {
        f"{letter}{number}": (n, k if letter == "W" else 1)
        for number, (k, n) in enumerate(pairwise(dims), start=1)
        for letter in "Wb"
    }
    if front is not None:
        shapes |= {"W1": (dims[1], front.width), **front.shapes()}
    parameters, *others = _networks(file, dims, shapes, front)
    classes = _classes(file, dims[-1])
    columns = "preparation/columns" in file
    preparation = _tabular(file, dims[0]) if columns else _block(file, dims[0])
    names, unit = _target_names(file, dims[-1]), _scaling(file, dims[-1], "targets")
    if unit.clipped is not None or (classes is not None and unit.divisor is not None):
        raise Unusable("targets are scaled in a way that cannot be undone")
    labels = _labels(file, classes)
    limits = _limits(file, dims[-1], numbers=classes is None and not labels)
    interface = Interface(preparation, classes, _positive(file, classes), names, labels, unit, limits)
    return Model(parameters, _activations(file, len(dims) - 1), interface, tuple(others))


def _networks(
    file: Any, dims: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]], front: Front | None
) -> list[Parameters]:
    """Return the parameters of the network, or of all members of an ensemble."""
    prefixes = [""]
    if MEMBERS in file:
        names = set(file[MEMBERS])
        prefixes = [f"{MEMBERS}/{number}/" for number in range(1, len(names) + 1)]
        if "W1" in file or len(names) < 2 or names != {prefix.split("/")[1] for prefix in prefixes}:
            raise Unusable(f"{MEMBERS} must be groups 1, 2, ..., and beside them there is no network")
    stored = [
        {name: checked.dataset(file, prefix + name, [shape]) for name, shape in shapes.items()} for prefix in prefixes
    ]
    dtypes = {dataset.dtype.newbyteorder("=") for each in stored for dataset in each.values()}
    if len(dtypes) > 1:
        raise Unusable(f"its parameters are of different types, {', '.join(sorted(map(str, dtypes)))}")
    dtype = dtypes.pop()
    networks = [Parameters(dims, dtype, front=front) for _ in prefixes]
    for prefix, each, parameters in zip(prefixes, stored, networks, strict=True):
        for name, array in parameters.items():
            each[name].read_direct(array)
            checked.check_finite(prefix + name, array)
    return networks


def _tabular(file: Any, n: int) -> "TabularPreparation":
    """Return the preparation of named columns."""
    from nnctl.data.tabular import TabularPreparation  # and with it all kinds of columns

    try:
        preparation = TabularPreparation.from_json(file["preparation/columns"].asstr()[()], _scaling(file, n))
    except (ValueError, TypeError, KeyError, AttributeError, SpecError):
        raise Unusable("preparation/columns cannot be understood") from None
    if preparation.width != n:
        raise Unusable(f"preparation/columns make {preparation.width} inputs, and layer_dims has {n}")
    return preparation


def _block(file: Any, n: int) -> BlockPreparation:
    """Return the preparation of a block of numbers."""
    shape = checked.whole_numbers(file, "example_shape")
    if prod(shape) != n:
        raise Unusable(f"example_shape {shape} does not make the {n} inputs of layer_dims")
    layout = checked.text(file, "layout") if "layout" in file.attrs else "rows"
    if layout not in ("rows", "columns"):
        raise Unusable(f"layout is {layout!r}, expected rows or columns")
    return BlockPreparation(
        shape=shape,
        scaling=_scaling(file, n),
        pixels=bool(np.asarray(checked.attribute(file, "pixels")).all()),
        features=checked.text(file, "features") if "features" in file.attrs else None,
        range=_range(file, n),
        layout=layout,
        background=checked.text(file, "background") if "background" in file.attrs else "white",
    )


def _scaling(file: Any, n: int, group: str = "preparation") -> Scaling:
    offset, divisor, clipped = (
        checked.numbers(file, f"{group}/{name}", [(), (n,)]) for name in ("mean", "divisor", "clipped")
    )
    if divisor is None and (offset is not None or clipped is not None):
        raise Unusable(f"{group}/divisor is missing")
    if divisor is not None and not np.all(divisor):
        raise Unusable(f"{group}/divisor is 0")
    return Scaling(offset, divisor, None if clipped is None else clipped != 0)


def _range(file: Any, n: int) -> Range | None:
    """Return the range of the training rows, where the file has one; older ones have no means in it, or none at all."""
    low, high = (checked.numbers(file, f"range/{name}", [(), (n,)]) for name in ("low", "high"))
    means = checked.numbers(file, "range/means", [(3,)])
    if (low is None) != (high is None):
        raise Unusable("range has one end only")
    if low is None or high is None:
        return None
    return Range(low, high, checked.text(file["range"], "dtype"), means)


def _limits(file: Any, outputs: int, numbers: bool) -> tuple[Array, Array] | None:
    """Return the range that numbers which are predicted are clipped to, where the file has one."""
    low, high = (checked.numbers(file, f"targets/{end}", [(outputs,)]) for end in ("low", "high"))
    if low is None and high is None:
        return None
    if low is None or high is None or not numbers or (low > high).any():
        raise Unusable("targets/low and targets/high must be a range of numbers that are predicted")
    return low, high


def _activations(file: Any, layers: int) -> tuple[Choice, ...]:
    """Return the activation of each layer, with options that it takes."""
    choices = tuple(fronts.chosen(item, activations) for item in json.loads(checked.text(file, "activations")))
    if len(choices) != layers:
        raise Unusable(f"{len(choices)} activations for {layers} layers")
    return choices


def _classes(file: Any, outputs: int) -> tuple[str, ...] | None:
    """Return the names of the classes, as many as the outputs tell apart, or None where numbers are predicted."""
    if "classes" not in file:
        return None
    expected = max(2, outputs)
    if file["classes"].shape != (expected,):
        raise Unusable(f"classes has shape {file['classes'].shape}, expected {expected} names for {outputs} outputs")
    names = tuple(map(str, file["classes"].asstr()[:]))
    if len(set(names)) < len(names):
        raise Unusable("classes has a name twice")
    return names


def _target_names(file: Any, outputs: int) -> tuple[str, ...]:
    """Return the names of what is predicted, one for each output, or for a class; none where the file has none."""
    if "targets/names" not in file:
        return ()
    stored = file["targets/names"]
    if stored.shape not in ((1,), (outputs,)):
        raise Unusable(f"targets/names has shape {stored.shape}, expected {outputs} names")
    return tuple(map(str, stored.asstr()[:]))


def _labels(file: Any, classes: tuple[str, ...] | None) -> bool:
    """Tell whether each output says yes or no of a label of its own."""
    labels = np.asarray(file.attrs.get("labels", False))
    if labels.shape != () or labels.dtype.kind != "b" or (labels and classes is not None):
        raise Unusable("labels must be true or false, and true only without classes")
    return bool(labels)


def _positive(file: Any, classes: tuple[str, ...] | None) -> int:
    """Return the index of the positive class, the second where the file does not say."""
    index = np.asarray(file.attrs.get("positive", 1))
    if index.shape != () or index.dtype.kind not in "iu" or not 0 <= index < len(classes or "ab"):
        raise Unusable("positive must be the index of a class")
    return int(index)
