"""Every kind of mishap has an exit code of its own."""

import pickle

import pytest

from nnctl import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("NnctlError", 1),
        ("SpecError", 2),
        ("DataError", 3),
        ("DivergedError", 4),
        ("MismatchError", 6),
        ("StorageError", 7),
    ],
)
def test_exit_codes(kind, code):
    error = getattr(errors, kind)("what went wrong")
    assert isinstance(error, errors.NnctlError)
    assert error.exit_code == code
    assert str(error) == "what went wrong"


@pytest.mark.parametrize(
    "error", [errors.SpecError("a\nb"), errors.DivergedError("c"), errors.InterruptedRunError("d", 2)]
)
def test_errors_travel_between_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.exit_code) == (type(error), str(error), error.exit_code)


@pytest.mark.parametrize(("signal_number", "code"), [(2, 130), (15, 143)])
def test_an_interruption_ends_as_the_shell_expects(signal_number, code):
    error = errors.InterruptedRunError("stopped at iteration 7", signal_number)
    assert isinstance(error, errors.NnctlError)
    assert (error.exit_code, str(error)) == (code, "stopped at iteration 7")
