"""Ablations: what each ingredient of what `nnctl init` writes for a table is worth, measured by leaving it out.

The tables are those of `development`, so that what is chosen here is not chosen by the rows that it is judged by. The
error is the one of `tables`: the share of wrong classes, or the root of the mean square error in units of the targets'
standard deviation, of several splits and starts of one network. The number of an ingredient is how many times the error
is without it, in the shifted geometric mean over the tables; every variant sees the same rows.
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
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.development import DEVELOPMENT
from benchmarks.tables import TABLES, Errors, ratio

if TYPE_CHECKING:
    from nnctl.nn.metrics import Metrics

SEEDS, QUICK = (1, 2, 3), (1,)
STARTS = 3  # networks of each split, whose errors are averaged
MOST_ROWS = 5_000  # of a table, drawn where there are more
ALL = TABLES | DEVELOPMENT
WORKERS = 2  # trainings side by side, each with one thread

Changes = Mapping[str, Any]  # dotted keys of a spec

VARIANTS: dict[str, Changes] = {
    "what init writes": {},
    "standardize, not robust": {"data.scale": "standardize"},
    "beta2 0.999": {"train.optimizer": "adam"},
    "no embedding": {"model.embed": None},
    "no input scale": {"model.input_scale": None},
    "learning rate 0.002": {"train.learning_rate": 0.002},
    "constant rate": {"train.schedule": "constant"},
    "cosine rate": {"train.schedule": "cosine"},
    "no label smoothing": {"train.label_smoothing": None},
    "no clipping of outputs": {"data.clip_outputs": None},
    "no dropout": {"train.dropout": None},
    "relu, not mish": {"model.activations": "relu"},
    "selu, not mish": {"model.activations": "selu"},
    "the last epoch, not the best": {"train.early_stopping": None},
}


@dataclass(frozen=True)
class Trial:
    """A spec as plain values, the seed of the split and of the first start, and how many starts there are."""

    spec: Mapping[str, Any]
    folder: Path
    seed: int
    starts: int


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
    """Train in this process, start by start; return the mean error on the rows held out."""
    from nnctl.runs.run import create_run
    from nnctl.spec.document import Document
    from nnctl.spec.reading import parse
    from nnctl.training.experiment import Experiment, prepare, train

    tree = changed(trial.spec, {})
    tree["data"] |= {"seed": trial.seed}
    tree["train"] |= {"threads": 1, "shards": 1}
    errors, before = [], None
    for start in range(trial.starts):
        spec = parse(Document("ablation", {**tree, "seed": 100 * trial.seed + start}), (trial.folder,))
        experiment: Experiment = prepare(spec, before.dataset if before else None)
        with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
            result = train(experiment, create_run(Path(folder), "run", {}))
        errors.append(_error(result.metrics["test"], experiment.dataset.parts["test"].table.y))
        before = experiment
    return float(np.mean(errors))


def _error(found: "Metrics", truth: Any) -> float:
    if "accuracy" in found:
        return 1 - (found["accuracy"] or 0.0)
    return float("inf") if found["mse"] is None else float(np.sqrt(found["mse"]) / truth.std())


def measure(
    quick: bool,
    names: Sequence[str] = tuple(DEVELOPMENT),
    variants: Mapping[str, Changes] = VARIANTS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, dict[str, list[float]]]:
    """Return the errors of each variant on each table whose package is installed, seed by seed; quickly of one.

    A variant that changes nothing of a table's spec has the errors of the first.
    """
    there = [name for name in names if importlib.util.find_spec(ALL[name].package)]
    names, seeds, starts = (["iris"], QUICK, 1) if quick else (there, seeds, STARTS)
    errors: dict[str, dict[str, list[float]]] = {variant: {} for variant in variants}
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder, ProcessPoolExecutor(WORKERS) as pool:
        for number, name in enumerate(names):
            spec = _drafted(name, Path(folder) / f"{number}.csv")
            running: dict[str, list[Future[float]]] = {}
            specs = {variant: changed(spec, changes) for variant, changes in variants.items()}
            for variant, own in specs.items():
                same = next(other for other in specs if specs[other] == own)
                running[variant] = running.get(same) or [
                    pool.submit(error_of, Trial(own, Path(folder), seed, starts)) for seed in seeds
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
    kinds = {"classes": [name for name in names if not ALL[name].regression]}
    kinds["numbers"] = [name for name in names if ALL[name].regression]
    heads = [f"of {kind}, the error is" for kind, own in kinds.items() if own]
    lines = [f"| | {' | '.join([*names, *heads])} |", f"|---|{'---|' * (len(names) + len(heads))}"]
    for variant, own in errors.items():
        cells = [f"{np.mean(own[name]):.4f}" for name in names]
        cells += [_ratio(own, errors[first], chosen) for chosen in kinds.values() if chosen]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    text = "\n".join(lines) + "\n"
    (out / "ablations.md").write_text(text, encoding="utf-8")
    (out / "ablations.json").write_text(json.dumps(errors, indent=2) + "\n", encoding="utf-8")
    return text


def _ratio(own: Mapping[str, Sequence[float]], first: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    """Return how many times the error of the first variant another's is on these tables."""
    pairs = [{"own": list(own[name]), "first": list(first[name])} for name in names]
    return ratio([Errors(name, 0, False, errors) for name, errors in zip(names, pairs, strict=True)], "own", "first")


def _drafted(name: str, file: Path) -> dict[str, Any]:
    """Write a table, or some rows of a large one, to a file; return the spec that `nnctl init` writes for it."""
    from nnctl.spec import document
    from nnctl.training.draft import draft

    header, rows = ALL[name].rows()
    if len(rows) > MOST_ROWS:
        rows = [rows[index] for index in np.random.RandomState(0).permutation(len(rows))[:MOST_ROWS].tolist()]
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])
    written = file.with_suffix(".yaml")
    written.write_text(draft(file, ALL[name].target, written).text, encoding="utf-8")
    return dict(document.read(written).tree)
