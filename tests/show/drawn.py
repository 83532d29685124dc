"""What the tests of pictures share: small networks and examples to draw, and what the drawn pixels are."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from nnctl.data.block import BlockPreparation
from nnctl.data.dataset import Examples
from nnctl.data.interface import Interface
from nnctl.data.scaling import Scaling
from nnctl.data.table import Table
from nnctl.nn.parameters import Parameters
from nnctl.registry import Choice
from nnctl.runs.model import Model
from nnctl.show import boundaries, curves, mistakes
from nnctl.show.canvas import COLOURS, canvas

SIZE = (800, 500)
BLUE, ORANGE, GREEN = (np.array(to_rgb(colour)) * 255 for colour in COLOURS[:3])


def drawn(draw, *what, size=SIZE):
    """Return a figure on which it is drawn."""
    figure = canvas(size)
    draw(figure, *what)
    return figure


def costs(lines, title="cat", x="iteration", size=SIZE):
    """Return the figure of cost curves."""
    return drawn(curves.costs, lines, title, x, size=size)


def boundary(trained, train, test=None, size=SIZE):
    """Return the figure of one boundary."""
    return drawn(boundaries.boundaries, [("decision boundary", trained)], train, test, size=size)


def wrong(trained, examples, size=SIZE):
    """Return the figure of the mistakes of one network."""
    return drawn(mistakes.mistakes, [("", trained)], examples, "test", size=size)


def model(W, b, output, classes, shape):
    """Return a network of one layer."""
    parameters = Parameters([np.shape(W)[1], len(W)])
    parameters.W[0][:], parameters.b[0][:, 0] = W, b
    return Model(parameters, (Choice(output),), Interface(BlockPreparation(shape, Scaling()), classes))


def examples(X, y, classes=2):
    """Return examples with one output, or with a one-hot one where there are more than two classes."""
    X, y = np.array(X), np.array(y)
    Y = y[None, :].astype(float) if classes == 2 else np.equal(np.arange(classes)[:, None], y).astype(float)
    return Examples(X.reshape(len(X), -1).T.astype(float), Y, Table(X, y))


def pixels(figure):
    """Return the drawn picture (height, width, 3) as numbers."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].astype(float)


def colour_at(figure, x, y, panel=0):
    """Return the drawn colour at a point of an axes' data."""
    picture = pixels(figure)
    column, row = figure.axes[panel].transData.transform((x, y))
    return picture[len(picture) - 1 - int(row), int(column)]


def share_of(colour, picture):
    """Return the share of pixels that have a colour, but for rounding."""
    return (np.abs(picture - colour).max(axis=2) < 3).mean()


def washed(colour):
    """Return the colour of the region of a class."""
    return boundaries.WASHED * colour + (1 - boundaries.WASHED) * 255
