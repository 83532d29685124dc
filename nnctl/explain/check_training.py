"""Checks of the network and of its training to come: what it takes, and whether two short trials go as they should."""

import shutil
import time
from math import ceil, log

import numpy as np

from nnctl import denormals
from nnctl.data.memory import available, in_words
from nnctl.explain.verdicts import Check, Subject, Verdict
from nnctl.nn import Array
from nnctl.nn.criterion import Criterion
from nnctl.nn.metrics import classify
from nnctl.nn.network import Network
from nnctl.nn.objective import Objective
from nnctl.nn.optimizers import bind, optimizers
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice, Registry
from nnctl.team import ALONE
from nnctl.threads import cores
from nnctl.training.assembly import team_of
from nnctl.training.experiment import objective_of, prepare, steps

TIGHT = 0.8  # of the memory that there is
LONG = 3600  # seconds
TIMED, MOST_TIMED = 0.15, 20  # seconds that steps are timed for, and of how many the time is taken
ROW = 60  # bytes of a row of costs.csv
EXAMPLES = 2048  # that the first cost is looked at on
FAR_OFF, FAR_OFF_NUMBERS = 5.0, 25.0  # times the cost of knowing nothing: of classes, and of numbers
TRIAL, TRIAL_STEPS, TRIAL_RATE = 16, 1000, 0.01  # examples, updates and their rate
TRIAL_SECONDS = 0.6
LEARNT = 0.95  # accuracy, or R2
ROOMY = 10  # parameters for each answer of the trial, from which a network has room for them
WIDE = 4  # times as many features as examples, from which the trial is done in the examples' span
RISEN = 3.0  # times the first cost, within a few steps

checks: Registry[Check] = Registry("check of training")


@checks
def network(subject: Subject) -> list[Verdict]:
    """Say how many parameters there are."""
    experiment = subject.experiment
    count, m = len(experiment.model.parameters.flat), experiment.dataset.parts["train"].m
    said = f"{count:,} parameters, {m:,} training rows"
    return [Verdict("ok", said, None, {"parameters": count, "rows": m})]


@checks
def memory(subject: Subject) -> list[Verdict]:
    """Say how much memory the training takes beside the data that are in it already."""
    experiment = subject.experiment
    spec, dims, itemsize = (
        experiment.spec,
        experiment.spec.model.layer_dims,
        np.dtype(experiment.spec.train.dtype).itemsize,
    )
    parts = experiment.dataset.parts
    batch = spec.train.batch_size or parts["train"].m
    assert spec.train.shards is not None
    own = experiment.model.parameters
    parameters = len(own.flat) * (1 + spec.train.shards + experiment.optimizer.slots)
    passes = 2 * batch * (sum(dims[1:]) + (own.front.width if own.front else 0))
    passes += batch * dims[0] if spec.train.batch_size else 0
    answers = max(examples.m for examples in parts.values()) * dims[-1]
    together = min(spec.train.ensemble, cores())
    needed, there = (parameters + passes + answers) * itemsize * together, available()
    said = f"training takes about {in_words(needed)} beside the data, and {in_words(there)} are there"
    evidence = {"needed": needed, "available": there}
    if needed <= TIGHT * there:
        return [Verdict("ok", said, None, evidence)]
    change = "train.batch_size: 128" if spec.train.batch_size is None else "train.batch_size, or model.layer_dims"
    return [Verdict("error" if needed > there else "warning", said, change, evidence)]


@checks
def duration(subject: Subject) -> list[Verdict]:
    """Say how long the training takes, from a few timed steps, and whether they go well."""
    experiment = prepare(subject.experiment.spec, subject.experiment.dataset)  # with parameters that may be moved
    taken, costs, begin = list[float](), list[float](), time.perf_counter()
    with np.errstate(all="ignore"), denormals.flushed(), team_of(experiment.spec) as team:
        objective = objective_of(experiment, team or ALONE)
        for step in steps(experiment, objective):
            costs.append(step.cost)
            now = time.perf_counter()
            taken.append(now - begin)
            begin = now
            if sum(taken) > TIMED or len(taken) > MOST_TIMED:
                break
    if not np.isfinite(costs).all() or costs[-1] > RISEN * costs[0]:
        said = f"the cost goes from {costs[0]:.4g} to {costs[-1]:.4g} in {len(costs)} iterations: training diverges"
        change = f"train.learning_rate: below {experiment.spec.train.learning_rate:g}"
        if not np.isfinite(costs[0]):  # before anything has been updated
            change = "data.scale: standardize, data.scale_target: standardize"
        return [Verdict("warning" if np.isfinite(costs).all() else "error", said, change)]
    usual = sorted(taken[1:])[len(taken[1:]) // 2] if len(taken) > 1 else taken[0]
    in_turn = ceil(experiment.spec.train.ensemble / cores())  # those of an ensemble are trained side by side
    seconds = usual * experiment.iterations * in_turn
    said = f"{experiment.iterations:,} iterations take about {_in_words(seconds)}"
    evidence = {"seconds": seconds, "iterations": experiment.iterations}
    if seconds > LONG:
        return [Verdict("note", said, "train.batch_size, train.epochs", evidence)]
    return [Verdict("ok", said, None, evidence)]


def _in_words(seconds: float) -> str:
    for unit, factor in (("h", 3600), ("min", 60)):
        if seconds >= 2 * factor:
            return f"{seconds / factor:.2g} {unit}"
    return f"{seconds:.2g} s"


@checks
def disk(subject: Subject) -> list[Verdict]:
    """Say how much room a run takes, and whether there is as much."""
    experiment = subject.experiment
    every = experiment.spec.train.log_every or 1
    rows = experiment.iterations // (every * (experiment.per_epoch if experiment.spec.train.batch_size else 1))
    needed = 2 * experiment.model.parameters.flat.nbytes + ROW * rows  # a file is whole before it takes a place
    needed *= experiment.spec.train.ensemble
    place = next(
        folder for folder in (subject.runs_dir.absolute(), *subject.runs_dir.absolute().parents) if folder.is_dir()
    )
    free = shutil.disk_usage(place).free
    said = f"a run takes about {in_words(needed)}, and {in_words(free)} are free"
    enough = needed <= free
    change = None if enough else "--runs-dir FOLDER on another disk"
    return [Verdict("ok" if enough else "error", said, change, {"needed": needed, "free": free})]


@checks
def first_cost(subject: Subject) -> list[Verdict]:
    """Say whether the untrained network costs about what knowing nothing does: ln K, or the variance of the targets."""
    experiment = subject.experiment
    X, Y = _examples(subject, EXAMPLES)
    with np.errstate(all="ignore"):
        first = experiment.criterion.evaluate(experiment.model.network, X, Y, {}).loss
        known, what = _of_nothing(subject, Y)
    said = f"the first cost is {first:.4g}, and {what} {known:.4g}"
    evidence = {"first": first if np.isfinite(first) else None, "nothing": known}
    limit = FAR_OFF if experiment.spec.classifies else FAR_OFF_NUMBERS
    if first <= limit * known or known == 0:
        return [Verdict("ok", said, None, evidence)]
    change = "model.init: he, data.scale: standardize"
    return [
        Verdict(
            "warning",
            f"{said}: the start is far off",
            change if experiment.spec.classifies else f"{change}, data.scale_target: standardize",
            evidence,
        )
    ]


def _of_nothing(subject: Subject, Y: Array) -> tuple[float, str]:
    """Return the loss of one answer for all examples Y (n[L], m) that knows no more than their mean, and its name."""
    spec = subject.experiment.spec
    assert spec.train.loss is not None
    if spec.train.loss.name == "categorical_cross_entropy":
        return log(len(Y)), f"ln {len(Y)} is"
    if spec.train.loss.name == "binary_cross_entropy":
        return len(Y) * log(2), "ln 2 is" if len(Y) == 1 else f"{len(Y)} ln 2 is"
    if spec.train.loss.name == "mean_absolute_error":
        return float(np.abs(Y - np.median(Y, axis=1, keepdims=True)).mean(axis=1).sum()), "of the median it is"
    return float(Y.var(axis=1).sum()), "the variance of the targets is"


@checks
def trial(subject: Subject) -> list[Verdict]:
    """Say whether the network learns 16 examples by heart in 1,000 updates of Adam, without penalty and dropout."""
    X, Y = _examples(subject, TRIAL)
    reached, done, parameters = _learnt(subject, X, Y)
    what = "accuracy" if subject.experiment.spec.classifies else "R²"
    said = f"{X.shape[1]} examples are learnt to an {what} of {reached:.3g} in {done:,} updates of Adam"
    evidence = {what: reached, "updates": done, "examples": X.shape[1]}
    if reached >= LEARNT:
        return [Verdict("ok", said, None, evidence)]
    if done < TRIAL_STEPS:
        return [Verdict("note", f"{said}, and then the time was up", None, evidence)]
    if alike := X.shape[1] - len(np.unique(X, axis=1).T):
        return [Verdict("note", f"{said}; {alike} have the features of another", None, evidence)]
    answers = X.shape[1] if subject.experiment.dataset.interface.classes else Y.size
    if parameters < ROOMY * answers:
        return [Verdict("note", f"{said}; {parameters:,} parameters are few for that", "model.layer_dims", evidence)]
    change = "model.init: he, model.activations, data.scale"
    return [Verdict("warning", f"{said}: the network cannot learn what it has seen", change, evidence)]


def _learnt(subject: Subject, X: Array, Y: Array) -> tuple[float, int, int]:
    """Return how well a network of the spec's learns X (n[0], m) and Y (n[L], m), its updates and its parameters."""
    experiment = prepare(subject.experiment.spec, subject.experiment.dataset)
    (network,) = experiment.model.networks
    network, X = _in_span(network, X)
    Y = np.ascontiguousarray(Y)
    objective = Objective(network, Criterion(experiment.criterion.loss, X.shape[1]))
    adam = optimizers.resolve(Choice("adam"))()
    state = np.zeros((adam.slots, len(objective.p)), objective.p.dtype)
    update = bind(adam, objective.p, objective.g, objective.weights, state, ALONE)
    begin, reached, done = time.perf_counter(), 0.0, 0
    with np.errstate(all="ignore"), denormals.flushed():
        for done in range(1, TRIAL_STEPS + 1):
            objective.differentiate(X, Y)
            update(TRIAL_RATE, done)
            if done % 10 == 0:
                reached = _reached(subject, objective.evaluate(X, Y).outputs, Y)
                if reached >= LEARNT or time.perf_counter() - begin > TRIAL_SECONDS:
                    break
    return reached, done, len(objective.p)


def _in_span(network: Network, X: Array) -> tuple[Network, Array]:
    """Return a network on few examples X (n[0], m), where they are wide in the m directions in which they differ.

    With X = QR it is that with W1 Q s on R / s, the same function of these examples; s brings R to unit scale.
    """
    n, m = X.shape
    if n <= WIDE * m or network.parameters.front:
        return network, np.ascontiguousarray(X)
    Q, R = np.linalg.qr(X)
    scale = float(np.sqrt(np.square(R).mean())) or 1.0
    own = network.parameters
    parameters = Parameters((m, *own.layer_dims[1:]), own.flat.dtype)
    for mine, given in zip((*parameters.W[1:], *parameters.b), (*own.W[1:], *own.b), strict=True):
        mine[...] = given
    np.matmul(own.W[0], Q * scale, out=parameters.W[0])
    return Network(parameters, network.activations), np.ascontiguousarray(R / scale)


def _reached(subject: Subject, outputs: Array, Y: Array) -> float:
    """Return the accuracy of outputs (n[L], m) for Y, or R2 over all of them."""
    interface = subject.experiment.dataset.interface
    if interface.classes:
        return float((classify(outputs) == classify(Y)).mean())
    if interface.labels:
        return float(((outputs > 0.5) == (Y > 0.5)).mean())
    spread = float(np.square(Y - Y.mean(axis=1, keepdims=True)).sum())
    return 1 - float(np.square(outputs - Y).sum()) / spread if spread else 1.0


def _examples(subject: Subject, count: int) -> tuple[Array, Array]:
    """Return so many training examples X (n[0], m) and Y (n[L], m), all classes among them, or all that there are."""
    train, interface = subject.experiment.dataset.parts["train"], subject.experiment.dataset.interface
    rows = np.linspace(0, train.m - 1, min(count, train.m)).astype(np.int64)
    if interface.classes and count < train.m:
        order = np.argsort(classify(train.Y), kind="stable")
        counts = np.bincount(classify(train.Y))
        turn = np.concatenate(
            [np.arange(own) for own in counts if own]
        )  # the first of each class, then the second, ...
        rows = np.sort(order[np.argsort(turn, kind="stable")[:count]])
    X = train.X[:, rows] if isinstance(train.X, np.ndarray) else np.asarray(train.X.T[rows]).T
    return X, train.Y[:, rows]
