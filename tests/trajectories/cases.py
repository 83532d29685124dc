"""What is trained to compare nnctl with PyTorch: small networks, their data and first parameters, and the cases.

A case names a task and gives the `train:` section of a spec as plain data; nnctl reads it as YAML and
record.py says the same in PyTorch. Nothing here imports nnctl or PyTorch, so neither can lend the other a mistake.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

ITERATIONS = 1000
PARAMETERS_AFTER = (1, 10, 100, ITERATIONS)  # updates
COSTS_AT = range(0, ITERATIONS, 50)  # the iterations whose cost, before their update, is compared
SEED = 3  # of the first parameters and of the shuffling
EXAMPLES = 40


@dataclass(frozen=True)
class Task:
    """A network and data that it cannot fit perfectly, so that the gradients stay well above rounding."""

    layer_dims: tuple[int, ...]
    output: str
    init: str
    classes: int | None

    @property
    def activations(self):
        """The activation of each layer."""
        return ("tanh",) * (len(self.layer_dims) - 2) + (self.output,)

    def examples(self):
        """Return the rows X (m, n[0]), and y: class numbers (m,), of unequal counts, or rows (m, n[L]) of numbers."""
        stream = RandomState(20)
        X = stream.randn(EXAMPLES, self.layer_dims[0])
        scores = X @ stream.randn(self.layer_dims[0], 3) + 1.5 * stream.randn(EXAMPLES, 3)
        if self.classes is None:
            return X, scores[:, : self.layer_dims[-1]]
        return X, (scores + np.arange(3.0))[:, -self.classes :].argmax(axis=1)

    def first_weights(self):
        """Draw each W (n[l], n[l-1]), layer by layer from one RandomState; every b starts at 0."""
        stream = RandomState(SEED)
        gain = {"he": 2.0, "lecun": 1.0}[self.init]
        shapes = zip(self.layer_dims[1:], self.layer_dims[:-1], strict=True)
        return [stream.randn(n, k) * np.sqrt(gain / k) for n, k in shapes]


TASKS = {
    "three_classes": Task((4, 6, 5, 3), "softmax", "he", 3),
    "two_classes": Task((4, 6, 5, 1), "sigmoid", "lecun", 2),
    "regression": Task((4, 6, 5, 2), "linear", "lecun", None),
}

# Rates at which 1,000 updates learn without chaos. RMSProp's must be small on a full batch: where a gradient comes near
# 0 its steps do not shrink with it, and rounding errors grow tenfold at every other step.
RATES = {
    "gradient_descent": 0.1,
    "momentum": 0.1,
    "nesterov": 0.1,
    "rmsprop": 0.0001,
    "adam": 0.002,
    "adamw": 0.002,
}
SCHEDULES = {
    "constant": {},
    "step": {"factor": 0.5, "every": 250},
    "exponential": {"every": 20},
    "inverse_time": {"rate": 0.01},
    "cosine": {},
    "coslog": {},
}
PENALTIES = {
    "l1": {"l1": 0.1},
    "l2": {"l2": 0.7},
    "clip_value": {"clip_value": 0.02},
    "clip_norm": {"clip_norm": 0.15},
    "balanced": {"class_weights": "balanced"},
    "class_weights": {"class_weights": {"0": 3.0, "1": 0.5, "2": 1.25}},
    "label_smoothing": {"label_smoothing": 0.1},
}
BATCH_SIZE = 12  # 40 examples: batches of 12, 12, 12 and 4; ITERATIONS are 250 whole epochs


def _train(optimizer, more):
    """Return the `train:` section of an optimizer at its rate, with further keys."""
    return {"optimizer": optimizer, "learning_rate": RATES[optimizer], "iterations": ITERATIONS, **more}


def _with_options(optimizer, options):
    """Return the `train:` section of an optimizer with options of its own."""
    return _train(optimizer, {"optimizer": {"name": optimizer, **options}})


def _scheduled(optimizer, schedule, options, more):
    """Return the `train:` section of an optimizer under a schedule with options."""
    return _train(optimizer, {"schedule": {"name": schedule, **options}, **more})


def _cases():
    """Return every case by its name: (task, `train:` section)."""
    three = {}
    for optimizer in RATES:
        for schedule, options in SCHEDULES.items():
            three[f"{optimizer}-{schedule}"] = _scheduled(optimizer, schedule, options, {})
    for optimizer, schedule in (("gradient_descent", "step"), ("adam", "cosine")):
        options = {**SCHEDULES[schedule], "warmup": 100}
        three[f"{optimizer}-{schedule}-warmup"] = _scheduled(optimizer, schedule, options, {})

    three["gradient_descent-step-default"] = _scheduled("gradient_descent", "step", {"every": 400}, {})
    three["gradient_descent-exponential-default"] = _scheduled("gradient_descent", "exponential", {"rate": 0.997}, {})
    three["gradient_descent-inverse_time-default"] = _scheduled("gradient_descent", "inverse_time", {"every": 200}, {})
    three["gradient_descent-cosine-held"] = _scheduled(
        "gradient_descent", "cosine", {"final": 0.2, "length": 400, "warmup": 10}, {}
    )

    three["gradient_descent-coslog-options"] = _scheduled(
        "gradient_descent", "coslog", {"cycles": 2, "per": "epoch", "warmup": 10}, {}
    )

    three["momentum-options"] = _with_options("momentum", {"beta": 0.5})
    three["nesterov-options"] = _with_options("nesterov", {"beta": 0.5})
    three["rmsprop-options"] = _with_options("rmsprop", {"rho": 0.99, "epsilon": 1e-3})
    three["adam-options"] = _with_options("adam", {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3})
    three["adamw-options"] = _with_options("adamw", {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "weight_decay": 0.3})
    for optimizer in ("gradient_descent", "momentum", "nesterov", "rmsprop"):
        three[f"{optimizer}-weight_decay"] = _with_options(optimizer, {"weight_decay": 0.05})

    for penalty, keys in PENALTIES.items():
        for optimizer in ("gradient_descent", "adam"):
            three[f"{optimizer}-{penalty}"] = _train(optimizer, keys)

    batches = {"batch_size": BATCH_SIZE}
    for optimizer in ("gradient_descent", "adam"):
        three[f"{optimizer}-batches"] = _train(optimizer, batches)
    for penalty in ("l1", "l2", "balanced", "label_smoothing"):  # what a short batch divides by
        three[f"gradient_descent-{penalty}-batches"] = _train("gradient_descent", {**PENALTIES[penalty], **batches})
    for per, every in (("epoch", 40), ("iteration", 150)):
        for schedule, options in (("step", {"every": every}), ("cosine", {}), ("coslog", {})):
            three[f"gradient_descent-{schedule}-batches-{per}"] = _scheduled(
                "gradient_descent", schedule, {**options, "per": per, "warmup": 7}, batches
            )
    three["adamw-everything"] = _scheduled(
        "adamw",
        "cosine",
        {"final": 0.1, "warmup": 5},
        {"l1": 0.1, "l2": 0.2, "clip_norm": 0.3, "class_weights": "balanced", **batches, "shuffle_seed": 11},
    )

    two = {f"two_classes-{optimizer}": _train(optimizer, {}) for optimizer in ("gradient_descent", "adam")}
    two["two_classes-balanced"] = _train("adam", {"class_weights": "balanced"})
    two["two_classes-label_smoothing"] = _train("gradient_descent", {"label_smoothing": 0.2})
    two["two_classes-class_weights"] = _train("gradient_descent", {"class_weights": {"1": 3.0}})
    numbers = {
        "regression-gradient_descent": _train("gradient_descent", {"learning_rate": 0.01}),
        "regression-adam": _train("adam", {}),
    }
    numbers["regression-batches"] = _train("adam", {"l2": 0.7, **batches})
    by_task = {"three_classes": three, "two_classes": two, "regression": numbers}
    return {name: (task, train) for task, sections in by_task.items() for name, train in sections.items()}


CASES = _cases()
