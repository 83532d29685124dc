"""Tables for the terminal: the layers before training, the metrics after it, predictions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from nnctl.data.block import BlockPreparation
from nnctl.data.interface import Interface
from nnctl.nn import Array
from nnctl.nn.activations import activations
from nnctl.nn.embeddings import embeddings
from nnctl.nn.initializers import initializers
from nnctl.nn.input_scales import input_scales
from nnctl.nn.metrics import Metrics
from nnctl.nn.optimizers import optimizers
from nnctl.registry import Choice, Registry
from nnctl.show.names import shown
from nnctl.spec.schema import option_defaults
from nnctl.training.experiment import Experiment

if TYPE_CHECKING:  # what stands behind these is imported by the commands that have them
    from nnctl.explain.answers import Beside
    from nnctl.explain.prediction import Prediction
    from nnctl.explain.standing import Standing
    from nnctl.nn.estimates import Estimate

COUNTED = 100_000  # values, of which different ones are counted at once
MOST_ROWS = 100  # of predictions shown; a file gets them all
DASH = "–"  # where there is no number
LABELS = {"mse": "MSE", "mae": "MAE", "r2": "R²", "exact": "all labels right"}


def summary(experiment: Experiment) -> str:
    """Return a line or two about the data and the training to come."""
    spec, interface = experiment.spec, experiment.dataset.interface
    sizes = ", ".join(f"{examples.m:,} {name}" for name, examples in experiment.dataset.parts.items())
    names = interface.classes or interface.names
    what = "classes" if interface.classes else "labels" if interface.labels else "numbers"
    kind = f"{what} {', '.join(names[:6])}" if names else what
    more = ", ..." if len(names) > 6 else ""
    n0 = spec.model.layer_dims[0]
    fast_path = (
        f"\nfast path: W1 is trained in the span of the {experiment.dataset.parts['train'].m:,} examples, exactly"
        " (train.fast_path: off for the ordinary way)"
        if experiment.fast_path
        else ""
    )
    return (
        f"{spec.name}: {sizes} examples of {n0:,} feature{'s' if n0 > 1 else ''}"
        f" ({interface.preparation}), {kind}{more}\n{how_trained(experiment)}{fast_path}"
    )


def how_trained(experiment: Experiment) -> str:
    """Return a line about how an experiment is trained."""
    spec = experiment.spec
    batch = "full batch" if spec.train.batch_size is None else f"batches of {spec.train.batch_size}"
    return (
        f"init {_brief(spec.model.init, initializers)}, {spec.train.loss}, {_brief(spec.train.optimizer, optimizers)}"
        f" at {spec.train.learning_rate:g}, {experiment.iterations:,} iterations, {batch}, {spec.train.dtype}"
        + (f", an ensemble of {spec.train.ensemble}" if spec.train.ensemble > 1 else "")
    )


def columns(experiment: Experiment) -> Table | None:
    """Return the columns of a table that is trained on, with their kinds and what becomes of them, or None."""
    preparation, rows = experiment.dataset.interface.preparation, experiment.dataset.parts["train"].table.X
    if isinstance(preparation, BlockPreparation):
        return None
    table = plain("column", "kind", "different", "missing", "training rows have", "inputs", right=(2, 3, 5))
    first = {column.name: column for column in preparation.columns[:MOST_ROWS]}
    for names in rows.together():
        some = rows.read([name for name in names if name in first])
        for column in (first[name] for name in some.names):
            values = some.texts[column.name].codes if column.as_text else some.number(column.name)
            gaps = values < 0 if column.as_text else np.isnan(values)
            counts = _different(values[~gaps]), f"{int(gaps.sum()):,}" if gaps.any() else ""
            table.add_row(shown(column.name), type(column).__name__, *counts, str(column), str(column.width))
    if (more := len(preparation.columns) - MOST_ROWS) > 0:
        table.add_row(f"... and {more:,} more", "", "", "", "", "")
    return table


def _different(values: Array) -> str:
    """Return how many different values there are, or more than how many where that would take long to know."""
    seen = len(np.unique(values[:COUNTED]))
    if len(values) <= COUNTED:
        return f"{seen:,}"
    return f"over {seen:,}" if seen > COUNTED // 10 else f"{len(np.unique(values)):,}"


def layers(experiment: Experiment) -> Table:
    """Return the layer table: shapes of W and b, activation, number of parameters."""
    parameters = experiment.model.parameters
    table = plain("layer", "W", "b", "activation", "parameters", right=(0, 4))
    model = experiment.spec.model
    fronts = (
        ("embed", model.embed, embeddings, "embedding/"),
        ("scale", model.input_scale, input_scales, "input_scale/"),
    )
    for title, choice, registry, group in fronts:
        own = [array.size for name, array in parameters.of_front.items() if name.startswith(group)]
        if choice and own:
            table.add_row(title, "", "", _brief(choice, registry), f"{sum(own):,}")
    for number, (W, b, activation) in enumerate(
        zip(parameters.W, parameters.b, experiment.spec.model.activations, strict=True), start=1
    ):
        table.add_row(
            str(number), _shape(W.shape), _shape(b.shape), _brief(activation, activations), f"{W.size + b.size:,}"
        )
    table.add_section()
    table.add_row("", "", "", "in all", f"{parameters.flat.size:,}")
    return table


def metrics(measured: Mapping[str, Metrics], interface: Interface, held_back: "Standing | None" = None) -> Table:
    """Return losses and metrics, a column for each part, and the cost where it is not the loss.

    Beside them stands how sure those of the rows are that were held back, and what guessing has there.
    """
    further = [] if held_back is None else [f"95 % of {held_back.part}", "guessing"]
    table = plain("", *measured, *further, right=range(1, len(measured) + len(further) + 1))
    for name in metric_names(measured.values()):
        cells = [number(part.get(name)) for part in measured.values()]
        if held_back is not None:
            each = held_back.estimates.get(name)
            known = each is not None and (each.interval is not None or each.reason is not None)
            cells.append(interval(each, 3) if each is not None and known else "")
            cells.append("" if each is None else number(each.baseline))
        table.add_row(metric_label(name, interface), *cells)
    return table


def interval(each: "Estimate", digits: int = 4) -> str:
    """Return the ends of an interval."""
    if each.interval is None:
        return DASH
    low, high = each.interval
    return f"{end(low, digits)} to {end(high, digits)}"


def end(value: float, digits: int = 4) -> str:
    """Return a number as precise as an interval makes sense of."""
    if 0.01 <= abs(value) < 10 or value == 0:
        return f"{value:.{digits}f}"
    return f"{value:,.{digits + 1}g}" if 1e-4 <= abs(value) < 10**digits else f"{value:.{max(digits - 1, 2)}e}"


def predictions(prediction: "Prediction", beside: "Beside") -> Table:
    """Return rows of a prediction with the truth, those first that are wrong, or numbers that are furthest off."""
    from nnctl.explain.answers import PROBABILITY

    answers = prediction.columns(beside)
    if prediction.classes is None:
        answers = {name: values for name, values in answers.items() if name != PROBABILITY}
    header = ["row", *map(shown, answers)]
    truth, mistakes = prediction.truth(), prediction.wrong()
    table = plain(*header, *(["truth"] if truth else []), right=range(len(header)))
    for number in prediction.worst_first()[:MOST_ROWS].tolist():
        row = [number, *(values[number] for values in answers.values())]
        cells = [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row]
        if truth is not None:
            marked = Text(truth[number] if mistakes is not None else _rounded(truth[number]))
            wrong = mistakes is not None and mistakes[number]
            table.add_row(*cells, marked.append("  wrong", "bold red") if wrong else marked)
        else:
            table.add_row(*cells)
    return table


def prediction_summary(prediction: "Prediction") -> str:
    """Return the metrics of a prediction in a line, and how many rows were left out of the table."""
    m = len(prediction.table.X)
    measured, interface = prediction.metrics() or {}, prediction.model.interface
    said = ", ".join(f"{metric_label(name, interface)} {number(value)}" for name, value in measured.items())
    hidden = f" ({m - MOST_ROWS:,} more rows; -o FILE writes all)" if m > MOST_ROWS else ""
    return f"{said} on {m:,} examples{hidden}"


def metric_label(name: str, interface: Interface) -> str:
    """Return what a metric is called: precision and recall say of which class they are, or that it is of all."""
    each = re.fullmatch(r"r2_(\d+)", name)
    if each and interface.names:
        return f"{LABELS['r2']} of {shown(interface.names[int(each[1]) - 1])}"
    if name not in ("precision", "recall") or not (interface.classes or interface.labels):
        return LABELS.get(name, name)
    if interface.classes is None or len(interface.classes) > 2:
        return f"{name}, macro"
    return f"{name} of {shown(interface.classes[interface.positive])}"


def metric_names(measured: Iterable[Metrics]) -> list[str]:
    """Return the names of what was measured, without the cost where it is the loss everywhere."""
    several = list(measured)
    names = dict.fromkeys(name for values in several for name in values)
    if all("cost" not in values or values["cost"] == values["loss"] for values in several):
        names.pop("cost", None)
    return list(names)


def plain(*columns: str, right: Sequence[int] | range = ()) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold")
    return table


def _brief(choice: Choice, registry: Registry[Any]) -> str:
    """Return a name with those of its options that are not at their defaults."""
    defaults = option_defaults(registry[choice.name])
    return str(Choice(choice.name, {key: v for key, v in choice.options.items() if v != defaults[key]}))


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(str(n) for n in shape)})"


def number(value: float | None) -> str:
    """Return six digits behind the point, or more significant ones where the value is small."""
    if value is None:
        return DASH
    return f"{value:.6f}" if value == 0 or 1e-3 <= abs(value) < 1e9 else f"{value:.4e}"


def _rounded(text: str) -> str:
    return ", ".join(f"{float(item):.4f}" for item in text.split(", "))
