"""An estimate is the value of a score on some rows, with its interval and what the baseline would have.

Proportions have Wilson's interval, the others one by the bootstrap, which draws the rows again and again; where there
are so many rows that this would take long, the limit that the bootstrap goes to. `method` says which it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnctl.nn import Array, intervals
from nnctl.nn.intervals import Ends
from nnctl.nn.samples import Classes, Labels, Numbers, Sample
from nnctl.nn.score import OfSums, Ranked, Score
from nnctl.nn.scores import of, scores

WORK = 200_000  # rows times (rankings + DRAWING), beyond which nothing is drawn: a second or so
DRAWING = 3  # rankings that take as long as drawing the rows
STEP = 1e-30  # of a complex step, which rounds nothing away
ALIKE = "all draws of these rows give the same value, so they tell nothing of others"
FEW = f"fewer than {intervals.FEWEST} rows are too few to draw from"
NO_CASES = "nothing is said to be of it, so there is no share of that to be sure of"
INFINITE = "it is infinite: something true has the probability 0"
BEYOND = "it is beyond the numbers of a float"


@dataclass(frozen=True)
class Estimate:
    """What was measured of one class, label or output (`index`), or of all of them (None)."""

    score: str
    index: int | None
    value: float | None
    interval: Ends | None = None
    method: str | None = None  # wilson, bootstrap, studentized bootstrap or linear
    baseline: float | None = None
    reason: str | None = None  # why there is no value, or no interval

    @property
    def better(self) -> bool | None:
        """Whether the interval is on the good side of the baseline; None where one of the two is not known."""
        if self.interval is None or self.baseline is None:
            return None
        low, high = self.interval
        return low > self.baseline if scores[self.score].higher else high < self.baseline


class _Summed:
    """A score of sums, of one class, label or output of a sample."""

    def __init__(self, score: type[OfSums], sample: Sample, index: int) -> None:
        self.score = score
        self.terms = score.terms(sample, index)
        self.sums = np.array([term.sum() for term in self.terms], np.float64)
        self.value = float(score.of_sums(*self.sums[:, None])[0])  # on all rows; nan where it is undefined

    def guess(self, baseline: Sample, index: int) -> float:
        """Return what the baseline has."""
        return _Summed(self.score, baseline, index).value

    def slopes(self, sums: Array | None = None) -> Array:
        """Return how the value changes with the weight of each row (m,), or for each of b columns of sums (b, m).

        By a complex step, which rounds nothing away (Squire & Trapp 1998).
        """
        some = self.sums[:, None] if sums is None else sums
        rates = np.empty(some.shape)
        for place in range(len(some)):
            moved = some.astype(complex)
            moved[place] += 1j * STEP
            rates[place] = self.score.of_sums(*moved).imag / STEP
        slopes: Array = rates.T @ np.array(self.terms, np.float64)
        return slopes[0] if sums is None else slopes


class _Ranked:
    """A score of a ranking, of one class or label of a sample."""

    def __init__(self, score: type[Ranked], sample: Classes | Labels, index: int) -> None:
        self.score, self.ranking = score, score.ranking(sample, index)
        self.value = float(score.area(self.ranking, np.ones((1, sample.m)))[0])

    def guess(self, baseline: Sample, index: int) -> float:
        """Return what the baseline has."""
        return self.score.guessed(self.ranking.share)

    def slopes(self) -> Array:
        """Return how the value changes with the weight of each row (m,)."""
        return self.score.slopes(self.ranking)


_Part = _Summed | _Ranked


def _part(score: type[Score], sample: Sample, index: int) -> _Part:
    if issubclass(score, Ranked):
        assert not isinstance(sample, Numbers)
        return _Ranked(score, sample, index)
    assert issubclass(score, OfSums)
    return _Summed(score, sample, index)


@dataclass(frozen=True, eq=False, repr=False)
class _Draws:
    """What the resamples give of a score: of all, and of each class, label or output (B,), with their deviations."""

    values: dict[int | None, Array]
    spreads: dict[int | None, Array]  # none, where the score is not skewed


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def estimates(
    sample: Sample,
    baseline: Sample | None = None,
    names: Sequence[str] | None = None,
    seed: int = 1,
    drawing: bool = True,
) -> list[Estimate]:
    """Return all scores of a sample, or those of some names, each of all before those of each class, label or output.

    `baseline` has the answers of whoever knows only the training rows' classes or numbers, to the same rows. Without
    `drawing` all intervals but Wilson's are those of many rows, for that is done at once.
    """
    chosen = of(sample, names)
    slow = sum(len(score.indices(sample)) for score in chosen if issubclass(score, Ranked) or score.skewed)
    few, many = sample.m < intervals.FEWEST, sample.m * (slow + DRAWING) > WORK
    draws = {} if few or many or not drawing else _drawn(sample, chosen, seed)
    found: list[Estimate] = []
    for score in chosen:
        found += _estimates(sample, baseline, score, draws.get(score.__name__))
    return found


def _drawn(sample: Sample, chosen: Sequence[type[Score]], seed: int) -> dict[str, _Draws]:
    """Return what the resamples give of each score."""
    parts = {score: {index: _part(score, sample, index) for index in score.indices(sample)} for score in chosen}
    terms = [
        term for own in parts.values() for part in own.values() if isinstance(part, _Summed) for term in part.terms
    ]
    summed = np.array(terms, np.float64).reshape(-1, sample.m)
    pieces: list[dict[str, _Draws]] = []
    for weights in intervals.resamples(sample.m, sample.strata, seed):
        sums = iter(summed @ weights.T)
        pieces.append({score.__name__: _draws(own, weights, sums) for score, own in parts.items()})
    return {name: _joined([piece[name] for piece in pieces]) for name in pieces[0]}


def _draws(parts: Mapping[int, _Part], weights: Array, sums: Iterator[Array]) -> _Draws:
    """Return what resamples with such weights of the rows (b, m) and sums of the terms (b,) give of a score."""
    values: dict[int | None, Array] = {}
    spreads: dict[int | None, Array] = {}
    slopes = np.zeros(weights.shape)
    for index, part in parts.items():
        if isinstance(part, _Ranked):
            values[index] = part.score.area(part.ranking, weights)
            continue
        own = np.array([next(sums) for _ in part.terms])
        values[index] = part.score.of_sums(*own)
        if part.score.skewed:
            each = part.slopes(own)
            slopes += each
            spreads[index] = np.sqrt(np.einsum("bm,bm,bm->b", weights, each, each))
    values[None] = _mean(np.array(list(values.values())))
    if spreads:
        slopes /= len(parts)
        spreads[None] = np.sqrt(np.einsum("bm,bm,bm->b", weights, slopes, slopes))
    return _Draws(values, spreads)


def _joined(pieces: Sequence[_Draws]) -> _Draws:
    return _Draws(
        *(
            {index: np.concatenate([getattr(piece, name)[index] for piece in pieces]) for index in getattr(first, name)}
            for first in pieces[:1]
            for name in ("values", "spreads")
        )
    )


def _estimates(sample: Sample, baseline: Sample | None, score: type[Score], draws: _Draws | None) -> list[Estimate]:
    """Return a score of all, and of each class, label or output where there are several."""
    indices = score.indices(sample)
    reasons = [score.undefined(sample, index) for index in indices]
    values, guesses, each = [], [], list[Estimate]()
    slopes = np.zeros(sample.m)  # of the mean
    for index, reason in zip(indices, reasons, strict=True):
        part = _part(score, sample, index)
        values.append(part.value)
        guesses.append(np.nan if baseline is None else part.guess(baseline, index))
        own = part.slopes() if np.isfinite(part.value) else np.zeros(sample.m)
        slopes += own
        made = _estimate(score, index if len(indices) > 1 else None, part.value, guesses[-1], reason)
        if score.proportion and made.value is not None:
            assert isinstance(part, _Summed)
            each.append(_with_proportion(made, *part.sums[:2]))
        else:
            each.append(_with_interval(made, index, draws, own))
    if len(indices) == 1:
        return each
    reason = None if any(reason is None for reason in reasons) else reasons[0]
    overall = _estimate(score, None, _mean(np.array(values)), _mean(np.array(guesses)), reason)
    overall = _with_interval(overall, None, draws, slopes / max(1, np.isfinite(values).sum()))
    return [overall, *(each if score.each_shown else ())]


def _estimate(score: type[Score], index: int | None, value: Any, baseline: Any, reason: str | None) -> Estimate:
    """Return a value without its interval, with the reason where there is none."""
    if reason is None and not np.isfinite(value):
        reason = INFINITE if score.__name__ == "log_loss" else BEYOND
    if reason is not None:
        return Estimate(score.__name__, index, None, reason=reason)
    return Estimate(score.__name__, index, float(value), baseline=float(baseline) if np.isfinite(baseline) else None)


def _with_proportion(made: Estimate, right: float, n: float) -> Estimate:
    """Return an estimate of a proportion of n cases with its interval."""
    if n == 0:
        return replace(made, reason=NO_CASES)
    return replace(made, interval=intervals.wilson(right, n), method="wilson")


def _with_interval(made: Estimate, index: int | None, draws: _Draws | None, slopes: Array) -> Estimate:
    """Return an estimate with its interval, or with the reason why it has none."""
    if made.value is None:
        return made
    if len(slopes) < intervals.FEWEST:
        return replace(made, reason=FEW)
    spread, bounds = float(np.sqrt(np.square(slopes).sum())), scores[made.score].bounds
    if draws is None:
        method, interval = "linear", intervals.linear(made.value, spread, bounds)
    elif index in draws.spreads:
        method = "studentized bootstrap"
        interval = intervals.studentized(made.value, spread, draws.values[index], draws.spreads[index], bounds)
    else:
        method, interval = "bootstrap", intervals.accelerated(made.value, draws.values[index], slopes)
    return replace(made, reason=ALIKE) if interval is None else replace(made, interval=interval, method=method)


def _mean(values: Array) -> Any:
    """Return the mean over the first axis of what is no nan, nan where there is nothing else."""
    there = ~np.isnan(values)
    return np.where(there, values, 0).sum(axis=0) / there.sum(axis=0)
