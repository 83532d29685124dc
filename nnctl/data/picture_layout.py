"""The layout of a picture is where its channels stand in an array: last, as Pillow has them, first, or nowhere.

Rows of 1, 3 or 4 channels are pictures (gray, RGB, RGBA); all else, such as five bands or a volume, is none.
"""

from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array

CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class PictureLayout:
    """The sides of a picture, the number of its channels, and whether they stand first."""

    height: int
    width: int
    channels: int
    first: bool = False

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> "PictureLayout | None":
        """Return the layout of an example (h, w), (h, w, channels) or (channels, h, w), or None for what is none.

        Where both could be, three at the end are colours: pictures are that seldom three pixels wide.
        """
        if len(shape) == 2:
            return cls(*shape, channels=1)
        if len(shape) == 3 and shape[0] in CHANNELS and min(shape[1:]) > shape[0] and shape[2] != 3:
            return cls(*shape[1:], channels=shape[0], first=True)
        if len(shape) == 3 and shape[2] in CHANNELS:
            return cls(*shape)
        return None

    def channels_last(self, pixels: Array) -> Array:
        """Return one example of this layout, flattened or not, as (h, w, channels)."""
        if self.first:
            return np.moveaxis(pixels.reshape(self.channels, self.height, self.width), 0, 2)
        return pixels.reshape(self.height, self.width, self.channels)

    def as_found(self, pixels: Array) -> Array:
        """Return pixels (..., h, w, channels) in the order of this layout."""
        return np.moveaxis(pixels, -1, -3) if self.first else pixels
