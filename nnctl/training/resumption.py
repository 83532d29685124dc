"""Resumption is the taking up of a run that was ended, or that is to go on beyond its end, from its newest checkpoint.

It comes to the bits of a run that was never ended where spec, data and machine are the same; what is not is refused, or
said and recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nnctl.errors import DataError, GateError, SpecError
from nnctl.registry import FEW, listed
from nnctl.runs import checkpoints
from nnctl.runs.checkpoints import Checkpoint
from nnctl.runs.run import Run, now
from nnctl.runs.status import COMPLETE
from nnctl.spec.spec import Spec
from nnctl.training.assembly import rate_of, team_size
from nnctl.training.experiment import Experiment, objective_of, state_of
from nnctl.training.facts import differences, facts
from nnctl.training.remembered import Remembered
from nnctl.training.result import Resumed

LENGTHS = ("train.iterations", "train.epochs")
TRIED = 1000  # iterations at which the rates of two trainings are compared


@dataclass(frozen=True)
class Terms:
    """What a person lets happen: that spec or data have changed; or not even another machine."""

    allow_change: bool = False
    strict: bool = False


def resume(run: Run, experiment: Experiment, before: Spec, terms: Terms) -> tuple[Experiment, Resumed]:
    """Return the experiment as it goes on in a run, and from where; `before` is the run's own spec.

    Raise a SpecError where there is nothing to go on with or the spec is another, a DataError where the data are, and
    a GateError where strict terms are not met.
    """
    if experiment.spec.networks:
        raise SpecError(
            f"{run.folder}: is an ensemble, which does not go on as one; each of its networks does:"
            f" nnctl train --resume {run.folder / 'members' / '1'}"
        )
    content, notes = run.status(), list[str]()
    changed = _changes(before, experiment.spec)
    _check_state(run, content, experiment, changed)
    _check_changes(run, [name for name in changed if name not in LENGTHS], terms)
    _check_data(run, content, experiment, terms)
    checkpoint = checkpoints.newest(run.folder, notes)
    if checkpoint is not None:
        experiment = replace(experiment, fast_path=bool(checkpoint.about.get("fast_path")))
        _check_shapes(checkpoint, experiment)
    recorded = content.get("facts")
    differ = differences(recorded if isinstance(recorded, dict) else {}, facts(team_size(experiment.spec)))
    differ += [f"{name} was changed" for name in changed if name not in LENGTHS]
    if checkpoint is not None and any(name in changed for name in LENGTHS):
        differ += _unlike_at_once(before, experiment, checkpoint)
    if differ and terms.strict:
        raise GateError(
            f"{run.folder}: would not come to the same bits, and --strict asks for them: {'; '.join(differ)}"
        )
    said = {
        "iteration": checkpoint.iteration if checkpoint else 0,
        "when": now(),
        "exact": not differ,
        "differences": differ,
        "notes": notes,
    }
    return experiment, Resumed(checkpoint, content, said)


def _changes(before: Spec, after: Spec) -> list[str]:
    """Return the keys in which two specs differ, but for the name."""
    first, second = (_flat(spec.resolved()) for spec in (before, after))
    keys = dict.fromkeys([*first, *second])
    return [key for key in keys if key != "name" and first.get(key) != second.get(key)]


def _flat(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a resolved spec by section and key."""
    own = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    within = {
        f"{section}.{key}": value
        for section, keys in tree.items()
        if isinstance(keys, Mapping)
        for key, value in keys.items()
    }
    return {**own, **within}


def _check_state(run: Run, content: Mapping[str, Any], experiment: Experiment, changed: Sequence[str]) -> None:
    state, done = content.get("status"), content.get("iterations")
    if state == "diverged":
        raise SpecError(
            f"{run.folder}: this run diverged, and would again.\nTrain anew, such as with a lower rate: nnctl train"
            f" {run.config} -S train.learning_rate={experiment.spec.train.learning_rate / 10:g}"
        )
    if state in COMPLETE and isinstance(done, int) and (state == "stopped" or experiment.iterations <= done):
        key, unit = ("epochs", experiment.per_epoch) if experiment.spec.train.epochs else ("iterations", 1)
        more = 2 * max(done, experiment.iterations) // unit
        how = f"To go on beyond its end: nnctl train --resume {run.folder} -S train.{key}={more}"
        if state == "stopped":
            how = f"Train anew to let it go on longer: nnctl train {run.config} -S train.early_stopping.patience=..."
        raise SpecError(f"{run.folder}: this run is over, after {done:,} iterations ({state}).\n{how}")
    if state in COMPLETE and checkpoints.latest_iteration(run.folder) is None:
        raise SpecError(f"{run.folder}: this run is over, and no checkpoint of its end is there to go on with")


def _check_changes(run: Run, changed: Sequence[str], terms: Terms) -> None:
    if changed and not terms.allow_change:
        raise SpecError(
            f"{run.folder}: its spec says something else of {listed(changed, FEW)}; a run goes on as it began.\n"
            "Leave that out, or train anew; --allow-change goes on with the change and records it."
        )


def _check_data(run: Run, content: Mapping[str, Any], experiment: Experiment, terms: Terms) -> None:
    recorded = content.get("data_sha256")
    if recorded is None or recorded == experiment.dataset.sha256 or terms.allow_change:
        return
    known: Mapping[str, Any] = recorded if isinstance(recorded, Mapping) else {}
    parts = [part for part, own in experiment.dataset.sha256.items() if known.get(part) != own]
    raise DataError(
        f"{run.folder}: the data have changed since it began ({listed(parts, FEW)}); it would learn from others now.\n"
        "Restore them, or train anew; --allow-change goes on with the new data and records it."
    )


def _check_shapes(checkpoint: Checkpoint, experiment: Experiment) -> None:
    """Raise a DataError where a checkpoint is of another network or optimizer."""
    objective = objective_of(experiment)
    state = state_of(experiment, objective)
    own = {"p": objective.p, "state": state, "last_good": objective.p, "best": objective.p}
    for name, array in own.items():
        found = checkpoint.arrays.get(name)
        if found is None and name in ("last_good", "best"):  # nothing was kept yet
            continue
        if found is None or found.shape != array.shape or found.dtype != array.dtype:
            what = "is not there" if found is None else f"has shape {found.shape}, expected {array.shape}"
            raise DataError(f"{checkpoint.path}: is of another network or optimizer ({name} {what})")
    try:
        Remembered.unpacked(checkpoint.arrays, checkpoint.about)
    except (KeyError, ValueError) as error:
        raise DataError(f"{checkpoint.path}: is no checkpoint of a training ({error})") from None
    if checkpoint.iteration > experiment.iterations:
        raise SpecError(
            f"{checkpoint.path.parent}: is at iteration {checkpoint.iteration:,} already, and was asked for"
            f" {experiment.iterations:,} in all.\nAsk for more, or train anew."
        )


def _unlike_at_once(before: Spec, experiment: Experiment, checkpoint: Checkpoint) -> list[str]:
    """Say why a run that is made longer is another than one that was as long from its beginning."""
    said, done = list[str](), checkpoint.iteration
    old = _iterations(before, experiment.per_epoch)
    tried = range(0, done, max(1, done // TRIED))
    first = rate_of(before, old, experiment.per_epoch)
    if any(first(iteration) != experiment.rate(iteration) for iteration in tried):
        said.append("the schedule depends on the length: had it been as long from its beginning, its rates were others")
    every = (experiment.spec.train.log_every or 1) * (experiment.per_epoch if experiment.spec.train.batch_size else 1)
    at_end = done == old and (old % every if experiment.spec.train.batch_size else (old - 1) % every)
    if experiment.spec.train.early_stopping and at_end:
        said.append("early stopping looked at its end, where a longer run would not have")
    return said


def _iterations(spec: Spec, per_epoch: int) -> int:
    return spec.train.iterations or (spec.train.epochs or 0) * per_epoch
