"""From a class map to a box around what it shows: upsampled, cut at a share of its maximum, largest component."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..errors import UnitscopeError

CONNECTED = np.ones((3, 3), bool)
"""Pixels that touch at a side or a corner are connected, as in the contours of image libraries."""

NO_BOX = (-1, -1, -1, -1)
"""Stands for the box of a map that shows nothing."""


class Centres(NamedTuple):
    """Where the centres of a map's cells lie on an image, in pixels from its upper left corner, down first.

    Attributes
    ----------
    first
        Centre of the first cell: the middle of the first pixel is 0.5.
    step
        From one centre to the next.
    """

    first: tuple[float, float]
    step: tuple[float, float]


def upsample(maps: np.ndarray, size: tuple[int, int], centres: Centres | None = None) -> np.ndarray:
    """Return maps interpolated bilinearly to the size of an image.

    By default maps are stretched over the whole image (half-pixel centres), as Zhou et al. do. Outside of the outermost
    centres values are theirs. Values stay between the lowest and the highest of the map.

    Parameters
    ----------
    maps
        ``(..., height, width)``.
    size
        Height and width of the image, not less than those of the maps.
    centres
        Where the cells' centres lie, if maps are not stretched: those of `unitscope.models.receptive_fields`.

    Returns
    -------
    numpy.ndarray
        ``(..., *size)``, of the type of `maps`.

    Examples
    --------
    >>> upsample(np.array([[0.0, 4.0]]), (1, 4)).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    if maps.shape[-2] > size[0] or maps.shape[-1] > size[1]:
        raise UnitscopeError(
            f"a map of {maps.shape[-2]} x {maps.shape[-1]} is larger than the image of {size[0]} x {size[1]}; "
            "give the size of the network's input, height first"
        )
    rows, columns = (
        interpolation(maps.shape[axis - 2], size[axis], *((of[axis] for of in centres) if centres else ())).astype(
            maps.dtype
        )
        for axis in (0, 1)
    )
    return rows @ maps @ columns.T


def interpolation(cells: int, pixels: int, first: float | None = None, step: float | None = None) -> np.ndarray:
    """Return the share of each cell in each pixel along one axis, ``(pixels, cells)``.

    Parameters
    ----------
    cells, pixels
        How many there are.
    first, step
        Centre of the first cell, and from one centre to the next, in pixels; default: cells cover all pixels.

    Examples
    --------
    >>> interpolation(2, 4).tolist()
    [[1.0, 0.0], [0.75, 0.25], [0.25, 0.75], [0.0, 1.0]]
    >>> interpolation(2, 4, first=0.5, step=2).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0]]
    """
    middles = np.arange(pixels) + 0.5
    places = middles * cells / pixels - 0.5 if first is None or step is None else (middles - first) / step
    places = np.clip(places, 0, cells - 1)
    before = np.minimum(places.astype(int), max(cells - 2, 0))
    shares = np.zeros((pixels, cells))
    shares[np.arange(pixels), before] = 1 - (places - before)
    shares[np.arange(pixels), np.minimum(before + 1, cells - 1)] += places - before
    return shares


def find_box(scores: np.ndarray, share: float = 0.2) -> np.ndarray:
    """Return the box around the largest connected part of a map that is above a share of its maximum.

    Zhou et al. take 20 % of the maximum. Pixels must be strictly above it, and are connected if they touch at a side
    or a corner. The largest part is that of the most pixels; of equal ones, that whose first pixel comes first, row by
    row.

    Parameters
    ----------
    scores
        ``(height, width)`` a class map, at the size of the image; see `upsample`.
    share
        Share of the maximum, 0 to 1 (1 excluded).

    Returns
    -------
    numpy.ndarray
        ``(4,)`` int32: top, left, bottom, right in pixels, of which bottom and right are the first pixels outside. All
        are -1 where no value is above zero: the map shows nothing of its class, and a box would be made up.

    Raises
    ------
    UnitscopeError
        If the share is not from 0 to below 1, or a value is not finite.

    References
    ----------
    Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for discriminative localization. CVPR.

    See Also
    --------
    class_maps : Maps to find boxes in.
    unitscope.models.receptive_fields : Boxes of the same kind.

    Examples
    --------
    >>> scores = np.zeros((6, 8))
    >>> scores[1:3, 2:6], scores[5, 0] = 0.5, 1.0
    >>> find_box(scores).tolist()
    [1, 2, 3, 6]
    >>> find_box(-scores).tolist()
    [-1, -1, -1, -1]
    """
    if not 0 <= share < 1:
        raise UnitscopeError(f"a share of {share} of the maximum is not from 0 to below 1; give for instance .2")
    most = scores.max()
    if not np.isfinite(most) or not np.isfinite(scores.min()):
        raise UnitscopeError("a class map has values that are not finite; check the network's weights and its input")
    if most <= 0:
        return np.array(NO_BOX, np.int32)
    parts, _ = ndimage.label(scores > share * most, CONNECTED)
    largest = int(np.bincount(parts.ravel())[1:].argmax())  # the first of equal ones; parts are numbered row by row
    rows, columns = ndimage.find_objects(parts)[largest]
    return np.array([rows.start, columns.start, rows.stop, columns.stop], np.int32)
