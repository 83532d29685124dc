"""An evaluation in the terminal: its scores with intervals and baseline, of all, of each class and of each group."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from nnctl.explain.evaluation import Evaluation
from nnctl.nn.estimates import Estimate
from nnctl.nn.samples import Classes, Numbers
from nnctl.nn.scores import scores
from nnctl.registry import FEW, listed
from nnctl.show.names import shown
from nnctl.show.tables import DASH, end, interval, number, plain

MOST = 20  # classes, labels or outputs, those with the lowest values first
OF_GROUPS = {
    "classes": ("accuracy", "f1", "roc_auc", "log_loss"),
    "labels": ("accuracy", "f1", "roc_auc", "log_loss"),
    "numbers": ("rmse", "mae", "r2"),
}
OF_EACH = ("precision", "recall", "f1", "roc_auc", "average_precision", "rmse", "mae", "r2")
FEW_OUTPUTS = 6


def rows(evaluation: Evaluation, inputs: Sequence[str]) -> str:
    """Say which rows were looked at."""
    m = f"{evaluation.sample.m:,} row{'' if evaluation.sample.m == 1 else 's'}"
    if evaluation.part is None:
        return f"on {m} of {', '.join(inputs[:3])}{', ...' if len(inputs) > 3 else ''}"
    if evaluation.part == "test":
        return f"on its test set, {m}"
    return f"on its training set, {m}, which it has learnt from: it has no test set"


def tables(evaluation: Evaluation) -> Iterator[Table | str]:
    """Yield the tables of an evaluation, each followed by what is to be said of it."""
    yield _overall(evaluation)
    if reasons := _reasons(evaluation):
        yield f"{DASH} " + "; ".join(reasons)
    if any(each.index is not None for each in evaluation.estimates) and not _in_one(evaluation):
        yield _each(evaluation)
    if evaluation.by is not None:
        yield _groups(evaluation)


def _overall(evaluation: Evaluation) -> Table:
    table = plain("", "value", "95 % interval", "guessing", right=(1, 2, 3))
    for each in _chief(evaluation, evaluation.estimates):
        table.add_row(_title(evaluation, each), number(each.value), interval(each), number(each.baseline))
    return table


def _chief(evaluation: Evaluation, some: Sequence[Estimate]) -> Iterator[Estimate]:
    """Yield the scores of all, and of two classes those of the positive one before them."""
    two = isinstance(evaluation.sample, Classes) and evaluation.sample.count == 2
    positive = evaluation.interface.positive if two else None
    own = {each.score: each for each in some if two and each.index == positive}
    for each in some:
        if each.index is None and each.score in own:
            yield own[each.score]
        if each.index is None or _in_one(evaluation):
            yield each


def _in_one(evaluation: Evaluation) -> bool:
    """Tell whether each output has lines of its own among those of all: their units differ."""
    return isinstance(evaluation.sample, Numbers) and evaluation.sample.count <= FEW_OUTPUTS


def _title(evaluation: Evaluation, each: Estimate) -> str:
    """Return what a score is called, and of what it is."""
    title = scores[each.score].title
    if each.index is not None:
        return f"{title} of {shown(evaluation.names[each.index])}"
    several = any(other.score == each.score and other.index is not None for other in evaluation.estimates)
    return f"{title}, mean" if several and not isinstance(evaluation.sample, Classes) else _macro(title, several)


def _macro(title: str, several: bool) -> str:
    return f"{title}, macro" if several else title


def _reasons(evaluation: Evaluation) -> list[str]:
    """Say why scores have no value, or no interval, each reason once."""
    found: dict[str, list[str]] = {}
    for each in _chief(evaluation, evaluation.estimates):
        if each.reason is not None:
            what = "" if each.value is None else "the interval of "
            found.setdefault(f"{what}|{each.reason}", []).append(_title(evaluation, each).partition(", ")[0])
    told = ((key.partition("|"), dict.fromkeys(names)) for key, names in found.items())
    return [f"{what}{listed(names, FEW)}: {reason}" for (what, _, reason), names in told]


def _each(evaluation: Evaluation) -> Table:
    """Return the scores of each class, label or output, in their order, or the worst of many."""
    own: dict[int, dict[str, Estimate]] = {}
    for each in evaluation.estimates:
        if each.index is not None:
            own.setdefault(each.index, {})[each.score] = each
    names = [name for name in OF_EACH if any(name in some for some in own.values())]
    ranked, order = "f1" if "f1" in names else names[-1], sorted(own)
    if len(order) > MOST:
        order = sorted(order, key=lambda index: _rank(own[index].get(ranked)))[:MOST]
    what = {"classes": "class", "labels": "label", "numbers": "output"}[evaluation.sample.task]
    counts = (
        None
        if isinstance(evaluation.sample, Numbers)
        else [f"{int(evaluation.sample.asked(index)[0].sum()):,}" for index in order]
    )
    titles = [*(["rows"] if counts else []), *(scores[name].title.replace("average ", "average\n") for name in names)]
    table = plain(what, *titles, right=range(1, len(titles) + 1))
    for place, index in enumerate(order):
        cells = [_with_interval(own[index].get(name)) for name in names]
        table.add_row(shown(evaluation.names[index]), *([counts[place]] if counts else []), *cells)
    if len(order) < len(own):
        table.caption = f"of {len(own):,} those with the lowest {scores[ranked].title}; --json has all"
    return table


def _rank(each: Estimate | None) -> float:
    return 2.0 if each is None or each.value is None else each.value


def _groups(evaluation: Evaluation) -> Table:
    """Return the chief scores of each group of rows."""
    names = OF_GROUPS[evaluation.sample.task]
    assert evaluation.by is not None
    titles = [scores[name].title for name in names]
    table = plain(shown(evaluation.by), "rows", *titles, right=range(1, len(names) + 2))
    for group, (count, some) in evaluation.groups.items():
        two = {each.score: each for each in some if each.index == evaluation.interface.positive}
        overall = {each.score: each for each in some if each.index is None}
        both = isinstance(evaluation.sample, Classes) and evaluation.sample.count == 2
        own = {**overall, **(two if both else {})}
        table.add_row(shown(group), f"{count:,}", *(_with_interval(own.get(name)) for name in names))
    return table


def _with_interval(each: Estimate | None) -> str:
    """Return a value with its interval below it."""
    if each is None or each.value is None:
        return DASH
    if each.interval is None:
        return end(each.value, 3)
    low, high = each.interval
    return f"{end(each.value, 3)}\n{end(low, 2)}–{end(high, 2)}"
