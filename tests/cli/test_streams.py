"""Whatever is printed reaches a stream of any encoding: what it lacks as ?, a file's name as its bytes."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnctl.cli.streams import prepare_streams
from nnctl.show import console

ROOT = Path(__file__).parents[2]
SHORT = ("-S", "train.iterations=3")
ASCII = {"PYTHONIOENCODING": "ascii"}
SPEC = """\
name: 猫 m² –
data: {source: circles, m: 20, m_test: 0}
model: {layer_dims: [2, 2, 1], activations: [relu, sigmoid]}
train: {learning_rate: 0.1, iterations: 3}
"""


def written(monkeypatch, text, encoding, errors="strict"):
    """Return the bytes that a stream gets when text is printed, by print and by rich."""
    gotten = []
    for out in (print, lambda line: console.results().print(line)):
        file = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding, errors, write_through=True))
        prepare_streams()
        out(text)
        gotten.append(file.getvalue())
    assert gotten[0] == gotten[1]
    return gotten[0]


@pytest.mark.parametrize("errors", ["strict", "surrogateescape", "backslashreplace"])
@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("ascii", "m² – 猫", b"m? ? ?\n"),
        ("latin-1", "m² – 猫", b"m\xb2 ? ?\n"),
        ("cp1252", "m² – 猫", b"m\xb2 \x96 ?\n"),
        ("shift_jis", "ñ猫", "?猫\n".encode("shift_jis")),
        ("utf-8", "m² – 猫", "m² – 猫\n".encode()),
        ("utf-8", "caf\udce9 \ud83d", b"caf\xe9 ?\n"),
        ("ascii", "caf\udcc3\udca9", b"caf\xc3\xa9\n"),
        ("cp1252", "caf\udce9 ñ", b"caf\xe9 \xf1\n"),
        ("utf-16-le", "caf\udce9 猫", "caf? 猫\n".encode("utf-16-le")),
    ],
)
def test_a_sign_that_a_stream_lacks(monkeypatch, encoding, errors, text, expected):
    assert written(monkeypatch, text, encoding, errors) == expected


def test_a_stream_without_an_encoding_is_left_as_it_is(monkeypatch):
    for stand_in in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stdout", stand_in)
        prepare_streams()


def run(folder, *arguments, **environment):
    """Return what a process of its own leaves, as bytes."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment}
    return subprocess.run(
        [sys.executable, "-m", "nnctl", *arguments], capture_output=True, cwd=folder, env=settings, check=False
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_every_command_in_a_terminal_of_few_signs(tmp_path, environment):
    (tmp_path / "cat.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text(SPEC.replace("0.1", "'² – 猫'"), encoding="utf-8")
    for arguments, exit_code in (
        (("--help",), 0),
        (("compare-init", "--help"), 0),
        (("train", "cat.yaml"), 0),
        (("train", "cat.yaml", "--json"), 0),
        (("train", "cat.yaml", "--name", "猫"), 0),
        (("predict", "--proba"), 0),
        (("compare-init", "zeros", "he", "--config", "cat.yaml"), 0),
        (("train", "wrong.yaml"), 2),
        (("predict", "--json"), 0),
        (("predict", "狗"), 2),
        (("trian猫",), 2),
    ):
        done = run(tmp_path, *arguments, **environment)
        assert done.returncode == exit_code, done.stderr
        assert b"Traceback" not in done.stderr
    for config in (tmp_path / "runs").glob("*/config.yaml"):
        assert config.read_text(encoding="utf-8").startswith("name: ")


@pytest.mark.parametrize("encoding", ["ascii", "646", "ANSI_X3.4-1968"])
def test_a_mistake_on_the_command_line_in_ascii(tmp_path, encoding):
    for arguments in (("trian猫",), ("train", "--nämé")):
        done = run(tmp_path, *arguments, PYTHONIOENCODING=encoding)
        assert done.returncode == 2
        assert done.stderr.isascii()
        assert b"?" in done.stderr


def test_the_command_of_the_readme_in_ascii(tmp_path):
    done = run(tmp_path, "compare-init", "zeros", "he", *SHORT, **ASCII)
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert done.stderr.isascii()
    assert b"accuracy, train" in done.stdout
    compared = json.loads(next((tmp_path / "runs").glob("*/compare.json")).read_text(encoding="utf-8"))
    assert list(compared["schemes"]) == ["zeros", "he"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
@pytest.mark.parametrize("environment", [{}, ASCII], ids=str)
def test_names_of_files_that_are_no_text(tmp_path, environment):
    import numpy as np

    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    np.savez(folder / os.fsdecode(b"d\xe9j\xe0.npz"), X=np.eye(4, 2), y=[0, 1, 0, 1])
    (folder / os.fsdecode(b"sp\xe9c.yaml")).write_text(
        "data: {source: x}\nmodel: {layer_dims: [2, 1], activations: [sigmoid]}\n"
        "train: {learning_rate: 1, iterations: 2}\n",
        encoding="utf-8",
    )
    override = os.fsdecode(b"data.source=d\xe9j\xe0.npz")
    common = ("--runs-dir", os.fsdecode(b"r\xe9sultats"), "--name", os.fsdecode(b"caf\xe9"))
    trained = run(folder, "train", os.fsdecode(b"sp\xe9c.yaml"), "-S", override, *common, **environment)
    assert trained.returncode == 0, trained.stderr
    assert trained.stdout.startswith(b"r\xe9sultats/caf-")
    assert b"caf\xe9: 4 train examples" in trained.stderr
    (config,) = (path for path in folder.glob("*/*/config.yaml") if not path.parent.is_symlink())
    assert "source: " in config.read_text(encoding="utf-8")
    again = run(folder, "predict", "--runs-dir", common[1], **environment)
    assert again.returncode == 0, again.stderr
    assert b"r\xe9sultats/caf-" in again.stderr
    refused = run(folder, "predict", os.fsdecode(b"n\xe9ant.npz"), "--runs-dir", common[1], **environment)
    used, said = refused.stderr.splitlines()
    assert used.startswith(b"using r\xe9sultats/caf-")
    assert (refused.returncode, said) == (3, b"nnctl: n\xe9ant.npz: there is no such file")
