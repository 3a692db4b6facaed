"""The eleven basic colour names: the paints that scenes use, and the name of any pixel's colour."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

PAINTS: dict[str, tuple[int, int, int]] = {
    "red": (208, 44, 40),
    "orange": (238, 130, 32),
    "yellow": (242, 208, 52),
    "green": (62, 150, 66),
    "blue": (46, 92, 196),
    "purple": (128, 66, 168),
    "pink": (240, 146, 184),
    "brown": (128, 78, 44),
    "black": (44, 44, 48),
    "grey": (134, 136, 140),
    "white": (242, 242, 238),
}
"""Red, green and blue (0-255) of each paint. The names are those of Berlin & Kay (1969)."""

FIXTURES: dict[str, tuple[int, int, int]] = {
    "tyre": (40, 40, 44),
    "metal": (176, 180, 186),
    "glass": (166, 214, 236),
    "lamp": (252, 232, 120),
    "wood": (122, 80, 48),
    "leaf": (70, 148, 60),
    "beak": (240, 150, 40),
    "dark": (34, 32, 36),
    "pale": (246, 242, 230),
    "sun": (255, 226, 96),
    "cloud": (246, 248, 252),
    "bush": (48, 112, 52),
}
"""Colours of materials with a fixed colour."""

# Shades with the name of a paint although another paint is nearer.
_SHADES = {
    "red": [(150, 30, 34), (225, 80, 75), (105, 22, 24)],
    "orange": [(200, 105, 35), (245, 165, 90)],
    "yellow": [(200, 170, 50), (250, 232, 130), (225, 205, 120)],
    "green": [(36, 90, 40), (110, 170, 80), (150, 200, 110), (90, 120, 50), (24, 56, 28)],
    "blue": [(100, 160, 220), (150, 205, 238), (30, 50, 120), (70, 130, 180), (180, 220, 242)],
    "purple": [(80, 40, 110), (170, 120, 200)],
    "pink": [(250, 190, 210), (200, 100, 145)],
    "brown": [(90, 55, 32), (160, 110, 70), (195, 155, 110), (135, 70, 55), (60, 38, 26)],
    "black": [(16, 16, 18), (62, 62, 66)],
    "grey": [(95, 97, 100), (180, 182, 186)],
    "white": [(255, 255, 255), (222, 224, 226)],
}

COLOURS = tuple(PAINTS)


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn sRGB colours (0-255, last axis) into CIELAB, where distances go with what people see."""
    linear = np.where(rgb <= 10.31475, rgb / 3294.6, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    to_xyz = [(0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0177, 0.1095, 0.8729)]
    x, y, z = (np.cbrt(sum(linear[..., i] * row[i] for i in range(3))) for row in to_xyz)
    return np.stack([116 * y, 500 * (x - y), 200 * (y - z)], axis=-1)


@cache
def _names() -> NDArray[np.uint8]:
    """Colour number (from 1) of every colour at five bits a channel, shape (32, 32, 32)."""
    owners, shades = zip(
        *((i, shade) for i, name in enumerate(COLOURS) for shade in [PAINTS[name], *_SHADES[name]]), strict=True
    )
    grid = np.stack(np.meshgrid(*[np.arange(32) * 8 + 4] * 3, indexing="ij"), axis=-1)
    known, cells = _lab(np.array(shades, float)), _lab(grid.astype(float))
    distances = np.stack([((cells - shade) ** 2).sum(axis=-1) for shade in known])
    return (np.array(owners)[distances.argmin(axis=0)] + 1).astype(np.uint8)


def name_colours(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give each pixel the number of its colour's name, counted from 1 in the order of `COLOURS`.

    The name is that of the nearest of some fifty known shades in CIELAB.

    Parameters
    ----------
    image
        Red, green and blue, 0-255, shape (..., 3).

    Returns
    -------
    numpy.ndarray
        Colour numbers, shape (...), never 0.

    Examples
    --------
    >>> pixels = np.array([[255, 0, 0], [120, 190, 230], [10, 10, 10]], np.uint8)
    >>> [COLOURS[i - 1] for i in name_colours(pixels)]
    ['red', 'blue', 'black']
    """
    cells = image >> 3
    names: NDArray[np.uint8] = _names()[cells[..., 0], cells[..., 1], cells[..., 2]]
    return names
