"""Adding up what units see: crops of images, shrunk and weighted, in integers so that the order does not matter."""

from typing import Any

import numba
import numpy as np

from ..threads import n_cores, run_threads

SIDE = 64
"""Largest height and width of a neuron feature; crops of larger fields are shrunk, each pixel being an area's mean."""

FEW_CELLS = 200_000
"""Crops with fewer cells than this are added up by one thread; it takes less time than to start another."""


def canvases_of(boxes: np.ndarray) -> np.ndarray:
    """Return height and width of the largest receptive field of each unit, ``(units, 2)``, in pixels of the image."""
    sides = boxes[..., 2:] - boxes[..., :2]
    return sides.max((1, 2))


def shrink(canvases: np.ndarray) -> np.ndarray:
    """Return height and width of the neuron features for fields of some sizes, ``(units, 2)``.

    Examples
    --------
    >>> shrink(np.array([[11, 11], [227, 227], [128, 64]])).tolist()
    [[11, 11], [64, 64], [64, 32]]
    """
    largest = np.maximum(canvases.max(1, keepdims=True), SIDE)
    return np.maximum(np.rint(canvases * SIDE / largest), np.minimum(canvases, 1)).astype(int)


def place_canvases(boxes: np.ndarray, canvases: np.ndarray, image: tuple[int, int]) -> np.ndarray:
    """Return where the uncut fields of some boxes begin, ``(boxes, 2)``; it may be outside the image.

    A field that the upper border cuts ends where its box ends; one that the lower border cuts begins where its box
    begins; smaller fields in between are centred. Where the image is smaller than the field, `canvases` are what of it
    fits, and the crops of such fields are aligned by the edges that are seen.

    Examples
    --------
    >>> boxes = np.array([[0, 4, 3, 9], [7, 0, 10, 2], [2, 2, 7, 7]])
    >>> place_canvases(boxes, np.full((3, 2), 5), (10, 10)).tolist()
    [[-2, 4], [7, -3], [2, 2]]
    """
    starts = []
    for axis in (0, 1):
        first, last = boxes[:, axis], boxes[:, axis + 2]
        missing = canvases[:, axis] - (last - first)
        before, after = first == 0, last == image[axis]
        starts.append(first - np.where(before & ~after, missing, np.where(after & ~before, 0, missing // 2)))
    return np.stack(starts, axis=1)


def centre_fields(
    boxes: np.ndarray, canvases: np.ndarray, positions: np.ndarray, maps: tuple[int, int], image: tuple[int, int]
) -> np.ndarray:
    """Return the centres of the uncut fields of some boxes, ``(boxes, 2)``, in pixels from the image's corner.

    Where a field is as large as the image, its box does not say where it is centred: the position in the map does.

    Parameters
    ----------
    boxes, canvases, image
        As for `place_canvases`.
    positions
        ``(boxes, 2)`` row and column in the unit's map.
    maps
        Rows and columns of the map.

    Examples
    --------
    >>> whole = np.array([[0, 0, 10, 10]])
    >>> centre_fields(whole, whole[:, 2:], np.array([[0, 4]]), (5, 5), (10, 10)).tolist()
    [[1.0, 9.0]]
    >>> centre_fields(whole, whole[:, 2:], np.array([[0, 0]]), (1, 1), (10, 10)).tolist()
    [[5.0, 5.0]]
    """
    by_box = place_canvases(boxes, canvases, image) + canvases / 2
    by_position = (positions + 0.5) * np.array(image) / maps
    return np.where(canvases < image, by_box, by_position)


def integrate(images: np.ndarray) -> np.ndarray:
    """Return the integral of images over all pixels above and to the left, ``(items, 3, height + 1, width + 1)``.

    Parameters
    ----------
    images
        ``(items, 3, height, width)``.
    """
    sums = np.zeros((*images.shape[:2], images.shape[2] + 1, images.shape[3] + 1))
    np.cumsum(images, axis=2, dtype=np.float64, out=sums[:, :, 1:, 1:])
    np.cumsum(sums[:, :, 1:, 1:], axis=3, out=sums[:, :, 1:, 1:])
    return sums


def add_crops(
    sums: np.ndarray,
    squares: np.ndarray,
    integrals: np.ndarray,
    images: np.ndarray,
    units: np.ndarray,
    boxes: np.ndarray,
    canvases: np.ndarray,
    weights: np.ndarray,
    threads: int | None = None,
) -> None:
    """Add crops to the sums of a layer's units.

    Parameters
    ----------
    sums
        ``(units, 4, rows, columns)`` int32, changed: weighted red, green, blue, and the weight itself, where a crop
        lies inside the image. Each unit's feature fills the top left corner.
    squares
        ``(units,)`` int64, changed: the weighted squares of the colours, over all pixels and channels.
    integrals
        From `integrate`.
    images, units
        ``(crops,)`` number of the image, and number of the unit, in rising order of the units.
    boxes
        ``(crops, 4)`` what of the field lies inside the image.
    canvases
        ``(crops, 2)`` height and width of the uncut field.
    weights
        ``(crops,)`` weights, whole numbers; their sum over a unit must be below 2 ** 31.
    threads
        Threads to use; default: one per core.
    """
    image = integrals.shape[2] - 1, integrals.shape[3] - 1
    starts, shapes, weights = place_canvases(boxes, canvases, image), shrink(canvases), weights.astype(np.float64)
    count = 1 if shapes.prod(1).sum() < FEW_CELLS else threads or n_cores()
    # Each thread takes units of its own, and one image after the other, which then stays in the processor's cache.
    shares = np.searchsorted(units, np.linspace(0, len(sums), count + 1))

    def add(share: int, _: None) -> None:
        """Add the crops of some units."""
        of = np.arange(shares[share], shares[share + 1])
        of = of[np.argsort(images[of], kind="stable")]
        _add_crops(
            sums,
            squares,
            integrals,
            images[of],
            units[of],
            boxes[of],
            starts[of],
            canvases[of],
            shapes[of],
            weights[of],
        )

    run_threads(add, count, lambda: None, count, None)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_crops(
    sums: Any, squares: Any, integrals: Any, images: Any, units: Any, boxes: Any, starts: Any, canvases: Any,
    shapes: Any, weights: Any,
) -> None:  # fmt: skip
    for crop in range(len(images)):
        unit = units[crop]
        squares[unit] += _add_crop(
            sums[unit], integrals[images[crop]], boxes[crop], starts[crop], canvases[crop], shapes[crop], weights[crop]
        )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_crop(sums: Any, integral: Any, box: Any, start: Any, canvas: Any, shape: Any, weight: float) -> np.int64:
    """Add one crop; return its weighted square."""
    rows, columns = shape
    height, width = canvas[0] / rows, canvas[1] / columns
    scale = weight / (height * width)
    top, left, bottom, right = box
    edges, pixels = np.empty(columns + 1), np.empty(columns + 1, np.int64)
    for column in range(columns + 1):
        edges[column] = min(max(start[1] + column * width, left), right)
        pixels[column] = min(int(edges[column]), integral.shape[2] - 2)
    seen = np.diff(edges)  # of each cell, from left to right
    per_seen = np.where(seen > 0, 1 / np.where(seen > 0, seen, 1.0), 0.0)
    # The integral along the lines above and below a row of cells, from which the sum over each cell follows.
    above, below = np.empty((3, columns + 1)), np.empty((3, columns + 1))
    square = 0.0
    upper = min(max(float(start[0]), top), bottom)
    _line(integral, upper, edges, pixels, below)
    for row in range(rows):
        above, below = below, above
        lower = min(max(start[0] + (row + 1) * height, top), bottom)
        _line(integral, lower, edges, pixels, below)
        if lower > upper:
            for channel in range(3):
                of_channel = 0.0
                for column in range(columns):
                    total = (below[channel, column + 1] - below[channel, column]) - (
                        above[channel, column + 1] - above[channel, column]
                    )
                    sums[channel, row, column] += np.int32(scale * total + 0.5)
                    of_channel += total * total * per_seen[column]
                square += of_channel / (lower - upper)
            for column in range(columns):
                sums[3, row, column] += np.int32(scale * (lower - upper) * seen[column] + 0.5)
        upper = lower
    return np.int64(np.rint(weight * square / (height * width)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _line(integral: Any, row: float, columns: Any, pixels: Any, into: Any) -> None:
    """Write the integral down to a row and up to several columns, all of which may lie between pixels."""
    upper = min(int(row), integral.shape[1] - 2)
    down = row - upper
    for channel in range(3):
        first, second = integral[channel, upper], integral[channel, upper + 1]
        for place in range(len(columns)):
            pixel = pixels[place]
            before = first[pixel] + down * (second[pixel] - first[pixel])
            after = first[pixel + 1] + down * (second[pixel + 1] - first[pixel + 1])
            into[channel, place] = before + (columns[place] - pixel) * (after - before)
