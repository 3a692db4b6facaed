"""What classes the 100 most active items are of. Classes are the labels here; class sets play no part."""

import functools

import numpy as np

from .best import best_class, is_constant
from .tally import Tally

POPULATION_SHARE = 0.1


def n_classes_top(tally: Tally) -> np.ndarray:
    """Return the number of classes among the 100 most active items (Gale et al. 2020, Table 3).

    Where the last place falls into a group of ties, the expected number over all orders of the tied items.

    Returns
    -------
    numpy.ndarray
        ``(U,)``, NaN for constant units, where labels are no classes, and for 100 items or fewer: then it would be
        the number of classes, whatever the unit does.
    """
    undefined = meaningless(tally) | (tally.n_items <= tally.top_100_size)
    return np.where(undefined, np.nan, tally.top_100_chances.sum(1))


def least_classes(sizes: np.ndarray, n: int) -> int:
    """Return the smallest number of classes that `n` items can be of.

    Parameters
    ----------
    sizes
        ``(C,)`` items of each class, at least `n` in all.

    Examples
    --------
    >>> least_classes(np.array([10, 30, 50]), 70)
    2
    """
    return int(np.searchsorted(np.cumsum(np.sort(sizes)[::-1]), n)) + 1


def meaningless(tally: Tally) -> np.ndarray:
    """Return whether each unit's label frequencies are undefined: it is constant, or has fewer than two classes."""
    return is_constant(tally) | ((tally.label_sizes > 0).sum(1) < 2) | (not tally.labels_compete)


def class_frequencies(tally: Tally) -> np.ndarray:
    """Activation-weighted frequency of each class among the 100 most active items, items at or below 0 left out.

    Returns
    -------
    numpy.ndarray
        ``(U, C)``, each unit's adding up to 1; NaN where no item of the 100 has positive activation, and for
        constant units. (Rafegas et al. 2020.)
    """
    total = tally.top_100_weights.sum(1, keepdims=True)
    undefined = (total == 0) | meaningless(tally)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(undefined, np.nan, tally.top_100_weights / total)


def class_index(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """Class selectivity index (n - M) / (n - 1) of Rafegas et al. 2020.

    n of the 100 most active items have positive activation (100 as a rule), and M classes are needed to cover
    all of their weighted frequency: 1 where all are of one class, 0 where each is of another.

    Returns
    -------
    index : numpy.ndarray
        ``(U,)`` 0..1, NaN where n < 2, and where n is the number of all items: then M is that of all classes.
    place : numpy.ndarray
        ``(U,)`` the class of the largest frequency, -1 where undefined.
    """
    frequencies = class_frequencies(tally)
    n = tally.top_100_positive.astype(float)
    classes = np.where(tally.top_100_weights > 0, tally.top_100_chances, 0.0).sum(1)
    undefined = np.isnan(frequencies).all(1) | (n < 2) | (n == tally.n_items)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.where(undefined, np.nan, (n - classes) / (n - 1))
    return index, np.where(undefined, -1, best_class(frequencies)[1])


def class_index_expected(tally: Tally) -> np.ndarray:
    """Return the class index that n items drawn at random would have on average, ``(U,)``.

    The expected number of classes among n items drawn without replacement from classes of these sizes.
    """
    chance = functools.cache(lambda sizes, n: chance_index(np.frombuffer(sizes, np.int64), n))
    sizes = [row.tobytes() for row in tally.label_sizes]  # mostly the same for all units
    index = np.array([chance(*of) for of in zip(sizes, tally.top_100_positive.astype(int).tolist(), strict=True)])
    return np.where(meaningless(tally), np.nan, index)


def chance_index(sizes: np.ndarray, drawn: int) -> float:
    """Return (n - E[M]) / (n - 1) for `drawn` items.

    Examples
    --------
    >>> round(chance_index(np.full(1000, 1000), 100), 3)
    0.048
    """
    if drawn < 2:
        return np.nan
    # P(none of the class) = prod over the draws of (N - n_A - i) / (N - i)
    steps = np.arange(drawn)
    rest = np.maximum(sizes.sum() - sizes[:, None] - steps, 0)
    absent = np.prod(rest / (sizes.sum() - steps), axis=1)
    return float((drawn - (1 - absent).sum()) / (drawn - 1))


def above_chance(values: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return (value - chance) / (1 - chance): 0 by chance, 1 at most; NaN where chance gives 1.

    Examples
    --------
    >>> above_chance(np.array([0.75, 1.0]), np.array([0.5, 1.0]))
    array([0.5, nan])
    """
    return np.where(chance < 1, (values - chance) / np.where(chance < 1, 1 - chance, 1.0), np.nan)


def class_population(tally: Tally) -> np.ndarray:
    """Count the classes of at least a tenth of the weighted frequency (Rafegas et al. 2020), ``(U,)``."""
    frequencies = class_frequencies(tally)
    count = (frequencies >= POPULATION_SHARE - 1e-12).sum(1)
    return np.where(np.isnan(frequencies).all(1), np.nan, count)
