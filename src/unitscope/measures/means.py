"""Measures that compare mean activations."""

import numpy as np

from .best import best_class, is_negative, where_comparable, where_present, where_varied
from .tally import Tally


def ccmas(tally: Tally) -> np.ndarray:
    """Class-conditional mean activity selectivity, (mu_A - mu_notA) / (mu_A + mu_notA), not-A pooled by item.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` -1..1. NaN for dead units and for units with negative activations, where the ratio means
        nothing. (Morcos et al. 2018, as in Gale et al. 2020, section 2.)
    """
    return contrast(tally, tally.mean, tally.rest_mean)


def class_selectivity(tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """Class selectivity of Morcos et al. 2018: as `ccmas`, against the mean of the other classes' means.

    A measure of the labels as a whole: class sets, which overlap with them, play no part.

    Returns
    -------
    selectivity : numpy.ndarray
        ``(U,)`` 0..1, NaN as for `ccmas`, and where labels are no classes.
    place : numpy.ndarray
        ``(U,)`` the label of the highest mean, -1 where undefined.
    """
    place = best_class(class_means(tally)[:, : tally.label_sizes.shape[1]])[1]
    value = class_selectivity_of(tally, place)
    return value, np.where(np.isnan(value), -1, place)


def class_selectivity_of(tally: Tally, place: np.ndarray) -> np.ndarray:
    """Return `class_selectivity` of given labels, ``(U,)``, whether or not theirs is the highest mean."""
    units = np.arange(len(place))
    present = tally.label_sizes > 0
    means = np.where(present, tally.mean[:, : present.shape[1]], 0.0)
    mean = means[units, place]
    # Floating-point subtraction must not leave a trace of this mean where all others are zero.
    means[units, place] = 0.0
    n_present = present.sum(1)
    others = means.sum(1) / np.maximum(n_present - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(mean + others > 0, (mean - others) / (mean + others), np.nan)
    undefined = is_negative(tally) | (n_present < 2) | ~present[units, place] | (not tally.labels_compete)
    return np.where(undefined, np.nan, value)


def contrast(tally: Tally, mean: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return (mean - other) / (mean + other) where it has a meaning."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(mean + other > 0, (mean - other) / (mean + other), np.nan)
    return np.where(is_negative(tally)[:, None], np.nan, where_comparable(tally, ratio))


def class_means(tally: Tally) -> np.ndarray:
    """Return each class's mean activation, divided by the tally's scale, ``(U, K)``; NaN for classes without items."""
    return where_present(tally, tally.mean)


def d_prime(tally: Tally) -> np.ndarray:
    """Sensitivity index d' = (mu_A - mu_notA) / sqrt((var_A + var_notA) / 2), with sample variances.

    Returns
    -------
    numpy.ndarray
        ``(U, K)``, unbounded; infinite where neither side varies but their means differ; NaN where either side
        has fewer than two items, and for constant units.
    """
    spread = np.sqrt((variance(tally.squares, tally.sizes) + variance(tally.rest_squares, rest_sizes(tally))) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = (tally.mean - tally.rest_mean) / spread
    return where_varied(tally, where_comparable(tally, index))


def variance(squares: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the sample variance, NaN for fewer than two items."""
    return np.where(sizes > 1, squares / np.maximum(sizes - 1, 1), np.nan)


def standard_error(squares: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the standard error of a mean, sd / sqrt(n), NaN for fewer than two items."""
    return np.sqrt(variance(squares, sizes) / np.maximum(sizes, 1))


def rest_sizes(tally: Tally) -> np.ndarray:
    """Return how many items are not of each class, ``(U, K)``."""
    return tally.n_items - tally.sizes


def lifetime_sparseness(tally: Tally) -> np.ndarray:
    """Lifetime sparseness over items, (1 - mean(x)^2 / mean(x^2)) / (1 - 1/N) (Vinje & Gallant 2000).

    Returns
    -------
    numpy.ndarray
        ``(U,)`` 0..1: 0 for a constant unit, 1 for a unit active to one item. NaN for dead units and for units
        with negative activations.
    """
    n = tally.n_items
    mean_square = tally.total_squares / n + tally.total_mean**2
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (tally.total_squares / n / mean_square) / (1 - 1 / n)
    return np.where(is_negative(tally) | (mean_square == 0) | (n < 2), np.nan, value)
