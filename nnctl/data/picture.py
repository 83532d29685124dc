"""A picture file becomes one example: the colours and the size of the training pictures, by Pillow."""

from pathlib import Path

import numpy as np

from nnctl.data.interface import Interface, in_words
from nnctl.data.table import Table
from nnctl.errors import DataError, MismatchError
from nnctl.nn import Array

SUFFIXES = (".png", ".jpg", ".jpeg")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_picture(path: Path, interface: Interface) -> Table:
    """Return a table of one uint8 row in the shape (h, w) or (h, w, channels) of training, resized bilinearly."""
    import PIL.Image
    import PIL.ImageOps

    shape = interface.example_shape
    mode = MODES.get(shape[2] if len(shape) == 3 else 1)
    if not interface.pixels or len(shape) not in (2, 3) or mode is None:
        raise MismatchError(
            f"{path}: is a picture, and the network was trained on {in_words(shape)}"
            f"{'' if interface.pixels else ' that are not pixels'}.\nGive it an HDF5 or NPZ file of such examples."
        )
    try:
        with PIL.Image.open(path) as file:
            upright = PIL.ImageOps.exif_transpose(file)  # what a camera took on its side
            if upright.mode.startswith("I"):  # 16 bits of gray, which `convert` would cut off at 255
                upright = PIL.Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            picture = upright.convert("RGBA").convert(mode)  # a palette with transparency only goes by RGBA
            resized = picture.resize((shape[1], shape[0]), PIL.Image.Resampling.BILINEAR)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except (PIL.UnidentifiedImageError, PIL.Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        reason = "" if isinstance(error, PIL.UnidentifiedImageError) else f" ({error})"
        raise DataError(f"{path}: is not a PNG or JPEG picture that can be read{reason}") from None
    pixels: Array = np.asarray(resized, np.uint8).reshape(1, *shape)
    return Table(pixels, None, origin=str(path))
