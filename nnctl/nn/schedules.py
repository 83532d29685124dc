"""A schedule says how the learning rate changes: a multiplier for each iteration, after an optional warm-up.

Each is one dataclass whose fields are its options in YAML. Time t is counted in whole epochs or iterations
(`per`) from the end of the warm-up, during which the rate rises in equal steps to its full height. All but coslog
never rise again after it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, log2, pi, sin
from typing import Annotated, Literal

from nnctl.registry import Count, Interval, NotNegative, Registry

Rate = Callable[[int], float]  # iteration -> learning rate
Ratio = Annotated[float, Interval(gt=0, le=1)]
Floor = Annotated[float, Interval(ge=0, le=1)]
Length = Annotated[float, Interval(ge=0, le=10**9)]
Cycles = Annotated[int, Interval(ge=1, le=20)]  # each as long as all before it: 20 are there in a million updates


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """`per` is the unit of time, `warmup` a number of such units."""

    per: Literal["epoch", "iteration"] = "epoch"
    warmup: Length = 0.0

    @abstractmethod
    def multiplier(self, t: int, total: int) -> float:
        """Return what multiplies the learning rate after t of `total` units of time."""

    def bind(self, learning_rate: float, iterations: int, per_epoch: int) -> Rate:
        """Return the learning rate of every iteration of a run with `per_epoch` iterations in an epoch."""
        unit = per_epoch if self.per == "epoch" else 1
        rising = round(self.warmup * unit)
        total = max(1, -(-(iterations - rising) // unit))

        def at(iteration: int) -> float:
            if iteration < rising:
                return learning_rate * (iteration + 1) / rising
            return learning_rate * self.multiplier((iteration - rising) // unit, total)

        return at


schedules: Registry[type[Schedule]] = Registry("schedule")


@schedules
@dataclass(frozen=True, kw_only=True)
class constant(Schedule):
    """1 throughout."""

    def multiplier(self, t: int, total: int) -> float:
        return 1.0


@schedules
@dataclass(frozen=True, kw_only=True)
class step(Schedule):
    """factor^floor(t / every): a stair with steps of `every` units."""

    every: Count
    factor: Ratio = 0.1

    def multiplier(self, t: int, total: int) -> float:
        return float(self.factor ** (t // self.every))


@schedules
@dataclass(frozen=True, kw_only=True)
class exponential(Schedule):
    """rate^floor(t / every) (course: "Learning rate decay")."""

    rate: Ratio = 0.96
    every: Count = 1

    def multiplier(self, t: int, total: int) -> float:
        return float(self.rate ** (t // self.every))


@schedules
@dataclass(frozen=True, kw_only=True)
class inverse_time(Schedule):
    """1 / (1 + rate floor(t / every)) (course: "Learning rate decay", with fixed intervals)."""

    rate: NotNegative = 1.0
    every: Count = 1

    def multiplier(self, t: int, total: int) -> float:
        return 1 / (1 + self.rate * (t // self.every))


@schedules
@dataclass(frozen=True, kw_only=True)
class cosine(Schedule):
    """final + (1 - final) (1 + cos(pi t / length)) / 2, then final (Loshchilov & Hutter 2017, without restarts);
    `length` is all the time there is unless said otherwise.
    """

    final: Floor = 0.0
    length: Count | None = None

    def multiplier(self, t: int, total: int) -> float:
        share = min(t / (self.length or total), 1.0)
        return self.final + (1 - self.final) * (1 + cos(pi * share)) / 2


@schedules
@dataclass(frozen=True, kw_only=True)
class coslog(Schedule):
    """(1 - cos(2 pi log2(1 + (2^cycles - 1) s))) / 2, s being the share of the time that is over: it rises from 0 and
    falls again `cycles` times, each taking twice as long (RealMLP, Holzmueller et al. 2024, section 3).

    s is that of the middle of a unit of time, so that no update, not even the first, is multiplied by 0.
    """

    per: Literal["epoch", "iteration"] = "iteration"
    cycles: Cycles = 4

    def multiplier(self, t: int, total: int) -> float:
        share = (t + 0.5) / total
        return sin(pi * log2(1 + (2**self.cycles - 1) * share)) ** 2
