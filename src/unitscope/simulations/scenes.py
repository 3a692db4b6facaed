"""Scenes: small pictures of one object each, and what every pixel of them shows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UnitscopeError
from .backdrops import MATERIALS, PLACES, TEXTURES, Backdrop, draw_backdrop
from .colours import name_colours
from .kinds import KINDS, choose_place
from .layers import (
    NUMBERS,
    SEE_THROUGH,
    SceneLayer,
    place_object,
    place_occluder,
    place_shadow,
    place_sky,
)
from .raster import SAMPLES, SIZE, STEP, fill_polygons, shade
from .shapes import Points

Mask = NDArray[np.uint8]

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Scene:
    """One item of the demo world.

    Attributes
    ----------
    image
        Red, green and blue, uint8, shape (64, 64, 3).
    label
        Place of the object's class in `CLASSES`.
    masks
        For each category of `CONCEPTS` the number of the concept that each pixel shows, 0 for none; uint8,
        shape (64, 64). A smaller object of another class may be visible too.
    """

    image: NDArray[np.uint8]
    label: int
    masks: dict[str, Mask]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the labelled object's visible pixels; right and bottom excluded."""
        rows, columns = np.nonzero(self.masks["object"] == self.label + 1)
        return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def render(index: int, seed: int = 0, split: str = "test") -> Scene:
    """Draw one scene, which depends only on the three arguments.

    Scene ``index`` shows an object of class ``index % len(CLASSES)``. Each scene has a random stream of its
    own (Philox, keyed by seed, split and index) and is drawn in whole numbers.

    Parameters
    ----------
    index
        Number of the scene, from 0.
    seed
        Random seed, from 0.
    split
        ``"train"`` or ``"test"``: two worlds that share no scene.

    Returns
    -------
    Scene
        Picture, label and masks.

    Raises
    ------
    UnitscopeError
        If the split is neither of the two, or index or seed is negative.

    Examples
    --------
    >>> from unitscope.simulations import CLASSES, CONCEPTS, render
    >>> scene = render(4)
    >>> CLASSES[scene.label], scene.image.shape
    ('butterfly', (64, 64, 3))
    >>> sorted(CONCEPTS["part"][i] for i in np.unique(scene.masks["part"]))
    ['antenna', 'head', 'none', 'wing']
    """
    if split not in SPLITS:
        raise UnitscopeError(f"demo scenes have no split {split!r}: choose 'train' or 'test'")
    if index < 0 or seed < 0:
        raise UnitscopeError(f"demo scene {index} of seed {seed} does not exist: both count from 0")
    key = np.array([2 * seed + SPLITS.index(split), index], np.uint64)
    random = np.random.Generator(np.random.Philox(key=key))
    label = index % len(KINDS)
    backdrop, layers = _compose(random, label)
    return _paint(random, label, backdrop, layers)


def _compose(random: np.random.Generator, label: int) -> tuple[Backdrop, list[SceneLayer]]:
    """Choose place, object and a possible second object, from back to front."""
    kind = KINDS[label]
    place = choose_place(random, kind)
    half = random.uniform(9, 26)
    reach = half * 0.9
    centre = (random.uniform(reach, SIZE - reach), random.uniform(reach, SIZE - reach))
    thing, extent = place_object(random, label, half, centre)
    top, bottom = extent[:, 1]
    if kind.stands:
        horizon = round(bottom - random.uniform(0.15, 0.8) * (bottom - top))
    else:
        horizon = int(random.integers(30, 80))
    layers = []
    if PLACES[place][0] == "sky" and random.random() < 0.4:
        layers.append(place_sky(random))
    if random.random() < 0.35:
        layers += _company(random, label, half)
    if kind.stands:
        layers.append(place_shadow(extent))
    layers.append(thing)
    if random.random() < 0.25:
        layers.append(place_occluder(random, half))
    return draw_backdrop(random, place, horizon), layers


def _company(random: np.random.Generator, label: int, size: float) -> list[SceneLayer]:
    """Put a smaller object of another class towards the left or right edge."""
    other = (label + int(random.integers(1, len(KINDS)))) % len(KINDS)
    half = size * random.uniform(0.4, 0.65)
    x = random.uniform(half, 20)
    y = random.uniform(40, SIZE - half) if KINDS[other].stands else random.uniform(half, SIZE - half)
    thing, extent = place_object(random, other, half, (x if random.random() < 0.5 else SIZE - x, y))
    return [place_shadow(extent), thing] if KINDS[other].stands else [thing]


def _paint(random: np.random.Generator, label: int, backdrop: Backdrop, layers: list[SceneLayer]) -> Scene:
    """Turn layers into a picture and masks, then light the picture and add noise."""
    points: Points = np.concatenate([layer.points for layer in layers])
    lengths = [length for layer in layers for length in layer.lengths]
    colours = np.array([((0,) * 3,) * 2, *(c for layer in layers for c in layer.colours)])
    patterns = np.array([(0,) * 3, *(layer.pattern for layer in layers for _ in layer.lengths)])
    lights = np.array([(0,) * 2, *(layer.light for layer in layers for _ in layer.lengths)])
    concepts = np.array([(0, 0, 0, SEE_THROUGH), *(c for layer in layers for c in layer.concepts)])

    canvas = np.zeros((SIZE * SAMPLES,) * 2, np.uint8)
    fill_polygons(np.rint(points * STEP).astype(np.int64), np.cumsum([0, *lengths]), canvas)
    picture = shade(canvas, colours, patterns, lights, backdrop.picture)
    picture = _light(random, picture)
    masks = _masks(concepts[canvas[SAMPLES // 2 :: SAMPLES, SAMPLES // 2 :: SAMPLES]], backdrop)
    masks["colour"] = name_colours(picture)
    return Scene(_grain(random, picture), label, masks)


def _masks(shown: NDArray[np.int64], backdrop: Backdrop) -> dict[str, Mask]:
    """Read the masks off the concepts of the shape that each pixel shows."""
    thing, part, texture, background = (shown[..., i] for i in range(4))
    textures = TEXTURES | ({"wallpaper": backdrop.wallpaper} if backdrop.wallpaper not in ("", "plain") else {})
    of_material = np.array([NUMBERS["texture"][textures.get(name, "none")] for name in MATERIALS])
    bare = background == SEE_THROUGH
    masks = {
        "object": thing,
        "part": part,
        "texture": np.where(bare, of_material[backdrop.material], texture),
        "background": np.where(bare, backdrop.material + 1, background),
    }
    return {category: mask.astype(np.uint8) for category, mask in masks.items()}


def _light(random: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make the picture lighter or darker; one in twelve is dusk, one in eight lies in haze."""
    dusk, haze = random.random() < 1 / 12, random.random() < 1 / 8
    gain = int(256 * (random.uniform(0.3, 0.6) if dusk else random.uniform(0.75, 1.12)))
    veil = int(256 * random.uniform(0.3, 0.65)) if haze else 0
    clear = picture.astype(np.int64) * (256 - veil) + 200 * veil >> 8
    return np.minimum(clear * gain >> 8, 255).astype(np.uint8)


def _grain(random: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Add noise, seldom strong."""
    chance = random.random()
    strength = int(chance * chance * chance * 48)
    noise = random.integers(-128, 128, picture.shape, dtype=np.int8).astype(np.int64)
    return np.clip(picture + (noise * strength >> 7), 0, 255).astype(np.uint8)


class Scenes:
    """A row of scenes with equally many of each class in turn; any scene can be drawn without the others.

    Parameters
    ----------
    n
        How many; a multiple of ``len(CLASSES)`` gives each class the same number.
    seed
        Random seed, from 0.
    split
        ``"train"`` or ``"test"``: no scene is in both.

    Raises
    ------
    UnitscopeError
        If n is less than 1; for a wrong seed or split as soon as a scene is drawn.

    Examples
    --------
    >>> scenes = Scenes(32, seed=1, split="test")
    >>> len(scenes), scenes[17].label
    (32, 1)
    """

    def __init__(self, n: int, seed: int = 0, split: str = "test") -> None:
        if n < 1:
            raise UnitscopeError(f"{n} demo scenes cannot be drawn: ask for at least 1")
        self.n, self.seed, self.split = n, seed, split

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Scene:
        if not -self.n <= index < self.n:
            raise IndexError(f"scene {index} of {self.n}")
        return render(index % self.n, self.seed, self.split)

    def __iter__(self) -> Iterator[Scene]:
        return (self[i] for i in range(self.n))
