"""Localist units and their graded relatives: recall at high precision, precision of the most active items."""

import numpy as np

from .best import at_class, best_class, where_comparable, where_varied
from .tally import Tally

ZHOU_DETECTOR = 0.75


def localist(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """Find localist units: some class lies entirely above all others (Bowers et al. 2014).

    Strictly: the smallest activation of class A exceeds the largest of all other items.

    Returns
    -------
    is_localist : numpy.ndarray
        ``(U,)`` bool.
    place : numpy.ndarray
        ``(U,)`` the class, -1 where there is none.
    """
    return disjoint(tally, tally.smallest > tally.rest_largest)


def localist_off(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """Find units for which some class lies entirely below all others, as in many recurrent networks."""
    return disjoint(tally, tally.largest < tally.rest_smallest)


def disjoint(tally: Tally, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the first class that is apart from all other items."""
    apart = apart & tally.comparable
    apart[:, : tally.choose_from] = False
    found = np.asarray(apart.any(1))
    return found, np.where(found, apart.argmax(1), -1)


def recall_at_precision_1(tally: Tally) -> np.ndarray:
    """Recall with perfect precision: a class's share of items above every item of any other class.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1; only classes of the most active item can have more than 0. NaN for classes without items
        or with all, and for constant units. (Gale et al. 2020, section 2.)
    """
    return where_varied(tally, where_comparable(tally, tally.precision_1_k / np.maximum(tally.sizes, 1)))


def top_class(tally: Tally, recall: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the items of the most active item's class that are above every other class (Gale et al. 2019).

    Parameters
    ----------
    tally
        The counts.
    recall
        ``(U, C)`` from `recall_at_precision_1`.

    Returns
    -------
    count : numpy.ndarray
        ``(U,)``; 0 where several classes tie for the most active item, NaN where undefined.
    place : numpy.ndarray
        ``(U,)`` the class of the most active item, -1 where several tie.
    """
    share, place = best_class(recall, tally.choose_from)
    count = at_class(tally.precision_1_k, place)
    return count, np.where(share > 0, place, -1)


def precision_60(tally: Tally) -> np.ndarray:
    """Precision: each class's share among the 60 most active items (Zhou et al. 2015, as in Gale et al. 2020).

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1. Items tied at the last place count in proportion. NaN for classes without items or with
        all, for constant units, and for 60 items or fewer: then all are the most active. A class of n < 60 items
        cannot exceed n / 60.
    """
    if tally.n_items <= tally.top_60_size:
        return np.full(tally.top_60_counts.shape, np.nan)
    return where_varied(tally, where_comparable(tally, tally.top_60_counts / tally.top_60_size))


def recall_at_precision_95(tally: Tally) -> np.ndarray:
    """Recall at 95 % precision: the largest recall at any threshold with TP / (TP + FP) >= .95.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1; 0 where no threshold is that precise. (Gale et al. 2020, section 2.)
    """
    return where_varied(tally, where_comparable(tally, tally.precision_95_k / np.maximum(tally.sizes, 1)))
