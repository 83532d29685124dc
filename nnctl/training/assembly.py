"""What a training is assembled from, as the spec and the data ask for it: criterion, front, rate, short cut, team."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np

from nnctl import threads
from nnctl.data.dataset import Dataset
from nnctl.nn import span
from nnctl.nn.criterion import Criterion
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.input_scales import input_scales
from nnctl.nn.losses import losses
from nnctl.nn.metrics import classify
from nnctl.nn.optimizers import Optimizer
from nnctl.nn.schedules import Rate, schedules
from nnctl.registry import suggestion
from nnctl.spec.spec import Spec
from nnctl.team import Team, gathered

NO_RATE = 2.0**-52  # of the highest learning rate: below it an update no longer changes what it moves


def criterion_of(spec: Spec, dataset: Dataset) -> Criterion:
    """Return what the spec's cost is made of."""
    training, classes = spec.train, dataset.interface.classes
    assert training.loss is not None
    weights: list[float] | None = None
    if training.class_weights is not None and classes is None:
        raise spec.document.mistake(("train", "class_weights"), "wants classes, and the targets are labels")
    if training.class_weights == "balanced":
        assert classes is not None
        counts = np.bincount(classify(dataset.parts["train"].Y), minlength=len(classes))
        weights = [float(counts.sum() / (len(classes) * count)) if count else 0.0 for count in counts]
    elif training.class_weights is not None:
        assert classes is not None
        unknown = next((name for name in training.class_weights if name not in classes), None)
        if unknown is not None:
            raise spec.document.mistake(
                ("train", "class_weights", unknown), f"names no class{suggestion(unknown, classes)}"
            )
        weights = [training.class_weights.get(name, 1.0) for name in classes]
    m = dataset.parts["train"].m
    loss = losses.resolve(training.loss)()
    return Criterion(loss, m, training.l2, training.l1, weights, training.label_smoothing)


def front_of(spec: Spec, dataset: Dataset) -> Front | None:
    """Return what stands before layer 1, where the spec asks for something; an embedding wants numbers."""
    model, numbers = spec.model, tuple(np.flatnonzero(dataset.interface.preparation.scaled).tolist())
    embedding = embeddings.resolve(model.embed)() if model.embed and numbers else None
    scale = input_scales.resolve(model.input_scale)() if model.input_scale else None
    if embedding is None and scale is None:
        return None
    return Front(model.layer_dims[0], numbers if embedding else (), embedding, scale)


def rate_of(spec: Spec, iterations: int, per_epoch: int) -> Rate:
    """Return the learning rate of every iteration; raise a SpecError where it falls to nothing before the end."""
    training = spec.train
    rate = schedules.resolve(training.schedule)().bind(training.learning_rate, iterations, per_epoch)
    first = _over(rate, iterations, NO_RATE * training.learning_rate)
    if first < iterations:
        raise spec.document.mistake(
            ("train", "schedule"),
            f"reaches zero too early: from iteration {first} of {iterations} on the learning rate is"
            f" {rate(first):.2g} and nothing more would be learned; make it fall more slowly, or train less long",
        )
    return rate


def _over(rate: Rate, iterations: int, least: float) -> int:
    """Return the iteration from which on a rate stays below the least one, or their number where it does not."""
    back = 1  # to where it is not: a rate falls to its end, whatever it did before, so steps that double meet that fall
    while back <= iterations and rate(iterations - back) < least:
        back *= 2
    first, last = max(0, iterations - back), iterations - back // 2
    while first < last:  # the rate of the last one is too low, or it is the end
        middle = (first + last) // 2
        first, last = (first, middle) if rate(middle) < least else (middle + 1, last)
    return first


def team_of(spec: Spec) -> AbstractContextManager[Team | None]:
    """Return who computes: a team for the shards of batches, or for a full batch in one None and BLAS's own threads."""
    size = team_size(spec)
    return nullcontext() if size is None else gathered(size)


def team_size(spec: Spec) -> int | None:
    """Return how many threads share a batch, or None where a full batch is left to BLAS's own."""
    training = spec.train
    assert training.shards is not None
    if training.batch_size is None and training.shards == 1:
        return None
    return min(training.shards, threads.number())


def takes_fast_path(spec: Spec, optimizer: Optimizer, dataset: Dataset, iterations: int) -> bool:
    """Tell whether W1 is to be trained in the span of the examples: where that is exact, and less work."""
    training = spec.train
    exact = (
        optimizer.linear
        and training.batch_size is None
        and training.dtype == "float64"
        and training.shards == 1
        and training.l1 == 0
        and training.clip_value is None
        and spec.model.embed is None
        and spec.model.input_scale is None
    )
    watched = dataset.parts["validation"].m if "validation" in dataset.parts else 0
    m = dataset.parts["train"].m
    return (
        training.fast_path == "auto" and exact and span.saves_operations(spec.model.layer_dims, m, iterations, watched)
    )
