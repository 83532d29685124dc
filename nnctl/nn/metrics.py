"""Metrics say how good predictions are in the terms of the task: a share of right answers, or R2.

A metric that is undefined (precision without a positive prediction, R2 of a constant target) is None; in a mean over
classes or targets it counts as nothing achieved, as in scikit-learn's, for a mean that leaves it out would flatter.
"""

from functools import partial

import numpy as np
from numpy.typing import DTypeLike

from nnctl.nn import Array
from nnctl.nn.rounding import constant, moments

Metrics = dict[str, float | None]


def classify(outputs: Array) -> Array:
    """Return the class index (m,) of outputs A[L] (n[L], m): p > 0.5 with one unit, else the largest."""
    return (outputs[0] > 0.5).astype(np.int64) if len(outputs) == 1 else outputs.argmax(axis=0)


def classification(truth: Array, predicted: Array, class_count: int, positive: int = 1) -> Metrics:
    """Return accuracy, precision and recall of class indices (m,).

    With two classes precision and recall are those of the positive one, otherwise the mean over the classes that occur
    or are predicted ("macro"), in which a class that is never right counts 0.
    """
    counts = np.bincount(truth * class_count + predicted, minlength=class_count**2)
    confusion = counts.reshape(class_count, class_count)  # [truth, predicted]
    right, of_truth, of_predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    mean = partial(_of_class, positive) if class_count == 2 else _macro
    return {
        "accuracy": float(right.sum() / len(truth)),
        "precision": mean(right, of_predicted, of_truth),
        "recall": mean(right, of_truth, of_predicted),
    }


def labelling(truth: Array, predicted: Array) -> Metrics:
    """Return the share of right answers and of rows without a wrong one, and precision and recall of labels (n[L], m).

    Precision and recall are the mean over the labels ("macro"), in which one that is never right counts 0.
    """
    right, of_truth, of_predicted = (each.sum(axis=1) for each in (truth & predicted, truth, predicted))
    same = truth == predicted
    return {
        "accuracy": float(same.mean()),
        "exact": float(same.all(axis=0).mean()),
        "precision": float((right / np.maximum(of_predicted, 1)).mean()),
        "recall": float((right / np.maximum(of_truth, 1)).mean()),
    }


def regression(truth: Array, predicted: Array, dtype: DTypeLike | None = None) -> Metrics:
    """Return the mean squared and absolute error and R2 = 1 - SSE / SST of values (n[L], m), over all outputs.

    R2 of several targets is the mean of theirs, which follow as r2_1, r2_2, ...; a target that does not vary counts 1
    in the mean where it is met exactly, else 0. `dtype` is what the truth was rounded to, if it is another.
    """
    mean, deviation = moments([truth.T])
    still = constant(truth.T, mean, deviation, dtype)
    errors = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    each = [
        None if fixed else float(1 - np.square(own / spread).mean())
        for fixed, own, spread in zip(still, errors, deviation, strict=True)
    ]
    measured: Metrics = {"mse": float(np.square(errors).mean()), "mae": float(np.abs(errors).mean())}
    if len(each) == 1:
        return {**measured, "r2": each[0]}
    counted = [float(not own.any()) if r2 is None else r2 for r2, own in zip(each, errors, strict=True)]
    overall = None if still.all() else sum(counted) / len(counted)
    return {**measured, "r2": overall, **{f"r2_{number}": r2 for number, r2 in enumerate(each, start=1)}}


def _of_class(index: int, right: Array, wholes: Array, others: Array) -> float | None:
    return float(right[index] / wholes[index]) if wholes[index] else None


def _macro(right: Array, wholes: Array, others: Array) -> float:
    """Return the mean of right / wholes over the classes that are in either, 0 where there is no whole."""
    seen = (wholes > 0) | (others > 0)
    return float((right[seen] / np.maximum(wholes[seen], 1)).mean())
