"""Growth: nnctl's seconds per update against the examples, features, width and depth, measured and drawn.

An update should cost in proportion to m and to the depth, and by the short cut the same for any n[0]. The time
of a short training is taken from that of a long one, so that what is done once does not count.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.measuring import environment
from benchmarks.worker import Worker
from benchmarks.workloads import Training


@dataclass(frozen=True)
class Curve:
    """Full-batch gradient descent in float64 on networks whose `what` grows; `network` gives layer_dims and m."""

    what: str
    sizes: Sequence[int]
    network: Callable[[int], tuple[tuple[int, ...], int]]
    expected: int  # the power that the cost grows with in the end
    overrides: Sequence[str] = ()
    label: str = "nnctl"


POWERS = {0: "constant", 1: "linear", 2: "quadratic"}
FEATURES = (100, 300, 1_000, 3_000, 10_000, 30_000)
CURVES = (
    Curve("examples m", (100, 300, 1_000, 3_000, 10_000, 30_000), lambda m: ((50, 20, 10, 1), m), 1),
    Curve("features n[0]", FEATURES, lambda n: ((n, 20, 7, 1), 200), 0),
    Curve("features n[0]", FEATURES, lambda n: ((n, 20, 7, 1), 200), 1, ("train.fast_path=off",), "no short cut"),
    Curve("width of two hidden layers", (16, 32, 64, 128, 256, 512, 1_024), lambda n: ((50, n, n, 1), 256), 2),
    Curve("hidden layers of 64", (1, 2, 4, 8, 16, 32), lambda n: ((50, *[64] * n, 1), 256), 1),
)


def measure(quick: bool) -> list[dict[str, Any]]:
    """Measure all curves, each in a process of its own; return them as plain values."""
    return [_measure(curve, curve.sizes[:2] if quick else curve.sizes, quick) for curve in CURVES]


def _measure(curve: Curve, sizes: Sequence[int], quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        problems = []
        for size in sizes:
            layer_dims, m = curve.network(size)
            workload = Training("", "digits", m, layer_dims, learning_rate=1e-3, epochs=1, dtype="float64", peers=())
            file = Path(folder) / f"{size}.npz"
            data.write(workload, file)
            problems.append({**workload.job(str(file), workload.dtype), "overrides": curve.overrides})
        job = {"problems": problems, "seconds": 0.0 if quick else 0.1, "repeats": 1 if quick else 3}
        with Worker("benchmarks.nnctl_peer:Growth", job, environment()) as worker:
            worker.ready()
            seconds = worker.ask("run")["seconds"]
    shown = {"what": curve.what, "label": curve.label, "expected_power": curve.expected}
    return {**shown, "sizes": sizes, "seconds": seconds}


def write(curves: list[dict[str, Any]], folder: Path) -> None:
    """Write growth.json and the chart growth.png; a dotted line grows as the cost should in the end."""
    (folder / "growth.json").write_text(json.dumps(curves, indent=2) + "\n", encoding="utf-8")
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    subjects = list(dict.fromkeys(curve["what"] for curve in curves))
    figure, panels = plt.subplots(1, len(subjects), figsize=(4 * len(subjects), 4), sharey=True, layout="constrained")
    for what, panel in zip(subjects, panels, strict=True):
        for curve in curves:
            if curve["what"] == what:
                (line,) = panel.loglog(curve["sizes"], curve["seconds"], "o-", label=curve["label"])
                last, power = curve["sizes"][-1], curve["expected_power"]
                expected = [curve["seconds"][-1] * (size / last) ** power for size in curve["sizes"]]
                panel.loglog(curve["sizes"], expected, ":", color=line.get_color(), label=POWERS[power])
        panel.set_xlabel(what)
        panel.grid(alpha=0.3)
        panel.legend()
    panels[0].set_ylabel("seconds per update")
    figure.suptitle("How the cost of an update grows (full batch, float64)")
    figure.savefig(folder / "growth.png", dpi=120)
