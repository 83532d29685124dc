"""A reader under test takes a path and either reads what lies there or says why not, as an error for people.

Each kind has whole samples, whose mutants it is given; what is beyond an error for people is a fault of ours.
"""

import faulthandler
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import PIL.Image
from numpy.random import RandomState

from nnctl.data import dataset
from nnctl.data.block import BlockPreparation
from nnctl.data.decoding import decoded
from nnctl.data.formats import fetch, opened
from nnctl.data.interface import Interface
from nnctl.data.picture import Form
from nnctl.data.scaling import Scaling
from nnctl.errors import NnctlError
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs import model
from nnctl.runs.status import read_status
from nnctl.spec import document
from nnctl.spec.reading import parse

from .mutants import flipped, mutated, signed

LONGEST = 60  # seconds until a reader that hangs ends the process, with the place
ROWS = RandomState(1).randn(12, 3)
SPEC = """# a spec
name: "né"
seed: 3
data: {source: circles, m: 40, noise: 0.05}
model:
  layer_dims: [2, 10, 5, 1]
  activations: [relu, {name: leaky_relu, slope: 0.2}, sigmoid]
  init: {name: random, scale: 10}
train: {learning_rate: 1e-2, iterations: 300, optimizer: {name: adam, beta1: 0.9}, l2: 0.1}
"""
OF_TABLE = """data: {source: SOURCE, target: y}
model: {layer_dims: [auto, auto], activations: [auto]}
train: {learning_rate: 1, iterations: 1}
"""


@dataclass(frozen=True)
class Kind:
    """What is given to a reader: the name of the file, whole samples of it, and how often a mutant is worth making."""

    name: str
    samples: Callable[[], list[bytes]]
    read: Callable[[Path], object]
    share: float = 1.0  # of the mutants
    mutate: Callable[[bytes, RandomState], bytes] = mutated
    strict: bool = False  # whether every mutant must be refused


def _parameters() -> list[bytes]:
    found = []
    for unit, classes in ((Scaling(), ("a", "b")), (Scaling(np.ones(2), np.ones(2)), None)):
        parameters = Parameters((3, 4, 2))
        parameters.flat[:] = RandomState(2).randn(parameters.flat.size)
        interface = Interface(BlockPreparation((3,), Scaling(np.ones(3), np.ones(3))), classes, unit=unit)
        chosen = (Choice("relu"), Choice("softmax" if classes else "linear"))
        found.append(model.image_of(model.Model(parameters, chosen, interface)))
    return found


def _npy() -> list[bytes]:
    found = []
    for array in (ROWS, ROWS.astype("f4").T, np.array(["a", "bc"]), np.arange(5)):
        np.save(out := io.BytesIO(), array)
        found.append(out.getvalue())
    return found


def _npz() -> list[bytes]:
    found = []
    for save in (np.savez, np.savez_compressed):
        save(out := io.BytesIO(), X=ROWS, y=np.array(["a", "b"] * 6))
        found.append(out.getvalue())
    return found


def _hdf5() -> list[bytes]:
    found = []
    for options, version in (({}, "earliest"), ({"chunks": (4, 3), "compression": "gzip"}, "earliest"), ({}, "latest")):
        with h5py.File(out := io.BytesIO(), "w", libver=version) as file:
            file.create_dataset("X", data=ROWS, **options)
            file["group/y"] = np.array([b"a", b"bc"] * 6, h5py.string_dtype())
            file["link"] = h5py.SoftLink("/group/y")
            file["X"].attrs["_FillValue"] = -999.0
        found.append(out.getvalue())
    return found


def _pictures(kind: str, **options: Any) -> Callable[[], list[bytes]]:
    def make() -> list[bytes]:
        pixels = RandomState(3).randint(0, 256, (12, 10, 3)).astype(np.uint8)
        found = []
        for mode in ("RGB", "L"):
            PIL.Image.fromarray(pixels).convert(mode).save(out := io.BytesIO(), kind, **options)
            found.append(out.getvalue())
        return found

    return make


def _arrays(path: Path) -> None:
    with opened(path) as file:
        for name in file:
            try:
                stored = file.stored(name)
                fetch(file, name, path)
                if stored is not None:
                    list(stored.pieces())
            except NnctlError:
                continue


def _picture(path: Path) -> None:
    with decoded([path], Form(3, (8, 8)), skip=True) as results:
        for result in results:
            if isinstance(result, NnctlError):
                raise result


def _spec(path: Path) -> None:
    parse(document.read(path), (path.parent,))


def _table(path: Path) -> None:
    spec = path.with_name("of-table.yaml")
    spec.write_text(OF_TABLE.replace("SOURCE", path.name), encoding="utf-8")
    dataset.load(parse(document.read(spec), (path.parent,)))


def _csv() -> list[bytes]:
    lines = ["a,b,y", *(f"{x:.3f},{'yes' if x > 0 else 'no'},{'né' if z > 0 else 'q'}" for x, z, _ in ROWS)]
    return [
        "\n".join(lines).encode(),
        "\r\n".join(line.replace(",", ";") for line in lines).encode(),
        b'a,y\n"1",x\n2,"z"\n',
    ]


def _json_lines() -> list[bytes]:
    return ["\n".join(json.dumps({"a": x, "b": "né", "y": "pq"[int(z > 0)]}) for x, z, _ in ROWS).encode()]


def _status() -> list[bytes]:
    said = {"status": "finished", "started": "2026-11-20T12:00:00", "finished": "2026-11-20T12:00:01", "iterations": 3}
    return [json.dumps(said, indent=2).encode()]


def _hand_made(content: bytes, stream: RandomState) -> bytes:
    return signed(mutated(content, stream))


KINDS = {
    "flips": Kind("parameters.h5", _parameters, model.load, 1.0, flipped, strict=True),
    "parameters": Kind("parameters.h5", _parameters, model.load, 1.0, strict=True),
    "parameters by hand": Kind("parameters.h5", _parameters, model.load, 1.0, _hand_made),
    "npz": Kind("a.npz", _npz, _arrays, 1.0),
    "npy": Kind("a.npy", _npy, _arrays, 0.5),
    "hdf5": Kind("a.h5", _hdf5, _arrays, 0.1),
    "png": Kind("a.png", _pictures("PNG"), _picture, 0.4),
    "jpeg": Kind("a.jpg", _pictures("JPEG"), _picture, 0.3),
    "gif": Kind("a.gif", _pictures("GIF"), _picture, 0.2),
    "bmp": Kind("a.bmp", _pictures("BMP"), _picture, 0.2),
    "tiff": Kind("a.tif", _pictures("TIFF"), _picture, 0.3),
    "webp": Kind("a.webp", _pictures("WEBP"), _picture, 0.2),
    "yaml": Kind("a.yaml", lambda: [SPEC.encode()], _spec, 0.3),
    "csv": Kind("a.csv", _csv, _table, 0.2),
    "json lines": Kind("a.jsonl", _json_lines, _table, 0.1),
    "run.json": Kind("run.json", _status, lambda path: read_status(path.parent), 0.3),
}


def outcomes(
    name: str, count: int, seed: int, folder: Path, say: Callable[[int], object] = lambda done: None
) -> Counter[str]:
    """Give so many mutants to a reader; return how often it read and refused them, and raise what else it does.

    The mutant that is at fault stays in the folder.
    """
    kind, stream, found = KINDS[name], RandomState(seed), Counter[str]()
    samples = kind.samples()
    for number, mutant in enumerate(_mutants(kind, samples, stream, count)):
        path = folder / kind.name
        path.write_bytes(mutant)
        faulthandler.dump_traceback_later(LONGEST, exit=True, file=2)
        try:
            kind.read(path)
        except NnctlError:
            found["refused"] += 1
        else:
            assert not kind.strict, f"{name}, seed {seed}, mutant {number}: read as if it were whole"
            found["read"] += 1
        finally:
            faulthandler.cancel_dump_traceback_later()
        path.unlink()
        say(number + 1)
    return found


def _mutants(kind: Kind, samples: list[bytes], stream: RandomState, count: int) -> Iterator[bytes]:
    while count:
        mutant = kind.mutate(samples[stream.randint(len(samples))], stream)
        if mutant not in samples:
            yield mutant
            count -= 1


def check_samples(name: str) -> None:
    """Raise unless every sample of a kind is read: a reader that refuses all would pass any test."""
    with tempfile.TemporaryDirectory() as folder:
        for sample in KINDS[name].samples():
            path = Path(folder) / KINDS[name].name
            path.write_bytes(sample)
            KINDS[name].read(path)
