"""A survey of a folder of pictures: which size and colours suit them, told by the heads of their files."""

from pathlib import Path

from nnctl.data.picture import FORMATS, SUFFIXES, silent

SIDE = 64  # pixels at most: as many as a fully connected network makes something of
LOOKED_AT = 500  # pictures at most
GRAY = ("1", "L", "LA", "I", "I;16", "F")


def size_and_color(folder: Path) -> tuple[tuple[int, int], str]:
    """Return height and width, and rgb or gray: their own, smaller where they are large, square where they differ."""
    import PIL.Image

    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    sizes, modes = set[tuple[int, int]](), set[str]()
    with silent():
        for file in files[:: 1 + len(files) // LOOKED_AT]:
            try:
                with PIL.Image.open(file, formats=FORMATS) as picture:
                    sizes.add((picture.height, picture.width))
                    modes.add(picture.mode)
            except Exception:  # whatever reads it tells
                continue
    height, width = sizes.pop() if len(sizes) == 1 else (SIDE, SIDE)
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return size, "gray" if modes and modes <= set(GRAY) else "rgb"
