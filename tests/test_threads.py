"""Threads and kernels of matrix products: who decides, what NumPy then does, and what is recorded."""

import json
import os
import platform
import subprocess
import sys

import h5py
import pytest

from nnctl import threads
from nnctl.threads import KERNEL, THREADS

CONFIGURE = """
import json, os, sys
from nnctl import threads
threads.configure(*{arguments})
print(json.dumps({{"numpy": "numpy" in sys.modules, **threads.chosen(), "environment": dict(os.environ)}}))
"""
PRODUCTS = """
from nnctl import threads
threads.configure(*{arguments})
import json, numpy, threadpoolctl
print(json.dumps([library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]))
"""


def in_a_process(code, *arguments, **environment):
    """Run code in a Python of its own, in whose environment only the given settings speak of threads and kernels."""
    kept = {name: value for name, value in os.environ.items() if name not in (KERNEL, *THREADS)}
    done = subprocess.run(
        [sys.executable, "-c", code.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", THREADS)
def test_the_environment_wins_over_nnctls_own_choice(name):
    found = in_a_process(CONFIGURE, **{name: "3", KERNEL: "Haswell"})
    assert (found["threads"], found["kernels"]) == ("3", "Haswell")
    assert {found["environment"][each] for each in THREADS} == {"3"}  # whichever of them NumPy's library reads
    assert found["numpy"] is False  # else it would have been too late


def test_the_spec_wins_over_the_environment():
    found = in_a_process(CONFIGURE, 2, OMP_NUM_THREADS="3", OPENBLAS_NUM_THREADS="4")
    assert found["threads"] == "2"
    assert {found["environment"][name] for name in THREADS} == {"2"}


@pytest.mark.parametrize("processes", [1, 2, 1000])
def test_otherwise_there_is_a_thread_for_each_core_shared_among_the_processes(processes):
    found = in_a_process(CONFIGURE, None, processes)
    assert found["threads"] == str(max(1, threads.cores() // processes))
    assert {found["environment"][name] for name in THREADS} == {found["threads"]}


def test_numpy_does_as_it_was_told():
    pytest.importorskip("threadpoolctl", reason="threadpoolctl, which comes with scikit-learn, is not installed")
    libraries = in_a_process(PRODUCTS, 1, **{KERNEL: "Haswell"})
    if [library["internal_api"] for library in libraries] != ["openblas"]:
        pytest.skip("NumPy's matrix products are not OpenBLAS's here")
    assert libraries[0]["num_threads"] == 1
    if platform.machine() == "x86_64":
        assert libraries[0]["architecture"] == "Haswell"


def test_after_numpy_it_is_too_late():
    code = CONFIGURE.replace("threads.configure", "import numpy; threads.configure")
    found = in_a_process(code, 5)
    assert (found["threads"], found["kernels"]) == (None, None)


def test_what_was_chosen_is_recorded_with_the_run(tmp_path):
    arguments = ("train", "circles", "-q", "-S", "train.iterations=1", "-S", "train.threads=1")
    done = subprocess.run(
        [sys.executable, "-m", "nnctl", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2", KERNEL: "Haswell"},
    )
    status = json.loads((tmp_path / done.stdout.strip() / "run.json").read_text(encoding="utf-8"))
    assert status["host"]["matrix_products"] == {"threads": "1", "kernels": "Haswell"}


# what the machine is


@pytest.fixture
def files(monkeypatch):
    """Let nnctl find only the files that a test puts here, by path."""
    contents = {}

    class File:
        def __init__(self, path):
            self.path = path

        def read_text(self, **how):
            if self.path not in contents:
                raise FileNotFoundError(self.path)
            return contents[self.path]

    monkeypatch.setattr(threads, "Path", File)
    return contents


@pytest.mark.parametrize(
    ("cpu_max", "expected"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("250000 100000\n", 2),
        ("390000 100000\n", 4),
        ("50000 100000\n", 1),
        ("1000 100000\n", 1),
        ("1600000 100000\n", 8),  # more than there are
        ("100000 50000\n", 2),
        ("nonsense\n", 8),
        ("\n", 8),
        (None, 8),
    ],
)
def test_a_containers_share_counts_where_it_is_smaller(monkeypatch, files, cpu_max, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    if cpu_max is not None:
        files["/sys/fs/cgroup/cpu.max"] = cpu_max
    assert threads.cores() == expected


def test_cores_where_there_is_no_affinity(monkeypatch, files):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.cores() == 1


def configured(monkeypatch, platform, machine, kernels=None, dtype=None):
    """Return the kernels that are chosen on such a machine."""
    environment = {} if kernels is None else {KERNEL: kernels}
    with monkeypatch.context() as there:
        there.setattr(os, "environ", environment)
        there.setattr(sys, "platform", platform)
        there.setattr(threads.platform, "machine", lambda: machine)
        there.delitem(sys.modules, "numpy")
        threads.configure(dtype=dtype)
    return environment.get(KERNEL)


AVX512 = "avx512f avx512bw avx512cd avx512dq avx512vl"
PROCESSOR = (
    "processor\t: 0\nvendor_id\t: {vendor}\nmodel name\t: a processor\nflags\t\t: fpu avx2 {flags}\nbogomips: 1\n"
)


@pytest.mark.parametrize(
    ("vendor", "flags", "platform", "machine", "expected"),
    [
        ("AuthenticAMD", AVX512, "linux", "x86_64", "SkylakeX"),
        ("AuthenticAMD", "avx512f", "linux", "x86_64", None),
        ("AuthenticAMD", "", "linux", "x86_64", None),
        ("GenuineIntel", AVX512, "linux", "x86_64", None),  # OpenBLAS knows these
        ("AuthenticAMD", AVX512, "darwin", "x86_64", None),
        ("AuthenticAMD", AVX512, "linux", "aarch64", None),
    ],
)
def test_kernels_are_chosen_where_openblas_would_take_older_ones(
    monkeypatch, files, vendor, flags, platform, machine, expected
):
    files["/proc/cpuinfo"] = "\n".join([PROCESSOR.format(vendor=vendor, flags=flags)] * 2)
    assert configured(monkeypatch, platform, machine) == expected


@pytest.mark.parametrize(
    ("family", "dtype", "expected"),
    [
        ("25", "float32", "Haswell"),  # Zen 4
        ("25", "float64", "SkylakeX"),
        ("25", None, "SkylakeX"),
        ("26", "float32", "SkylakeX"),  # Zen 5
    ],
)
def test_zen_4_has_kernels_of_its_own_for_single_precision(monkeypatch, files, family, dtype, expected):
    text = PROCESSOR.format(vendor="AuthenticAMD", flags=AVX512)
    files["/proc/cpuinfo"] = text.replace("model name", f"cpu family\t: {family}\nmodel name")
    assert configured(monkeypatch, "linux", "x86_64", dtype=dtype) == expected


def test_without_facts_openblas_chooses(monkeypatch, files):
    assert configured(monkeypatch, "linux", "x86_64") is None


def test_kernels_that_the_user_set_stay(monkeypatch, files):
    files["/proc/cpuinfo"] = PROCESSOR.format(vendor="AuthenticAMD", flags=AVX512)
    assert configured(monkeypatch, "linux", "x86_64", kernels="Zen") == "Zen"


SHARDED = """\
data: {source: spirals}
model: {layer_dims: [2, 300, 200, 3], activations: [relu, relu, softmax]}
train: {optimizer: adam, learning_rate: 0.01, epochs: 3, batch_size: 130, dtype: float32}
"""


def test_a_training_in_shards_has_the_same_bits_with_any_number_of_threads(tmp_path):
    (tmp_path / "s.yaml").write_text(SHARDED, encoding="utf-8")
    found = {}
    for threads_, shards in ((1, 2), (2, 2), (5, 2), (1, 1)):
        flags = ("-q", "--no-pictures", "-S", f"train.threads={threads_}", "-S", f"train.shards={shards}")
        done = subprocess.run(
            [sys.executable, "-m", "nnctl", "train", "s.yaml", *flags],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        run = tmp_path / done.stdout.strip()
        status = json.loads((run / "run.json").read_text(encoding="utf-8"))
        assert status["team"] == min(threads_, shards)
        assert status["host"]["matrix_products"]["threads"] == "1"
        assert f"shards: {shards}" in (run / "config.yaml").read_text(encoding="utf-8")
        with h5py.File(run / "parameters.h5") as file:
            parameters = [file[f"W{number}"][:].tobytes() for number in (1, 2, 3)]
        found[threads_, shards] = (parameters, (run / "costs.csv").read_text(encoding="utf-8"))
    assert found[1, 2] == found[2, 2] == found[5, 2]
    assert found[1, 1] != found[1, 2]  # sums in another order


def test_the_products_of_a_full_batch_have_blas_threads(tmp_path):
    (tmp_path / "s.yaml").write_text(SHARDED.replace("batch_size: 130, ", ""), encoding="utf-8")
    for more, members in (((), None), (("-S", "train.shards=3"), 1)):
        done = subprocess.run(
            [sys.executable, "-m", "nnctl", "train", "s.yaml", "-q", "-S", "train.threads=1", "--no-pictures", *more],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        status = json.loads((tmp_path / done.stdout.strip() / "run.json").read_text(encoding="utf-8"))
        assert status.get("team") == members
