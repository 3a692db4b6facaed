"""The sixteen classes: how each is drawn, its colours, and the places where it usually occurs."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import artefacts, living
from .backdrops import PLACES
from .colours import COLOURS
from .shapes import Shape


class Kind(NamedTuple):
    """One class of objects.

    Attributes
    ----------
    name
        The class.
    draw
        Draws one of them.
    colours
        Its possible colours.
    places
        Places where it usually occurs; sometimes it occurs elsewhere.
    stands
        Whether it stands on the ground and casts a shadow.
    """

    name: str
    draw: Callable[[np.random.Generator], list[Shape]]
    colours: tuple[str, ...]
    places: tuple[str, ...]
    stands: bool = True


_FUR = ("brown", "black", "white", "grey", "orange", "yellow")
_CROWNS = ("green", "green", "green", "orange", "red", "yellow", "pink")
_PETALS = ("red", "orange", "yellow", "purple", "pink", "blue", "white")
_ROADS = ("street", "highway", "meadow", "winter")

KINDS = (
    Kind("bicycle", artefacts.bicycle, COLOURS, ("street", "highway", "forest", "beach")),
    Kind("bird", living.bird, COLOURS, ("meadow", "beach", "forest", "winter", "sea"), stands=False),
    Kind("boat", artefacts.boat, COLOURS, ("sea", "sea", "reef", "beach"), stands=False),
    Kind("bus", artefacts.bus, COLOURS, _ROADS),
    Kind("butterfly", living.butterfly, COLOURS, ("meadow", "forest", "room", "street"), stands=False),
    Kind("car", artefacts.car, COLOURS, (*_ROADS, "beach")),
    Kind("cat", living.cat, _FUR, ("room", "room", "meadow", "street", "forest")),
    Kind("dog", living.dog, _FUR, ("room", "meadow", "beach", "winter", "street")),
    Kind("fish", living.fish, COLOURS, ("reef", "reef", "reef", "sea"), stands=False),
    Kind("flower", living.flower, _PETALS, ("meadow", "forest", "room"), stands=False),
    Kind("horse", living.horse, _FUR, ("meadow", "meadow", "forest", "beach", "winter")),
    Kind("house", artefacts.house, COLOURS, ("meadow", "forest", "winter", "beach")),
    Kind("plane", artefacts.plane, COLOURS, ("meadow", "sea", "beach", "highway", "winter"), stands=False),
    Kind("tractor", artefacts.tractor, COLOURS, ("meadow", "meadow", "forest", "highway")),
    Kind("tree", living.tree, _CROWNS, ("meadow", "winter", "beach", "street")),
    Kind("truck", artefacts.truck, COLOURS, _ROADS),
)

CLASSES = tuple(kind.name for kind in KINDS)

SURPRISE = 0.15
"""Probability that the place of an object is chosen from all places."""


def choose_place(random: np.random.Generator, kind: Kind) -> str:
    """Choose the place of an object: usually one of its own places."""
    places = tuple(PLACES) if random.random() < SURPRISE else kind.places
    return places[random.integers(len(places))]
