"""The configs that come with nnctl, by name, so that `nnctl train cat` works from any folder."""

import os.path
from pathlib import Path

from nnctl.errors import SpecError
from nnctl.registry import suggestion
from nnctl.spec.paths import advice

_PACKAGE = Path(__file__).parents[1]
# An installed package carries configs/ inside; in a checkout it lies beside the package.
CONFIGS = next(folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir())


def names() -> list[str]:
    """Return the names of the shipped configs."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def find(config: str) -> Path:
    """Return the file that an argument names: a file first, then a shipped config (a folder `cat` is neither)."""
    path = Path(config)
    if config in names() and not path.is_file():
        return CONFIGS / f"{config}.yaml"
    if os.path.exists(path):  # Path.exists raises for a name that is too long
        return path
    bare = path.parent == Path() and path.suffix not in (".yaml", ".yml")
    hint = advice(config) or suggestion(path.stem, names())
    kind = "file or shipped config" if bare else "file"
    raise SpecError(f"{config}: there is no such {kind}{hint if bare or ';' in hint else ''}")
