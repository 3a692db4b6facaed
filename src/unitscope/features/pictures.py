"""Neuron features as images: stretched for display, one of each unit and one sheet of each layer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..analysis.images import as_png
from ..run import Layer
from ..threads import n_cores
from .table import LEAST_COVERAGE, Features

UNSEEN = 0.5
"""Grey of pixels that hardly any crop reaches."""

TILE = 64
"""Smallest height or width of the image of a unit; smaller features are enlarged by a whole number."""

GAP = 4
"""Pixels between the units of a sheet."""


def stretched(feature: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """Return a neuron feature for display, ``(rows, columns, 3)`` uint8: its darkest value black, its brightest white.

    One stretch for all colours keeps the hue. Pixels of little coverage are grey.

    Parameters
    ----------
    feature
        ``(rows, columns, 3)``, from 0 to 1; may be NaN.
    coverage
        ``(rows, columns)``.
    """
    seen = (coverage >= LEAST_COVERAGE) & np.isfinite(feature).all(-1)
    shown = np.full(feature.shape, UNSEEN)
    if seen.any():
        low, high = feature[seen].min(), feature[seen].max()
        shown[seen] = (feature[seen] - low) / (high - low) if high > low else feature[seen]
    return np.rint(shown * 255).astype(np.uint8)


def layer_images(layer: Layer, found: Features) -> Iterator[tuple[str, bytes]]:
    """Yield the image of every unit of a layer, ``LAYER/INDEX.png``, and a sheet of all, ``LAYER.png``."""
    name = layer.name.replace("%", "%25").replace("/", "%2F")
    tiles = []
    for unit in range(layer.units):
        rows, columns = found.shapes[unit]
        tiles.append(enlarged(stretched(found.images[unit, :rows, :columns], found.coverage[unit, :rows, :columns])))
    with ThreadPoolExecutor(n_cores()) as pool:
        for unit, content in enumerate(pool.map(as_png, tiles)):
            yield f"{name}/{unit}.png", content
    yield f"{name}.png", as_png(sheet(tiles))


def enlarged(tile: np.ndarray) -> np.ndarray:
    """Return an image enlarged by a whole number until its longer side has 64 pixels or nearly so."""
    if not tile.size:  # the unit sees no pixel
        return np.full((TILE, TILE, 3), round(UNSEEN * 255), np.uint8)
    times = max(1, TILE // max(tile.shape[:2]))
    return tile.repeat(times, 0).repeat(times, 1)


def sheet(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """Return images as one image, in rows of about as many as there are rows.

    Examples
    --------
    >>> sheet([np.zeros((60, 60, 3), np.uint8)] * 5).shape
    (132, 196, 3)
    """
    count = len(tiles)
    height, width = (max(tile.shape[axis] for tile in tiles) for axis in (0, 1))
    per_row = int(np.ceil(np.sqrt(count)))
    rows = -(-count // per_row)
    page = np.full((rows * (height + GAP) + GAP, per_row * (width + GAP) + GAP, 3), 255, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // per_row) * (height + GAP) + GAP, (place % per_row) * (width + GAP) + GAP
        page[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return page
