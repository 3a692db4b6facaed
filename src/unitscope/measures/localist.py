"""Localist units and their graded relatives: recall at perfect precision, top-class selectivity."""

import numpy as np

from .best import best_class, where_two_classes, where_varied
from .tally import Tally


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
    return disjoint(tally, tally.smallest, tally.largest)


def localist_off(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """Find units for which some class lies entirely below all others, as in many recurrent networks."""
    return disjoint(tally, -tally.largest, -tally.smallest)


def disjoint(tally: Tally, near: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the class whose nearest value lies beyond every other class's farthest."""
    if tally.present.sum() < 2:
        return np.zeros(len(near), bool), np.full(len(near), -1)
    far = np.where(tally.present, far, -np.inf)
    place = far.argmax(1)  # only the class that reaches farthest can lie beyond all others
    rows = np.arange(len(far))
    nearest = near[rows, place]
    far[rows, place] = -np.inf
    found = nearest > far.max(1)
    return found, np.where(found, place, -1)


def recall_at_precision_1(tally: Tally) -> np.ndarray:
    """Recall with perfect precision: a class's share of items above every item of any other class.

    Returns
    -------
    numpy.ndarray
        ``(U, C)`` 0..1; only the class of the most active item can have more than 0. NaN for classes without
        items, constant units, and where there is one class only. (Gale et al. 2020, section 2.)
    """
    return where_varied(tally, where_two_classes(tally, tally.pure_k / np.maximum(tally.sizes, 1)))


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
    share, _ = best_class(recall)
    place = tally.pure_k.argmax(1)
    count = tally.pure_k[np.arange(len(place)), place]
    return np.where(np.isnan(share), np.nan, count), np.where(np.isnan(share) | (count == 0), -1, place)
