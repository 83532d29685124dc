"""Pictures are what can be drawn of a run or a comparison, by the names of their files.

Names in them are drawn as they are written: a dollar begins no formula, an underscore hides nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from nnctl.data.interface import Interface
from nnctl.errors import NnctlError
from nnctl.explain.shares import percent
from nnctl.runs.model import Model, load
from nnctl.runs.run import Run
from nnctl.runs.status import COMPLETE
from nnctl.show.boundaries import boundaries
from nnctl.show.curves import costs, fitted
from nnctl.show.mistakes import mistakes
from nnctl.show.names import shown
from nnctl.training.experiment import Experiment

if TYPE_CHECKING:  # what stands behind these is imported by the command that has them
    from nnctl.explain.compare import Comparison, Scheme
    from nnctl.explain.evaluation import Evaluation

Draw = Callable[[Figure], None]


def of_run(experiment: Experiment, run: Run) -> dict[str, Draw]:
    """Return the pictures that fit the run's data, each to be drawn on a canvas of its own."""

    def own_costs(figure: Figure) -> None:  # costs.csv is read here, for that may fail
        training = experiment.spec.train
        penalty = " with its penalty" if training.l1 or training.l2 else ""  # which the loss beside it has not
        curves = {f"cost{penalty}, training": run.costs()}
        if experiment.part("validation") is not None:
            curves["loss, validation"] = run.costs("validation_loss")
        curves = {name: _over(experiment, points) for name, points in curves.items()}
        costs(figure, curves, f"{experiment.spec.name}: {_training(experiment)}", _axis(experiment))

    chosen: dict[str, Draw] = {"costs.png": own_costs}
    kind = _kind(experiment.dataset.interface)
    if kind is not None:
        name, title = ALONE[kind]
        chosen[name] = _of_models(kind, experiment, [(title, experiment.model)])
    return chosen


def of_comparison(compared: "Comparison", say: Callable[[str], object]) -> dict[str, Draw]:
    """Return all cost curves in one picture, and what the schemes came to side by side in another.

    A scheme whose model cannot be read is told of, and left out.
    """
    experiment = compared.experiment
    curves = {scheme.label: _over(experiment, scheme.costs) for scheme in compared.schemes}
    title = f"cost by initialization: {_training(experiment)}"
    chosen: dict[str, Draw] = {"costs.png": partial(costs, curves=curves, title=title, x=_axis(experiment))}
    kind = _kind(experiment.dataset.interface)
    if kind is None:
        return chosen
    models: list[tuple[str, Model]] = []
    for scheme in compared.schemes:
        try:
            trained = load(scheme.run.parameters)
        except NnctlError as error:
            say(f"{compared.folder / TOGETHER[kind]}: is drawn without {scheme.label}: {error}")
            continue
        result = "" if kind == "pictures" else f"\n{_result(scheme)}"
        models.append((shown(scheme.label) + result, trained))
    if models:
        chosen[TOGETHER[kind]] = _of_models(kind, experiment, models)
    return chosen


def of_evaluation(evaluation: "Evaluation") -> dict[str, Draw]:
    """Return the pictures of an evaluation, by names without an ending."""
    from nnctl.nn.samples import Classes, Numbers
    from nnctl.show.confusions import confusions
    from nnctl.show.residuals import predicted, residuals
    from nnctl.show.thresholds import calibration, precision_recall, roc

    sample = evaluation.sample
    if isinstance(sample, Numbers):
        chosen: dict[str, Callable[..., None]] = {"predicted": predicted, "residuals": residuals}
    else:
        chosen = {"confusion": confusions} if isinstance(sample, Classes) else {}
        if any(each.score == "roc_auc" and each.value is not None for each in evaluation.estimates):
            chosen |= {"roc": roc, "precision-recall": precision_recall}
        if sample.costs is not None:
            chosen["calibration"] = calibration
    return {name: partial(draw, evaluation=evaluation) for name, draw in chosen.items()}


ALONE = {
    "plane": ("boundary.png", "decision boundary"),
    "line": ("curve.png", "prediction over the feature"),
    "pictures": ("wrong.png", ""),
}
TOGETHER = {"plane": "boundaries.png", "line": "curves.png", "pictures": "wrong.png"}


def _kind(interface: Interface) -> str | None:
    """Return what can be drawn of a network beside its costs, if anything."""
    shape = interface.preparation.shape
    if interface.classes is None:
        return "line" if shape == (1,) and not interface.labels else None
    return "plane" if shape == (2,) else "pictures" if len(shape) > 1 else None


def _of_models(kind: str, experiment: Experiment, models: Sequence[tuple[str, Model]]) -> Draw:
    train, test = experiment.dataset.parts["train"], experiment.part("test")
    if kind == "pictures":
        return partial(mistakes, models=models, examples=test or train, part="test" if test else "training")
    return partial(boundaries if kind == "plane" else fitted, models=models, train=train, test=test)


def _training(experiment: Experiment) -> str:
    """Return the learning rate, and its schedule where it has one."""
    train = experiment.spec.train
    schedule = "" if train.schedule.name == "constant" else f" ({train.schedule.name})"
    return f"learning rate {train.learning_rate:g}{schedule}"


def _axis(experiment: Experiment) -> str:
    train = experiment.spec.train
    return "epoch" if train.epochs is not None or train.batch_size is not None else "iteration"


def _over(experiment: Experiment, points: Mapping[int, float]) -> dict[int, float]:
    """Return what was logged by iteration over that axis; an epoch of full batches is one iteration."""
    return {iteration // experiment.per_epoch: value for iteration, value in points.items()}


def _result(scheme: "Scheme") -> str:
    """Return how good a scheme is on the training examples, or what ended it."""
    measured = scheme.metrics.get("train", {})
    accuracy, r2 = measured.get("accuracy"), measured.get("r2")
    if scheme.status not in COMPLETE:
        return scheme.status
    if accuracy is not None:
        return f"training accuracy {percent(accuracy, 1)}"
    return "training R² undefined" if r2 is None else f"training R² {r2:.4g}"
