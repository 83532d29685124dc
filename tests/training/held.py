"""A place to train in from memory and from disk, and the check that both come to the same bits."""

import json

import numpy as np

from nnctl.runs.run import create_run
from nnctl.spec import document
from nnctl.spec.reading import parse
from nnctl.training import experiment

MODEL = {"layer_dims": ["auto", 5, 1], "activations": ["tanh", "sigmoid"]}


class Place:
    """A folder in which a spec on its data is trained, held in memory or on disk."""

    def __init__(self, folder):
        self.folder = folder

    def spec(self, held_in, data, model=MODEL, **train):
        tree = {
            "data": {"held_in": held_in, "cache": str(self.folder / "cache"), **data},
            "model": model,
            "train": {"learning_rate": 0.1, "epochs": 2, "batch_size": 96, **train},
        }
        (self.folder / "spec.yaml").write_text(document.dump(tree), encoding="utf-8")
        return parse(document.read(self.folder / "spec.yaml"), (self.folder,))

    def prepared(self, held_in, data, **train):
        return experiment.prepare(self.spec(held_in, data, **train))

    def trained(self, held_in, data, **train):
        """Return the bits that came of a training, and what was said of the data."""
        ready = self.prepared(held_in, data, **train)
        run = create_run(self.folder / "runs", "run", ready.spec.resolved())
        result = experiment.train(ready, run)
        assert result.mishap is None
        status = json.loads((run.folder / "run.json").read_text())
        costs = (run.folder / "costs.csv").read_bytes()
        bits = ready.model.parameters.flat.tobytes(), costs, result.metrics, status["data_sha256"]
        return bits, ready.dataset


def same_from_disk(place, data, **train):
    """Check that disk comes to the bits of memory; return the datasets of both."""
    (expected, in_memory), (found, on_disk) = (place.trained(where, data, **train) for where in ("memory", "disk"))
    assert found == expected
    assert isinstance(in_memory.parts["train"].X, np.ndarray)
    assert not isinstance(on_disk.parts["train"].X, np.ndarray)
    return in_memory, on_disk
