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
from nnctl.nn.ranking import Ranking
from nnctl.nn.samples import Classes, Labels, Numbers, Sample
from nnctl.nn.score import OfSums, Ranked, Score
from nnctl.nn.scores import of, scores

WORK = 100_000  # rows times (scores that take long + DRAWING), beyond which nothing is drawn: a second or so
DRAWING = 3  # such scores that take as long as drawing the rows
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

    def __init__(self, score: type[Ranked], sample: Classes | Labels, ranking: Ranking) -> None:
        self.score, self.ranking = score, ranking
        self.value = float(score.area(self.ranking, np.ones((1, sample.m)))[0])

    def guess(self, baseline: Sample, index: int) -> float:
        """Return what the baseline has."""
        return self.score.guessed(self.ranking.share)

    def slopes(self) -> Array:
        """Return how the value changes with the weight of each row (m,)."""
        return self.score.slopes(self.ranking)


_Part = _Summed | _Ranked


def _parts(sample: Sample, chosen: Sequence[type[Score]]) -> Iterator[tuple[type[Score], int, _Part]]:
    """Yield all scores of a class, label or output after those of another: they share what takes long, the sorting."""
    asked = {score: score.indices(sample) for score in chosen}
    for index in sorted({index for indices in asked.values() for index in indices}):
        ranking: Ranking | None = None
        for score in (score for score, indices in asked.items() if index in indices):
            if issubclass(score, Ranked):
                assert not isinstance(sample, Numbers)
                ranking = ranking or score.ranking(sample, index)
                yield score, index, _Ranked(score, sample, ranking)
            else:
                assert issubclass(score, OfSums)
                yield score, index, _Summed(score, sample, index)


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
    found = {score: _Found(score, sample, baseline, draws.get(score.__name__)) for score in chosen}
    for score, index, part in _parts(sample, chosen):
        found[score].add(index, part)
    return [each for own in found.values() for each in own.estimates()]


def _drawn(sample: Sample, chosen: Sequence[type[Score]], seed: int) -> dict[str, _Draws]:
    """Return what the resamples give of each score."""
    parts: dict[type[Score], dict[int, _Part]] = {score: {} for score in chosen}
    for score, index, part in _parts(sample, chosen):
        parts[score][index] = part
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


class _Found:
    """What is found of a score, a class, label or output after the other."""

    def __init__(self, score: type[Score], sample: Sample, baseline: Sample | None, draws: _Draws | None) -> None:
        self._score, self._sample, self._baseline, self._draws = score, sample, baseline, draws
        self._single = len(score.indices(sample)) == 1
        self._each: list[Estimate] = []
        self._values: list[float] = []
        self._guesses: list[float] = []
        self._reasons: list[str | None] = []
        self._slopes = np.zeros(sample.m)  # summed

    def add(self, index: int, part: _Part) -> None:
        """Take what there is of one."""
        self._reasons.append(self._score.undefined(self._sample, index))
        self._values.append(part.value)
        self._guesses.append(np.nan if self._baseline is None else part.guess(self._baseline, index))
        slopes = part.slopes() if np.isfinite(part.value) else np.zeros(self._sample.m)
        self._slopes += slopes
        place = None if self._single else index
        made = _estimate(self._score, place, part.value, self._guesses[-1], self._reasons[-1])
        if self._score.proportion and made.value is not None:
            assert isinstance(part, _Summed)
            self._each.append(_with_proportion(made, *part.sums[:2]))
        else:
            self._each.append(_with_interval(made, index, self._draws, slopes))

    def estimates(self) -> list[Estimate]:
        """Return the score of all, and of each class, label or output where there are several."""
        if self._single:
            return self._each
        reason = None if None in self._reasons else self._reasons[0]
        value, guess = _mean(np.array(self._values)), _mean(np.array(self._guesses))
        overall = _estimate(self._score, None, value, guess, reason)
        slopes = self._slopes / max(1, np.isfinite(self._values).sum())
        overall = _with_interval(overall, None, self._draws, slopes)
        return [overall, *(self._each if self._score.each_shown else ())]


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
