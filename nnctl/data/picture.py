"""A picture file becomes pixels, of the colours and the size that are asked for, by Pillow.

What a file means is told by its content: transparent ink is laid over the background of the spec, deep grays are scaled
to 0..255, and what is shown first is what is taken. What has no single meaning as a picture is refused.
"""

import importlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnctl.data.arrays import Unusable
from nnctl.data.block import BlockPreparation, in_words
from nnctl.data.limits import MEGAPIXELS
from nnctl.data.picture_layout import PictureLayout
from nnctl.data.png import check_whole
from nnctl.errors import DataError, MismatchError, StorageError
from nnctl.nn import Array

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")  # that are read, by the content: no other decoder is tried
HARDLY, DARK = 5, 32  # brightest values: of a picture that is all of one shade, and of one that is nearly black
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
GRAY_STEPS = {"L;2": 85, "L;4": 17}  # between grays of 2 and of 4 bits
SIXTEEN_BITS_AS_I = ("PNG",)  # formats whose mode I is 16 bits of gray, before Pillow 11
BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0  # TIFF's tags


@dataclass(frozen=True)
class Cell:
    """A picture's file in a cell of a dataset."""

    place: str  # for messages
    cells: Sequence[bytes]
    row: int

    @property
    def raw(self) -> bytes:
        """The file, read when it is asked for; Unusable is raised where it cannot be."""
        return self.cells[self.row]

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True)
class Form:
    """What a picture is brought to."""

    channels: int  # 1: gray, 3: RGB, 4: RGBA
    size: tuple[int, int] | None  # height and width; None: as it is
    background: str = "white"  # the colour of the paper under transparent ink
    megapixels: float = MEGAPIXELS  # that a picture may have

    @classmethod
    def of(cls, preparation: BlockPreparation, origin: Path) -> "tuple[Form, PictureLayout]":
        """Return the form and the layout of the training pictures; raise a MismatchError where those were none."""
        shape = preparation.shape
        layout = PictureLayout.of(shape)
        if not preparation.pixels or layout is None:
            what = "is a picture" if origin.suffix.lower() in SUFFIXES else "holds pictures"
            what = "is a folder" if origin.is_dir() else what
            raise MismatchError(
                f"{origin}: {what}, and the network was trained on"
                f" {in_words(shape)}{'' if preparation.pixels else ' that are not pixels'}.\n"
                "Give it a file of such examples, HDF5, NPZ or NPY."
            )
        size = layout.height, layout.width
        return cls(layout.channels, size, preparation.background, preparation.megapixels), layout


@contextmanager
def silent() -> Iterator[None]:
    """Keep to itself what Pillow logs, and let it raise what it warns of, in all threads; around them, for filters are
    the process's. How large a picture may be is ours to say.
    """
    import PIL.Image

    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    own_limit, PIL.Image.MAX_IMAGE_PIXELS = PIL.Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for of_code in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
                warnings.simplefilter("ignore", of_code)
            yield
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = own_limit


def load_readers() -> None:
    """Load the readers of pictures: two threads that look for one at once may find none."""
    for name in ("Png", "Jpeg", "Mpo", "Gif", "Bmp", "Tiff", "WebP"):
        importlib.import_module(f"PIL.{name}ImagePlugin")


def decode(path: Path | Cell, form: Form) -> tuple[Array, tuple[str, ...]]:
    """Return a picture file as uint8 pixels (h, w, channels), resized bilinearly, and what is to be said of it."""
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(path.raw) if isinstance(path, Cell) else path, formats=FORMATS) as file:
            if file.width * file.height > 1e6 * form.megapixels:
                raise DataError(_too_large(file.width * file.height, form.megapixels))
            is_png, frames = file.format == "PNG", getattr(file, "n_frames", 1)
            picture = _colours(file)
        if is_png:
            check_whole(path.raw if isinstance(path, Cell) else path.read_bytes())
        mode = MODES[form.channels]
        laid = picture.mode == "RGBA" and mode != "RGBA"
        seen = _on_paper(picture, form.background) if laid else picture
        vanished = laid and _vanished(picture, seen)
        height, width = form.size or (picture.height, picture.width)
        resized = seen.convert(mode).resize((width, height), PIL.Image.Resampling.BILINEAR)
        pixels = np.asarray(resized, np.uint8).reshape(height, width, form.channels)
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except MemoryError:
        smaller = f", to about {form.size[1]} x {form.size[0]} as in training," if form.size else ""
        raise StorageError(
            f"{path}: the picture does not fit into memory.\nMake it smaller{smaller} or use a larger machine."
        ) from None
    except (DataError, Unusable) as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # whatever Pillow's readers of damaged files raise
        raise DataError(f"{path}: {_unreadable(error, path)}") from None
    notes: tuple[str, ...] = (f"{path}: holds {frames} pictures; the first of them is taken",) if frames > 1 else ()
    if vanished:
        notes += (
            f"{path}: nothing of it is seen once it lies on {form.background} paper (data.background of the"
            " training): its ink has that colour; lay it on another yourself, or train with another data.background",
        )
    if HARDLY < pixels.max() < DARK:
        notes += (f"{path}: its brightest value is {pixels.max()} of 255; does it hold fewer bits than its file says?",)
    return pixels, notes


def _too_large(pixels: int, megapixels: float) -> str:
    return (
        f"has {pixels / 1e6:,.1f} megapixels, and pictures of up to {megapixels:g} are decoded.\n"
        "Make it smaller, or train with a larger data.megapixels."
    )


def _unreadable(error: Exception, path: Path | Cell) -> str:
    """Return why Pillow could not read a file, as words that follow its name."""
    import PIL.Image

    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    told = _other(path) if isinstance(error, PIL.UnidentifiedImageError) else f" ({' '.join(reason.split())})"
    return f"is not a picture that can be read{told}"


def _other(path: Path | Cell) -> str:
    """Return what a file that is no picture is, where its first bytes tell, as the end of a message."""
    from nnctl.data.recognition import recognized

    if isinstance(path, Cell):
        return ""
    try:
        return f"; it is an {recognized(path)} file"
    except Unusable as reason:
        said = str(reason).partition("\n")[0].rstrip(".")
        return "" if "picture" in said or "no file of arrays" in said else f"; it {said}"


def _colours(file: "ImageFile") -> "Image":
    """Return the first picture of an open file as RGBA, or RGB if all is opaque, turned as its camera was held."""
    import PIL.ImageOps

    if 0 in file.size:
        raise DataError(f"is a picture without pixels ({file.width} x {file.height})")
    stored = str(file.tile[0][3]) if file.tile else ""  # how the samples are; it is gone once they are read
    PIL.ImageOps.exif_transpose(file, in_place=True)
    picture: Image = file
    if picture.mode == "F" or (picture.mode == "I" and file.format not in SIXTEEN_BITS_AS_I):
        kind = "floating-point numbers" if picture.mode == "F" else "whole numbers of 32 bits"
        raise DataError(
            f"holds {kind}, and nothing tells which of them is black and which white.\n"
            "Save it with 8 or 16 bits for each channel."
        )
    if picture.mode.startswith("I"):
        return _deep_gray(picture, dict(getattr(file, "tag_v2", {})))
    key = picture.info.get("transparency")  # a colour that means nothing there, in the file's own units
    if picture.mode == "1":
        picture, key = picture.convert("L"), key and 255
    elif stored in GRAY_STEPS and key is not None:
        key *= GRAY_STEPS[stored]
    elif picture.mode == "RGB" and "16" in stored and key is not None:
        key = tuple(value >> 8 for value in key)
    if key is not None:
        picture.info["transparency"] = key
    if picture.mode != "La" and not picture.has_transparency_data:
        return picture.convert("RGB")  # Pillow makes up an alpha for some modes on the way to RGBA
    step = "LA" if picture.mode == "La" else picture.mode
    return picture.convert(step).convert("RGBA")  # which in one step would lose alpha


def _deep_gray(picture: "Image", tags: Mapping[int, Any]) -> "Image":
    """Return a gray picture of 16 bits, or as many as TIFF's tags tell, as RGBA: the largest number becomes 255."""
    import PIL.Image

    values = np.asarray(picture).astype(np.int64)
    bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
    white = 2**bits - 1
    gray = (255 * values + white // 2) // white
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        gray = 255 - gray
    alpha = np.where(values == picture.info.get("transparency", -1), 0, 255)
    bands = [PIL.Image.fromarray(band.clip(0, 255).astype(np.uint8)) for band in (gray, alpha)]
    return PIL.Image.merge("LA", bands).convert("RGBA")


def _on_paper(picture: "Image", background: str) -> "Image":
    """Return a picture laid over paper of one colour."""
    import PIL.Image

    return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, background), picture)


def _vanished(picture: "Image", seen: "Image") -> bool:
    """Tell whether a picture, in part transparent, is all of one shade as it is seen on its paper."""
    varies = np.ptp(picture.getchannel("A").getextrema()) > 0
    return bool(varies and all(np.ptp(band.getextrema()) <= HARDLY for band in seen.split()[:3]))
