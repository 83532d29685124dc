"""Writing that fails, in every command: one message and exit code 7, what can be saved is, nothing half-written stays.

A limit on the size of a file stands for a full disk (RLIMIT_FSIZE); a file system of a few pages is one, where tests
may mount it; /dev/full is a stream that takes nothing.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from nnctl.runs.model import load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and RLIMIT_FSIZE as Linux has them")

ROOT = Path(__file__).parents[1]
SHORT = ("-S", "train.iterations=300", "-S", "train.log_every=1")


@pytest.fixture(params=["", "1"], ids=["kept back", "at once"])
def unbuffered(request):
    """Whether Python writes at once (PYTHONUNBUFFERED) or keeps back what it can."""
    return {"PYTHONUNBUFFERED": request.param}


def run(folder, *arguments, limit=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, shell="", **environment):
    """Return what a command leaves whose files cannot grow past the limit."""
    command = [sys.executable, "-m", "nnctl", *map(str, arguments)]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "MPLCONFIGDIR": tempfile.gettempdir()}
        | environment,
        stdout=stdout,
        stderr=stderr,
        text=True,
        check=False,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
    )


def content(folder):
    """Return the status of the only run, after a look at what is half-written."""
    assert not [path for path in folder.rglob("*") if "unfinished" in path.name]
    (path,) = (path for path in folder.glob("runs/*/run.json") if not path.parent.is_symlink())
    return path.parent, json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder with a trained run and rows to predict."""
    folder = tmp_path_factory.mktemp("trained")
    assert run(folder, "train", "circles", "-S", "train.iterations=5").returncode == 0
    np.savez(folder / "rows.npz", X=np.random.RandomState(1).randn(50, 2))
    return folder


def test_a_cost_log_that_cannot_grow_ends_no_training(tmp_path):
    done = run(tmp_path, "train", "circles", "-S", "train.iterations=2000", "-S", "train.log_every=1", limit=20_000)
    assert done.returncode == 0, done.stderr
    folder, status = content(tmp_path)
    assert done.stderr.count("costs.csv: cannot be written: File too large; it needs ") == 1
    assert "; it ends there, and the training goes on" in done.stderr
    (note,) = status["notes"]
    assert "costs.csv: cannot be written" in note
    assert (status["status"], status["iterations"]) == ("finished", 2000)
    *_, last = (folder / "costs.csv").read_text().split("\n")
    assert last == ""  # no torn row
    assert 19_900 < (folder / "costs.csv").stat().st_size <= 20_000
    assert np.isfinite(load(folder / "parameters.h5").parameters.flat).all()


def test_parameters_that_have_no_room_are_named_and_what_can_be_saved_is(tmp_path):
    done = run(tmp_path, "train", "circles", *SHORT, "-S", "model.layer_dims=[2, 60, 5, 1]", limit=4_000)
    folder, status = content(tmp_path)
    assert done.returncode == 7
    message = done.stderr[done.stderr.index("nnctl: ") :]
    assert "parameters.h5: cannot be written: File too large; it needs " in message
    assert " bytes, and " in message
    assert "The trained parameters are lost" in message
    assert (status["status"], status["iterations"]) == ("failed", 300)
    assert status["metrics"]["train"]["accuracy"] > 0
    assert (folder / "costs.csv").is_file()
    assert not (folder / "parameters.h5").exists()
    assert done.stdout == f"{folder.relative_to(tmp_path)}\n"


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of some kilobytes at tmp_path/runs and return how to fill it."""
    place = tmp_path / "runs"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield lambda left: (place / "filling").write_bytes(bytes(os.statvfs(place).f_bavail * 4096 - left))
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("left", [0, 4096, 8192, 12288, 16384, 24576])
def test_a_full_disk(tmp_path, small_disk, left):
    small_disk(left)
    done = run(tmp_path, "train", "circles", *SHORT, TMPDIR=str(tmp_path))
    assert done.returncode == (0 if "parameters.h5" in os.listdir(Path(tmp_path, done.stdout.strip())) else 7)
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    for path in tmp_path.glob("runs/*/run.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["status"] in ("finished", "failed")
    assert not [path for path in tmp_path.rglob("*") if "unfinished" in path.name]
    if "The trained parameters are in " in done.stderr:
        place = done.stderr.partition("The trained parameters are in ")[2].partition(":")[0]
        assert np.isfinite(load(Path(place)).parameters.flat).all()


@pytest.mark.parametrize("left", [0, 8192, 16384])
def test_a_full_disk_under_a_comparison(tmp_path, small_disk, left):
    small_disk(left)
    done = run(tmp_path, "compare-init", "zeros", "he", *SHORT, TMPDIR=str(tmp_path))
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr
    for path in tmp_path.glob("runs/*/*/run.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["status"] in ("finished", "failed")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "."), ".: is a folder; name a file"),
        (("-o", "none/said.csv"), "there is no folder none; make it first"),
        (("-o", "/dev/full"), "/dev/full: cannot be written: No space left on device"),
        (("-o", "/proc/said.csv"), "/proc/said.csv: cannot be written: "),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_predictions_that_cannot_be_written(trained, arguments, words):
    done = run(trained, "predict", "latest", "rows.npz", *arguments)
    assert (done.returncode, done.stdout) == (7, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_predictions_that_are_cut_short_leave_what_was_there(trained):
    (trained / "said.csv").write_text("mine\n")
    done = run(trained, "predict", "latest", "rows.npz", "-o", "said.csv", limit=300)
    assert done.returncode == 7
    assert re.search("said.csv: cannot be written: File too large; [0-9,]+ bytes are free", done.stderr)
    assert (trained / "said.csv").read_text() == "mine\n"
    assert not [path for path in trained.iterdir() if "unfinished" in path.name]


COMMANDS = [
    ("train", "circles", "-S", "train.iterations=5"),
    ("train", "circles", "-S", "train.iterations=5", "--json"),
    ("predict",),
    ("predict", "latest", "rows.npz"),
    ("compare-init", "zeros", "he", "-S", "train.iterations=5"),
    ("cross-validate", "circles", "-S", "train.iterations=5"),
    ("--help",),
    ("--version",),
]


@pytest.mark.parametrize("shell", [">/dev/full", ">&-"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_stdout_that_takes_nothing(trained, arguments, shell, unbuffered):
    done = run(trained, *arguments, shell=shell, **unbuffered)
    assert done.returncode == 7
    assert "stdout: the results cannot be written: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&- </dev/null", "2>&- <&-"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_stderr_that_takes_nothing_ends_nothing(trained, arguments, shell, unbuffered):
    done = run(trained, *arguments, shell=shell, **unbuffered)
    assert done.returncode == 0
    assert done.stdout
    wrong = run(trained, "train", "none.yaml", shell=shell, **unbuffered)
    assert wrong.returncode == 2
