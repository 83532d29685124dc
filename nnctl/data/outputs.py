"""The outputs of a network in the terms of the data: classes with names, or numbers, as many as the targets ask for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnctl.data.columns import Named
from nnctl.data.interface import are_labels, distinct_labels, is_integer
from nnctl.data.scaling import Scaling
from nnctl.data.sets import datasets
from nnctl.data.table import Table
from nnctl.errors import DataError
from nnctl.nn import Array
from nnctl.registry import AUTO, FEW, LEGAL_AUTO, Choice, listed, suggestion
from nnctl.spec.spec import CLASSIFYING, Spec

MILD = (0.03, 30.0)  # spreads of targets that most learning rates do for
MOST_CLASSES = 20  # whole numbers that are taken as classes where the spec does not say


def with_output(spec: Spec, train: Table) -> Spec:
    """Return a spec with the outputs that the targets of all training rows ask for, where it says auto."""
    final = spec.output if spec.output != LEGAL_AUTO else None
    dims = spec.model.layer_dims
    if dims[-1] != AUTO and final:
        return spec
    y = train.y
    assert y is not None
    if are_labels(train, final, dims[-1]):
        n, output = y.shape[1], "sigmoid"
    elif final not in (None, *CLASSIFYING) or (final is None and not _are_classes(train)):
        n, output = 1 if y.ndim == 1 else y.shape[1], final or "linear"
    else:
        count = len(train.classes or distinct_labels(train)[0])
        output = final or ("sigmoid" if count == 2 else "softmax")
        n = 1 if output == "sigmoid" and count == 2 else count
    activations = (*spec.model.activations[:-1], Choice(output) if final is None else spec.model.activations[-1])
    model = replace(spec.model, layer_dims=(*dims[:-1], dims[-1] or n), activations=activations)
    return replace(spec, model=model)


def _are_classes(table: Table) -> bool:
    """Tell whether targets are classes: names, one-hot rows, two values, or a few numbers that count from 0 or 1."""
    y = table.y
    assert y is not None
    if y.dtype.kind not in "buif" or table.classes is not None:
        return True
    if y.ndim == 2:
        return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
    values = np.unique(y).astype(np.float64)  # true and false are no numbers yet
    counted = values[0] in (0, 1) and np.array_equal(values - values[0], np.arange(len(values)))
    return bool((values == np.floor(values)).all() and (len(values) == 2 or (counted and len(values) <= MOST_CLASSES)))


def with_fitting_list(table: Table, spec: Spec) -> Table:
    """Return a table without a list of classes, or labels, of the wrong number, unless the spec asks for it."""
    told = max(spec.model.layer_dims[-1], 2)
    asked = spec.data.classes is not None or spec.data.source in datasets
    if not spec.classifies or asked or table.classes is None or len(table.classes) == told:
        return table
    note = (
        f"{table.origin}: its list of classes ({listed(table.classes, FEW)}) is not used, for it names"
        f" {len(table.classes):,} and the network tells {told:,} apart"
    )
    return replace(table, classes=None).with_notes([note])


def classes_of(train: Table, spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the classes, or None where outputs are numbers or labels; check n[L] against them.

    As `with_output` does, it is told by all rows for training: a class may have none among those that are left.
    """
    if not spec.classifies:
        return None
    n, y = spec.model.layer_dims[-1], train.y
    if are_labels(train, spec.output, n):
        assert y is not None
        if n != y.shape[1]:
            raise spec.document.mistake(
                ("model", "layer_dims"), f"must end with {y.shape[1]}, an output for each label, got {n}"
            )
        return None
    if isinstance(train.X, Named):  # whose labels alone tell what classes there are
        classes: tuple[str, ...] = train.targets if y is not None and y.ndim == 2 else ()
        classes = classes or tuple(distinct_labels(train)[0])
        classes = _by_labels(classes, n) if len(classes) > 1 and classes != train.targets else classes
    else:
        classes = train.classes or _by_labels(distinct_labels(train)[0], n)
    _check_several(train, classes)
    wanted = 1 if spec.output == "sigmoid" and len(classes) == 2 else len(classes)
    if n != wanted and not (n == 2 and len(classes) == 2):
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {wanted} for {len(classes):,} classes ({listed(classes, FEW)}) and a {spec.output} output,"
            f" got {n}" + ("; with more than two classes take softmax" if spec.output == "sigmoid" and n == 1 else ""),
        )
    return classes


def check_classes(train: Table, spec: Spec) -> None:
    """Raise a DataError where the rows for training are to be told apart and are all of one class."""
    if spec.classifies and not are_labels(train, spec.output, spec.model.layer_dims[-1]):
        _check_several(train, train.classes or distinct_labels(train)[0])


def _check_several(train: Table, classes: Sequence[str]) -> None:
    if len(classes) < 2:
        raise DataError(f"{train.origin}: there is one class only ({listed(classes, FEW)}); expected two or more")


def _by_labels(labels: Sequence[str], n: int) -> tuple[str, ...]:
    """Return the classes of labels where no list names them, for a network with n outputs."""
    expected = tuple(str(number) for number in range(max(n, 2)))
    if set(labels) <= set(expected):
        return expected  # 0, 1, ..., n[L] - 1, even if one of them does not occur
    return tuple(sorted(labels, key=int) if all(is_integer(label) for label in labels) else sorted(labels))


def unit(train: Table, spec: Spec) -> Scaling:
    """Return what numbers to predict are brought to before they are learnt."""
    if spec.data.scale_target is None:
        return Scaling()
    if spec.classifies:
        raise spec.document.mistake(("data", "scale_target"), f"is for numbers, and a {spec.output} output has none")
    y = train.y
    assert y is not None
    numbers = y.reshape(len(y), -1)
    names = train.targets or [f"{place} (counted from 0) of the targets" for place in range(numbers.shape[1])]
    return Scaling.fit(numbers, spec.data.scale_target, train.origin, names)


def limits(train: Table, spec: Spec) -> tuple[Array, Array] | None:
    """Return the smallest and largest of each number to predict (n[L],), where predictions are to stay within them."""
    if not spec.data.clip_outputs:
        return None
    if spec.classifies:
        raise spec.document.mistake(("data", "clip_outputs"), f"is for numbers, and a {spec.output} output has none")
    y = train.y
    assert y is not None
    numbers = y.reshape(len(y), -1).astype(np.float64)
    return numbers.min(axis=0), numbers.max(axis=0)


def spread(train: Table, spec: Spec) -> str | None:
    """Say that numbers to predict have a spread far from 1, and what to do, or None."""
    y = train.y
    if spec.classifies or y is None or spec.data.scale_target is not None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        largest = float(y.astype(np.float64).std(axis=0).max())
    if largest == 0 or MILD[0] <= largest <= MILD[1]:
        return None
    return (
        f"the targets have a spread (standard deviation) of {largest:.3g}, far from 1: training may be slow or"
        " diverge; data.scale_target: standardize learns them at unit scale and predicts them in their own unit"
    )


def positive(classes: tuple[str, ...] | None, spec: Spec) -> int:
    """Return which of two classes precision and recall are of."""
    name = spec.data.positive
    if name is None:
        return 1
    assert classes is not None
    if len(classes) > 2:
        raise spec.document.mistake(("data", "positive"), f"names one of two classes, and there are {len(classes):,}")
    if name not in classes:
        raise spec.document.mistake(("data", "positive"), f"names no class{suggestion(name, classes)}")
    return classes.index(name)


def check_regression(table: Table, spec: Spec) -> None:
    """Check the targets of a regression: numbers, as many for each row as there are outputs."""
    y = table.y
    assert y is not None
    if y.dtype.kind not in "buif":
        raise DataError(
            f'{table.origin}: the targets are names such as "{y.ravel()[0]}", and a {spec.output} output predicts'
            " numbers.\n"
            "To predict classes, end the network with sigmoid (two classes) or softmax."
        )
    n = 1 if y.ndim == 1 else y.shape[1]
    if n != spec.model.layer_dims[-1]:
        raise spec.document.mistake(
            ("model", "layer_dims"),
            f"must end with {n}, the numbers to predict for each example in {table.origin},"
            f" got {spec.model.layer_dims[-1]}",
        )
