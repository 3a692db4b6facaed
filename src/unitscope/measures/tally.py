"""The tally: what one sort of every unit counts, by unit and class. All measures are functions of it."""

from typing import NamedTuple

import numpy as np

from ..errors import UnitscopeError
from .classes import Classes

TOP_60, TOP_100 = 60, 100
"""How many of the most active items count: for precision (Zhou et al. 2015), and for the class index."""


def top_sizes(top: int | None) -> tuple[int, int]:
    """Return how many most active items count for precision and for the class index: `top`, or 60 and 100.

    Raises
    ------
    UnitscopeError
        If `top` is not a whole number of at least 1.
    """
    if top is None:
        return TOP_60, TOP_100
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1:
        raise UnitscopeError(f"top must be a whole number of at least 1, not {top!r}; leave it out for 60 and 100")
    return int(top), int(top)


class Tally(NamedTuple):
    """Counts and sums of some units (U) over some classes (K), from each unit's ranking.

    A threshold is a value t; an item is above when x >= t; k items of the class and r of all are above. Classes
    are the labels (C), then the class sets. Values of classes without items are 0, or NaN where they are
    activations. Means, squares and weights are of activations divided by `scale`, so that no square is beyond float64.

    Attributes
    ----------
    n_items
        Number of items, N.
    label_sizes, sizes
        ``(U, C)`` and ``(U, K)`` items of each label and class, n_A; units differ only where items are drawn again.
    choose_from, labels_compete
        See `unitscope.measures.classes.Classes`.
    informedness, informedness_k, informedness_r, informedness_threshold
        ``(U, K)`` the largest k N - r n_A over all thresholds, with its k, r and t (the highest such t). 0, 0
        and NaN where no threshold does better than none.
    precision_95_k, precision_95_threshold
        ``(U, K)`` the largest k with precision k/r >= 19/20, and its t.
    precision_1_k
        ``(U, K)`` the largest k with k = r.
    detector_k, detector_r, detector_threshold
        ``(U, K)`` k, r and t of the largest min(k/r, k/n_A).
    midranks
        ``(U, K)`` sum over the class's items of twice their mid-rank from the top.
    average_precision
        ``(U, K)`` average precision.
    mean, squares, largest, smallest
        ``(U, K)`` mean, sum of squared deviations from it, largest and smallest activation.
    rest_mean, rest_squares, rest_largest, rest_smallest
        ``(U, K)`` the same of all items not of the class.
    total_mean, total_squares, total_largest, total_smallest
        ``(U,)`` the same of all items.
    zeros
        ``(U, K)`` items with activation zero.
    top_60_counts
        ``(U, K)`` how many of the 60 most active items are of the class, items tied at the last place counted in
        proportion.
    top_100_chances, top_100_weights
        ``(U, C)`` the chance that the label is among the 100 most active, 1 unless it depends on ties at the last
        place; the label's summed positive activation among these 100, in proportion too.
    top_60_size, top_100_size
        The 60 and the 100.
    top_60_threshold, top_100_positive
        ``(U,)`` activation of the last of the 60; how many of the 100 have positive activation.
    information
        ``(U,)`` bits of mutual information between label and binned activation.
    scale
        ``(U,)`` a power of two: 1 for float32, the size of the largest value for float64.
    """

    n_items: int
    choose_from: int
    labels_compete: bool
    top_60_size: int
    top_100_size: int
    informedness: np.ndarray
    informedness_k: np.ndarray
    informedness_r: np.ndarray
    informedness_threshold: np.ndarray
    precision_95_k: np.ndarray
    precision_95_threshold: np.ndarray
    precision_1_k: np.ndarray
    detector_k: np.ndarray
    detector_r: np.ndarray
    detector_threshold: np.ndarray
    midranks: np.ndarray
    average_precision: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    largest: np.ndarray
    smallest: np.ndarray
    rest_mean: np.ndarray
    rest_squares: np.ndarray
    rest_largest: np.ndarray
    rest_smallest: np.ndarray
    total_mean: np.ndarray
    total_squares: np.ndarray
    total_largest: np.ndarray
    total_smallest: np.ndarray
    zeros: np.ndarray
    top_60_counts: np.ndarray
    top_100_chances: np.ndarray
    top_100_weights: np.ndarray
    label_sizes: np.ndarray
    sizes: np.ndarray
    top_60_threshold: np.ndarray
    top_100_positive: np.ndarray
    information: np.ndarray
    scale: np.ndarray

    @classmethod
    def empty(cls, n_units: int, classes: Classes, top: int | None = None) -> "Tally":
        """Make the arrays for `n_units` rankings, filled with zeros; `top` as in `unitscope.measures.tally`."""
        top_60_size, top_100_size = top_sizes(top)
        shapes = (
            dict.fromkeys(OF_CLASSES, (n_units, len(classes.sizes)))
            | dict.fromkeys(OF_LABELS, (n_units, classes.n_labels))
            | dict.fromkeys(OF_UNITS, (n_units,))
        )
        arrays = {name: np.zeros(shape, np.int64 if name in INTEGERS else float) for name, shape in shapes.items()}
        return cls(classes.n_items, classes.choose_from, classes.labels_compete, top_60_size, top_100_size, **arrays)

    def first(self, n_units: int) -> "Tally":
        """Return the first rows of every array, as views."""
        return self._replace(**{name: getattr(self, name)[:n_units] for name in OF_CLASSES + OF_LABELS + OF_UNITS})

    @property
    def present(self) -> np.ndarray:
        """``(U, K)`` whether a class has items."""
        return self.sizes > 0

    @property
    def comparable(self) -> np.ndarray:
        """``(U, K)`` whether a class has both members and others to be compared with."""
        return (self.sizes > 0) & (self.sizes < self.n_items)


OF_LABELS = ("label_sizes", "top_100_chances", "top_100_weights")
OF_UNITS = (
    "total_mean", "total_squares", "total_largest", "total_smallest", "top_60_threshold", "top_100_positive",
    "information", "scale",
)  # fmt: skip
OF_CLASSES = tuple(name for name in Tally._fields[5:] if name not in OF_LABELS + OF_UNITS)
INTEGERS = (
    "informedness", "informedness_k", "informedness_r", "precision_95_k", "precision_1_k", "detector_k", "detector_r",
    "midranks", "zeros", "label_sizes", "sizes",
)  # fmt: skip
