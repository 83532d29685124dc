"""Metrics say how good predictions are in the terms of the task: a share of right answers, or R2.

A metric that is undefined (precision without a positive prediction, R2 of a constant target) is None.
"""

import numpy as np

from nnctl.nn import Array

Metrics = dict[str, float | None]


def classify(outputs: Array) -> Array:
    """Return the class index (m,) of outputs A[L] (n[L], m): p > 0.5 with one unit, else the largest."""
    return (outputs[0] > 0.5).astype(np.int64) if len(outputs) == 1 else outputs.argmax(axis=0)


def classification(truth: Array, predicted: Array, class_count: int) -> Metrics:
    """Return accuracy, precision and recall of class indices (m,).

    With two classes precision and recall are those of class 1, otherwise the mean over the classes for
    which they are defined.
    """
    counts = np.bincount(truth * class_count + predicted, minlength=class_count**2)
    confusion = counts.reshape(class_count, class_count)  # [truth, predicted]
    right, of_truth, of_predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    counted = slice(1, 2) if class_count == 2 else slice(None)
    return {
        "accuracy": float(right.sum() / len(truth)),
        "precision": _mean_ratio(right[counted], of_predicted[counted]),
        "recall": _mean_ratio(right[counted], of_truth[counted]),
    }


def regression(truth: Array, predicted: Array) -> Metrics:
    """Return the mean squared and absolute error and R2 = 1 - SSE / SST of values (n[L], m), over all outputs."""
    errors = predicted - truth
    varies = bool(np.ptp(truth, axis=1).any())
    spread = np.square(truth - truth.mean(axis=1, keepdims=True)).sum()
    return {
        "mse": float(np.square(errors).mean()),
        "mae": float(np.abs(errors).mean()),
        "r2": float(1 - np.square(errors).sum() / spread) if varies else None,
    }


def _mean_ratio(parts: Array, wholes: Array) -> float | None:
    defined = wholes > 0
    return float((parts[defined] / wholes[defined]).mean()) if defined.any() else None
