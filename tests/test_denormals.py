"""Denormal numbers: zero while a thread computes, themselves before and after, and left alone on unknown systems."""

import ctypes
import json
import platform
import sys
import threading
import warnings

import numpy as np
import pytest

from nnctl import denormals
from nnctl.denormals import flushed, treatment
from nnctl.nn.activations import activations
from nnctl.nn.network import Network
from nnctl.nn.parameters import Parameters
from nnctl.nn.rounding import constant, moments
from nnctl.training import experiment

GLIBC = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
MACHINES = ("x86_64", "aarch64") if GLIBC else ("x86_64", "arm64") if sys.platform == "darwin" else ()
known = pytest.mark.skipif(
    platform.machine() not in MACHINES, reason="how to flush denormal numbers is not known on this system"
)
TINY = {np.float32: 1e-40, np.float64: 1e-310}


def kept(dtype):
    """Tell whether a denormal number of this type survives an operation, among others and alone."""
    numbers = np.full(100, TINY[dtype], dtype) * dtype(0.5)
    assert len(set(numbers.tolist())) == 1
    return numbers[0] != 0


@known
@pytest.mark.parametrize("dtype", TINY)
def test_they_are_zero_inside_and_themselves_outside(dtype):
    assert kept(dtype)
    with flushed():
        assert not kept(dtype)
        with flushed():
            assert not kept(dtype)
        assert not kept(dtype)  # the inner one restored what it found
    assert kept(dtype)


@known
def test_they_are_themselves_again_after_an_error():
    with pytest.raises(ZeroDivisionError), flushed():
        1 / 0  # noqa: B018
    assert kept(np.float64)


@known
def test_the_setting_is_the_threads_own():
    with flushed():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(kept(np.float32)))
        with_setting = threading.Thread(target=_flushing_thread, args=(seen,))
        for each in (thread, with_setting):
            each.start()
            each.join()
        assert seen[1:] == [False, seen[0]]
        assert not kept(np.float32)


def _flushing_thread(seen):
    with flushed():
        seen.append(kept(np.float32))
    seen.append(kept(np.float32))


@known
def test_rounding_and_numbers_that_are_not_tiny_stay_as_they_are():
    numbers = np.random.RandomState(0).randn(1000)
    with flushed():
        inside = np.tanh(numbers) / 3
    assert (inside == np.tanh(numbers) / 3).all()


@pytest.mark.parametrize(
    ("system", "machine", "library"),
    [("linux", "x86_64", ""), ("linux", "riscv64", "glibc"), ("win32", "AMD64", ""), ("darwin", "ppc", "")],
)
def test_nothing_happens_on_a_system_that_is_not_known(monkeypatch, system, machine, library):
    denormals._library.cache_clear()
    with monkeypatch.context() as there:
        there.setattr(sys, "platform", system)
        there.setattr(platform, "machine", lambda: machine)
        there.setattr(platform, "libc_ver", lambda: (library, ""))
        assert treatment() == "kept"
        with flushed():
            assert kept(np.float32)
    denormals._library.cache_clear()


def test_nothing_happens_without_the_library(monkeypatch):
    def absent(name):
        raise OSError(name)

    denormals._library.cache_clear()
    with monkeypatch.context() as there:
        there.setattr(ctypes, "CDLL", absent)
        assert treatment() == "kept"
    denormals._library.cache_clear()


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", {7: 0x9FC0}), ("aarch64", {0: 0x1000001, 7: 0x1F80})])
def test_only_the_bits_of_denormals_are_set(monkeypatch, machine, expected):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    before = denormals.Environment(1, 2, 3, 4, 5, 6, 7, 0x1F80)
    wanted = [expected.get(word, value) for word, value in enumerate(before)]
    flushing = denormals._environment(None, before, flush=True)
    assert list(flushing) == wanted
    assert list(denormals._environment(None, flushing, flush=False)) == list(before)


def test_macs_have_a_constant_of_their_own(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")

    class Environment:
        in_dll = staticmethod(lambda library, name: f"{name} of {library}")

    monkeypatch.setattr(denormals, "Environment", Environment)
    assert denormals._environment("the library", None, flush=True) == "_FE_DFL_DISABLE_DENORMS_ENV of the library"
    assert denormals._environment("the library", None, flush=False) == "_FE_DFL_ENV of the library"


@known
@pytest.mark.parametrize("dtype", TINY)
def test_they_are_kept_where_data_are_prepared_while_others_are_flushed(dtype):
    with flushed():
        with denormals.kept():
            assert kept(dtype)
        assert not kept(dtype)
    assert kept(dtype)


# where it is at work


@known
def test_predictions_are_flushed():
    parameters = Parameters((1, 1))
    parameters.W[0][:] = 1e-310
    network = Network(parameters, [activations["linear"]])
    assert network.predict(np.array([[1.0]])).tolist() == [[0.0]]
    assert kept(np.float64)


def test_training_says_what_becomes_of_them_and_leaves_the_process_as_it_was(nnctl, tmp_path):
    outcome = nnctl("train", "circles", "-q", "-S", "train.iterations=1")
    status = json.loads((tmp_path / outcome.stdout.strip() / "run.json").read_text(encoding="utf-8"))
    assert status["host"]["denormals"] == treatment()
    assert kept(np.float32)
    assert kept(np.float64)


@known
def test_the_moments_of_dead_units_go_to_zero(nnctl, tmp_path, monkeypatch):
    states = []
    bind = experiment.bind

    def remembering(optimizer, p, g, weights, state, team):
        states.append(state)
        return bind(optimizer, p, g, weights, state, team)

    monkeypatch.setattr(experiment, "bind", remembering)
    spec = ("train.dtype=float32", "train.optimizer=adam", "train.learning_rate=1", "train.iterations=900")
    outcome = nnctl("train", "circles", "-q", *(word for key in spec for word in ("-S", key)))
    assert outcome.exit_code == 0
    first = np.abs(states[0][0])
    assert (first == 0).any()
    assert not ((first > 0) & (first < np.finfo(np.float32).tiny)).any()


def test_a_training_that_ends_by_an_error_leaves_the_process_as_it_was(nnctl):
    assert nnctl("train", "regression", "-q", "-S", "train.learning_rate=1e300").exit_code == 4
    assert kept(np.float64)


def test_what_rounding_leaves_is_known_without_a_word_from_numpy():
    """np.finfo warns on some versions where denormals are flushed, and validation asks what rounding leaves."""
    rows = np.array([[0.1, 1.0], [0.1 * (1 + 2e-16), 2.0]])
    with warnings.catch_warnings(), flushed():
        warnings.simplefilter("error")
        assert constant(rows, *moments([rows])).tolist() == [True, False]
        assert constant(rows, *moments([rows]), dtype=np.float32).tolist() == [True, False]
