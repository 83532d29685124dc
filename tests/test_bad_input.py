"""Bad input on the command line: one clear message of a few lines, the right exit code, and no run begun.

The mistakes of specs and runs are here; those of data files, labels and pictures are beside their readers.
"""

import json
import subprocess
import sys

import pytest

SPEC = """\
data:
  source: circles
model:
  layer_dims: [2, 4, 1]
  activations: [relu, sigmoid]
train:
  learning_rate: 0.01
  iterations: 5
"""


def explained(outcome, exit_code, *words, stdout=""):
    """Check that a command explained one mistake in one to five lines, and how stdout begins: as a rule it is empty."""
    assert outcome.exit_code == exit_code, outcome.stderr
    assert outcome.stdout.startswith(stdout)
    assert bool(outcome.stdout) == bool(stdout)
    assert outcome.stderr.startswith("nnctl: ")
    assert "Traceback" not in outcome.stderr
    assert 1 <= len(outcome.stderr.splitlines()) <= 5
    for word in words:
        assert word in outcome.stderr


@pytest.fixture
def spec(tmp_path):
    """Write a legal spec into the working folder."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return "spec.yaml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["spec.yaml: is empty", "data, model and train"]),
        ("# later\n", ["spec.yaml: is empty"]),
        ("a: [1, 2\nb: 3\n", ["spec.yaml:1:4: is not YAML", "bracket", "a: [1, 2\n     ^\n"]),
        ("data: {source: circles}}\n", ["spec.yaml:1:24: is not YAML"]),
        (b"\x89PNG\r\n\x1a\n\0\0", ["spec.yaml: is not text in UTF-8"]),
        ("data:\n\tsource: circles\n", ["spec.yaml:2:1: is not YAML", "tab", "spaces"]),
        ("data:\n  source: circles\n\tm: 3\n", ["spec.yaml:3:1: is not YAML", "tab", "spaces"]),
        ("hello\n", ["spec.yaml: is not a spec", "data, model and train"]),
        ("- data\n- model\n", ["spec.yaml: is not a spec", "data, model and train"]),
        ("data: !!int x\n", ["spec.yaml:1:7: tags (!!int) are not taken"]),
    ],
)
def test_a_file_that_is_no_spec(nnctl, tmp_path, content, words):
    (tmp_path / "spec.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    explained(nnctl("train", "spec.yaml"), 2, *words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("iterations: 5", "iterations: 5\n  learning_rate: 1", [":9:3: train.learning_rate is there twice", "line 7"]),
        ("data:", "seed: 1\nseed: 2\ndata:", [":2:1: seed is there twice", "(first on line 1)"]),
        ("learning_rate", "lerning_rate", [":7:3: ", "train.lerning_rate", 'did you mean "learning_rate"?']),
        ("model:", "modle:", [":3:1: there is no key modle", 'did you mean "model"?']),
        ("0.01", "fast", [":7:18: train.learning_rate must be a number, got 'fast'"]),
        ("0.01", "'0.01'", [":7:18: train.learning_rate must be a number, got '0.01'"]),
        ("0.01", "[0.1]", [":7:18: train.learning_rate must be a number, got [0.1]"]),
        ("0.01", "true", [":7:18: train.learning_rate must be a number, got true"]),
        ("0.01", "", [":7:17: train.learning_rate must be a number, got nothing"]),
        ("0.01", "-0.0075", [":7:18: train.learning_rate must be greater than 0, got -0.0075\n", "  ^\n"]),
        ("0.01", "0", [":7:18: train.learning_rate must be greater than 0, got 0"]),
        ("0.01", ".nan", [":7:18: train.learning_rate must be finite, got nan"]),
        ("0.01", "1" + "0" * 400, [":7:18: train.learning_rate must be finite, got inf"]),
        ("iterations: 5", "iterations: 2.5", [":8:15: train.iterations must be a whole number", "got 2.5"]),
        ("iterations: 5", "iterations: 0", [":8:15: train.iterations must be at least 1, got 0"]),
        ("iterations: 5", "iterations: -5", [":8:15: train.iterations must be at least 1, got -5"]),
        ("  iterations: 5\n", "", [":6:1: train.iterations (or train.epochs) is missing"]),
        ("iterations: 5", "iterations: 5\n  epochs: 2", [":9:3: train has both iterations and epochs; keep one"]),
        ("train:\n  learning_rate: 0.01\n  iterations: 5\n", "", ["spec.yaml: train is missing", "learning_rate"]),
        ("train:\n  learning_rate: 0.01\n  iterations: 5\n", "train: 3", [":6:8: train must hold keys", "got 3"]),
        ("circles", "circels", [":2:11: there is no file or built-in set 'circels'; did you mean \"circles\"?"]),
        ("[2, 4, 1]", "[3, 4, 1]", [":4:15: model.layer_dims must start with 2", "features", "got 3"]),
        ("circles", "spirals", [":4:15: model.layer_dims must end with 3 for 3 classes", "got 1; ", "take softmax"]),
        ("[2, 4, 1]", "2", [":4:15: model.layer_dims must be a list, such as [2, 10, 1], got 2"]),
        ("[2, 4, 1]", "[2, four, 1]", [":4:19: model.layer_dims.1 must be a whole number, got 'four'"]),
        ("[2, 4, 1]", "[2, 0, 1]", [":4:19: model.layer_dims.1 must be at least 1, got 0"]),
        ("[2, 4, 1]", "[2]", [":4:15: model.layer_dims must be at least 2 long, got [2]"]),
        ("[relu, sigmoid]", "[relu, relu, sigmoid]", [":5:16: model.activations", "each of the 2 layers", "got 3"]),
        ("[relu, sigmoid]", "[sigmoid]", [":5:16: model.activations", "each of the 2 layers", "got 1"]),
        ("[relu, sigmoid]", "sigmoid", [":5:16: model.activations must be a list, got 'sigmoid'"]),
        ("[relu, sigmoid]", "[rellu, sigmoid]", [":5:17: ", "no activation 'rellu'; did you mean \"relu\"?"]),
        ("[relu, sigmoid]", "[relu, softmax]", [":5:23: softmax over 1 unit is always 1; use sigmoid"]),
        ("train:", "  init: hee\ntrain:", [":6:9: model.init: there is no initializer 'hee'; did you mean \"he\"?"]),
        ("train:", "  init: {name: hee}\ntrain:", [":6:16: model.init: there is no initializer 'hee'"]),
        ("train:", "  init: {name: he, scale: 2}\ntrain:", [":6:20: there is no key model.init.scale", "no options"]),
        ("train:", "train:\n  optimizer: {name: gradient_descent, beta: 1}", [":7:39: there is no key", "optimizer.b"]),
        ("train:", "train:\n  loss: categorical_cross_entropy", [":7:9: ", "goes with the output activation softmax"]),
        ("train:", "train:\n  label_smoothing: 1", [":7:20: train.label_smoothing must be less than 1, got 1"]),
        (
            "train:",
            "train:\n  loss: mean_squared_error\n  label_smoothing: 0.1",
            [":8:20: train.label_smoothing is for the targets of a cross-entropy, and the loss is mean_squared_error"],
        ),
        ("train:", "train:\n  dtype: float16", [":7:10: train.dtype must be float64 or float32, got 'float16'"]),
        ("train:", "train:\n  batch_size: 301", [":7:15: train.batch_size must be at most 300", "got 301"]),
        ("train:", "train:\n  optimizer: {name: adam, beta1: 1}", [":7:34: ", "beta1 must be less than 1"]),
        ("train:", "train:\n  optimizer: adamm", [":7:14: train.optimizer: there is no optimizer 'adamm'", '"adam"?']),
        ("train:", "train:\n  schedule: step", [":7:3: train.schedule.every is missing; it is a whole number"]),
        ("train:", "train:\n  schedule: {name: step, every: 1, factor: 1e-300}", [":7:13: ", "reaches zero too early"]),
        ("train:", "train:\n  early_stopping: {patience: 2}", [":7:19: ", "validation examples", "there are none"]),
        ("train:", "train:\n  early_stopping: {metric: loss}", [":7:3: train.early_stopping.patience is missing"]),
        ("train:", "train:\n  dropout: 1", [":7:12: train.dropout must be less than 1, got 1"]),
        ("train:", "train:\n  dropout: [0.5, 0.5]", [":7:12: train.dropout must be one number", "got 2"]),
        ("train:", "train:\n  keep_prob: 0.5\n  dropout: 0.5", ["train has both dropout and keep_prob; keep one"]),
        ("train:", "train:\n  class_weights: {cat: 2}", ["train.class_weights.cat names no class (legal: 0, 1)"]),
        ("train:", "train:\n  clip_norm: 0", [":7:14: train.clip_norm must be greater than 0, got 0"]),
        ("data:", "name: 2026\ndata:", [":1:7: name must be text, got 2026; put it in quotes"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_spec(nnctl, tmp_path, old, new, words):
    assert SPEC.count(old) == 1
    (tmp_path / "spec.yaml").write_text(SPEC.replace(old, new), encoding="utf-8")
    outcome = nnctl("train", "spec.yaml")
    explained(outcome, 2, *words)
    assert outcome.stderr.startswith("nnctl: spec.yaml:")
    assert not (tmp_path / "runs").exists()


def test_more_outputs_than_classes(nnctl, tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC.replace("4, 1]", "4, 5]"), encoding="utf-8")
    explained(nnctl("train", "spec.yaml", "-q"), 2, ":4:15: model.layer_dims must end with 1 for 2 classes", "got 5")


@pytest.mark.parametrize("rate", ["1e-3", "1E-3", ".001", "+0.001"])
def test_numbers_as_people_write_them_are_numbers(nnctl, tmp_path, rate):
    (tmp_path / "spec.yaml").write_text(SPEC.replace("0.01", rate), encoding="utf-8")
    outcome = nnctl("train", "spec.yaml", "-q")
    assert outcome.exit_code == 0
    config = tmp_path / outcome.stdout.strip() / "config.yaml"
    assert "learning_rate: 0.001\n" in config.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "extra",
    [
        "".join(f"  key{number}: 1\n" for number in range(5000)),
        f"  ? {'k' * 100_000}\n  : 1\n",
        f"  loss: {'k' * 100_000}\n",
        f"  dropout: [{'x, ' * 10_000}]\n",
        f"  'a{chr(10) * 200}': 1\n",
        '  "\\e[31m\\r\\b": 1\n',
    ],
)
def test_no_message_is_longer_than_a_screen(nnctl, tmp_path, extra):
    (tmp_path / "spec.yaml").write_text(SPEC + extra, encoding="utf-8")
    outcome = nnctl("train", "spec.yaml")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    lines = outcome.stderr.removesuffix("\n").split("\n")
    assert len(lines) <= 40
    assert all(len(line) <= 800 and line.isprintable() for line in lines)


def test_a_long_override_is_cut(nnctl, tmp_path, spec):
    outcome = nnctl("train", spec, "-S", f"train.{'x' * 10_000}=1")
    explained(outcome, 2, "-S train.xxx", "there is no key train.xxx")
    assert len(outcome.stderr) < 1000


def test_options_with_the_name_of_a_source(nnctl, tmp_path):
    runs = []
    for data in ("source: {name: circles, m: 30}", "source: circles\n  m: 30"):
        (tmp_path / "spec.yaml").write_text(SPEC.replace("source: circles", data), encoding="utf-8")
        outcome = nnctl("train", "spec.yaml", "-q")
        assert outcome.exit_code == 0, outcome.stderr
        runs.append((tmp_path / outcome.stdout.strip() / "config.yaml").read_text(encoding="utf-8"))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("value", ["true", "2.5", "[1]", ".nan", "9" * 299])
def test_threads_that_cannot_be(tmp_path, value):
    (tmp_path / "spec.yaml").write_text(f"{SPEC}  threads: {value}\n  dtype: [{value}]\n", encoding="utf-8")
    command = [sys.executable, "-m", "nnctl", "train", "spec.yaml", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "train.dtype must be float64 or float32" in done.stderr
    assert "Traceback" not in done.stderr


THREE = SPEC.replace("0.01", "-0.0075").replace("iterations", "iteration").replace("[2, 4, 1]", "[2, 0, 1]")
THREE_EXPLAINED = """\
nnctl: spec.yaml:4:19: model.layer_dims.1 must be at least 1, got 0
    layer_dims: [2, 0, 1]
                    ^
spec.yaml:7:18: train.learning_rate must be greater than 0, got -0.0075
    learning_rate: -0.0075
                   ^
spec.yaml:8:3: there is no key train.iteration; did you mean "iterations"?
    iteration: 5
    ^
"""


def test_three_mistakes_are_told_at_once(nnctl, tmp_path):
    (tmp_path / "spec.yaml").write_text(THREE, encoding="utf-8")
    for command in (("train", "spec.yaml"), ("compare-init", "he", "--config", "spec.yaml")):
        outcome = nnctl(*command)
        assert (outcome.exit_code, outcome.stdout) == (2, "")
        assert outcome.stderr == THREE_EXPLAINED
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("missing.yaml", ["missing.yaml: there is no such file"]),
        ("none/spec.yaml", ["none/spec.yaml: there is no such file"]),
        ("circels", ["circels: there is no such file or shipped config", 'did you mean "circles"?']),
        ("xyzzy", ["xyzzy: there is no such file or shipped config (legal: cat, "]),
        (".", [".: is a folder; a spec is a YAML file"]),
        ("x" * 300, ["there is no such file"]),
    ],
)
def test_a_spec_that_is_not_there(nnctl, argument, words):
    explained(nnctl("train", argument), 2, *words)
    explained(nnctl("compare-init", "he", "--config", argument), 2, *words)


def test_train_wants_a_spec(nnctl):
    explained(nnctl("train"), 2, "which spec?", "circles")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.learning_rate=-1", ["-S train.learning_rate=-1: train.learning_rate must be greater than 0, got -1"]),
        ("train.lerning_rate=1", ["-S train.lerning_rate=1: ", 'did you mean "learning_rate"?']),
        ("train.learning_rate", ["-S train.learning_rate: expected key.path=value"]),
        ("=1", ["-S =1: expected key.path=value"]),
        ("train.learning_rate.x=1", ["train.learning_rate.x: 0.01 has no keys to set"]),
        ("model.layer_dims=[2, 4", ["-S model.layer_dims=[2, 4: is not YAML", "bracket"]),
        ("model.layer_dims.3=1", ["model.layer_dims.3: expected a place from 0 to 2"]),
        ("model.init.scale=10", ["-S model.init.scale=10: model.init is missing its name"]),
        ("model.layer_dims=[5, 4, 1]", ["-S model.layer_dims=[5, 4, 1]: model.layer_dims must start with 2", "got 5"]),
    ],
)
def test_an_override_that_cannot_be(nnctl, tmp_path, spec, override, words):
    outcome = nnctl("train", spec, "-S", override)
    explained(outcome, 2, *words)
    assert len(outcome.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["runs: there is no finished run yet", "nnctl train cat"]),
        (("latest",), ["runs: there is no finished run yet"]),
        (("circles-2026",), ["there is no run 'circles-2026', neither as a path nor in runs"]),
        (("none/such/run",), ["there is no run 'none/such/run'"]),
        (("circles-2026", "--runs-dir", "elsewhere"), ["nor in elsewhere"]),
    ],
)
def test_a_run_that_does_not_exist(nnctl, arguments, words):
    explained(nnctl("predict", *arguments), 2, *words)


def test_a_run_of_nearly_that_name(nnctl, tmp_path):
    (tmp_path / "runs" / "circles-20261120-142530").mkdir(parents=True)
    outcome = nnctl("predict", "circles-20261120-142531")
    explained(outcome, 2, 'did you mean "circles-20261120-142530"?')


@pytest.mark.parametrize("place", ["file", "file/runs", "file/deep/er"])
@pytest.mark.parametrize("command", [("train", "spec.yaml"), ("compare-init", "zeros", "--config", "spec.yaml")])
def test_a_runs_folder_that_cannot_be_written(nnctl, tmp_path, spec, command, place):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    explained(
        nnctl(*command, "--runs-dir", place, "-q"), 7, f"{place}: a run's folder cannot be made there", "--runs-dir"
    )
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


DIVERGING = SPEC.replace("[relu, sigmoid]", "[linear, linear]").replace("0.01", "1e9").replace(": 5", ": 500")


@pytest.mark.parametrize("extra", [(), ("train.batch_size=50",), ("train.log_every=1",), ("train.dtype=float32",)])
def test_a_cost_that_becomes_nan(nnctl, tmp_path, extra):
    (tmp_path / "spec.yaml").write_text(DIVERGING, encoding="utf-8")
    outcome = nnctl("train", "spec.yaml", "-q", *(part for override in extra for part in ("-S", override)))
    explained(outcome, 4, "diverged", "at iteration ", "learning rate", stdout="runs/spec-")
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    status = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert status["status"] == "diverged"
    assert 0 < status["iterations"] < 500
    costs = [line.rpartition(",")[2] for line in (folder / "costs.csv").read_text(encoding="utf-8").splitlines()]
    assert not {"nan", "inf", "-inf"} & set(costs)
    explained(nnctl("predict"), 2, "there is no finished run yet")


@pytest.mark.parametrize(
    ("schemes", "words"),
    [
        (("hee",), ["there is no initializer 'hee'; did you mean \"he\"?"]),
        (("zeros", "zeros"), ["a scheme is named twice"]),
        (("random:much",), ["random:much: expected a number after random:, got 'much'"]),
        (("random:-1",), ["random.scale must be greater than 0, got -1"]),
        (("random:scal=1",), ['did you mean "scale"?']),
        (("he:2",), ["he:2: he takes no value"]),
    ],
)
def test_schemes_that_cannot_be(nnctl, tmp_path, schemes, words):
    explained(nnctl("compare-init", *schemes), 2, *words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trian",), ["No such command 'trian'", "train"]),
        (("train", "circles", "--qiet"), ["No such option: --qiet", "--quiet"]),
        (("train", "circles", "-S"), ["-S", "requires an argument"]),
        (("train", "circles", "moons"), ["unexpected extra argument", "moons"]),
        (("compare-init",), ["Missing argument", "SCHEME"]),
    ],
)
def test_a_command_line_that_cannot_be(nnctl, tmp_path, arguments, words):
    outcome = nnctl(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert all(word in outcome.stderr for word in words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("content", "exit_code", "words"),
    [(THREE, 2, "train.learning_rate must be"), (DIVERGING, 4, "diverged"), (SPEC, 7, "cannot be made there")],
)
def test_as_a_process_of_its_own(tmp_path, content, exit_code, words):
    (tmp_path / "spec.yaml").write_text(content, encoding="utf-8")
    (tmp_path / "file").touch()
    place = "file" if exit_code == 7 else "runs"
    command = [sys.executable, "-m", "nnctl", "train", "spec.yaml", "-q", "--runs-dir", place]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout[:10]) == (exit_code, "runs/spec-" if exit_code == 4 else "")
    assert done.stderr.startswith("nnctl: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
