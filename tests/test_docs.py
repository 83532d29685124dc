"""What docs/data.md says is so: every key stands there with its default, and every example loads."""

import re
from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np
import PIL.Image
import pytest
import yaml

from nnctl.data import readers
from nnctl.data.dataset import load
from nnctl.data.kinds import kinds
from nnctl.data.scaling import scalings
from nnctl.explain.answers import writers
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.spec.spec import DataSpec

TEXT = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| `(.+?)` \| .*\|$", re.MULTILINE)
STREAM = np.random.RandomState(3)
M = 60


def blocks():
    """Return the examples that stand alone: the `data:` sections in indented blocks."""
    found = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", TEXT, re.MULTILINE)
    texts = [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip() for block in found]
    return [text for text in texts if text.startswith("data:")]


def keys():
    """Return each row of the tables of keys, below the example that it changes: base, key, default, example."""
    base, rows = "", []
    for line in TEXT[TEXT.index("## Keys") :].splitlines():
        base = line.strip() if line.startswith("    data:") else base
        if found := ROW.match(line):
            rows.append((base, *found.groups()))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write all files that the examples name."""
    place = tmp_path_factory.mktemp("docs")
    died = STREAM.rand(M) < 0.5
    columns = {
        "ticket": [f"{100 + i}" for i in range(M)],
        "age": ["" if i % 9 == 0 else f"{i % 70}.5" for i in range(M)],
        "fare": [f"{10 + 3 * i % 50}" for i in range(M)],
        "sex": ["male" if i % 3 else "female" for i in range(M)],
        "deck": [str(1 + i % 4) for i in range(M)],
        "day": [f"{i}" for i in range(M)],
        "family": [f"f{i // 6}" for i in range(M)],
        "survived": ["died" if one else "lived" for one in died],
    }
    names = ["Ann", "Béa", "Cyd"]

    def table(name, encoding="utf-8", separator=",", gap=False, start=0):
        rows = [[*columns, "name"]]
        rows += [[*(own[i] for own in columns.values()), names[i % 3]] for i in range(start, M)]
        if gap:
            rows[5][list(columns).index("survived")] = ""
        text = "\n".join(separator.join(row) for row in rows) + "\n"
        (place / name).write_bytes(text.encode(encoding))

    table("passengers.csv")
    table("semicolons.csv", separator=";")
    table("latin.csv", encoding="latin-1")
    table("gaps.csv", gap=True)
    columns["fare"] = [f"{float(fare) + 0.25}" for fare in columns["fare"]]  # other rows
    table("others.csv", start=M - 20)
    X, y = STREAM.randn(M, 3), STREAM.randint(0, 2, M)
    np.savez(place / "arrays.npz", X=X, y=y)
    np.savez(place / "four.npz", X, y, STREAM.randn(20, 3), y[:20])
    np.savez(place / "columns.npz", X=X.T, y=y)
    np.savez(place / "labels.npz", y_test=y[:20])
    for name, array in {"X": X, "y": y, "X_test": STREAM.randn(20, 3)}.items():
        np.save(place / f"{name}.npy", array)
    with h5py.File(place / "arrays.h5", "w") as file:
        file["X"], file["y"] = X, y
    for part in ("cat", "dog"):
        for number in range(10):
            (place / "pets" / part).mkdir(parents=True, exist_ok=True)
            pixels = STREAM.randint(0, 256, (9, 7, 3)).astype(np.uint8)
            PIL.Image.fromarray(pixels).save(place / "pets" / part / f"{number}.png")
    return place


def loaded(folder, data):
    tree = {
        "data": {key: value for key, value in data.items() if value is not None},
        "model": {"layer_dims": ["auto", 4, "auto"], "activations": ["relu", "auto"]},
        "train": {"learning_rate": 0.01, "iterations": 2, "batch_size": 10},
    }
    (folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
    return load(parse(document.read(folder / "spec.yaml"), (folder,)))


@pytest.mark.parametrize("text", blocks())
def test_every_example_loads(folder, text):
    assert loaded(folder, yaml.safe_load(text)["data"]).parts["train"].m > 0


@pytest.mark.parametrize(("base", "key", "default", "example"), keys())
def test_every_key_has_its_default_and_an_example_that_loads(folder, monkeypatch, base, key, default, example):
    monkeypatch.chdir(folder)
    own = next(item for item in fields(DataSpec) if item.name == key).default
    assert yaml.safe_load(default) == (list(own) if isinstance(own, tuple) else own)
    given = yaml.safe_load(example if example.startswith("{") else f"{{{example}}}")
    assert key in given
    assert loaded(folder, {**yaml.safe_load(base)["data"], **given}).parts["train"].m > 0


def test_every_key_is_there_once():
    assert sorted(key for _, key, _, _ in keys()) == sorted(
        item.name for item in fields(DataSpec) if not item.metadata.get("internal")
    )


@pytest.mark.parametrize("registry", [kinds, scalings, readers.READERS, writers])
def test_every_kind_scaling_and_format_is_named(registry):
    for name in registry:
        assert f"`{name}`" in TEXT, name
