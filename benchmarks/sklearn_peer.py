"""scikit-learn as a contestant: MLPClassifier without early end, penalty and momentum: the same work."""

import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.problem import Layers, Predictor, Problem, Trainer

warnings.simplefilter("ignore", ConvergenceWarning)  # it stops where it is told to


class Sklearn(Trainer):
    """MLPClassifier.fit, started from the same parameters as the others."""

    settings = "no early end, no penalty; a full batch is not shuffled"

    def train(self, epochs: int) -> tuple[float, Layers]:
        """Train from the initial parameters; return the seconds that fit took, and the layers."""
        model = started(self.problem)
        model.set_params(max_iter=epochs)
        start = time.perf_counter()
        model.fit(self.problem.X, self.problem.y)
        seconds = time.perf_counter() - start
        return seconds, [(W.T, b) for W, b in zip(model.coefs_, model.intercepts_, strict=True)]


class SklearnPredictor(Predictor):
    """MLPClassifier.predict_proba."""

    def prepare(self) -> None:
        """Make the classifier; with two classes it has one output, whose logit is the difference of the two."""
        self.model = started(self.problem)
        (W, b) = self.problem.initial()[-1]
        self.model.coefs_[-1], self.model.intercepts_[-1] = (W[1:] - W[:1]).T, b[1:] - b[:1]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of class 1 for each row of X."""
        return self.model.predict_proba(X)[:, 1]


def started(problem: Problem) -> MLPClassifier:
    """Return a classifier that has the problem's initial parameters, from which its next fit goes on (warm_start)."""
    full_batch = problem.batch_size is None
    model = MLPClassifier(
        hidden_layer_sizes=problem.layer_dims[1:-1],
        solver={"gradient_descent": "sgd", "adam": "adam"}[problem.optimizer],
        alpha=0,
        momentum=0,
        learning_rate_init=problem.learning_rate,
        shuffle=not full_batch,  # shuffling a full batch would only cost it time
        tol=0,
        n_iter_no_change=10**9,
        random_state=1,
        warm_start=True,
        max_iter=1,
    )
    model.fit(problem.X[:100], np.resize(np.unique(problem.y), 100))
    layers = problem.initial()
    model.coefs_, model.intercepts_ = [np.ascontiguousarray(W.T) for W, _ in layers], [b for _, b in layers]
    return model.set_params(batch_size=len(problem.X) if full_batch else problem.batch_size)
