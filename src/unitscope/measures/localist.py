"""Localist units and their graded relatives: recall at perfect precision, top-class selectivity."""

import numpy as np

from .best import at_class, best_class, where_comparable, where_varied
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
    return where_varied(tally, where_comparable(tally, tally.pure_k / np.maximum(tally.sizes, 1)))


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
    count = at_class(tally.pure_k, place)
    return count, np.where(share > 0, place, -1)
