"""The few forms that every drawing is made of; x runs right, y down, in the drawing's own units."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Shape(NamedTuple):
    """A painted polygon of a drawing.

    Attributes
    ----------
    part
        What it is a part of ("wheel", "wing"); empty for the body itself.
    paint
        ``"paint"`` (the object's own colour, with its pattern), ``"trim"`` (its second colour), or a
        fixture or colour name of `colours`.
    points
        Vertices (x, y), shape (vertices, 2).
    """

    part: str
    paint: str
    points: Points


# Rounded, so that the last bits of a machine's sine cannot move a vertex.
_TURNS = np.arange(20) * (2 * np.pi / 20)
_CIRCLE = np.round(np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1), 6)
_RING = np.concatenate([_CIRCLE, _CIRCLE[:1]])


def turn(points: Points, tangent: float) -> Points:
    """Turn points about the origin by an angle given as the tangent of its half.

    Half-angle tangents need no sine: only sums and products, which every machine rounds alike.

    Examples
    --------
    >>> turn(np.array([[1.0, 0.0]]), 1.0)
    array([[0., 1.]])
    """
    cosine = (1 - tangent * tangent) / (1 + tangent * tangent)
    sine = 2 * tangent / (1 + tangent * tangent)
    x, y = points[:, 0], points[:, 1]
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1)


def polygon(*corners: tuple[float, float]) -> Points:
    """Return the corners as points."""
    return np.array(corners, float)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Return the corners of an upright rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


def panel(x0: float, y0: float, x1: float, y1: float, cut: float) -> Points:
    """Return an upright rectangle whose corners are cut off."""
    a, b, c, d = x0 + cut, x1 - cut, y0 + cut, y1 - cut
    return np.array([(a, y0), (b, y0), (x1, c), (x1, d), (b, y1), (a, y1), (x0, d), (x0, c)], float)


def ellipse(x: float, y: float, width: float, height: float | None = None, tangent: float = 0.0) -> Points:
    """Return an ellipse about (x, y) with the given half axes, turned by a half-angle tangent."""
    points = _CIRCLE * (width, width if height is None else height)
    return (turn(points, tangent) if tangent else points) + (x, y)


def ring(x: float, y: float, radius: float, width: float) -> Points:
    """Return a circle with a round hole: both outlines in one polygon, by the even-odd rule."""
    outlines = np.concatenate([_RING * radius, _RING[::-1] * (radius - width)])
    return outlines + np.array((x, y))


def bar(x0: float, y0: float, x1: float, y1: float, width: float) -> Points:
    """Return a straight bar between two points."""
    dx, dy = x1 - x0, y1 - y0
    scale = width / 2 / math.sqrt(dx * dx + dy * dy)
    nx, ny = -dy * scale, dx * scale
    return np.array([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], float)
