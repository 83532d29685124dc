"""The interface of a network as parameters.h5 has it: how an example is prepared, and what the outputs mean.

What is read fits together: shapes with layers, classes with the output layer, ranges with their ends.
"""

import re
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.data.ranges import Range
from nnctl.data.scaling import Scaling
from nnctl.errors import SpecError
from nnctl.nn import Array
from nnctl.runs.bundle import MOST_AXES
from nnctl.runs.checked import Content
from nnctl.spec.checks import is_colour
from nnctl.spec.spec import CLASSIFYING

if TYPE_CHECKING:
    from nnctl.data.tabular import TabularPreparation

COLUMNS = "columns"
LAYOUTS = ("rows", "columns")
DTYPE = re.compile("[<>|=]?(bool|u?int(8|16|32|64)|float(16|32|64|96|128)|[biuf](1|2|4|8|12|16))")


def facts(interface: Interface) -> dict[str, Any]:
    """Return what is said of an interface beside its arrays."""
    preparation = interface.preparation
    told: dict[str, Any] = {"labels": interface.labels}
    if interface.classes is not None:
        told |= {"classes": list(interface.classes), "positive": interface.positive}
    if interface.names:
        told["target_names"] = list(interface.names)
    if not isinstance(preparation, BlockPreparation):
        return {**told, COLUMNS: preparation.written()}
    told |= {"example_shape": list(preparation.shape), "pixels": preparation.pixels, "layout": preparation.layout}
    told |= {"background": preparation.background, "megapixels": preparation.megapixels}
    if preparation.features is not None:
        told["features"] = preparation.features
    if preparation.range is not None:
        told["range_dtype"] = preparation.range.dtype
    return told


def arrays(interface: Interface) -> dict[str, Array]:
    """Return the arrays of an interface; the offset of a scaling is called mean."""
    preparation = interface.preparation
    named = _of_scaling("preparation", preparation.scaling) | _of_scaling("targets", interface.unit)
    if interface.limits is not None:
        named["targets.low"], named["targets.high"] = interface.limits
    if isinstance(preparation, BlockPreparation) and (range := preparation.range) is not None:
        named |= {"range.low": range.low, "range.high": range.high}
        if range.means is not None:
            named["range.means"] = range.means
    kinds = {name: np.uint8 if name.endswith(".clipped") else np.float64 for name in named}
    return {name: np.asarray(array, kinds[name]) for name, array in named.items()}


def _of_scaling(prefix: str, scaling: Scaling) -> dict[str, Array]:
    fitted = {"mean": scaling.offset, "divisor": scaling.divisor, "clipped": scaling.clipped}
    return {f"{prefix}.{name}": array for name, array in fitted.items() if array is not None}


def read(content: Content, inputs: int, outputs: int, final: str) -> Interface:
    """Return the interface of a network with so many inputs and outputs and this last activation."""
    labels = content.truth("labels")
    classes = _classes(content, outputs)
    if labels and classes is not None:
        raise Unusable("labels must be true only without classes")
    numbers = classes is None and not labels
    if (final in CLASSIFYING) is numbers or (labels and final != "sigmoid") or (outputs == 1 and final == "softmax"):
        what = "numbers are" if numbers else "labels are" if labels else "classes are"
        raise Unusable(f"{what} predicted, and the last of the activations is {final}")
    names = content.texts("target_names", sorted({1, outputs})) if "target_names" in content else ()
    unit = _scaling(content, outputs, "targets")
    if unit.clipped is not None or (not numbers and unit.divisor is not None):
        raise Unusable("targets are scaled in a way that cannot be undone")
    return Interface(
        _tabular(content, inputs) if COLUMNS in content else _block(content, inputs),
        classes,
        content.whole("positive", len(classes) - 1) if classes is not None else 1,
        names,
        labels,
        unit,
        _limits(content, outputs, numbers),
    )


def _classes(content: Content, outputs: int) -> tuple[str, ...] | None:
    """Return the names of the classes, as many as the outputs tell apart, or None where there are none."""
    return content.texts("classes", [max(2, outputs)]) if "classes" in content else None


def _tabular(content: Content, n: int) -> "TabularPreparation":
    """Return the preparation of named columns."""
    from nnctl.data.tabular import TabularPreparation  # and with it all kinds of columns

    try:
        preparation = TabularPreparation.of_written(content.fact(COLUMNS), _scaling(content, n))
    except (ValueError, TypeError, KeyError, AttributeError, SpecError):
        raise Unusable(f"{COLUMNS} cannot be understood") from None
    if preparation.width != n:
        raise Unusable(f"{COLUMNS} make {preparation.width} inputs, and layer_dims has {n}")
    return preparation


def _block(content: Content, n: int) -> BlockPreparation:
    """Return the preparation of a block of numbers."""
    shape = content.whole_numbers("example_shape", MOST_AXES)
    if prod(shape) != n:
        raise Unusable(f"example_shape {shape} does not make the {n} inputs of layer_dims")
    background = content.text("background")
    if not is_colour(background):
        raise Unusable(f"background must be a colour, got {background!r:.60}")
    return BlockPreparation(
        shape=shape,
        scaling=_scaling(content, n),
        pixels=content.truth("pixels"),
        features=content.text("features") if "features" in content else None,
        range=_range(content, n),
        layout=content.text("layout", LAYOUTS),
        background=background,
        megapixels=content.positive("megapixels"),
    )


def _scaling(content: Content, n: int, prefix: str = "preparation") -> Scaling:
    offset, divisor = (content.numbers(f"{prefix}.{name}", [(), (n,)]) for name in ("mean", "divisor"))
    clipped = content.signs(f"{prefix}.clipped", [(), (n,)])
    if divisor is None and (offset is not None or clipped is not None):
        raise Unusable(f"{prefix}.divisor is missing")
    if divisor is not None and not np.all(divisor > 0):
        raise Unusable(f"{prefix}.divisor must be greater than 0")
    return Scaling(offset, divisor, clipped)


def _range(content: Content, n: int) -> Range | None:
    """Return the range of the training rows, where the file has one; not of all data there are means in it."""
    low, high = (content.numbers(f"range.{name}", [(), (n,)]) for name in ("low", "high"))
    means = content.numbers("range.means", [(3,)])
    if (low is None) != (high is None):
        raise Unusable("range has one end only")
    if low is None or high is None:
        if means is not None:
            raise Unusable("range has means and no ends")
        return None
    if low.shape != high.shape or (low > high).any():
        raise Unusable("range.low must be at most range.high, number by number")
    if means is not None and not (low.min() <= means[0] <= means[1] <= means[2] <= high.max()):
        raise Unusable("range.means must be in order, within the range")
    dtype = content.text("range_dtype")
    if not DTYPE.fullmatch(dtype):
        raise Unusable(f"range_dtype must be a type of numbers, got {dtype!r:.60}")
    return Range(low, high, dtype, means)


def _limits(content: Content, outputs: int, numbers: bool) -> tuple[Array, Array] | None:
    """Return the range that numbers which are predicted are clipped to, where the file has one."""
    low, high = (content.numbers(f"targets.{end}", [(outputs,)]) for end in ("low", "high"))
    if low is None and high is None:
        return None
    if low is None or high is None or not numbers or (low > high).any():
        raise Unusable("targets.low and targets.high must be a range of numbers that are predicted")
    return low, high
