"""Drawing never ends a training, whatever is to be drawn and whatever fails; what is drawn does not depend on settings.

Most of it is seen from the command line, for that is where a training would be lost.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from drawn import costs, examples, model, pixels, share_of, wrong

from nnctl.runs.files import write_bytes
from nnctl.show import gallery, mistakes, pictures

ROOT = Path(__file__).parents[2]
SHORT = ("-S", "train.iterations=20")


def spec_of(folder, X, y, classes=(), name="own", data="test: 0.4"):
    """Write data and a spec of a small network on them; return the spec's name."""
    options = {"classes": np.array(classes)} if classes else {}
    np.savez(folder / "own.npz", X=X, y=y, **options)
    n = int(np.prod(np.shape(X)[1:]))
    k = len(classes) or 2
    layers = f"[{n}, {k}], activations: [softmax]" if k > 2 else f"[{n}, 1], activations: [sigmoid]"
    (folder / "own.yaml").write_text(
        f"name: {json.dumps(name)}\ndata: {{source: own.npz, {data}}}\nmodel: {{layer_dims: {layers}}}\n"
        "train: {learning_rate: 0.001, iterations: 3, log_every: 1}\n",
        encoding="utf-8",
    )
    return "own.yaml"


def finished(outcome, folder):
    """Check that a training came to its end and return its run's folder."""
    assert outcome.exit_code == 0, outcome.stderr
    assert "Traceback" not in outcome.stderr
    run = folder / outcome.stdout.strip()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["status"] == "finished"
    assert not list(run.glob("*unfinished*")) + list(run.glob(".*"))
    return run


def process(folder, *arguments, **environment):
    """Run the command in a process of its own."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment}
    return subprocess.run(
        [sys.executable, "-m", "nnctl", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=settings,
        check=False,
    )


# what is to be drawn


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        *(((6, 7, 3), dtype) for dtype in ("bool", "int64", "float16", "float64")),
        *((shape, "uint8") for shape in ((6, 7), (6, 7, 1), (6, 7, 3), (6, 7, 4), (1, 6, 7), (3, 6, 7), (4, 6, 7))),
        *((shape, "float32") for shape in ((3, 4, 4), (1, 4, 4))),
    ],
)
def test_pictures_of_every_shape_and_kind_are_drawn(nnctl, tmp_path, shape, dtype):
    X = np.random.RandomState(1).randint(0, 256, (20, *shape)).astype(dtype)
    run = finished(nnctl("train", spec_of(tmp_path, X, np.arange(20) % 2), "-q"), tmp_path)
    assert {path.name for path in run.glob("*.png")} == {"costs.png", "wrong.png"}


@pytest.mark.parametrize("shape", [(6, 7, 2), (6, 7, 5), (5, 6, 7), (2, 6, 7), (3, 6, 7, 3), (2, 2, 2, 2, 2)])
def test_what_is_no_picture_is_told_in_a_line(nnctl, tmp_path, shape):
    config = spec_of(tmp_path, np.zeros((20, *shape), np.uint8), np.arange(20) % 2)
    outcome = nnctl("train", config, "--json")
    assert json.loads(outcome.stdout)["status"] == "finished"
    (line,) = (line for line in outcome.stderr.splitlines() if "wrong.png" in line)
    assert line.endswith(f"({' x '.join(map(str, shape))}), and is no picture of 1, 3 or 4 channels")
    assert "is not drawn" in line
    assert nnctl("train", config, "-q").stderr == ""
    finished(nnctl("train", config, "-q"), tmp_path)


def test_channels_that_stand_first_are_seen_in_their_colours():
    X = np.zeros((1, 3, 5, 6), np.uint8)
    X[:, 0], X[:, 1], X[:, 2] = 250, 10, 20
    always = model(np.zeros((1, 90)), [5], "sigmoid", ("dog", "cat"), (3, 5, 6))
    assert share_of((250, 10, 20), pixels(wrong(always, examples(X, [0])))) > 0.2


@pytest.mark.parametrize("value", [0, 255, 1e308, -1e308, 5e-324])
def test_extreme_pixels(value):
    X = np.zeros((4, 4, 3))
    X[0, 0, 0] = value
    shown = mistakes._pixels(X)
    assert np.isfinite(shown).all()
    assert shown.max() == (1 if value else 0)


NAMES = ("$0-$50k", "a$^b", "_background", "\\frac{", "a\nb\tc", "\x00\x07", "L" * 400, "猫", "قطة", "😀", "", "\ud800")


@pytest.mark.parametrize("first", NAMES)
def test_names_that_are_hard_to_draw(nnctl, tmp_path, first):
    X = np.random.RandomState(1).randint(0, 256, (20, 4, 4)).astype(np.uint8)
    config = spec_of(tmp_path, X, np.arange(20) % 2, (first, "other"), name=(first[:30] or "x").replace("\ud800", "?"))
    outcome = nnctl("train", config, "-q")
    run = finished(outcome, tmp_path)
    assert outcome.stderr == ""
    assert {path.name for path in run.glob("*.png")} == {"costs.png", "wrong.png"}


def test_forty_classes_one_example_and_constant_features(nnctl, tmp_path):
    points = np.random.RandomState(1).randn(80, 2)
    many = [f"class {k}" for k in range(40)]
    for X, y, classes, data in (
        (points, np.arange(80) % 40, many, "scale: none"),
        (points[:1], [1], (), "scale: none"),
        (np.full((6, 2), 1e9), [0, 1] * 3, (), "scale: standardize"),
        (np.zeros((6, 2)), [0, 1] * 3, (), "scale: none"),
    ):
        run = finished(nnctl("train", spec_of(tmp_path, X, y, classes, data=data), "-q"), tmp_path)
        assert {path.name for path in run.glob("*.png")} == {"costs.png", "boundary.png"}


@pytest.mark.parametrize(
    "curve",
    [
        {},
        {0: np.nan, 1: np.nan},
        {0: np.inf, 1: 1.0},
        {0: 1e300},
        {0: 1e300, 1: 1e308},
        {0: -1e308, 1: 1e308},
        {0: 5e-324, 1: 1},
    ],
)
def test_costs_of_any_size_can_be_saved(tmp_path, curve):
    costs({"he": curve, "zeros": curve}, "both").savefig(tmp_path / "costs.png")


def test_a_single_cost_is_seen():
    (line,) = costs({"cost": {0: 0.5, 1: np.nan}}, "one").axes[0].lines
    assert line.get_marker() == "o"


@pytest.mark.parametrize("content", ["", "iteration,cost\n", "iteration,cost\n0,nan\n", "iteration,cost\nx,y\n", "\0"])
def test_a_cost_log_of_any_content(nnctl, tmp_path, monkeypatch, content):
    """Who knows what has become of a file since: the picture fails at most."""
    from nnctl.cli import training  # noqa: F401  (the command imports the rest when it is called)
    from nnctl.runs import search

    point = search.point_latest

    def damage(run):
        (run.folder / "costs.csv").write_text(content, encoding="utf-8")
        point(run)

    monkeypatch.setattr(search, "point_latest", damage)
    outcome = nnctl("train", "circles", *SHORT)
    finished(outcome, tmp_path)
    assert "boundary.png" in outcome.stderr.splitlines()[-1]


# what fails


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("first line\nsecond line"), "first line"),
        (RuntimeError(), "RuntimeError"),
        (MemoryError(), "MemoryError"),
        (RecursionError("too deep"), "too deep"),
    ],
)
@pytest.mark.parametrize("command", [("train", "circles"), ("compare-init", "he", "zeros")])
def test_a_picture_that_fails_is_a_line_and_the_others_are_drawn(nnctl, tmp_path, monkeypatch, command, error, reason):
    def fail(path, content):
        if "costs" in path.name:
            raise error
        write_bytes(path, content)

    monkeypatch.setattr(gallery, "write_bytes", fail)
    outcome = nnctl(*command, *SHORT, "--json")
    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout)
    (line,) = (line for line in outcome.stderr.splitlines() if "is not drawn" in line)
    assert line.endswith(f"costs.png: is not drawn: {reason}")
    (folder,) = {path.parent for path in tmp_path.glob("runs/*/bound*.png") if not path.parent.is_symlink()}
    assert not (folder / "costs.png").exists()
    assert not list(folder.glob("*unfinished*")) + list(folder.glob(".*"))
    quiet = nnctl(*command, *SHORT, "-q")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert quiet.stdout


def test_pictures_are_left_out_where_a_signal_has_waited_for_them(nnctl, tmp_path, monkeypatch):
    monkeypatch.setattr(gallery.signals, "seconds_since", lambda: 2.5)
    outcome = nnctl("train", "circles", *SHORT)
    assert outcome.exit_code == 0
    assert outcome.stderr.count("is not drawn, for a signal asks to end") == 2
    assert not list(tmp_path.glob("runs/*/*.png"))


def test_without_matplotlib_a_training_is_a_training(tmp_path):
    fake = tmp_path / "fake" / "matplotlib"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise RuntimeError('it is broken')\n", encoding="utf-8")
    environment = {"PYTHONPATH": f"{fake.parent}{os.pathsep}{ROOT}"}
    for command in (("train", "circles", "--json"), ("compare-init", "he", "zeros", "--json")):
        done = process(tmp_path, *command, *SHORT, **environment)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)
        (line,) = (line for line in done.stderr.splitlines() if "no pictures are drawn" in line)
        assert line.endswith("no pictures are drawn: it is broken")
        assert "Traceback" not in done.stderr


def test_a_comparison_draws_what_it_can(nnctl, tmp_path, monkeypatch):
    from nnctl.errors import DataError

    load = pictures.load

    def refuse(path):
        if path.parent.name == "he":
            raise DataError(f"{path}: is not a parameters file of nnctl")
        return load(path)

    monkeypatch.setattr(pictures, "load", refuse)
    outcome = nnctl("compare-init", "zeros", "he", *SHORT)
    assert outcome.exit_code == 0
    (line,) = (line for line in outcome.stderr.splitlines() if "is drawn without" in line)
    assert "boundaries.png: is drawn without he: " in line
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    assert {path.name for path in folder.glob("*.png")} == {"costs.png", "boundaries.png"}


def test_a_diverged_scheme_is_drawn_beside_the_others(nnctl, tmp_path):
    rate = ("-S", "train.learning_rate=1e9", "-S", "model.activations=[linear, linear, linear]")
    outcome = nnctl("compare-init", "random:1e30", "zeros", "--config", "circles", *SHORT, *rate)
    assert outcome.exit_code in (0, 4), outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "costs.png" in outcome.stderr


# whose settings hold


RC = """\
text.usetex: True
font.family: No Such Font
font.size: 40
lines.linewidth: 9
savefig.dpi: 10
savefig.format: nonsense
backend: nonsense
axes.facecolor: black
no such line
"""


def test_the_users_own_settings_neither_break_nor_change_a_picture(tmp_path):
    command = ("train", "circles", "-q", *SHORT)
    drawn = []
    for name, settings, environment in (
        ("plain", b"", {}),
        ("own", RC.encode(), {"MPLBACKEND": "nonsense", "MPLCONFIGDIR": "/dev/null/none"}),
        ("unreadable", RC.encode("utf-16"), {"MATPLOTLIBRC": "/dev/null/none"}),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "matplotlibrc").write_bytes(settings)
        done = process(folder, *command, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        (run,) = (path for path in (folder / "runs").iterdir() if not path.is_symlink())
        drawn.append([np.asarray(PIL.Image.open(run / file)) for file in ("costs.png", "boundary.png")])
    for plain, own, unreadable in zip(*drawn, strict=True):
        np.testing.assert_array_equal(plain, own)
        np.testing.assert_array_equal(plain, unreadable)


def test_settings_made_before_in_the_same_process_do_not_change_a_picture(nnctl, tmp_path):
    import matplotlib

    drawn = []
    for settings in ({}, {"text.usetex": True, "font.family": "No Such Font", "axes.facecolor": "black"}):
        with matplotlib.rc_context(settings):
            run = finished(nnctl("train", "circles", "-q", *SHORT), tmp_path)
        drawn.append(np.asarray(PIL.Image.open(run / "boundary.png")))
    np.testing.assert_array_equal(*drawn)


def test_matplotlibs_warnings_are_not_for_the_user(nnctl, tmp_path):
    config = spec_of(tmp_path, np.zeros((20, 4, 4), np.uint8), np.arange(20) % 2, ("\U000f0000", "\U000f0001"))
    outcome = nnctl("train", config)
    finished(outcome, tmp_path)
    told = [line for line in outcome.stderr.splitlines() if "installed font" in line]
    assert told in (
        [],  # where a font has these private signs
        ["no installed font has the signs \U000f0000, \U000f0001: they are drawn as boxes"],
    )
    assert "Glyph" not in outcome.stderr
    assert nnctl("train", config, "-q").stderr == ""
