"""An input scale multiplies each input of layer 1 by a number of its own that is learned, so that what tells nothing of
the targets can fade.

Each is one dataclass whose fields are its options in YAML. It is bound once to the inputs A (width, m) and to what
they become, `out` (width, m): after that `forward()` writes `out`, and `pullback(dout)` turns its gradient into that
of A, in place, and writes those of the parameters.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nnctl.nn import Array
from nnctl.nn.embeddings import Forward, Named, Pullback
from nnctl.registry import Positive, Registry


@dataclass(frozen=True, kw_only=True)
class InputScale(ABC):
    """What every input scale must say of itself."""

    @abstractmethod
    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters for so many inputs, by name."""

    @abstractmethod
    def start(self, parameters: Named) -> None:
        """Write the first parameters, which draw nothing: every scale is 1."""

    @abstractmethod
    def bind(self, A: Array, out: Array, parameters: Named) -> Forward:
        """Return what writes `out`."""

    @abstractmethod
    def bind_back(self, A: Array, parameters: Named, gradients: Named) -> Pullback:
        """Return what goes back through the last forward pass."""


input_scales: Registry[type[InputScale]] = Registry("input scale")


@input_scales
@dataclass(frozen=True, kw_only=True)
class learned(InputScale):
    """speed u for each input, with u = 1 / speed at the start, so that under adam the scale moves `speed` times as fast
    as a weight (RealMLP, Holzmueller et al. 2024, section 3: in their parametrization 6 times, which is 96 times here).
    """

    speed: Positive = 10.0

    def shapes(self, width: int) -> dict[str, tuple[int, ...]]:
        return {"u": (width,)}

    def start(self, parameters: Named) -> None:
        parameters["u"][...] = 1 / self.speed

    def bind(self, A: Array, out: Array, parameters: Named) -> Forward:
        u, scale = parameters["u"], np.empty_like(parameters["u"])
        column = scale[:, None]

        def forward() -> None:
            np.multiply(u, self.speed, scale)
            np.multiply(A, column, out)

        return forward

    def bind_back(self, A: Array, parameters: Named, gradients: Named) -> Pullback:
        u, du = parameters["u"], gradients["u"]
        column, rows, sums = np.empty((len(A), 1), A.dtype), A[:, :, None], du[:, None, None]

        def pullback(dout: Array) -> None:
            np.matmul(dout[:, None], rows, sums)  # row by row, without an array of the products
            np.multiply(du, self.speed, du)
            np.multiply(u, self.speed, column[:, 0])
            np.multiply(dout, column, dout)

        return pullback
