"""Mistakes: the pictures that a network classifies wrongly, with what it predicts and what is true."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.figure import Figure, SubFigure

from nnctl.data.block import in_words
from nnctl.data.dataset import Examples
from nnctl.data.picture_layout import PictureLayout
from nnctl.errors import DataError
from nnctl.explain.shares import percent
from nnctl.nn import Array
from nnctl.nn.metrics import classify
from nnctl.runs.model import Model
from nnctl.show.canvas import LARGE, SMALL
from nnctl.show.names import shown

MOST = 24  # pictures
IN_A_LINE = 6
LONGEST = 18  # signs of a class's name
LETTER = 0.55 / 72  # inches of an average letter for each point of its size
HIGH = 1.15  # inches that a picture with its title needs


def mistakes(figure: Figure, models: Sequence[tuple[str, Model]], examples: Examples, part: str) -> None:
    """Draw the first wrong pictures of a part, for each model under its title, as many as can be read."""
    width, height = figure.get_size_inches()
    lines, columns = max(1, int((height - 0.4) / HIGH)), max(1, min(IN_A_LINE, int(width / _wide(models[0][1]))))
    each = next((k for k in range(columns, 1, -1) if ceil(len(models) / (columns // k)) <= lines), 1)
    if len(models) == 1:
        trained = models[0][1]
        wrong, rows = _drawn(figure, trained, examples, min(MOST, lines * columns), columns)
        told = f"{wrong:,} of {examples.m:,} {part} pictures are classified wrongly{_cut(wrong, rows)}"
        figure.suptitle(told, fontsize=LARGE)
        return
    figure.suptitle(f"{part} pictures that are classified wrongly, the first of them", fontsize=LARGE)
    beside = columns // each
    blocks = np.ravel(figure.subfigures(ceil(len(models) / beside), beside, squeeze=False))
    for block, (title, trained) in zip(blocks, models, strict=False):
        wrong, rows = _drawn(block, trained, examples, each, each)
        told = f"{title}: {wrong:,} of {examples.m:,}{_cut(wrong, rows)}"
        block.suptitle(told, fontsize=SMALL + 1, fontweight="bold", parse_math=False)


def _cut(wrong: int, rows: int) -> str:
    return f"; {rows:,} of {wrong:,} shown" if rows < wrong else ""


def _drawn(figure: Figure | SubFigure, trained: Model, examples: Examples, most: int, columns: int) -> tuple[int, int]:
    """Draw the first wrong pictures in columns; return how many are wrong, and drawn."""
    classes, shape = trained.interface.classes, trained.interface.preparation.shape
    assert classes is not None
    layout = PictureLayout.of(shape)
    if layout is None:
        raise DataError(f"an example has {in_words(shape)}, and is no picture of 1, 3 or 4 channels")
    outputs = trained.predict(examples.table.X, examples.table.origin)
    truth, said = classify(examples.Y), classify(outputs)
    wrong = np.flatnonzero(truth != said)
    rows = wrong[:most]
    columns = max(1, min(columns, len(rows)))
    panels = figure.subplots(max(1, ceil(len(rows) / columns)), columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    names = [shown(name, LONGEST) for name in classes]
    for axes, row in zip(panels.flat, rows, strict=False):
        share = outputs[0, row] if len(outputs) == 1 else outputs[said[row], row]
        share = 1 - share if len(outputs) == 1 and said[row] == 0 else share
        picture = _pixels(layout.channels_last(examples.table.X[row]))
        axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        told = f"predicted {names[said[row]]} ({percent(share)}),\ntruth {names[truth[row]]}  (row {row})"
        axes.set_title(told, fontsize=SMALL - 1, parse_math=False)
    return len(wrong), len(rows)


def _wide(trained: Model) -> float:
    """Return the inches that the title of a picture needs."""
    longest = max(len(shown(name, LONGEST)) for name in trained.interface.classes or ("",))
    return (len("predicted  (99.9 %), ") + longest) * LETTER * (SMALL - 1)


def _pixels(picture: Array) -> Array:
    """Return a picture (h, w, channels) as matplotlib shows it: bytes of colours, or gray and numbers from 0 to 1."""
    if picture.dtype == np.uint8 and picture.shape[-1] > 1:
        return picture  # which it enlarges in half of the time
    picture = picture[..., 0] if picture.shape[-1] == 1 else picture
    if picture.dtype == np.uint8:
        return picture / 255
    picture = picture.astype(float) / max(float(np.abs(picture.astype(float)).max()), np.finfo(float).tiny)
    low, high = float(picture.min()), float(picture.max())  # none overflows now
    return (picture - low) / (high - low) if high > low else np.zeros(picture.shape)
