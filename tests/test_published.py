"""Published runs of the course, digit for digit, from the command line.

The traces are this folder's own copy. The real cat pictures do not come with nnctl: where they do not lie
beside the checkout, their tests are skipped.
"""

import json
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parent / "reference"
PICTURES = Path(__file__).parents[2] / "shared" / "data" / "catvnoncat"
needs_pictures = pytest.mark.skipif(
    not (PICTURES / "train_catvnoncat.h5").is_file(),
    reason="the course's cat pictures do not lie in ../shared/data/catvnoncat",
)
CAT_PHOTOS = (
    "cat-photos",
    "-S",
    f"data.train={PICTURES}/train_catvnoncat.h5",
    "-S",
    f"data.test={PICTURES}/test_catvnoncat.h5",
)


def published(name):
    """Return the cost at each published iteration."""
    _, *rows = (REFERENCE / f"{name}.csv").read_text().splitlines()
    return {int(iteration): float(cost) for iteration, cost in (row.split(",") for row in rows)}


def trained(nnctl, tmp_path, *arguments):
    """Train and return the costs, and the accuracies on the training and the test examples."""
    outcome = nnctl("train", *arguments, "-q")
    assert outcome.exit_code == 0, outcome.stderr
    folder = tmp_path / outcome.stdout.strip()
    rows = [line.split(",") for line in (folder / "costs.csv").read_text().splitlines()[1:]]
    metrics = json.loads((folder / "run.json").read_text())["metrics"]
    return {int(row[0]): float(row[1]) for row in rows}, [metrics[part]["accuracy"] for part in ("train", "test")]


def assert_published(costs, name, tolerance, since=0):
    """Check every published cost from iteration `since` on."""
    expected = {iteration: cost for iteration, cost in published(name).items() if iteration >= since}
    assert len(expected) >= 14
    assert {i: costs.get(i) for i in expected} == {
        i: pytest.approx(c, rel=0, abs=tolerance) for i, c in expected.items()
    }


@needs_pictures
@pytest.mark.parametrize("fast_path", ["auto", "off"])
@pytest.mark.parametrize(
    ("name", "changes", "tolerance", "accuracies"),
    [
        ("cat_llayer", {}, 1e-12, [0.9856459330143539, 0.80]),
        (
            "cat_2layer",
            {"model.layer_dims": "[12288, 7, 1]", "model.activations": "[relu, sigmoid]", "model.init": "random"},
            1e-10,
            [1.0, 0.72],
        ),
        (
            "logistic",
            {
                "model.layer_dims": "[12288, 1]",
                "model.activations": "[sigmoid]",
                "model.init": "zeros",
                "train.learning_rate": "0.005",
                "train.iterations": "2000",
            },
            5e-7,
            [0.9904306220095694, 0.70],
        ),
    ],
)
def test_cat_pictures(nnctl, tmp_path, name, changes, tolerance, accuracies, fast_path):
    flags = [word for key, value in changes.items() for word in ("-S", f"{key}={value}")]
    costs, reached = trained(nnctl, tmp_path, *CAT_PHOTOS, *flags, "-S", f"train.fast_path={fast_path}")
    assert_published(costs, name, tolerance)
    assert reached == pytest.approx(accuracies, rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("scheme", "init", "tolerance", "since", "accuracies"),
    [
        ("zeros", "zeros", 1e-12, 0, [0.5, 0.5]),
        ("he", "he", 1e-12, 0, [0.99333, 0.96]),
        ("random", "{name: random, scale: 10}", 1e-2, 1000, [0.83, 0.86]),
    ],
)
def test_circles(nnctl, tmp_path, scheme, init, tolerance, since, accuracies):
    costs, reached = trained(nnctl, tmp_path, "circles", "-S", f"model.init={init}")
    assert_published(costs, f"init_{scheme}", tolerance, since)
    assert reached == pytest.approx(accuracies, rel=0, abs=5e-6)


def test_bare_compare_init_is_the_course_experiment(nnctl):
    outcome = nnctl("compare-init", "zeros", "random", "he", "-q", "--json")
    assert outcome.exit_code == 0
    schemes = json.loads(outcome.stdout)["schemes"]
    assert list(schemes) == ["zeros", "random", "he"]
    for name, tolerance, since, accuracies in [
        ("zeros", 1e-12, 0, [0.5, 0.5]),
        ("random", 1e-2, 1000, [0.83, 0.86]),
        ("he", 1e-12, 0, [0.99333, 0.96]),
    ]:
        costs = {int(iteration): cost for iteration, cost in schemes[name]["costs"].items()}
        assert_published(costs, f"init_{name}", tolerance, since)
        reached = [schemes[name][part]["accuracy"] for part in ("train", "test")]
        assert reached == pytest.approx(accuracies, rel=0, abs=5e-6)
