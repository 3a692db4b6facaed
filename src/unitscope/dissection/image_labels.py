"""The concepts that the network sees of one image, numbered anew so that few counters are needed to count them."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from ..errors import UnitscopeError
from ..models.placement import WHOLE, Placement


@dataclass(frozen=True, eq=False)
class ImageLabels:
    """Which concepts the network sees of an image, and where.

    Attributes
    ----------
    n_concepts
        How many concepts the data set has.
    shape
        Height and width of the label maps in pixels.
    placement
        Where the image lies on the network's input.
    codes
        ``(pixels, layers)`` uint16: for each pixel of the label maps that is on the input, row by row, a concept's
        place in `concepts` plus 1, or 0.
    concepts
        ``(present,)`` int64: columns of the concepts that some pixel has.
    sizes
        ``(present,)`` int64: how many pixels have each.
    whole
        ``(n,)`` int64: columns of the concepts that the whole image has.
    categories
        ``(m,)`` int64: the categories of all these concepts.

    See Also
    --------
    prepare_labels : Make them.
    """

    n_concepts: int
    shape: tuple[int, int]
    placement: Placement
    codes: np.ndarray
    concepts: np.ndarray
    sizes: np.ndarray
    whole: np.ndarray
    categories: np.ndarray


def prepare_labels(
    layers: np.ndarray, whole: np.ndarray, category_of: np.ndarray, placement: Placement = WHOLE
) -> ImageLabels:
    """Return an image's labels as tallies take them, for any number of units, layers and tallies.

    Parameters
    ----------
    layers
        ``(layers, height, width)`` uint16: each pixel's concepts, numbered from 1, and 0 for none. No pixel has a
        concept in two layers. An image that is labelled only as a whole has 0 layers, of the size of the masks.
    whole
        ``(n,)`` uint16: concepts of the whole image, each once and in none of the layers.
    category_of
        ``(concepts + 1,)`` int: the category of each concept, from 0. What stands at 0 is of no account.
    placement
        Where the image lies on the network's input: labels of what the network does not see are left out.

    Raises
    ------
    UnitscopeError
        If a number is not that of a concept, or if a concept is both of the whole image and of some pixels.

    Examples
    --------
    >>> labels = prepare_labels(np.array([[[0, 7], [7, 2]]], np.uint16), np.array([9], np.uint16), np.arange(11) // 5)
    >>> labels.concepts.tolist(), labels.sizes.tolist(), labels.whole.tolist(), labels.categories.tolist()
    ([6, 1], [2, 1], [8], [0, 1])
    """
    n_concepts, shape = len(category_of) - 1, layers.shape[1:]
    rows, columns = (placement.visible(axis, shape[axis])[0] for axis in (0, 1))
    layers = np.ascontiguousarray(layers[:, rows, columns])
    codes = np.empty((layers.shape[1] * layers.shape[2], len(layers)), np.uint16)
    places, sizes = np.zeros(n_concepts + 1, np.uint16), np.zeros(n_concepts + 1, np.int64)
    concepts = np.empty(n_concepts, np.int64)
    n = _renumber(layers.reshape(codes.shape[::-1]), codes, places, sizes, concepts)
    if n < 0 or (len(whole) and not 1 <= whole.min() <= whole.max() <= n_concepts):
        largest = max(layers.max(initial=0), whole.max(initial=0))
        raise UnitscopeError(
            f"an image has labels up to {largest}, or 0 as a label of the whole image, but concepts are numbered from "
            f"1 to {n_concepts}; give the labels and the list of concepts of one data set"
        )
    concepts, whole = concepts[:n], whole.astype(np.int64) - 1
    if sizes[whole + 1].any() or len(set(whole.tolist())) < len(whole):
        raise UnitscopeError(
            "a concept labels an image as a whole and also some of its pixels, or the whole twice; give each label once"
        )
    categories = np.flatnonzero(np.bincount(category_of[np.concatenate([concepts, whole]) + 1]))
    return ImageLabels(n_concepts, shape, placement, codes, concepts, sizes[concepts + 1], whole, categories)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _renumber(layers: Any, codes: Any, places: Any, sizes: Any, concepts: Any) -> int:
    """Give concepts places in order of appearance; return how many there are, or -1 if a number is too large."""
    n = 0
    for pixel in range(layers.shape[1]):
        for layer in range(len(layers)):
            label = layers[layer, pixel]
            if label >= len(places):
                return -1
            if label and not places[label]:
                concepts[n] = label - 1
                n += 1
                places[label] = n
            codes[pixel, layer] = places[label]
            sizes[label] += 1
    return n
