"""Tables of several trainings beside each other: of a comparison, of folds, of the networks of an ensemble."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console, Group
from rich.table import Table

from nnctl.nn.metrics import Metrics
from nnctl.show.names import shown
from nnctl.show.tables import DASH, how_trained, metric_label, metric_names, number, plain

if TYPE_CHECKING:  # what stands behind these is imported by the commands that have them
    from nnctl.explain.compare import Comparison
    from nnctl.explain.cross_validation import CrossValidation
    from nnctl.training.ensemble import Members

UNLIMITED = 10**6  # columns


def comparison(compared: "Comparison", console: Console) -> Group:
    """Return costs, final costs and metrics of the schemes: side by side where the console is wide enough for that.

    Elsewhere schemes are rows, the costs as many as fit, and what was measured stands in as many tables as it takes.
    """
    side_by_side = _by_iteration(compared)
    if _fits(side_by_side, console):
        return Group(side_by_side)
    iterations, by_scheme = compared.shown_iterations(), partial(_by_scheme, compared, console)
    for wanted in range(len(iterations), 0, -1):
        which = sorted({round(index) for index in np.linspace(len(iterations) - 1, 0, wanted)})
        costs = by_scheme([_costs_at(compared, iterations[index]) for index in which], "cost at\niteration")
        if _fits(costs, console):
            break
    tables = [costs]
    for waiting in _measured(compared):
        while waiting:
            taken = next((n for n in range(len(waiting), 1, -1) if _fits(by_scheme(waiting[:n]), console)), 1)
            tables.append(by_scheme(waiting[:taken]))
            waiting = waiting[taken:]
    return Group(*tables)


def folds(validated: "CrossValidation") -> str:
    """Return a line or two about the folds and the trainings to come."""
    experiment, of, repeats = validated.experiment, validated.of, validated.repeats
    m = len(validated.tables["train"].X)
    drawn = f", drawn {repeats} times" if repeats > 1 else ""
    trainings = f"{len(validated.folds)} trainings, each tested on a fold that it has not seen"
    return f"{experiment.spec.name}: {m:,} rows in {of} folds{drawn}: {trainings}\n{how_trained(experiment)}"


def cross_validation(validated: "CrossValidation", console: Console) -> Group:
    """Return the metrics of each fold's own test rows, where the console is wide enough, and those over all folds."""
    interface, summaries = validated.experiment.dataset.interface, validated.summaries()
    labels = {name: metric_label(name, interface) for name in summaries}
    each = plain("", "test rows", *labels.values(), right=range(1, len(labels) + 2))
    for index, fold in enumerate(validated.folds):
        label = f"{fold.label}, {fold.status}" if fold.mishap or not fold.metrics else fold.label
        values = [number(found.values[index]) for found in summaries.values()]
        each.add_row(label, f"{fold.rows['test']:,}" if fold.rows else "–", *values)
    whole = any(found.pooled is not None for found in summaries.values())
    table = plain("", "mean", "spread", "95 % interval", *(["all rows"] if whole else []), right=range(1, 5))
    for name, found in summaries.items():
        ends = DASH if found.interval is None else " to ".join(map(number, found.interval))
        pooled = [number(found.pooled)] if whole else []
        table.add_row(labels[name], number(found.mean), number(found.spread), ends, *pooled)
    return Group(*([each] if _fits(each, console) else []), *([table] if labels else []))


Column = tuple[str, list[str]]  # a title of several lines, and a number for each scheme


def _by_iteration(compared: "Comparison") -> Table:
    """Return a table with a column for each scheme."""
    schemes = compared.schemes
    table = plain("iteration", *(scheme.label for scheme in schemes), right=range(len(schemes) + 1))
    for iteration in compared.shown_iterations():
        table.add_row(*_flat(_costs_at(compared, iteration)))
    table.add_section()
    for column in chain.from_iterable(_measured(compared)):
        table.add_row(*_flat(column))
    return table


def _by_scheme(compared: "Comparison", console: Console, columns: Sequence[Column], title: str = "") -> Table:
    """Return a table with a row for each scheme."""
    table = plain(title, *(title for title, _ in columns), right=range(1, len(columns) + 1))
    for index, scheme in enumerate(compared.schemes):
        table.add_row(shown(scheme.label, console.width // 3), *(numbers[index] for _, numbers in columns))
    return table


def _costs_at(compared: "Comparison", iteration: int) -> Column:
    return f"{iteration:,}", [number(scheme.costs.get(iteration)) for scheme in compared.schemes]


def _measured(compared: "Comparison") -> list[list[Column]]:
    """Return for each part the final costs and metrics."""
    parts, interface = [], compared.experiment.dataset.interface
    for part in dict.fromkeys(part for scheme in compared.schemes for part in scheme.metrics):
        measured, columns = [scheme.metrics.get(part, {}) for scheme in compared.schemes], []
        for name in metric_names(measured):
            title = f"final {name}" if name in ("loss", "cost") else metric_label(name, interface).replace(" ", "\n", 1)
            columns.append((f"{title},\n{part}", [number(values.get(name)) for values in measured]))
        parts.append(columns)
    return parts


def _flat(column: Column) -> list[str]:
    """Return a column as a row."""
    title, numbers = column
    return [title.replace("\n", " "), *numbers]


def _fits(table: Table, console: Console) -> bool:
    """Tell whether a console is wide enough for a table without breaking or cutting any cell."""
    return console.measure(table, options=console.options.update(width=UNLIMITED)).maximum <= console.width


def members(trained: "Members", together: Mapping[str, Metrics]) -> Table:
    """Return how long each network of an ensemble was trained, and its loss on each part beside that of their mean."""
    titles = [f"loss,\n{part}" for part in together]
    table = plain("", "seed", "iterations", "kept from", *titles, right=range(1, 4 + len(titles)))
    for member in trained.members:
        best = "" if member.best_iteration is None else f"{member.best_iteration:,}"
        losses = (number(member.metrics.get(part, {}).get("loss")) for part in together)
        table.add_row(member.label, str(member.spec.seed), f"{member.iterations:,}", best, *losses)
    table.add_section()
    table.add_row("mean of outputs", "", "", "", *(number(part.get("loss")) for part in together.values()))
    return table
