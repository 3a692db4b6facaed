"""From a network's input back to the colours that one sees, and from colours to the input."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..errors import UnitscopeError
from .preprocess import Preprocess

if TYPE_CHECKING:
    import torch

PROBES = ((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255))
"""Colours that tell everything about an affine map."""

CHECKS = ((255, 255, 255), (64, 128, 208))
"""Colours by which one sees whether a map is affine."""

SIDE = 256
"""Height and width of the images that are tried, in pixels."""

TOLERANCE = 0.02
"""How far a colour may come out wrong, on a scale from 0 to 1; more than rounding to bytes."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """How a network's input stands for colours: ``input = matrix @ colour + offset`` at every pixel.

    Attributes
    ----------
    matrix
        ``(channels, 3)``; colours are red, green and blue from 0 to 1.
    offset
        ``(channels,)``.

    See Also
    --------
    find_pixels : Find it for a preprocessing.

    Examples
    --------
    >>> import torch
    >>> from unitscope.models.preprocess import steps_from_options
    >>> pixels = find_pixels(steps_from_options({"size": 32, "mean": ".5,.4,.3", "std": ".2"}))
    >>> pixels.to_colours(torch.zeros(1, 3, 1, 1)).flatten()
    tensor([0.5000, 0.4000, 0.3000])
    """

    matrix: np.ndarray
    offset: np.ndarray

    @property
    def is_grey(self) -> bool:
        """Whether the network takes images without colour."""
        return len(self.matrix) == 1

    @property
    def is_plain(self) -> bool:
        """Whether the input is the colours."""
        return np.array_equal(self.matrix, np.eye(3)) and not self.offset.any()

    def to_colours(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Return the colours of a batch of inputs, ``(items, 3, height, width)``, from 0 to 1."""
        if self.is_plain:
            return batch.clamp(0, 1)
        centred = batch - self._like(batch, self.offset).view(-1, 1, 1)
        if self.is_grey:
            return (centred / float(self.matrix.sum())).expand(-1, 3, -1, -1).clamp(0, 1)
        return self._mix(np.linalg.inv(self.matrix), centred).clamp(0, 1)

    def to_input(self, colours: "torch.Tensor") -> "torch.Tensor":
        """Return the input that stands for colours, ``(items, channels, height, width)``."""
        if self.is_plain:
            return colours
        return self._mix(self.matrix, colours) + self._like(colours, self.offset).view(-1, 1, 1)

    def _mix(self, matrix: np.ndarray, batch: "torch.Tensor") -> "torch.Tensor":
        """Multiply the channels of every pixel by a matrix."""
        if matrix.shape == (3, 3) and not (matrix - np.diag(np.diag(matrix))).any():  # as a rule, and exact
            return batch * self._like(batch, np.diag(matrix)).view(-1, 1, 1)
        return (self._like(batch, matrix) @ batch.flatten(2)).unflatten(2, batch.shape[2:])

    def _like(self, batch: "torch.Tensor", values: np.ndarray) -> "torch.Tensor":
        """Return numbers of the type and on the device of a batch."""
        import torch

        return torch.tensor(values, dtype=batch.dtype, device=batch.device)


def find_pixels(preprocess: Preprocess) -> Pixels:
    """Find how the input that a preprocessing makes stands for colours, by trying it on images of one colour.

    Parameters
    ----------
    preprocess
        The preprocessing.

    Raises
    ------
    UnitscopeError
        If it does not make images of one or three channels, or changes colours in a way that cannot be undone.
    """
    inputs = {colour: try_colour(preprocess, colour) for colour in (*PROBES, *CHECKS)}
    offset = inputs[PROBES[0]]
    matrix = np.stack([inputs[colour] - offset for colour in PROBES[1:]], axis=1)
    found = Pixels(matrix, offset)
    if len(offset) not in (1, 3) or np.linalg.matrix_rank(matrix, tol=1e-6) < len(offset):
        raise UnitscopeError(
            f"what a unit sees cannot be shown: the preprocessing makes {len(offset)} channels that do not stand for "
            f"colours ({preprocess.description})"
        )
    # What each colour should give, in units of the whole range of each channel.
    span = np.abs(matrix).sum(axis=1)
    for colour in CHECKS:
        expected = matrix @ (np.array(colour) / 255) + offset
        if (np.abs(inputs[colour] - expected) > TOLERANCE * span).any():
            raise UnitscopeError(
                f"what a unit sees cannot be shown: the preprocessing changes colours in a way that cannot be undone "
                f"({preprocess.description})"
            )
    return found


def try_colour(preprocess: Preprocess, colour: tuple[int, int, int]) -> np.ndarray:
    """Return what a preprocessing makes of an image of one colour, ``(channels,)``."""
    made = preprocess(Image.new("RGB", (SIDE, SIDE), colour)).double().numpy()
    if made.ndim != 3:
        raise UnitscopeError(
            f"what a unit sees cannot be shown: the preprocessing makes inputs of shape {made.shape}, not images"
        )
    values = made.mean((1, 2))
    if np.abs(made - values[:, None, None]).max() > TOLERANCE * max(np.abs(made).max(), 1e-6):
        raise UnitscopeError(
            "what a unit sees cannot be shown: the preprocessing does not keep the colour of an image of one colour "
            f"({preprocess.description})"
        )
    return values
