"""Picking a class: every measure that has a value for each class also reports the best class."""

import numpy as np

from .tally import Tally

EQUAL = 2.0**-46
"""Values count as equal if they differ by at most this share of the larger one: rounding of sums makes no more."""


def best_class(values: np.ndarray, choose_from: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return each unit's class of the largest value, the first of those that are equal but for rounding.

    Parameters
    ----------
    values
        ``(U, K)``, NaN where a class has no value.
    choose_from
        The first class that may be chosen.

    Returns
    -------
    best : numpy.ndarray
        ``(U,)`` the value of that class, NaN where no class has one.
    place : numpy.ndarray
        ``(U,)`` its index, -1 where there is none.

    Examples
    --------
    >>> best_class(np.array([[0.2, np.nan, 0.7], [np.nan, np.nan, np.nan]]))
    (array([0.7, nan]), array([ 2, -1]))
    >>> best_class(np.array([[0.3, 0.1 + 0.2]]))[1]
    array([0])
    """
    filled = np.where(np.isnan(values), -np.inf, values)
    filled[:, :choose_from] = -np.inf
    largest = filled.max(1, keepdims=True)
    place = (filled >= largest - rounding_of(largest)).argmax(1)
    best = values[np.arange(len(values)), place]
    none = np.isneginf(largest[:, 0])
    return np.where(none, np.nan, best), np.where(none, -1, place)


def rounding_of(values: np.ndarray) -> np.ndarray:
    """Return by how much other values may differ from these and still count as equal to them.

    Examples
    --------
    >>> 0.1 + 0.2 == 0.3, 0.3 >= 0.1 + 0.2 - rounding_of(np.array(0.1 + 0.2))
    (False, np.True_)
    """
    return np.where(np.isfinite(values), EQUAL * np.abs(values), 0.0)


def at_class(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Take each unit's value at its class; NaN where the class is -1."""
    taken = values[np.arange(len(values)), np.maximum(place, 0)].astype(float)
    return np.where(place < 0, np.nan, taken)


def where_present(tally: Tally, values: np.ndarray) -> np.ndarray:
    """Make the values of classes without items NaN."""
    return np.where(tally.present, values, np.nan)


def where_comparable(tally: Tally, values: np.ndarray) -> np.ndarray:
    """Make NaN the values of classes without items, and of one with all items: there is nothing to compare with."""
    return np.where(tally.comparable, values, np.nan)


def where_varied(tally: Tally, values: np.ndarray) -> np.ndarray:
    """Make a unit's values NaN where all its activations are equal: it ranks nothing."""
    return np.where(is_constant(tally)[:, None], np.nan, values)


def is_constant(tally: Tally) -> np.ndarray:
    """Return whether all activations of each unit are equal, ``(U,)`` bool."""
    return tally.total_largest == tally.total_smallest


def is_negative(tally: Tally) -> np.ndarray:
    """Return whether each unit has negative activations, ``(U,)`` bool."""
    return tally.total_smallest < 0
