"""Bilinear interpolation of maps at the pixels of label maps: which points of the map, and with what weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..errors import UnitscopeError
from ..models.placement import WHOLE, Placement

Shape = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Axis:
    """Where the pixels along one axis lie among the points of a map.

    Attributes
    ----------
    points
        ``(pixels,)`` int64: the last point of the map that is not behind the pixel, rising.
    weights
        ``(pixels,)`` float64, at least 0 and below 1: weight of the point after it. 0 beyond the first and last point.
    cells
        ``(points + 1,)`` int64: the pixels between a point and the next are ``cells[point]`` to
        ``cells[point + 1] - 1``; the last point has those behind it.
    """

    points: np.ndarray
    weights: np.ndarray
    cells: np.ndarray

    @classmethod
    def at(cls, places: np.ndarray, n_points: int) -> "Axis":
        """Return the axis of pixels at rising places among points 0, 1, 2 ...; places beyond the ends are clipped."""
        places = np.clip(places, 0, n_points - 1)
        points = np.floor(places).astype(np.int64)
        return cls(points, places - points, np.searchsorted(points, np.arange(n_points + 1)))


class Grid(NamedTuple):
    """Where the pixels of label maps lie among the points of a map: along the rows and along the columns."""

    rows: Axis
    columns: Axis

    @property
    def shape(self) -> Shape:
        """Height and width in pixels."""
        return len(self.rows.points), len(self.columns.points)

    @property
    def map_shape(self) -> Shape:
        """Rows and columns of the map."""
        return len(self.rows.cells) - 1, len(self.columns.cells) - 1


Place = Callable[[Shape, Shape, Placement], Grid]
"""From the shapes of a map and a label map, and the image's placement: where pixels lie among the points of the map."""


@lru_cache(maxsize=1024)
def half_pixel(map_shape: Shape, shape: Shape, placement: Placement = WHOLE) -> Grid:
    """Return the grid of a map that is stretched over the network's input, as ``align_corners=False`` has it.

    Parameters
    ----------
    map_shape
        Rows and columns of the map.
    shape
        Height and width of the label map in pixels. Where the map has more points, it is sampled, without smoothing.
    placement
        Where the image, all of which the label map covers, lies on the network's input. The grid has the pixels whose
        middle is on the input.

    See Also
    --------
    centred : The grid of a map whose points lie at the centres of their receptive fields.

    Examples
    --------
    >>> rows, columns = half_pixel((1, 2), (3, 4))
    >>> columns.points.tolist(), columns.weights.tolist(), columns.cells.tolist()
    ([0, 0, 0, 1], [0.0, 0.25, 0.75, 0.0], [0, 3, 4])

    Of an image of 2 x 8 pixels, the network sees the four columns in the middle:

    >>> half_pixel((1, 2), (2, 8), Placement((2, 8), (2, 8), (0, -2), (2, 4))).columns.weights.tolist()
    [0.0, 0.25, 0.75, 0.0]
    """

    def along(axis: int) -> Axis:
        points, pixels, size = map_shape[axis], shape[axis], placement.size[axis]
        _, middles = placement.visible(axis, pixels)
        # One division of whole numbers, so that places are correctly rounded and pixels at a point have weight 0.
        return Axis.at((middles * points - pixels * size) / (2 * pixels * size), points)

    return Grid(along(0), along(1))


def centred(
    map_shape: Shape,
    shape: Shape,
    first: tuple[float, float],
    step: tuple[float, float],
    size: Shape,
    placement: Placement = WHOLE,
) -> Grid:
    """Return the grid of a map whose points lie at the centres of their receptive fields.

    Parameters
    ----------
    map_shape, shape, placement
        As for `half_pixel`.
    first
        Centre of the first field, down and to the right, in pixels of the network's input from its upper left corner:
        the middle of the first pixel is 0.5.
    step
        From one centre to the next, in pixels.
    size
        Height and width of the input in pixels.

    See Also
    --------
    half_pixel : The grid of a map that is stretched over the whole image.
    unitscope.models.receptive_fields : Find the fields.

    Examples
    --------
    >>> centred((2, 2), (4, 4), first=(0.5, 0.5), step=(2, 2), size=(4, 4)).rows.weights.tolist()
    [0.0, 0.5, 0.0, 0.0]
    """
    if min(step) <= 0:
        raise UnitscopeError(f"receptive fields {step} pixels apart are in no order; give positive steps")

    def along(axis: int) -> Axis:
        _, middles = placement.visible(axis, shape[axis])
        places = middles * size[axis] / (2 * shape[axis] * placement.size[axis])
        return Axis.at((places - first[axis]) / step[axis], map_shape[axis])

    return Grid(along(0), along(1))


def upsample(maps: np.ndarray, grid: Grid) -> np.ndarray:
    """Return maps at the pixels of a grid, ``(..., height, width)`` float64, as `unitscope.dissection.tally` sees them.

    Of the points a and b above, c and d below, with the weights y of the lower and x of the right points, first
    ``left = a + y * (c - a)`` and ``right = b + y * (d - b)`` are computed, then ``left + x * (right - left)``, each
    operation rounded to float64. Since weights are below 1, no value is rounded beyond the points it lies between.

    Parameters
    ----------
    maps
        ``(..., rows, columns)``.
    grid
        From `half_pixel` or `centred`.

    Examples
    --------
    >>> upsample(np.array([[0.0, 4.0]]), half_pixel((1, 2), (1, 4))).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    (top, left), (y, x) = (grid.rows.points, grid.columns.points), (grid.rows.weights[:, None], grid.columns.weights)
    bottom, right = (np.minimum(first + 1, n - 1) for first, n in zip((top, left), grid.map_shape, strict=True))
    a, b, c, d = (
        maps.astype(np.float64)[..., row[:, None], column] for row in (top, bottom) for column in (left, right)
    )
    at_left, at_right = a + y * (c - a), b + y * (d - b)
    return at_left + x * (at_right - at_left)
