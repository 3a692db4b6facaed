"""Placing drawings in a scene: where each polygon lies, how it is coloured, and which concepts it shows."""

from typing import NamedTuple

import numpy as np

from .backdrops import MATERIALS, TEXTURES
from .colours import COLOURS, FIXTURES, PAINTS
from .kinds import CLASSES, KINDS
from .raster import CELL, PATTERNS, SAMPLES, SIZE
from .shapes import Points, bar, ellipse, turn

PARTS = (
    "antenna", "beak", "cabin", "cargo", "chimney", "crown", "door", "ear", "eye", "fin", "frame", "handlebar",
    "head", "hull", "leaf", "leg", "light", "mane", "mast", "mouth", "petal", "roof", "saddle", "sail", "stem",
    "tail", "trunk", "wheel", "window", "wing",
)  # fmt: skip

CONCEPTS: dict[str, tuple[str, ...]] = {
    "object": ("none", *CLASSES),
    "part": ("none", *PARTS),
    "colour": ("none", *COLOURS),
    "texture": ("none", *PATTERNS[1:], *dict.fromkeys(TEXTURES.values())),
    "background": ("none", *MATERIALS, "cloud", "sun", "bush", "post"),
}
"""Names of the concepts of each category, in the order of their numbers in the masks; 0 is none."""

NUMBERS = {category: {name: i for i, name in enumerate(names)} for category, names in CONCEPTS.items()}

SEE_THROUGH = -1
"""Background concept of a shadow: the concept of the material below it."""

_RGB = {name: np.array(rgb, np.int64) for name, rgb in (PAINTS | FIXTURES).items()}
_SHADOW = np.full(3, -1)


class SceneLayer(NamedTuple):
    """Polygons that are painted together; one row each in all but `points`.

    Attributes
    ----------
    points
        Vertices of all polygons in samples, shape (vertices, 2).
    lengths
        Number of vertices of each polygon.
    colours
        First and second colour, shape (polygons, 2, 3).
    pattern
        Pattern of those with two colours, see `raster.shade`.
    light
        Fall of light, see `raster.shade`.
    concepts
        Object, part, texture and background number of each polygon.
    """

    points: Points
    lengths: list[int]
    colours: list[tuple[np.ndarray, np.ndarray]]
    pattern: tuple[int, int, int]
    light: tuple[int, int]
    concepts: list[tuple[int, int, int, int]]


def _second(colour: np.ndarray) -> np.ndarray:
    """Return the second colour of a pattern: lighter on dark paint, darker on light paint."""
    return colour + (248 - colour) * 3 // 4 if colour.sum() < 420 else colour * 7 // 16


def _choose_pattern(random: np.random.Generator) -> tuple[int, int, int]:
    """Choose no pattern for half of the objects; otherwise its kind, size and direction."""
    if random.random() < 0.5:
        return (0, 0, 0)
    kind = int(random.integers(1, len(PATTERNS)))
    (along, across), *_ = turn(np.array([[CELL / SAMPLES / random.uniform(5, 9), 0]]), random.uniform(-1, 1))
    return kind, round(along), round(across)


def place_object(
    random: np.random.Generator, label: int, half: float, centre: tuple[float, float]
) -> tuple[SceneLayer, Points]:
    """Draw one object of a class and place it in the scene.

    Parameters
    ----------
    random
        Random number generator.
    label
        The class, a place in `CLASSES`.
    half
        Half the object's longer side, in pixels.
    centre
        Its middle, (x, y) in pixels.

    Returns
    -------
    SceneLayer
        The placed object.
    numpy.ndarray
        Its least and greatest x and y, in pixels, shape (2, 2).
    """
    kind = KINDS[label]
    shapes = kind.draw(random)
    points = np.concatenate([shape.points for shape in shapes])
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - (low + high) / 2) / ((high - low).max() / 2)
    points = points * (random.uniform(0.88, 1.0) * (1 if random.random() < 0.5 else -1), 1)
    points = turn(points, random.uniform(-0.05, 0.05) if kind.stands else random.uniform(-0.18, 0.18))
    points = points * half + centre

    names = kind.colours[random.integers(len(kind.colours))], COLOURS[random.integers(len(COLOURS))]
    paint, trim = (np.clip(_RGB[name] + random.integers(-12, 13, 3), 0, 255) for name in names)
    if names[0] == names[1]:
        trim = _second(paint)
    pattern = _choose_pattern(random)
    texture = NUMBERS["texture"][PATTERNS[pattern[0]]] if pattern[0] else 0
    colours, concepts = [], []
    for part, role, _ in shapes:
        first = paint if role == "paint" else trim if role == "trim" else _RGB[role]
        patterned = texture and role == "paint"
        colours.append((first, _second(first) if patterned else first))
        concepts.append((label + 1, NUMBERS["part"][part] if part else 0, texture if patterned else 0, 0))
    light = (round(centre[1] * SAMPLES), round(4096 * 0.2 / (half * SAMPLES)))
    lengths = [len(shape.points) for shape in shapes]
    placed = SceneLayer(points * SAMPLES, lengths, colours, pattern, light, concepts)
    return placed, np.stack([points.min(axis=0), points.max(axis=0)])


def _plain(polygons: list[Points], colour: np.ndarray, background: int) -> SceneLayer:
    """Return polygons of one colour that belong to the background, given in pixels."""
    return SceneLayer(
        np.concatenate(polygons) * SAMPLES,
        [len(points) for points in polygons],
        [(colour, colour)] * len(polygons),
        (0, 0, 0),
        (0, 0),
        [(0, 0, 0, background)] * len(polygons),
    )


def place_shadow(extent: Points) -> SceneLayer:
    """Put a shadow under an object that fills the given extent."""
    (left, _), (right, bottom) = extent
    width = (right - left) / 2
    shadow = ellipse((left + right) / 2, bottom - 0.5, width * 0.95, max(1.5, width * 0.14))
    return _plain([shadow], _SHADOW, SEE_THROUGH)


def place_sky(random: np.random.Generator) -> SceneLayer:
    """Put a cloud or the sun somewhere in the upper part."""
    x, y = random.uniform(0, SIZE), random.uniform(3, 22)
    if random.random() < 0.3:
        return _plain([ellipse(x, y, random.uniform(4, 7))], _RGB["sun"], NUMBERS["background"]["sun"])
    size = random.uniform(4, 8)
    puffs = [ellipse(x + size * dx, y, size, size * 0.5) for dx in (-0.8, 0.8)]
    puffs.append(ellipse(x, y - size * 0.3, size * 0.9, size * 0.6))
    return _plain(puffs, _RGB["cloud"], NUMBERS["background"]["cloud"])


def place_occluder(random: np.random.Generator, half: float) -> SceneLayer:
    """Place an object in the foreground: a post from top to bottom, or a bush at the lower edge.

    Both are narrower than an object whose longer side is twice ``half`` pixels, so that part of it stays visible.
    """
    x = random.uniform(6, SIZE - 6)
    if random.random() < 0.5:
        post = bar(x, -4, x + random.uniform(-4, 4), SIZE + 4, half * random.uniform(0.15, 0.35))
        return _plain([post], _RGB["wood"], NUMBERS["background"]["post"])
    size = half * random.uniform(0.3, 0.5)
    y = SIZE - random.uniform(0, 6)
    leaves = [ellipse(x + size * dx, y, size * 0.8, size * 0.9) for dx in (-0.9, 0.9)]
    leaves.append(ellipse(x, y - size * 0.4, size * 0.9))
    return _plain(leaves, _RGB["bush"], NUMBERS["background"]["bush"])
