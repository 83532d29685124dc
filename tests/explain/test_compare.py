"""compare-init: schemes as they are typed, what is printed and kept, and sentences that the numbers bear out."""

import json
import re
from itertools import pairwise

import h5py
import numpy as np
import pytest

from nnctl.data.sets import datasets
from nnctl.errors import SpecError
from nnctl.explain.compare import Comparison, Scheme, explain, label, parse_scheme
from nnctl.explain.findings import Diagnosis, End, Start
from nnctl.explain.shares import percent
from nnctl.nn.initializers import initializers
from nnctl.registry import Choice
from nnctl.runs.run import Run
from nnctl.spec import document, shipped
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare

SHORT = ("-q", "-S", "train.iterations=300")
TINY_SPEC = """
data: {source: sine, m: 40, m_test: 20}
model: {layer_dims: [1, 4, 1], activations: [tanh, linear]}
train: {learning_rate: 0.05, iterations: 200, log_every: 50}
"""


def explanation(outcome, label):
    """Return the sentence of a label on stdout; in a pipe it may be broken over lines."""
    found = re.search(rf"^{re.escape(label)}: (.*?\.)$", outcome.stdout, re.MULTILINE | re.DOTALL)
    assert found, outcome.stdout
    return " ".join(found[1].split())


def initial(init, seed=3, dims=(2, 10, 5, 1)):
    """Return W1, W2, ... as a scheme draws them, worked out here."""
    stream = np.random.RandomState(seed)
    return [initializers[init.name](stream, (n, k), **init.options) for k, n in pairwise(dims)]


def backprop_on_circles(Ws):
    """Return the cost, the probabilities and the largest gradient of W1, b1, ... of a relu network with b = 0."""
    table, _ = datasets["circles"]()
    As, Y, m = [table.X.T], table.y[None, :], len(table.y)
    for W in Ws:
        Z = W @ As[-1]
        As.append(np.maximum(Z, 0))
    p = 1 / (1 + np.exp(-np.clip(Z, -700, 700)))
    largest, dZ = {}, (p - Y) / m
    for number in range(len(Ws), 0, -1):
        largest[f"W{number}"] = np.abs(dZ @ As[number - 1].T).max()
        largest[f"b{number}"] = np.abs(dZ.sum(axis=1)).max()
        dZ = (Ws[number - 1].T @ dZ) * (As[number - 1] > 0)
    return np.mean(np.logaddexp(0, Z) - Y * Z), p, largest


# schemes as they are typed


@pytest.mark.parametrize(
    ("text", "course", "scheme", "shown"),
    [
        ("he", True, Choice("he"), "he"),
        ("random", True, Choice("random", {"scale": 10.0}), "random (x10)"),
        ("random", False, Choice("random", {"scale": 0.01}), "random (x0.01)"),
        ("random:0.01", True, Choice("random", {"scale": 0.01}), "random (x0.01)"),
        ("random:scale=2", False, Choice("random", {"scale": 2.0}), "random (x2)"),
        ("constant:-1", False, Choice("constant", {"value": -1.0}), "constant (value -1)"),
    ],
)
def test_schemes_as_they_are_typed(text, course, scheme, shown):
    assert parse_scheme(text, course) == scheme
    assert label(parse_scheme(text, course)) == shown


@pytest.mark.parametrize("name", initializers)
def test_every_initializer_is_a_scheme(name):
    assert parse_scheme(name, course=False).name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hee", "no initializer 'hee'; did you mean \"he\""),
        ("he:2", "he takes no value"),
        ("random:big", "expected a number after random:, got 'big'"),
        ("random:", "expected a number"),
        ("random:-1", "must be greater than 0"),
        ("random:nan", "must be finite"),
        ("random:scael=1", 'did you mean "scale"'),
    ],
)
def test_schemes_that_cannot_be(nnctl, tmp_path, text, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        parse_scheme(text, course=False)
    outcome = nnctl("compare-init", "zeros", text)
    assert outcome.exit_code == 2
    assert message in " ".join(outcome.stderr.split())
    assert outcome.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_a_scheme_named_twice(nnctl):
    outcome = nnctl("compare-init", "he", "zeros", "he")
    assert outcome.exit_code == 2
    assert "named twice" in outcome.stderr


# what is printed and kept


def test_json_is_that_of_the_design_and_every_scheme_an_ordinary_run(nnctl, tmp_path):
    outcome = nnctl("compare-init", "random", "random:0.01", "he", *SHORT, "--json")
    assert outcome.exit_code == 0
    schemes = json.loads(outcome.stdout)["schemes"]
    assert list(schemes) == ["random", "random:0.01", "he"]
    folders = [tmp_path / scheme["run"] for scheme in schemes.values()]
    (comparison,) = {folder.parent for folder in folders}
    assert len(set(folders)) == 3
    for scheme, folder in zip(schemes.values(), folders, strict=True):
        assert set(scheme) == {"status", "costs", "train", "test", "run"}
        assert scheme["status"] == "finished"
        assert list(scheme["costs"]) == ["0", "100", "200", "299"]
        status = json.loads((folder / "run.json").read_text())
        assert status["status"] == "finished"
        assert {part: scheme[part] for part in ("train", "test")} == status["metrics"]
        assert {path.name for path in folder.iterdir()} >= {"config.yaml", "costs.csv", "parameters.h5"}
    assert json.loads((comparison / "compare.json").read_text())["schemes"] == schemes
    assert {path.name for path in comparison.iterdir()} >= {"costs.png", "boundaries.png"}
    assert nnctl("predict").exit_code == 2  # runs inside a comparison are never the latest


def test_a_scheme_is_the_same_run_as_train_makes(nnctl, tmp_path):
    compared = (
        tmp_path / json.loads(nnctl("compare-init", "xavier", *SHORT, "--json").stdout)["schemes"]["xavier"]["run"]
    )
    alone = tmp_path / nnctl("train", "circles", *SHORT, "-S", "model.init=xavier").stdout.strip()
    assert (compared / "costs.csv").read_text() == (alone / "costs.csv").read_text()
    with h5py.File(compared / "parameters.h5") as one, h5py.File(alone / "parameters.h5") as other:
        for name in ("W1", "b1", "W2", "b2", "W3", "b3"):
            np.testing.assert_array_equal(one[name], other[name])
    again = tmp_path / nnctl("train", compared / "config.yaml", "-q").stdout.strip()
    assert (again / "costs.csv").read_text() == (alone / "costs.csv").read_text()


def test_the_table_has_the_costs_of_the_schemes_side_by_side(nnctl):
    outcome = nnctl("compare-init", "zeros", "he", *SHORT)
    rows = {row[0]: row[1:] for line in outcome.stdout.splitlines() if (row := line.split())}
    assert rows["0"] == ["0.693147", "0.883054"]
    assert rows["200"][0] == "0.693147"
    assert {"100", "200", "299"} <= rows.keys()
    assert "\x1b" not in outcome.stdout
    assert outcome.stderr == ""


def test_on_any_config_random_has_its_own_default(nnctl, tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY_SPEC)
    outcome = nnctl("compare-init", "random", "constant:0.1", "--config", "tiny.yaml", "-q")
    assert outcome.exit_code == 0
    assert "random (x0.01)" in outcome.stdout
    assert "one unit" in explanation(outcome, "constant (value 0.1)")
    assert "R²" in outcome.stdout
    assert "saturated" not in outcome.stdout  # a regression has no probabilities
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    assert folder.name.startswith("compare-init-tiny-")
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"compare.json", "costs.png", "curves.png"}
    assert "name: random\n    scale: 0.01" in (folder / "random" / "config.yaml").read_text()


def test_of_an_ensemble_one_network_is_compared_and_its_config_repeats_it(nnctl, tmp_path):
    outcome = nnctl("compare-init", "he", "-S", "train.iterations=5", "-S", "train.ensemble=3", "--json")
    assert "note: one network of each scheme is trained, and not 3 (train.ensemble)" in outcome.stderr
    run = tmp_path / json.loads(outcome.stdout)["schemes"]["he"]["run"]
    again = tmp_path / nnctl("train", run / "config.yaml", "-q", "--no-pictures").stdout.strip()
    with h5py.File(run / "parameters.h5") as one, h5py.File(again / "parameters.h5") as other:
        assert one["W1"][()].tobytes() == other["W1"][()].tobytes()


def test_a_config_that_is_not_there(nnctl):
    outcome = nnctl("compare-init", "he", "--config", "nowhere.yaml")
    assert outcome.exit_code == 2
    assert "nowhere.yaml" in outcome.stderr


def test_a_comparison_of_which_all_diverge_is_one_that_diverged(nnctl):
    outcome = nnctl("compare-init", "random:1e200", "random:2e200", *SHORT, "--json")
    assert outcome.exit_code == 4
    assert "all 2 trainings diverged" in outcome.stderr
    told = json.loads(outcome.stdout)
    assert (told["status"], told["exit_code"]) == ("diverged", 4)
    assert {scheme["status"] for scheme in told["schemes"].values()} == {"diverged"}


def test_a_scheme_that_diverges_does_not_keep_the_others_from_training(nnctl, tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY_SPEC)
    outcome = nnctl("compare-init", "random:1e200", "he", "--config", "tiny.yaml", "-q")
    assert outcome.exit_code == 0
    assert "diverged: at iteration 0 the cost is inf, and nothing has been updated yet; it started" in explanation(
        outcome, "random (x1e+200)"
    )
    assert "the cost went from" in explanation(outcome, "he")
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    assert json.loads((folder / "random-1e200" / "run.json").read_text())["status"] == "diverged"
    schemes = json.loads((folder / "compare.json").read_text())["schemes"]
    assert schemes["he"]["train"]["r2"] < 1


# sentences


def test_zeros_are_explained_by_the_gradients(nnctl):
    said = explanation(nnctl("compare-init", "zeros", *SHORT), "zeros")
    _, _, largest = backprop_on_circles(initial(Choice("zeros")))
    assert largest.pop("b3") < 1e-15  # as many points of each class: nothing but rounding is left of it
    assert not any(largest.values())
    assert said.startswith("no W ever moved")
    assert "is exactly 0 from the start" in said
    assert "b1" not in said
    assert "; the cost went from 0.6931 to 0.6931; it ends at the base rate: accuracy 50.0 %, recall" in said


@pytest.mark.parametrize("seed", [3, 5])  # where all outputs saturate at 1, and where at 0 and at 1
def test_a_large_start_is_explained_by_its_saturated_outputs(nnctl, seed):
    arguments = ("compare-init", "random", "random:1", *SHORT, "-S", f"seed={seed}")
    schemes = json.loads(nnctl(*arguments, "--json").stdout)["schemes"]
    printed = nnctl(*arguments)
    for text, scale in (("random", 10.0), ("random:1", 1.0)):
        cost, p, _ = backprop_on_circles(initial(Choice("random", {"scale": scale}), seed))
        saturated = np.mean(np.maximum(p, 1 - p) > 0.99)
        sentence = explanation(printed, f"random (x{scale:g})")
        assert sentence.startswith(f"{percent(saturated)} of the outputs start saturated")
        assert f"the first cost {cost:.4f}" in sentence
        assert f"; the cost went from {cost:.4f} to {schemes[text]['train']['cost']:.4f}" in sentence


def test_a_good_start_is_explained_by_its_outputs_and_gradients(nnctl):
    outcome = nnctl("compare-init", "he", "--json", "-q", "-S", "train.iterations=3000")
    scheme = json.loads(outcome.stdout)["schemes"]["he"]
    said = explanation(nnctl("compare-init", "he", "-q", "-S", "train.iterations=3000"), "he")
    cost, p, largest = backprop_on_circles(initial(Choice("he")))
    last = scheme["train"]["cost"]
    half = next(i for i, c in scheme["costs"].items() if c <= (cost + last) / 2)
    assert f"the outputs spread by {p.std():.2g} over the examples" in said
    assert f"W1 gets gradients up to {largest['W1']:.2g}" in said
    assert f"{percent(np.mean(np.maximum(p, 1 - p) > 0.99))} of the outputs are saturated" in said
    assert f"; the cost went from {cost:.4f} to {last:.4f}, half of the way by iteration {int(half):,}" in said


def test_a_small_start_is_explained_by_the_signal_that_fades(nnctl):
    said = explanation(nnctl("compare-init", "random:0.01", *SHORT), "random (x0.01)")
    _, p, largest = backprop_on_circles(initial(Choice("random", {"scale": 0.01})))
    assert f"they spread by {p.std():.2g}" in said
    assert f"the gradient that reaches W1 is at most {largest['W1']:.2g}: the signal fades" in said


def test_units_that_start_alike_stay_alike(nnctl, tmp_path):
    outcome = nnctl("compare-init", "constant", *SHORT)
    assert "all units of the first hidden layer still have the same weights" in " ".join(outcome.stdout.split())
    (path,) = tmp_path.glob("runs/compare-init-*/constant/parameters.h5")
    with h5py.File(path) as file:
        assert (file["W1"][:] == file["W1"][:1]).all()


def scheme(costs, first_cost, last, moved=True, stopped=False):
    """Return a scheme with made-up numbers of a training that went well, but as given."""
    gradients = {"W1": 0.1, "b1": 0.1}
    start = Start(first_cost, gradients, saturated=0.0, mistaken=0.0, input_spread=1, output_spread=0.2, alike=False)
    measured = {"cost": last, "accuracy": 0.9, "recall": 0.9}
    end = End(measured, "b", "a", 50, 100, weighted=False, output="sigmoid", targets=(0, 1), dead=None)
    found = Diagnosis(start, end, moved, alike=False, stopped=stopped)
    return Scheme("he", "he", Choice("he"), Run(None), {"train": measured}, costs, first_cost, found)


def test_a_cost_that_rose_is_not_said_to_be_half_of_the_way():
    said = explain(scheme({0: 0.9, 100: 1.5, 200: 2.4}, 0.9, 2.5))
    assert "from 0.9000 to 2.5000" in said
    assert "half of the way" not in said


@pytest.mark.parametrize("stopped", [False, True])
def test_a_training_that_early_stopping_ended_is_not_said_to_have_needed_more(stopped):
    said = explain(scheme({i: 1 - i / 1000 for i in range(500)}, 1.0, 0.5, stopped=stopped))
    assert ("was still falling" in said) is not stopped


def test_weights_that_did_not_move_for_a_tiny_rate_are_not_said_to_be_alike():
    said = explain(scheme({0: 0.9, 1: 0.9}, 0.9, 0.9, moved=False))
    assert "no W ever moved" in said
    assert "same" not in said
    assert "exactly 0" not in said


def test_a_hidden_layer_of_one_unit_is_not_said_to_have_like_units(nnctl):
    flags = ("-S", "model.layer_dims=[2, 1, 1]", "-S", "model.activations=[relu, sigmoid]")
    assert "all units" not in nnctl("compare-init", "he", *SHORT, *flags).stdout


def test_outputs_that_do_not_spread_are_not_said_to_pass_a_signal(nnctl):
    flags = ("-S", "data.source=moons", "-S", "model.layer_dims=[2, 1]", "-S", "model.activations=[sigmoid]")
    said = explanation(nnctl("compare-init", "zeros", *SHORT, *flags, "-S", "train.learning_rate=0.1"), "zeros")
    assert "both directions" not in said


def test_the_table_shows_evenly_spaced_costs_and_the_last(tmp_path):
    logged = dict.fromkeys([*range(0, 15000, 100), 14999], 0.5)
    experiment = prepare(parse(document.read(shipped.find("circles"), [])))
    compared = Comparison(tmp_path, experiment, [scheme(logged, 1.0, 0.5)])
    assert compared.shown_iterations() == [*range(0, 15000, 1000), 14999]
