"""Class maps laid over the pictures that they are of."""

from collections.abc import Iterable

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw

from .boxes import NO_BOX

COLOURS = "inferno"
"""Matplotlib's colour map: from black, nothing, to bright yellow, the maximum."""

FOUND, TRUE = "#56ff5a", "#ffffff"
"""Colours of the box of a map, and of true boxes."""

SMALLEST = 192
"""Pictures are enlarged by a whole number until they have this height, or nearly so."""

GAP = 4
"""Pixels between the picture and its overlay."""


def overlay(picture: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return a class map over its picture, which is grey, ``(height, width, 3)`` uint8.

    Parameters
    ----------
    picture
        ``(height, width, 3)`` uint8.
    scores
        ``(height, width)`` the map; values below zero, which speak against the class, are shown as zero.
    """
    most = scores.max()
    shares = np.clip(scores / most, 0, 1) if most > 0 else np.zeros_like(scores)
    heat = colormaps[COLOURS](shares)[..., :3] * 255
    grey = picture.mean(-1, keepdims=True)
    weight = 0.25 + 0.45 * shares[..., None]
    return np.rint((1 - weight) * grey + weight * heat).astype(np.uint8)


def overlay_image(
    picture: np.ndarray, scores: np.ndarray, box: np.ndarray, true_boxes: Iterable[np.ndarray]
) -> np.ndarray:
    """Return a picture with the true boxes, and beside it the overlay of a map with the map's box, uint8.

    Parameters
    ----------
    picture, scores
        As for `overlay`.
    box
        ``(4,)`` the map's box, as `find_box` returns it.
    true_boxes
        ``(4,)`` each.
    """
    times = max(1, SMALLEST // picture.shape[0])
    plain, laid = (
        Image.fromarray(each.repeat(times, 0).repeat(times, 1)) for each in (picture, overlay(picture, scores))
    )
    for true in true_boxes:
        draw_box(plain, true * times, TRUE)
    if tuple(box) != NO_BOX:
        draw_box(laid, box * times, FOUND)
    gap = np.full((plain.height, GAP, 3), 255, np.uint8)
    return np.concatenate([np.asarray(plain), gap, np.asarray(laid)], axis=1)


def draw_box(image: Image.Image, box: np.ndarray, colour: str) -> None:
    """Draw a box inside its edges, with a dark line on either side, so that it can be seen on any picture."""
    top, left, bottom, right = (round(float(side)) for side in box)
    draw = ImageDraw.Draw(image)
    for inset, line, shade in ((0, 4, "black"), (1, 2, colour)):
        if right - left > 2 * inset and bottom - top > 2 * inset:
            draw.rectangle(
                (left + inset, top + inset, right - 1 - inset, bottom - 1 - inset), outline=shade, width=line
            )
