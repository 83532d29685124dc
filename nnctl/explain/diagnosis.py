"""A diagnosis is what the findings of one training say in words: why it learned or did not, and how it ended.

Nothing is said that the numbers do not show: what a start alone would let one expect is checked against the end.
"""

from collections.abc import Mapping

import numpy as np

from nnctl.explain.findings import SKILL, SURE, DeadLayer, Diagnosis, End, still_falling, swings
from nnctl.explain.shares import percent
from nnctl.nn.metrics import Metrics
from nnctl.training.advice import LARGE_TARGETS
from nnctl.training.experiment import Experiment
from nnctl.training.result import Result

MANY = 0.1  # the share of saturated outputs that is worth the word
MISTAKEN = 0.01  # the share of surely wrong ones that is
REACH = {"tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}  # what an output can give
FADED = 1e-2  # a spread of the outputs below which they hardly tell examples apart that are spread by 1


def reason(found: Diagnosis) -> str:
    """Say what of the start explains why a training learned or did not."""
    start, learned = found.start, found.learned
    first = start.gradients["W1"]
    if not found.moved:
        return _unmoved(found)
    if found.alike:
        return (
            "all units of the first hidden layer still have the same weights at the end, for they started alike and"
            " get alike gradients: the layer counts as one unit"
        )
    if start.saturated is not None and start.saturated > MANY and (start.mistaken or 0) > MISTAKEN:
        return (
            f"{percent(start.saturated)} of the outputs start saturated (a probability above {SURE}), sure before"
            f" anything is learned, and the wrong ones make the first cost {_cost(start.cost)}"
        )
    if start.output_spread == 0:
        from_there = ", so it learns from there" if learned else ""
        return f"at the start every example gets the same answer, and W1 gets gradients up to {first:.2g}{from_there}"
    if start.output_spread < FADED * start.input_spread and len(start.gradients) > 2 and not learned:
        return (
            "the outputs hardly tell the examples apart at the start (they spread by"
            f" {start.output_spread:.2g}), so the gradient that reaches W1 is at most {first:.2g}: the signal fades on"
            " its way"
        )
    sure = "" if start.saturated is None else f", {percent(start.saturated)} of the outputs are saturated"
    pass_on = ": signals pass in both directions" if learned else ""
    return (
        f"at the start the outputs spread by {start.output_spread:.2g} over the examples{sure}, and W1 gets gradients"
        f" up to {first:.2g}{pass_on}"
    )


def way(found: Diagnosis, costs: Mapping[int, float]) -> str:
    """Say how the cost went, from the logged costs and the last."""
    first, last = found.start.cost, found.end.measured["cost"]
    assert last is not None
    said = f"the cost went from {_cost(first)} to {_cost(last)}"
    fell = last < first and _cost(first) != _cost(last)
    half = next((iteration for iteration, cost in costs.items() if cost <= (first + last) / 2), None)
    if fell and half is not None and len(costs) >= 3:
        said += f", half of the way by iteration {half:,}"
    logged = np.array(list(costs.values()))
    if found.end.settled:
        return said
    if (swung := swings(logged)) is not None:
        rises, changes, low, high = swung
        return (
            f"{said}, but does not settle: between the logged iterations of the second half it rose {rises} times of"
            f" {changes} by much, and went between {_cost(low)} and {_cost(high)}"
        )
    if fell and not found.stopped and still_falling(logged):
        return f"{said}, and was still falling when the training ended"
    return said


def ending(end: End) -> str:
    """Say how good the network is in the end, beside one answer for all, and which layer is dead."""
    dead = f"; {_dead(end.dead)}" if end.dead else ""
    if end.commonest is None:
        r2 = end.measured["r2"]
        if r2 is None:
            return f"R² is undefined at its end{dead}"
        if end.at_base_rate:
            place = "at the mean of the targets" if r2 > -SKILL else "worse than the mean of the targets for all"
            return f"it ends {place}: R² {_r2(r2)}{dead}"
        return f"it ends with R² {_r2(r2)}{dead}"
    figures = _figures(end)
    if end.at_base_rate:
        return f"it ends at the base rate: {figures}, no better than {end.commonest} for all{dead}"
    beside = f", and {end.commonest} for all would have {percent(end.own / end.m, 1)}"
    place = "with" if end.above_base_rate or end.weighted else "little above the base rate:"
    return f"it ends {place} {figures}{beside}{dead}"


def stopping(experiment: Experiment, result: Result) -> str | None:
    """Say when early stopping, where it is asked for, ended a training and which parameters are kept."""
    asked, best = experiment.spec.train.early_stopping, result.best_iteration
    if asked is None or experiment.spec.train.ensemble > 1:  # of which each is told in a table
        return None
    kept = "the last parameters" if best is None else f"the parameters of iteration {best:,}"
    if result.status == "stopped":
        waited = f"{asked.patience:,} evaluation{'' if asked.patience == 1 else 's'}"
        return f"stopped at iteration {result.iterations:,}, no better for {waited}; {kept} are kept"
    if best is None or result.status != "finished":
        return None
    return f"came to its last iteration; {kept} are kept, the best on the validation examples"


def remarks(experiment: Experiment, metrics: Mapping[str, Metrics]) -> list[str]:
    """Say in a line each what a training that came to its end shows of having learned nothing."""
    end = End.of(experiment, metrics["train"])
    return [*([_base_rate(end)] if end.at_base_rate else []), *([_dead(end.dead)] if end.dead else [])]


def _base_rate(end: End) -> str:
    """Say that a network does no better on the training examples than one answer for all of them."""
    if end.commonest is None:
        r2 = end.measured["r2"]
        assert r2 is not None
        than = "no better" if r2 > -SKILL else "worse"
        said = f"the network does {than} on the training examples than to say their mean for all (R² {_r2(r2)})"
        return said + _out_of_reach(end)
    return (
        f"the network does no better on the training examples than to say {end.commonest} for all of them:"
        f" {_figures(end)}, and that is right for {end.own:,} of {end.m:,}"
    )


def _out_of_reach(end: End) -> str:
    """Say that the output cannot give the targets of a regression, or seldom comes so far, as the end of a message."""
    low, high = end.targets
    floor, ceiling = REACH.get(end.output, (-np.inf, np.inf))
    if low < floor or high > ceiling:
        return (
            f"; a {end.output} output gives {floor:g} to {ceiling:g}, and the targets go from {low:,.6g} to {high:,.6g}"
        )
    if max(-low, high) > LARGE_TARGETS:
        return (
            f"; the targets reach {max(-low, high):,.6g}, far from where a network starts: train on smaller numbers,"
            " such as (y - mean) / standard deviation"
        )
    return ""


def _dead(layer: DeadLayer) -> str:
    gives = "0" if layer.silent else "the same"
    return (
        f"layer {layer.number} is dead: each of its {layer.units:,} units gives {gives} for every training example, so"
        " the network gives all of them one answer"
    )


def _unmoved(found: Diagnosis) -> str:
    """Say why no W moved."""
    start = found.start
    if found.kept == 0:
        return "the parameters of the start did best on the validation examples, and they are kept"
    silent = [name for name, size in start.gradients.items() if size == 0]
    alive = [name for name, size in start.gradients.items() if size > 0]
    if not any(name.startswith("W") for name in silent):
        return (
            "no W ever moved, for every update was too small to change any: the largest gradient at the start is"
            f" {max(start.gradients.values()):.2g}"
        )
    which = f"every gradient but that of {' and '.join(alive)}" if alive else "every gradient"
    said = f"no W ever moved, for {which} is exactly 0 from the start"
    if start.output_spread > 0:
        return said
    same = "all units of a layer compute the same and pass nothing back" if start.alike else "nothing is passed back"
    return f"{said}: {same}"


def _figures(end: End) -> str:
    """Return the accuracy, and of two classes the recall."""
    accuracy, recall = end.measured["accuracy"], end.measured["recall"]
    assert accuracy is not None
    of_one = f', recall of "{end.positive}" {percent(recall, 1)}' if end.positive and recall is not None else ""
    return f"accuracy {percent(accuracy, 1)}{of_one}"


def _cost(value: float) -> str:
    return f"{value:.4f}" if 1e-4 <= value < 1e6 else f"{value:.4g}"


def _r2(value: float) -> str:
    """Return so many digits that what is less than 1 does not read 1."""
    return f"{value:.4g}" if value < 0.9 else f"{value:.6f}"
