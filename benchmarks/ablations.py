"""Ablations: what each ingredient of a recipe for tables is worth, measured by leaving it out.

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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables import SHIFT, TABLES

SEEDS, QUICK = (1, 2, 3), (1,)
MOST_ROWS = 5_000  # of a table, drawn where there are more
WORKERS = 2  # trainings side by side, each with one thread

Changes = Mapping[str, Any]  # dotted keys of a spec

RECIPE: Changes = {
    "data.scale": "robust",
    "data.validation": 0.1,
    "data.test": 0.2,
    "model.hidden": (256, 256, 256),
    "model.activation": "relu",
    "model.init": "he",
    "model.embed": "periodic",
    "model.input_scale": {"name": "learned", "speed": 10},
    "train.optimizer": {"name": "adam", "beta2": 0.95},
    "train.schedule": "coslog",
    "train.learning_rate": 0.003,
    "train.batch_size": 256,
    "train.epochs": 256,
    "train.dtype": "float32",
    "train.early_stopping": {"patience": 256},
}
OF_CLASSES: Changes = {"train.label_smoothing": 0.1}
OF_NUMBERS: Changes = {"data.scale_target": "standardize", "data.clip_outputs": True}
VARIANTS: dict[str, Changes] = {
    "all of it": {},
    "standardize, not robust": {"data.scale": "standardize"},
    "beta2 0.999": {"train.optimizer": "adam"},
    "no embedding": {"model.embed": None},
    "no input scale": {"model.input_scale": None},
    "constant rate": {"train.schedule": "constant"},
    "no label smoothing": {"train.label_smoothing": 0.0},
    "no clipping of outputs": {"data.clip_outputs": False},
    "the last epoch, not the best": {"train.early_stopping": None},
}


@dataclass(frozen=True)
class Trial:
    """One training: a table in a file, a variant and a seed of the split and of the start."""

    file: Path
    target: str
    regression: bool
    changes: tuple[tuple[str, Any], ...]
    seed: int


def spec_of(trial: Trial, examples: int) -> dict[str, Any]:
    """Return the spec of a training as plain values."""
    flat = {**RECIPE, **(OF_NUMBERS if trial.regression else OF_CLASSES)}
    flat |= {key: value for key, value in trial.changes if key in flat or key not in {**OF_NUMBERS, **OF_CLASSES}}
    flat |= {"data.source": str(trial.file), "data.target": trial.target, "data.seed": trial.seed}
    flat |= {"train.threads": 1, "train.shards": 1}
    flat["train.batch_size"] = min(flat["train.batch_size"], examples)
    hidden, activation = flat.pop("model.hidden"), flat.pop("model.activation")
    flat["model.layer_dims"] = ("auto", *hidden, "auto")
    flat["model.activations"] = (*[activation] * len(hidden), "auto")
    tree: dict[str, Any] = {"seed": trial.seed}
    for key, value in flat.items():
        if value is not None:
            section, name = key.split(".")
            tree.setdefault(section, {})[name] = value
    return tree


def error_of(trial: Trial) -> float:
    """Train in this process, and return the error on the rows held out."""
    from nnctl.data.dataset import load
    from nnctl.runs.run import create_run
    from nnctl.spec.document import Document
    from nnctl.spec.reading import parse
    from nnctl.training.experiment import prepare, train

    with trial.file.open(encoding="utf-8") as file:
        rows = sum(1 for _ in file) - 1
    kept = rows - sum(round(share * rows) for share in (RECIPE["data.validation"], RECIPE["data.test"]))
    spec = parse(Document("ablation", spec_of(trial, kept - 2)), (trial.file.parent,))
    experiment = prepare(spec, load(spec))
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        result = train(experiment, create_run(Path(folder), "run", {}))
    found = result.metrics["test"] if result.mishap is None else {}
    if trial.regression:
        mse, truth = found.get("mse"), experiment.dataset.parts["test"].table.y
        return float("inf") if mse is None else float(np.sqrt(mse) / np.std(truth))
    accuracy = found.get("accuracy")
    return 1.0 if accuracy is None else 1 - accuracy


def measure(
    quick: bool,
    names: Sequence[str] = tuple(TABLES),
    variants: Mapping[str, Changes] = VARIANTS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, dict[str, list[float]]]:
    """Return the errors of each variant on each table whose package is installed, seed by seed; quickly of one."""
    there = [name for name in names if importlib.util.find_spec(TABLES[name].package)]
    names, seeds = (["iris"], QUICK) if quick else (there, seeds)
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        trials: dict[tuple[str, str], list[Trial]] = {}
        for number, name in enumerate(names):
            file = _written(name, Path(folder) / f"{number}.csv")
            own = TABLES[name].target, TABLES[name].regression
            for variant, changes in variants.items():
                trials[variant, name] = [Trial(file, *own, tuple(changes.items()), seed) for seed in seeds]
        with ProcessPoolExecutor(WORKERS) as pool:
            running = {key: [pool.submit(error_of, trial) for trial in own] for key, own in trials.items()}
            errors: dict[str, dict[str, list[float]]] = {}
            for (variant, name), futures in running.items():
                errors.setdefault(variant, {})[name] = [future.result() for future in futures]
                print(
                    f"ablations: {name}, {variant}: {np.mean(errors[variant][name]):.4f}", file=sys.stderr, flush=True
                )
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


def _written(name: str, file: Path) -> Path:
    """Write a table, or some rows of a large one, to a file."""
    header, rows = TABLES[name].rows()
    if len(rows) > MOST_ROWS:
        rows = [rows[index] for index in np.random.RandomState(0).permutation(len(rows))[:MOST_ROWS].tolist()]
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    return file
