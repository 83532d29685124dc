"""Measuring: all contestants of a workload in turn, again and again, each in a process of its own."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import data, limits
from benchmarks.problem import Problem
from benchmarks.worker import Worker
from benchmarks.workloads import MODULES, WORKLOADS, Busy, Commands, Training

CLASSES = {
    "nnctl": "benchmarks.nnctl_peer:Nnctl",
    "course": "benchmarks.course:Course",
    "torch": "benchmarks.torch_peer:Torch",
    "sklearn": "benchmarks.sklearn_peer:Sklearn",
    "jax": "benchmarks.jax_peer:Jax",
}
PAUSE = 0.05  # seconds between two contestants: idle threads of the one before go on spinning for a moment
MISTAKES = """\
sead: 1
data:
  source: circles
model:
  layer_dims: [2, 10, 5, 1]
  activations: [relu, relu, sigmod]
train:
  learning_rate: -0.01
  iterations: 15000
"""


@dataclass
class Samples:
    """What the contestants of one workload answered, repetition by repetition, and the settings they chose."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: float | None = None  # the share of the processors that other programs took meanwhile

    def median(self, contestant: str, what: str = "seconds") -> float:
        """Return the median of an answer over the repetitions."""
        return float(np.median([answer[what] for answer in self.answers[contestant]]))


def installed(peer: str) -> bool:
    """Tell whether a peer can take part."""
    return peer not in MODULES or importlib.util.find_spec(MODULES[peer]) is not None


def measure(workload: Training | Commands, repeats: int, quick: bool) -> tuple[Training | Commands, Samples]:
    """Run every contestant of a workload `repeats` times, in turn; return it as it was run, and the answers."""
    if isinstance(workload, Training) and quick:
        workload = workload.quick()
    start, before = time.perf_counter(), _others()
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        run = _commands if isinstance(workload, Commands) else _training
        samples = run(workload, repeats, quick, Path(folder))
    if before is not None:
        samples.others = (_others() - before) / (time.perf_counter() - start) / (os.cpu_count() or 1)
    return workload, samples


def _training(workload: Training, repeats: int, quick: bool, folder: Path) -> Samples:
    file = folder / "data.npz"
    data.write(workload, file)
    suffix = workload.contestant
    contestants = {"nnctl": (CLASSES["nnctl"] + suffix, workload.job(str(file), workload.dtype))}
    if workload.limited:
        side = 128 if quick else limits.SIDE
        job = {"dtype": workload.dtype, "side": side, "working_set": limits.working_set(workload)}
        contestants["limits"] = ("benchmarks.nnctl_peer:Limits", job)
    for peer in workload.peers:
        if installed(peer.name):
            contestants[peer.name] = (CLASSES[peer.name] + suffix, workload.job(str(file), peer.dtype))
    samples = Samples()
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(*place, environment())) for name, place in contestants.items()}
        for worker in workers.values():
            worker.ready()
        for name, worker in workers.items():
            time.sleep(PAUSE)
            samples.settings[name] = worker.ask("warm_up")
        for name in _turns(list(workers), repeats):
            time.sleep(PAUSE)
            answer = workers[name].ask("run")
            if isinstance(workload, Busy):
                with _beside(workload.beside):
                    answer = {**workers[name].ask("run"), "idle": answer["seconds"]}
            samples.answers.setdefault(name, []).append(answer)
    return samples


@contextlib.contextmanager
def _beside(programs: int) -> Iterator[None]:
    """Keep so many cores busy."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        time.sleep(PAUSE)
        yield
    finally:
        for program in running:
            program.kill()
            program.wait()


def _commands(workload: Commands, repeats: int, quick: bool, folder: Path) -> Samples:
    names = {"mistakes": str(folder / "mistakes.yaml")}
    Path(names["mistakes"]).write_text(MISTAKES)
    if workload.of is not None:
        training = WORKLOADS[workload.of]
        training = training.quick() if quick else training
        names |= {"data": str(folder / "data.npz"), "spec": str(folder / "spec.yaml"), "epochs": str(training.epochs)}
        data.write(training, Path(names["data"]))
        Path(names["spec"]).write_text(Problem(training.job(names["data"], training.dtype)).spec())
    samples = Samples()
    contestants = [name for name in workload.arguments if installed(name)]
    for name in _turns(contestants, repeats):
        arguments = [argument.format(**names) for argument in workload.arguments[name]]
        samples.answers.setdefault(name, []).append(_command(arguments, workload.exit_codes.get(name, 0), workload.run))
    return samples


def _command(arguments: Sequence[str], exit_code: int, run: str | None) -> dict[str, Any]:
    """Run Python with arguments in an empty folder; tell the seconds to its end and to parameters.h5, and the cost."""
    with tempfile.TemporaryDirectory(prefix="nnctl-benchmarks-") as folder:
        clock, start = time.time(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
        answer = {"seconds": time.perf_counter() - start}
        if done.returncode != exit_code:
            raise SystemExit(f"benchmarks: python {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
        for place in Path(folder).glob(run) if run else ():
            answer["saved"] = (place / "parameters.h5").stat().st_mtime - clock
            answer["cost"] = json.loads((place / "run.json").read_text())["metrics"]["train"]["cost"]
    if run and "cost" not in answer:
        answer["cost"] = float(done.stdout.split()[-1])
    return answer


def _turns(contestants: list[str], repeats: int) -> Iterator[str]:
    """Yield every contestant once a round, each round beginning with another one."""
    for turn in range(repeats):
        first = turn % len(contestants)
        yield from contestants[first:] + contestants[:first]


def _others() -> float | None:
    """Return the seconds that the processors worked for others than this process and its children; Linux tells."""
    try:
        fields = Path("/proc/stat").read_text().partition("\n")[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _waiting, *interrupts_and_stolen = map(int, fields[1:9])
    busy = (user + nice + system + sum(interrupts_and_stolen)) / os.sysconf("SC_CLK_TCK")
    return busy - sum(os.times()[:4])


def environment() -> dict[str, str]:
    """Return the environment of all contestants: the user's, with this checkout where Python looks first."""
    here = str(Path(__file__).parents[1])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([here, before] if before else [here])}
