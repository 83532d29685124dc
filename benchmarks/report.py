"""The report: medians, ratios, targets and limits, as Markdown to read and JSON to compute with."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import nnctl
from benchmarks import limits
from benchmarks.measuring import Samples
from benchmarks.workloads import NAMES, Busy, Commands, Dying, Predicting, Training

QUIET = 0.03  # the share of the processors that others may take without a word
PACKAGES = ("numpy", "scikit-learn", "torch", "jax", "matplotlib")


@dataclass(frozen=True)
class Target:
    """What nnctl must reach beside something, and what it reached."""

    workload: str
    against: str
    nnctl: str  # what was measured, as it is shown
    other: str
    value: float
    unit: str
    bound: float
    at_least: bool  # the bound is a lower one

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True)
class Distance:
    """How near nnctl's median comes to the limit of the machine."""

    workload: str
    gigaflops: float
    peak_gigaflops: float
    share_of_peak: float
    gigabytes: float
    seconds_at_limit: float
    share_of_limit: float


@dataclass(frozen=True)
class Measured:
    """One workload with all that was measured."""

    name: str
    workload: Training | Commands
    samples: Samples

    def targets(self) -> Iterator[Target]:
        """Yield the targets whose peer took part."""
        if isinstance(self.workload, Commands):
            yield from self._of_commands(self.workload)
            return
        ours, seconds = self.samples.median("nnctl"), self.samples.median
        for peer in self.workload.peers:
            if peer.name in self.samples.answers:
                against, theirs = f"{NAMES[peer.name]}, {peer.dtype}", seconds(peer.name)
                yield Target(
                    self.name, against, _time(ours), _time(theirs), theirs / ours, " x", peer.at_least, at_least=True
                )
        if isinstance(self.workload, Dying):
            first, last = seconds("nnctl", "first"), seconds("nnctl", "last")
            bound = self.workload.at_most
            yield Target(
                self.name, "its first epoch", _time(last), _time(first), last / first, " x", bound, at_least=False
            )
        if isinstance(self.workload, Busy):
            idle, bound = seconds("nnctl", "idle"), self.workload.at_most
            yield Target(self.name, "without them", _time(ours), _time(idle), ours / idle, " x", bound, at_least=False)
        if isinstance(self.workload, Predicting):
            yield from self._of_memory(self.workload)
        if self.workload.peak_share is not None:
            at = self.distance()
            shown = f"{at.gigaflops:.0f} GFLOP/s", f"{at.peak_gigaflops:.0f} GFLOP/s"
            share, bound = 100 * at.share_of_peak, 100 * self.workload.peak_share
            yield Target(self.name, "the matrix-product peak", *shown, share, " %", bound, at_least=True)

    def _of_commands(self, workload: Commands) -> Iterator[Target]:
        for what, against, bound in workload.targets:
            if against not in self.samples.answers:
                continue
            who, _, until = what.partition(".")
            ours, theirs = self.samples.median(who, until or "seconds"), self.samples.median(against)
            shown = _time(ours), _time(theirs)
            if workload.seconds_more:
                yield Target(
                    self.name, f"{who} beside {against}", *shown, ours - theirs, " s more", bound, at_least=False
                )
            else:
                label = f"{NAMES[against]}, {'until parameters.h5 is in place' if until else 'to the end'}"
                yield Target(self.name, label, *shown, theirs / ours, " x", bound, at_least=True)

    def _of_memory(self, workload: Predicting) -> Iterator[Target]:
        extra = {
            peer: self.samples.median(peer, "extra_bytes") / 1e6
            for peer, answers in self.samples.answers.items()
            if answers[0].get("extra_bytes") is not None
        }
        if "nnctl" in extra:
            shown = f"{extra['nnctl']:.0f} MB", f"{extra['sklearn']:.0f} MB" if "sklearn" in extra else ""
            bound = workload.extra_megabytes
            yield Target(
                self.name, "peak memory beside the input", *shown, extra["nnctl"], " MB", bound, at_least=False
            )

    def distance(self) -> Distance:
        """Return nnctl's distance to the limit."""
        seconds = self.samples.median("nnctl")
        peak, bandwidth = self.samples.median("limits", "flops"), self.samples.median("limits", "bandwidth")
        products = limits.operations(self.workload)
        fastest = products / peak + limits.traffic(self.workload) / bandwidth
        reached = products / seconds
        return Distance(
            self.name, reached / 1e9, peak / 1e9, reached / peak, bandwidth / 1e9, fastest, fastest / seconds
        )

    def contestants(self) -> Iterator[tuple[str, ...]]:
        """Yield a line for each contestant: settings, times, cost."""
        costs = {who: answers[-1]["cost"] for who, answers in self.samples.answers.items() if "cost" in answers[-1]}
        for who, answers in self.samples.answers.items():
            if who == "limits":
                continue
            seconds = [answer["seconds"] for answer in answers]
            cost = f"{costs[who]:.9g}" if who in costs else ""
            apart = f"{costs[who] / costs['nnctl'] - 1:+.1e}" if who in costs and who != "nnctl" else ""
            settings = self.samples.settings.get(who, {}).get("settings", "")
            times = (_time(of(seconds)) for of in (median, min, max))
            yield self.name, NAMES.get(who, who), settings, *times, cost, apart


def as_json(measured: Sequence[Measured], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of the report and every single measurement as plain values."""
    return {
        **facts,
        "targets": [{**asdict(target), "met": target.met} for one in measured for target in one.targets()],
        "limits": [asdict(one.distance()) for one in _limited(measured)],
        "measurements": {one.name: {"title": one.workload.title, **asdict(one.samples)} for one in measured},
    }


def markdown(measured: Sequence[Measured], facts: Mapping[str, Any]) -> str:
    """Return the report to read."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    sections = [
        f"# nnctl {facts['nnctl']}: benchmarks",
        f"{facts['date']}, {facts['processor']}, {facts['cpus']} cores, {facts['platform']}, Python {facts['python']},"
        f" {versions}. Medians of {facts['repeats']} repetitions, with the contestants in turn.",
    ]
    if facts["quick"]:
        sections.append("A quick run on small sizes: it shows that everything runs, and its numbers mean nothing.")
    disturbed = [f"{one.name} {one.samples.others:.0%}" for one in measured if (one.samples.others or 0) > QUIET]
    if disturbed:
        sections.append(f"**Other programs took a share of the processors:** {', '.join(disturbed)}.")
    if facts["left_out"]:
        sections.append(f"Left out because not installed: {', '.join(NAMES[peer] for peer in facts['left_out'])}.")
    targets = [
        (target.workload, target.against, target.nnctl, target.other, f"{target.value:.3g}{target.unit}",
         f"{'at least' if target.at_least else 'at most'} {target.bound:g}{target.unit}",
         "yes" if target.met else "**no**")
        for one in measured for target in one.targets()
    ]  # fmt: skip
    distances = [
        (at.workload, f"{at.gigaflops:.1f} GFLOP/s", f"{at.peak_gigaflops:.0f} GFLOP/s", f"{at.share_of_peak:.0%}",
         f"{at.gigabytes:.0f} GB/s", _time(at.seconds_at_limit), f"{at.share_of_limit:.0%}")
        for at in (one.distance() for one in _limited(measured))
    ]  # fmt: skip
    sections += [
        "\n".join(f"- {one.name}: {one.workload.title}" for one in measured),
        _table(("workload", "against", "nnctl", "the other", "reached", "target", "met"), targets),
        "## All contestants\n\nThe cost is that of the trained network on all examples, worked out in the same way for"
        " all (for predict the mean probability), with its relative distance from nnctl's.",
        _table(
            ("workload", "contestant", "settings", "median", "fastest", "slowest", "cost", "apart"),
            [line for one in measured for line in one.contestants()],
        ),
    ]
    if distances:
        sections += [
            "## The distance to the limit\n\nAt the limit a workload would take the time of its matrix products at the"
            " peak, plus that of the passes over memory that cannot be avoided.",
            _table(
                ("workload", "nnctl", "product peak", "of the peak", "memory", "at the limit", "of the limit"),
                distances,
            ),
        ]
    return "\n\n".join(sections) + "\n"


def machine() -> dict[str, Any]:
    """Return what about this machine and its packages decides the numbers."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), processor)
    installed = {distribution.name.lower() for distribution in importlib.metadata.distributions()}
    return {
        "nnctl": nnctl.__version__,
        "date": datetime.now().strftime("%Y-%m-%d %H:%M"),
        "processor": processor,
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
        "python": sys.version.split()[0],
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES if name in installed},
    }


def _limited(measured: Sequence[Measured]) -> list[Measured]:
    return [one for one in measured if isinstance(one.workload, Training) and one.workload.limited]


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *lines))


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"
