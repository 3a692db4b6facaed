"""Signal detection: informedness and what goes with its threshold, the minimal bar of a detector, ROC areas."""

import numpy as np

from .best import where_comparable, where_varied
from .means import rest_sizes
from .tally import Tally


def max_informedness(tally: Tally) -> np.ndarray:
    """Maximum informedness: the largest recall + specificity - 1 over all thresholds (Powers 2003).

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1. NaN for classes without items or with all, and for constant units.
    """
    pairs = tally.sizes.astype(float) * rest_sizes(tally)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = tally.informedness / pairs
    return where_varied(tally, where_comparable(tally, value))


def at_max_informedness(tally: Tally) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates at the threshold of maximum informedness; NaN where no threshold does better than none.

    Returns
    -------
    recall : numpy.ndarray
        ``(U, K)`` TP / (TP + FN).
    specificity : numpy.ndarray
        ``(U, K)`` TN / (TN + FP); the false-alarm rate FP / (FP + TN) is what it lacks to 1.
    precision : numpy.ndarray
        ``(U, K)`` TP / (TP + FP); the false discovery rate FP / (FP + TP) is what it lacks to 1.
    """
    k, r = tally.informedness_k.astype(float), tally.informedness_r.astype(float)
    none = np.isnan(where_varied(tally, where_comparable(tally, k))) | (tally.informedness == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = k / tally.sizes, 1 - (r - k) / rest_sizes(tally), k / r
    recall, specificity, precision = (np.where(none, np.nan, rate) for rate in rates)
    return recall, specificity, precision


def detector_score(tally: Tally) -> np.ndarray:
    """Return the largest min(recall, precision) over all thresholds, ``(U, K)`` 0..1.

    More than 1/2 is the minimal bar of Gale et al. 2020, section 3.1: more hits than misses (recall > 1/2) and
    more hits than false alarms (precision > 1/2), at one threshold.
    """
    k = tally.detector_k.astype(float)
    score = k / np.maximum(np.maximum(tally.sizes, tally.detector_r), 1)
    return where_varied(tally, where_comparable(tally, score))


def auc(tally: Tally) -> np.ndarray:
    """Area under the ROC curve: the chance that a member exceeds a non-member, ties counting half.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1. NaN for classes without items or with all, and for constant units.
    """
    n_c, n = tally.sizes.astype(float), tally.n_items
    # Twice the sum of ranks from the top, in integers; the smaller it is, the higher the members stand.
    members_below = tally.midranks - tally.sizes * (tally.sizes + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = 1 - members_below / 2 / (n_c * (n - n_c))
    return where_varied(tally, where_comparable(tally, area))


def average_precision(tally: Tally) -> np.ndarray:
    """Average precision: the sum over thresholds of (gain in recall) x precision, as in scikit-learn.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1, NaN as for `auc`.
    """
    return where_varied(tally, where_comparable(tally, tally.average_precision))
