"""What stands before layer 1, as parameters.h5 has it: what was chosen and the inputs that are embedded; the
parameters are arrays among the others.
"""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

from nnctl.data.arrays import Unusable
from nnctl.nn.embeddings import embeddings
from nnctl.nn.front import Front
from nnctl.nn.input_scales import input_scales
from nnctl.registry import Choice, Registry
from nnctl.runs.checked import Content
from nnctl.spec.document import Document
from nnctl.spec.schema import options

PARTS: dict[str, Registry[Any]] = {"embedding": embeddings, "input_scale": input_scales}
FRONT, EMBEDDED = "front", "embedded_inputs"


def facts(front: Front | None) -> dict[str, Any]:
    """Return what is said of what stands before layer 1, but for its parameters."""
    if front is None:
        return {}
    parts = {"embedding": front.embedding, "input_scale": front.scale}
    chosen = {part: [type(one).__name__, asdict(one)] for part, one in parts.items() if one}
    return {FRONT: chosen, **({EMBEDDED: list(front.numbers)} if front.embedding else {})}


def read(content: Content, n: int) -> Front | None:
    """Return what stands before layer 1 of n inputs, where the file has it."""
    if FRONT not in content:
        return None
    given = content.fact(FRONT)
    if not isinstance(given, dict) or not given or not set(given) <= set(PARTS):
        raise Unusable("front must be an embedding, an input_scale, or both")
    parts = {part: chosen(item, PARTS[part]) for part, item in given.items()}
    embedding, scale = (PARTS[part].resolve(parts[part])() if part in parts else None for part in PARTS)
    return Front(n, _embedded(content, n) if embedding else (), embedding, scale)


def _embedded(content: Content, n: int) -> tuple[int, ...]:
    """Return which of n[0] inputs are embedded, in their order."""
    numbers = content.whole_numbers(EMBEDDED, n, least=0)
    if numbers[-1] >= n or any(a >= b for a, b in pairwise(numbers)):
        raise Unusable(f"{EMBEDDED} must be some of 0 to {n - 1}, in order")
    return numbers


def chosen(item: Any, registry: Registry[Any]) -> Choice:
    """Return what a name with options chooses from a registry."""
    name, given = item if isinstance(item, list) and len(item) == 2 else (None, None)
    if not isinstance(name, str) or not isinstance(given, dict):
        raise Unusable(f"{registry.kind}s must be names with options")
    document = Document(registry.kind)
    taken = options(registry[name], given, document, (name,))
    document.raise_problems()
    return Choice(name, taken)
