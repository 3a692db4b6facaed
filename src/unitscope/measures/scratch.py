"""The arrays that one thread counts in, made once for all its units."""

from typing import NamedTuple

import numpy as np

from .classes import Classes

N_BINS = 20
"""Bins of the mutual information."""

ITEM_BYTES = 16
"""Bytes of scratch arrays for each item; class sets take 8 more for each set of an item."""


class Scratch(NamedTuple):
    """The arrays that one thread counts in; compiled functions take it as it is.

    Attributes
    ----------
    words, spare
        ``(N + C,)`` the ranking, and the other array that the sort needs. Each class has one place more than items:
        its zeros are one entry among its other items.
    by_class
        The items of each class in turn, longer than `spare` because items of class sets occur several times; empty
        where there are no sets and `spare` is long enough.
    zeros
        ``(C,)`` zeros of each label.
    joint
        ``(K, N_BINS)`` items of each class in each bin of the mutual information.
    top_counts, unused
        ``(C,)`` items of each label among the most active ones, and room for what nobody reads.
    """

    words: np.ndarray
    spare: np.ndarray
    by_class: np.ndarray
    zeros: np.ndarray
    joint: np.ndarray
    top_counts: np.ndarray
    unused: np.ndarray

    @classmethod
    def of(cls, classes: Classes) -> "Scratch":
        """Make the arrays for these classes."""
        n_classes, n_labels = len(classes.sizes), classes.n_labels
        most = 1 + int(classes.sets.sum(0).max(initial=0))  # classes of one item
        return cls(
            words=np.empty(classes.n_items + n_labels, np.uint64),
            spare=np.empty(classes.n_items + n_labels, np.uint64),
            by_class=np.empty(classes.n_items * most + n_classes if len(classes.sets) else 0, np.uint64),
            zeros=np.zeros(n_labels, np.int64),
            joint=np.zeros((n_classes, N_BINS), np.int64),
            top_counts=np.empty(n_labels),
            unused=np.empty(n_labels),
        )
