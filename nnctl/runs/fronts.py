"""What stands before layer 1, as parameters.h5 has it: what was chosen in an attribute, the inputs that are embedded
and the parameters in groups.
"""

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.input_scales import input_scales
from nnctl.registry import Choice, Registry
from nnctl.runs.checked import text
from nnctl.spec.document import Document
from nnctl.spec.schema import options

PARTS: dict[str, Registry[Any]] = {"embedding": embeddings, "input_scale": input_scales}


def write(file: Any, front: Front) -> None:
    """Write what stands before layer 1, but for its parameters."""
    parts = {"embedding": front.embedding, "input_scale": front.scale}
    file.attrs["front"] = json.dumps({part: [type(one).__name__, asdict(one)] for part, one in parts.items() if one})
    if front.embedding:
        file["embedding/inputs"] = np.array(front.numbers, np.int64)


def read(file: Any, n: int) -> Front | None:
    """Return what stands before layer 1, where the file has it; older ones have nothing there."""
    if "front" not in file.attrs:
        return None
    given = json.loads(text(file, "front"))
    if not isinstance(given, dict) or not given or not set(given) <= set(PARTS):
        raise Unusable("front must be an embedding, an input_scale, or both")
    parts = {part: chosen(item, PARTS[part]) for part, item in given.items()}
    embedding, scale = (PARTS[part].resolve(parts[part])() if part in parts else None for part in PARTS)
    return Front(n, _embedded(file, n) if embedding else (), embedding, scale)


def _embedded(file: Any, n: int) -> tuple[int, ...]:
    """Return which of n[0] inputs are embedded, in their order."""
    from nnctl.data.storage import check_complete

    inputs = file.get("embedding/inputs")
    if getattr(inputs, "dtype", None) != np.int64 or inputs.ndim != 1 or not 1 <= len(inputs) <= n:
        raise Unusable("embedding/inputs must be the numbers of the inputs that are embedded")
    check_complete(inputs)
    numbers = inputs[:]
    if numbers[0] < 0 or numbers[-1] >= n or (np.diff(numbers) <= 0).any():
        raise Unusable(f"embedding/inputs must be some of 0 to {n - 1}, in order")
    return tuple(numbers.tolist())


def chosen(item: Any, registry: Registry[Any]) -> Choice:
    """Return what a name with options chooses from a registry."""
    name, given = item if isinstance(item, list) and len(item) == 2 else (None, None)
    if not isinstance(name, str) or not isinstance(given, dict):
        raise Unusable(f"{registry.kind}s must be names with options")
    document = Document(registry.kind)
    taken = options(registry[name], given, document, (name,))
    document.raise_problems()
    return Choice(name, taken)
