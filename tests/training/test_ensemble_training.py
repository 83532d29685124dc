"""An ensemble is its members: each an ordinary run that train repeats to the bit, and their mean is what is kept."""

import csv
import json
import signal

import numpy as np
import pytest
import sklearn.metrics

from nnctl import signals
from nnctl.runs import model
from nnctl.runs.run import Run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training.ensemble import Member, _log_costs
from nnctl.training.experiment import prepare

SPEC = """
data: {{source: {source}, validation: 0.2, test: 0.2, seed: 4{data}}}
model: {{layer_dims: [auto, 6, auto], activations: [relu, {output}]}}
train: {{{train}, ensemble: {count}}}
seed: 5
"""
ADAM = "optimizer: adam, learning_rate: 0.02"
TRAIN = f"{ADAM}, epochs: 6, batch_size: 16"
TASKS = {
    "two classes": ("moons", "auto", ""),
    "classes": ("t.csv", "auto", ", target: kind"),
    "numbers": ("t.csv", "auto", ", target: z, ignore: [kind], scale_target: standardize"),
    "clipped numbers": ("t.csv", "auto", ", target: z, ignore: [kind], scale_target: standardize, clip_outputs: true"),
    "labels": ("t.csv", "sigmoid", ", target: [u, v], ignore: [kind]"),
}


@pytest.fixture
def rows(tmp_path):
    stream = np.random.RandomState(0)
    X = stream.randn(90, 3)
    kinds = np.array(["ash", "elm", "oak"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    lines = [[*x, kind, 40 + 9 * x[0], int(x[1] > 0), int(x[2] > 0)] for x, kind in zip(X, kinds, strict=True)]
    names = ["a", "b", "c", "kind", "z", "u", "v"]
    (tmp_path / "t.csv").write_text("\n".join(",".join(map(str, line)) for line in [names, *lines]) + "\n")


@pytest.fixture
def train(nnctl, tmp_path, rows):
    def train(task="two classes", count=3, train=TRAIN, code=0):
        source, output, data = TASKS[task]
        text = SPEC.format(source=source, output=output, data=data, count=count, train=train)
        (tmp_path / "s.yaml").write_text(text)
        done = nnctl("train", "s.yaml", "--no-pictures")
        assert done.exit_code == code, done.stderr
        return done, Run(tmp_path / done.stdout.strip())

    return train


@pytest.mark.parametrize("task", TASKS)
def test_the_outputs_are_the_mean_of_the_members_and_each_is_repeated_by_train(nnctl, train, tmp_path, task):
    _, run = train(task)
    members = [Run(run.folder / "members" / str(number)) for number in (1, 2, 3)]
    folders = [str(own.folder) for own in (run, *members)]
    said, *each = (json.loads(nnctl("predict", own, "--proba", "--json").stdout)["predictions"] for own in folders)
    names = [name for name in said[0] if name.startswith("p_")] or ["prediction"]
    numbers = np.array([[[row[name] for name in names] for row in rows] for rows in each])
    mean = numbers.mean(axis=0)
    if task != "clipped numbers":  # which is done to the mean
        np.testing.assert_allclose([[row[name] for name in names] for row in said], mean, rtol=1e-13)
    assert not np.allclose(numbers[0], numbers[1])
    for number, member in enumerate(members):
        again = nnctl("train", str(member.config), "--no-pictures", "--runs-dir", "again")
        repeated = Run(tmp_path / again.stdout.strip())
        assert repeated.parameters.read_bytes() == member.parameters.read_bytes()
        assert (repeated.folder / "costs.csv").read_bytes() == (member.folder / "costs.csv").read_bytes()
        assert f"seed: {5 + number}\n" in member.config.read_text()


@pytest.mark.parametrize("task", TASKS)
def test_the_metrics_are_those_of_the_mean(nnctl, train, task):
    _, run = train(task)
    measured = run.status()["metrics"]["test"]
    found = json.loads(nnctl("predict", str(run.folder), "--proba", "--json").stdout)
    assert {name: measured[name] for name in found["metrics"]} == pytest.approx(found["metrics"], rel=1e-12)
    rows = found["predictions"]
    if "numbers" in task:
        truth, said = ([row[name] for row in rows] for name in ("truth", "prediction"))
        assert measured["mse"] == pytest.approx(sklearn.metrics.mean_squared_error(truth, said), rel=1e-12)
    elif task != "labels":
        truth = [row["truth"] for row in rows]
        classes = sorted(set(truth))
        shares = np.array([[row[f"p_{name}"] for name in classes] for row in rows])
        assert measured["loss"] == pytest.approx(sklearn.metrics.log_loss(truth, shares, labels=classes), rel=1e-12)


def test_the_cost_log_is_the_mean_as_far_as_all_were_trained(train):
    done, run = train(train=f"{ADAM}, epochs: 60, batch_size: 16, early_stopping: {{patience: 2}}", count=4)
    logs = [Run(run.folder / "members" / str(number)) for number in (1, 2, 3, 4)]
    lengths = [len(log.costs()) for log in logs]
    assert len(set(lengths)) > 1
    with (run.folder / "costs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["iteration", "epoch", "cost", "validation_loss"]
    assert [int(row["epoch"]) for row in rows] == list(range(min(lengths)))
    for column in ("cost", "validation_loss"):
        for row in rows:
            mean = np.mean([log.costs(column)[int(row["iteration"])] for log in logs])
            assert float(row[column]) == pytest.approx(mean, rel=1e-14)
    assert run.status()["status"] == "stopped"
    assert run.status()["iterations"] == max(log.status()["iterations"] for log in logs)
    told = json.loads((run.folder / "members.json").read_text())
    assert [member["seed"] for member in told.values()] == [5, 6, 7, 8]
    assert [member["iterations"] for member in told.values()] == [log.status()["iterations"] for log in logs]
    assert all(str(member["best_iteration"]) in done.stderr for member in told.values())
    assert "an ensemble of 4" in done.stderr


def test_a_loss_that_some_network_has_not_is_empty_in_the_mean(train):
    _, run = train()
    member = run.folder / "members" / "2" / "costs.csv"
    lines = member.read_text().splitlines()
    lines[2] = lines[2].rpartition(",")[0] + ","
    member.write_text("\n".join(lines) + "\n")
    experiment = prepare(parse(document.read(run.config), (run.folder,)))
    networks = [Member("", experiment.spec, Run(run.folder / "members" / str(number))) for number in (1, 2, 3)]
    (run.folder / "costs.csv").unlink()
    _log_costs(experiment, networks, run, print)
    rows = (run.folder / "costs.csv").read_text().splitlines()
    assert [row.endswith(",") for row in rows] == [number == 2 for number in range(len(lines))]


@pytest.mark.parametrize("task", TASKS)
def test_the_spread_is_the_deviation_of_what_the_networks_say(nnctl, train, task):
    _, run = train(task)
    rows = json.loads(nnctl("predict", str(run.folder), "--spread", "--json").stdout)["predictions"]
    each = [
        json.loads(nnctl("predict", f"{run.folder}/members/{number}", "--proba", "--json").stdout)["predictions"]
        for number in (1, 2, 3)
    ]
    for place, row in enumerate(rows):
        own = [member[place] for member in each]
        if task in ("two classes", "classes"):
            names = {"spread": f"p_{row['prediction']}"}
        elif task == "labels":
            names = {"spread_u": "p_u", "spread_v": "p_v"}
        else:
            names = {"spread": "prediction"}
        for column, name in names.items():
            assert row[column] == pytest.approx(np.std([member[name] for member in own], ddof=1), rel=1e-9, abs=1e-15)


def test_one_network_has_no_spread(nnctl, train):
    _, run = train(count=1)
    assert not (run.folder / "members").exists()
    done = nnctl("predict", str(run.folder), "--spread")
    assert done.exit_code == 6
    assert "the run has one network, and a spread is that of several: train.ensemble: 5" in done.stderr


def test_members_that_diverge_end_it_and_the_way_out_is_told(train):
    done, run = train(train="learning_rate: 1.0e+9, iterations: 300", code=4)
    assert "3 trainings diverged" in done.stderr
    assert run.status()["status"] == "diverged"
    assert (run.folder / "members.json").is_file()


def test_a_signal_leaves_what_was_trained(nnctl, train, tmp_path, monkeypatch, owned_signals):
    from nnctl.training import side_by_side

    own = side_by_side._message

    def interrupted(connection, process, title):
        if not signals.received:
            signals.received.append(signal.SIGINT)
        return own(connection, process, title)

    monkeypatch.setattr(side_by_side, "_message", interrupted)
    done, run = train(train=f"{ADAM}, epochs: 100000, batch_size: 16", count=2, code=130)
    assert run.status()["status"] == "interrupted"
    assert "what was trained so far is saved in" in done.stderr
    assert len(model.load(run.parameters).networks) == 2
    assert nnctl("predict", str(run.folder)).exit_code == 0


def test_an_ensemble_of_which_a_network_never_began_is_not_said_to_be_saved(train, monkeypatch, owned_signals):
    from nnctl.training import side_by_side

    own = side_by_side._message

    def interrupted(connection, process, title):
        if not signals.received:
            signals.received.append(signal.SIGINT)
        return own(connection, process, title)

    monkeypatch.setattr(side_by_side, "_message", interrupted)
    monkeypatch.setattr(side_by_side, "cores", lambda: 1)
    done, run = train(train=f"{ADAM}, epochs: 100000, batch_size: 16", count=2, code=130)
    assert not run.parameters.exists()
    assert "parameters.h5" not in done.stderr
    assert f"what was trained so far is saved in runs/{run.folder.name}/members" in done.stderr


def test_a_network_that_is_killed_ends_it_and_the_others_are_told(train, monkeypatch):
    from nnctl.training import side_by_side

    own = side_by_side._message

    def killing(connection, process, title):
        if title == "network 2":
            process.kill()
        return own(connection, process, title)

    monkeypatch.setattr(side_by_side, "_message", killing)
    done, run = train(train=f"{ADAM}, epochs: 2000, batch_size: 16", count=2, code=7)
    assert run.status()["status"] == "failed"
    assert f"1 of 2 trainings is saved in runs/{run.folder.name}/members" in done.stderr


def test_the_order_given_is_each_members_own(train):
    _, run = train(train=f"{ADAM}, epochs: 2, batch_size: 16, shuffle_seed: 4294967295")
    texts = [(run.folder / "members" / str(number) / "config.yaml").read_text() for number in (1, 2, 3)]
    assert all(f"shuffle_seed: {seed}\n" in text for seed, text in zip((4294967295, 0, 1), texts, strict=True))


@pytest.mark.parametrize("count", ["0", "2.5", "1001", "true"])
def test_a_strange_number_of_networks_is_refused(nnctl, rows, tmp_path, count):
    text = SPEC.format(source="moons", output="auto", data="", count=count, train=TRAIN)
    (tmp_path / "s.yaml").write_text(text)
    done = nnctl("train", "s.yaml")
    assert done.exit_code == 2
    assert "train.ensemble must be" in done.stderr
