"""Signal detection: informedness and what goes with its threshold, the minimal bar of a detector, ROC areas."""

from dataclasses import dataclass

import numpy as np

from .best import where_two_classes, where_varied
from .means import rest_sizes
from .tally import Tally


def max_informedness(tally: Tally) -> np.ndarray:
    """Maximum informedness: the largest recall + specificity - 1 over all thresholds (Powers 2003).

    Returns
    -------
    numpy.ndarray
        ``(U, C)`` 0..1. NaN for classes without items, constant units, and where there is one class only.
    """
    pairs = tally.sizes.astype(float) * rest_sizes(tally)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = tally.informedness / pairs
    return where_varied(tally, where_two_classes(tally, value))


@dataclass(frozen=True)
class AtThreshold:
    """What signal detection says of every unit and class at a threshold; all ``(U, C)``.

    The false-alarm rate is FP / (FP + TN); the false discovery rate, FP / (FP + TP), is another thing.
    """

    recall: np.ndarray
    specificity: np.ndarray
    false_alarm_rate: np.ndarray
    precision: np.ndarray
    false_discovery_rate: np.ndarray


def at_max_informedness(tally: Tally) -> AtThreshold:
    """Rates at the threshold of maximum informedness; NaN where no threshold does better than none."""
    k, r = tally.informed_k.astype(float), tally.informed_r.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = k / tally.sizes
        false_alarms = (r - k) / rest_sizes(tally)
        precision = k / r
        discoveries = (r - k) / r
    none = np.isnan(max_informedness(tally)) | (tally.informedness == 0)
    rates = (recall, 1 - false_alarms, false_alarms, precision, discoveries)
    return AtThreshold(*(np.where(none, np.nan, rate) for rate in rates))


def detector_score(tally: Tally) -> np.ndarray:
    """Return the largest min(recall, precision) over all thresholds, ``(U, C)`` 0..1.

    More than 1/2 is the minimal bar of Gale et al. 2020, section 3.1: more hits than misses (recall > 1/2) and
    more hits than false alarms (precision > 1/2), at one threshold.
    """
    k = tally.detect_k.astype(float)
    score = k / np.maximum(np.maximum(tally.sizes, tally.detect_r), 1)
    return where_varied(tally, where_two_classes(tally, score))


def auc(tally: Tally) -> np.ndarray:
    """Area under the ROC curve: the chance that a member exceeds a non-member, ties counting half.

    Returns
    -------
    numpy.ndarray
        ``(U, C)`` 0..1. NaN for classes without items, constant units, and where there is one class only.
    """
    n_c, n = tally.sizes.astype(float), tally.n_items
    # Twice the sum of ranks from the top, in integers; the smaller it is, the higher the members stand.
    members_below = tally.midranks - tally.sizes * (tally.sizes + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = 1 - members_below / 2 / (n_c * (n - n_c))
    return where_varied(tally, where_two_classes(tally, area))


def average_precision(tally: Tally) -> np.ndarray:
    """Average precision: the sum over thresholds of (gain in recall) x precision, as in scikit-learn.

    Returns
    -------
    numpy.ndarray
        ``(U, C)`` 0..1, NaN as for `auc`.
    """
    return where_varied(tally, where_two_classes(tally, tally.average_precision))
