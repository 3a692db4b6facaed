"""Draw backgrounds: two materials that meet at a horizon."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .raster import PATTERNS, SIZE, stretch

Tones = NDArray[np.int64]

# The darkest and the lightest colour of each material.
_RAMPS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "sky": ((88, 150, 216), (206, 230, 246)),
    "grass": ((44, 100, 38), (136, 186, 84)),
    "sand": ((196, 160, 100), (244, 222, 168)),
    "water": ((22, 74, 140), (120, 188, 222)),
    "snow": ((196, 208, 226), (252, 253, 255)),
    "road": ((72, 72, 78), (132, 132, 138)),
    "brick": ((140, 62, 46), (214, 160, 134)),
    "wallpaper": ((150, 130, 120), (240, 226, 200)),
    "floor": ((112, 72, 40), (196, 146, 94)),
    "foliage": ((20, 56, 26), (98, 148, 66)),
}

# The same as 256 steps from dark to light, shape (256, 3).
_STEPS = {
    name: (dark + np.arange(256)[:, None] * np.subtract(light, dark) // 255) for name, (dark, light) in _RAMPS.items()
}

MATERIALS = tuple(_RAMPS)

TEXTURES = {"sand": "grainy", "road": "grainy", "water": "wavy", "brick": "bricked", "foliage": "leafy"}
"""The texture of each material; the texture of a wallpaper is its pattern."""

PLACES = {
    "meadow": ("sky", "grass"),
    "forest": ("foliage", "grass"),
    "beach": ("sky", "sand"),
    "sea": ("sky", "water"),
    "reef": ("water", "sand"),
    "winter": ("sky", "snow"),
    "highway": ("sky", "road"),
    "street": ("brick", "road"),
    "room": ("wallpaper", "floor"),
}
"""Upper and lower material of each place."""

_HILLY = ("meadow", "forest", "beach", "reef", "winter")
_ROWS, _COLUMNS = np.mgrid[0:SIZE, 0:SIZE]


class Backdrop(NamedTuple):
    """A picture without objects, and what it is made of.

    Attributes
    ----------
    picture
        Red, green and blue, uint8, shape (`SIZE`, `SIZE`, 3).
    material
        Place in `MATERIALS` of each pixel's material, shape (`SIZE`, `SIZE`).
    wallpaper
        The pattern of the wallpaper, if there is one.
    """

    picture: NDArray[np.uint8]
    material: NDArray[np.intp]
    wallpaper: str


def _noise(random: np.random.Generator, rows: int, columns: int) -> Tones:
    """Tones that change smoothly between (rows + 1) x (columns + 1) random points."""
    return stretch(random.integers(0, 256, (rows + 1, columns + 1), dtype=np.uint8))


def _grain(random: np.random.Generator) -> Tones:
    """Tones that are random in every pixel."""
    return random.integers(0, 256, (SIZE, SIZE), dtype=np.uint8).astype(np.int64)


def _wallpaper_tones(random: np.random.Generator, pattern: str) -> Tones:
    """Light tones with a darker pattern."""
    period = int(random.integers(8, 15))
    x, y = _COLUMNS + int(random.integers(period)), _ROWS + int(random.integers(period))
    across, down = x % period - period // 2, y % period - period // 2
    dark = {
        "plain": np.zeros((SIZE, SIZE), bool),
        "striped": across < 0,
        "dotted": across**2 + down**2 <= (period // 3) ** 2,
        "checked": (across < 0) != (down < 0),
        "zigzag": (y + abs(across)) % period < period // 2,
    }[pattern]
    return np.where(dark, 60, 190) + _noise(random, 4, 4) // 8


def _brick_tones(random: np.random.Generator) -> Tones:
    """Bricks in courses, each in its own tone, light mortar between."""
    height = int(random.integers(5, 8))
    course = (_ROWS + int(random.integers(height))) // height
    x = _COLUMNS + course % 2 * height + int(random.integers(height))
    bricks = random.integers(0, 140, (SIZE, SIZE))[course, x // (2 * height)]
    mortar = (x % (2 * height) == 0) | (np.diff(course, axis=0, prepend=course[:1]) > 0)
    return np.where(mortar, 250, bricks)


def _tones(random: np.random.Generator, material: str, pattern: str) -> Tones:
    """Tones (0-255) of a whole picture of one material."""
    if material == "sky":
        return _ROWS * 3 + _noise(random, 4, 3) // 4
    if material == "grass":
        return (_noise(random, 12, SIZE) * 2 + _noise(random, 4, 4)) // 3
    if material == "sand":
        return _grain(random) // 3 + _noise(random, 6, 6) * 2 // 3
    if material == "water":
        return _noise(random, 24, 6)
    if material == "snow":
        return _noise(random, 6, 4)
    if material == "road":
        return _grain(random) // 2 + _noise(random, 5, 3) // 2
    if material == "brick":
        return _brick_tones(random)
    if material == "wallpaper":
        return _wallpaper_tones(random, pattern)
    if material == "floor":
        return np.where(_ROWS % 7 == 0, 20, _noise(random, 9, 5))
    return (_noise(random, 14, 14) + _noise(random, 32, 32)) // 2


def draw_backdrop(random: np.random.Generator, place: str, horizon: int) -> Backdrop:
    """Draw a place whose materials meet at a row of pixels, or around it where the land is hilly.

    Parameters
    ----------
    random
        Random number generator.
    place
        A key of `PLACES`.
    horizon
        Row of the horizon, from which hills rise or fall by 8 pixels at most; below the picture's lower edge
        only the upper material is visible.

    Returns
    -------
    Backdrop
        The picture and its materials.
    """
    upper, lower = PLACES[place]
    level: int | Tones = horizon
    if place in _HILLY:
        level = horizon + _noise(random, 1, 3)[0] // 16 - 8
    below = np.broadcast_to(level <= _ROWS, (SIZE, SIZE))
    pattern = PATTERNS[random.integers(len(PATTERNS))]
    tones = np.where(below, *(_tones(random, material, pattern) for material in (lower, upper)))
    hues = random.integers(-14, 15, (2, 1, 3))
    ramps = np.clip(np.stack([_STEPS[upper], _STEPS[lower]]) + hues, 0, 255).astype(np.uint8)
    return Backdrop(
        ramps[below.astype(np.intp), tones],
        np.where(below, MATERIALS.index(lower), MATERIALS.index(upper)),
        pattern if upper == "wallpaper" else "",
    )
