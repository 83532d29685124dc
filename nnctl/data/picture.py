"""A picture file becomes one example: the colours and the size of the training pictures, by Pillow."""

from pathlib import Path

import numpy as np

from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array

SUFFIXES = (".png", ".jpg", ".jpeg")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_picture(path: Path, shape: tuple[int, ...]) -> Table:
    """Return a table of one uint8 row of `shape` (h, w) or (h, w, channels), resized bilinearly."""
    import PIL.Image

    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in MODES:
        raise MismatchError(f"{path}: is a picture, and the network was not trained on pictures (shape {shape})")
    try:
        with PIL.Image.open(path) as picture:
            resized = picture.convert(MODES[channels]).resize((shape[1], shape[0]), PIL.Image.Resampling.BILINEAR)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (PIL.UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        reason = "" if isinstance(error, PIL.UnidentifiedImageError) else f" ({error})"
        raise DataError(f"{path}: is not a PNG or JPEG picture that can be read{reason}") from None
    pixels: Array = np.asarray(resized, np.uint8).reshape(1, *shape)
    return Table(pixels, None, origin=str(path))
