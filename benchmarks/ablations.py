"""Ablations: what each ingredient of what `nnctl init` writes for a table is worth, measured by leaving it out.

The error is the one of `tables`: the share of wrong classes, or the root of the mean square error in units of the
targets' standard deviation, of several splits and starts. The number of an ingredient is by how much the error of all
tables grows without it, in the shifted geometric mean; every variant sees the same rows.
"""

import csv
import importlib.util
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import SHIFT, TABLES

SEEDS, QUICK = (1, 2, 3), (1,)
MOST_ROWS = 5_000  # of a table, drawn where there are more
WORKERS = 2  # trainings side by side, each with one thread

Changes = Mapping[str, Any]  # dotted keys of a spec

VARIANTS: dict[str, Changes] = {
    "what init writes": {},
    "standardize, not robust": {"data.scale": "standardize"},
    "beta2 0.999": {"train.optimizer": "adam"},
    "no embedding": {"model.embed": None},
    "no input scale": {"model.input_scale": None},
    "constant rate": {"train.schedule": "constant"},
    "no label smoothing": {"train.label_smoothing": None},
    "no clipping of outputs": {"data.clip_outputs": None},
    "no dropout": {"train.dropout": None},
    "relu, not mish": {"model.activations": "relu"},
    "the last epoch, not the best": {"train.early_stopping": None},
}


@dataclass(frozen=True)
class Trial:
    """One training: a spec as plain values, and the seed of the split and of the start."""

    spec: Mapping[str, Any]
    folder: Path
    seed: int


def changed(spec: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Return a spec with other values of the keys that it has, or without them where the value is None."""
    tree = {section: dict(keys) if isinstance(keys, Mapping) else keys for section, keys in spec.items()}
    for key, value in changes.items():
        section, name = key.split(".")
        if name in tree[section]:
            tree[section] |= {name: value}
        if value is None:
            tree[section].pop(name, None)
    if isinstance(hidden := tree["model"]["activations"], str):
        tree["model"]["activations"] = (*[hidden] * (len(tree["model"]["layer_dims"]) - 2), "auto")
    return tree


def error_of(trial: Trial) -> float:
    """Train in this process, and return the error on the rows held out."""
    from nnctl.runs.run import create_run
    from nnctl.spec.document import Document
    from nnctl.spec.reading import parse
    from nnctl.training.experiment import prepare, train

    tree = changed(trial.spec, {})
    tree = {**tree, "seed": trial.seed, "data": {**tree["data"], "seed": trial.seed}}
    tree["train"] |= {"threads": 1, "shards": 1}
    experiment = prepare(parse(Document("ablation", tree), (trial.folder,)))
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        result = train(experiment, create_run(Path(folder), "run", {}))
    found = result.metrics["test"]
    if "accuracy" in found:
        return 1 - (found["accuracy"] or 0.0)
    truth = experiment.dataset.parts["test"].table.y
    assert truth is not None
    return float("inf") if found["mse"] is None else float(np.sqrt(found["mse"]) / truth.std())


def measure(
    quick: bool,
    names: Sequence[str] = tuple(TABLES),
    variants: Mapping[str, Changes] = VARIANTS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, dict[str, list[float]]]:
    """Return the errors of each variant on each table whose package is installed, seed by seed; quickly of one.

    A variant that changes nothing of a table's spec has the errors of the first.
    """
    there = [name for name in names if importlib.util.find_spec(TABLES[name].package)]
    names, seeds = (["iris"], QUICK) if quick else (there, seeds)
    errors: dict[str, dict[str, list[float]]] = {variant: {} for variant in variants}
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder, ProcessPoolExecutor(WORKERS) as pool:
        for number, name in enumerate(names):
            spec = _drafted(name, Path(folder) / f"{number}.csv")
            running: dict[str, list[Future[float]]] = {}
            specs = {variant: changed(spec, changes) for variant, changes in variants.items()}
            for variant, own in specs.items():
                same = next(other for other in specs if specs[other] == own)
                running[variant] = running.get(same) or [
                    pool.submit(error_of, Trial(own, Path(folder), seed)) for seed in seeds
                ]
            for variant, futures in running.items():
                errors[variant][name] = [future.result() for future in futures]
                told = f"ablations: {name}, {variant}: {np.mean(errors[variant][name]):.4f}"
                print(told, file=sys.stderr, flush=True)
    return errors


def write(errors: Mapping[str, Mapping[str, Sequence[float]]], out: Path) -> str:
    """Write the errors to a folder as Markdown and JSON; return the Markdown."""
    first = next(iter(errors))
    names = list(errors[first])
    lines = [f"| | {' | '.join(names)} | the error is |", f"|---|{'---|' * len(names)}---|"]
    for variant, own in errors.items():
        cells = [f"{np.mean(own[name]):.4f}" for name in names]
        lines.append(f"| {variant} | {' | '.join(cells)} | {ratio(own, errors[first]):.3f} of the first's |")
    text = "\n".join(lines) + "\n"
    (out / "ablations.md").write_text(text, encoding="utf-8")
    (out / "ablations.json").write_text(json.dumps(errors, indent=2) + "\n", encoding="utf-8")
    return text


def ratio(own: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> float:
    """Return how many times the error of another this is, in the shifted geometric mean over the tables."""
    logs = [np.log((np.mean(own[name]) + SHIFT) / (np.mean(other[name]) + SHIFT)) for name in own]
    return float(np.exp(np.mean(logs)))


def _drafted(name: str, file: Path) -> dict[str, Any]:
    """Write a table, or some rows of a large one, to a file; return the spec that `nnctl init` writes for it."""
    from nnctl.spec import document
    from nnctl.training.draft import draft

    header, rows = TABLES[name].rows()
    if len(rows) > MOST_ROWS:
        rows = [rows[index] for index in np.random.RandomState(0).permutation(len(rows))[:MOST_ROWS].tolist()]
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    written = file.with_suffix(".yaml")
    written.write_text(draft(file, TABLES[name].target, written).text, encoding="utf-8")
    return dict(document.read(written).tree)
