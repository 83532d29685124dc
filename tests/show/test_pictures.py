"""Which pictures there are, of which size, and what is written on them."""

import numpy as np
import PIL.Image
import pytest
from drawn import BLUE, GREEN, ORANGE, drawn, share_of

from nnctl.explain.compare import Comparison, Scheme
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.run import Run
from nnctl.show import pictures
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare, train

SHORT = ("-q", "-S", "train.iterations=20")


def saved(path):
    """Return the pixels of a picture file."""
    with PIL.Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


def trained(folder, config, *overrides):
    """Return an experiment on a shipped spec, trained, and its run."""
    experiment = prepare(parse(document.read(shipped.find(config), overrides)))
    run = Run(folder)
    train(experiment, run)
    return experiment, run


@pytest.mark.parametrize(
    ("config", "overrides", "expected"),
    [
        ("circles", (), {"costs.png", "boundary.png"}),
        ("spirals", (), {"costs.png", "boundary.png"}),
        ("regression", (), {"costs.png", "curve.png"}),
        ("logistic-cat", ("data.m=20", "data.m_test=10"), {"costs.png", "wrong.png"}),
    ],
)
def test_a_run_has_the_pictures_that_fit_its_data(nnctl, tmp_path, config, overrides, expected):
    flags = [word for override in overrides for word in ("-S", override)]
    outcome = nnctl("train", config, *SHORT, *flags)
    assert outcome.exit_code == 0
    folder = tmp_path / outcome.stdout.strip()
    assert {path.name for path in folder.glob("*.png")} == expected
    for name in expected:
        assert saved(folder / name).shape == (1000, 1600, 3)


@pytest.mark.parametrize(
    ("config", "overrides", "expected"),
    [
        ("circles", (), {"costs.png", "boundaries.png"}),
        ("regression", (), {"costs.png", "curves.png"}),
        ("cat", ("data.m=20", "data.m_test=10"), {"costs.png", "wrong.png"}),
        ("cat", ("data.m=20", "data.m_test=0"), {"costs.png", "wrong.png"}),
    ],
)
def test_a_comparison_has_the_pictures_that_fit_its_data(nnctl, tmp_path, config, overrides, expected):
    flags = [word for override in overrides for word in ("-S", override)]
    command = ("compare-init", "zeros", "he", "--config", config, "--picture-size", "640x400")
    assert nnctl(*command, *SHORT, *flags).exit_code == 0
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    assert {path.name for path in folder.glob("*.png")} == expected
    for name in expected:
        assert saved(folder / name).shape == (400, 640, 3)


def test_a_comparison_has_all_curves_in_one_picture_and_all_boundaries_in_another(nnctl, tmp_path):
    assert nnctl("compare-init", "zeros", "he", "xavier", *SHORT).exit_code == 0
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    curves, boundaries = saved(folder / "costs.png"), saved(folder / "boundaries.png")
    for colour in (BLUE, ORANGE, GREEN):
        assert share_of(colour, curves) > 1e-4
    for panel in np.array_split(boundaries, 3, axis=1):
        assert share_of(BLUE, panel) > 0.001
        assert share_of(ORANGE, panel) > 0.001


@pytest.mark.parametrize("size", ["1600", "1600x", "axb", "100x1000", "1600x10001", "-1600x1000", "²00x300"])
@pytest.mark.parametrize("command", [("train", "circles"), ("compare-init", "he")])
def test_sizes_that_cannot_be_are_told_before_anything_is_trained(nnctl, tmp_path, command, size):
    outcome = nnctl(*command, f"--picture-size={size}")
    assert outcome.exit_code == 2
    assert "--picture-size must be WIDTHxHEIGHT in pixels" in outcome.stderr
    assert not (tmp_path / "runs").exists()


def drawn_costs(experiment, run):
    """Return the axes of a run's cost picture, and the names in its legend."""
    (axes,) = drawn(pictures.of_run(experiment, run)["costs.png"]).axes
    legend = axes.get_legend()
    return axes, [text.get_text() for text in legend.get_texts()] if legend else []


def test_costs_have_the_learning_rate_in_their_title_and_count_iterations(tmp_path):
    axes, names = drawn_costs(*trained(tmp_path, "circles", "train.iterations=250"))
    assert axes.get_title() == "circles: learning rate 0.01"
    assert axes.get_xlabel() == "iteration"
    assert axes.lines[0].get_xdata().tolist() == [0, 100, 200, 249]
    assert names == []


@pytest.mark.parametrize(
    ("overrides", "x"),
    [
        (["train.batch_size=100", "train.iterations=14", "train.log_every=1"], [0, 1, 2, 3, 4]),  # 3 updates an epoch
        (["train.iterations=null", "train.epochs=4", "train.log_every=2"], [0, 2, 3]),
    ],
)
def test_costs_count_epochs_where_the_spec_does_and_have_the_validation_loss(tmp_path, overrides, x):
    experiment, run = trained(tmp_path, "circles", *overrides, "data.validation=0.2", "train.schedule=cosine")
    axes, names = drawn_costs(experiment, run)
    assert axes.get_xlabel() == "epoch"
    assert axes.get_title() == "circles: learning rate 0.01 (cosine)"
    assert names == ["cost, training", "loss, validation"]
    for line, column in zip(axes.lines, ("cost", "validation_loss"), strict=True):
        assert line.get_xdata().tolist() == x
        assert line.get_ydata().tolist() == list(run.costs(column).values())


def test_panels_say_how_good_a_scheme_is_on_which_examples(tmp_path):
    experiment = prepare(parse(document.read(shipped.find("circles"), [])))
    schemes = []
    measured = {"train": {"accuracy": 0.997}}
    for name, status in (("he", "finished"), ("zeros", "diverged")):
        run = Run(tmp_path / name)
        run.folder.mkdir()
        model.save(experiment.model, run.parameters)
        schemes.append(Scheme(name, name, Choice(name), run, measured, {0: 1.0}, status=status))
    chosen = pictures.of_comparison(Comparison(tmp_path, experiment, schemes), print)
    titles = [axes.get_title() for axes in drawn(chosen["boundaries.png"]).axes]
    assert titles == ["he\ntraining accuracy 99.7 %", "zeros\ndiverged"]
