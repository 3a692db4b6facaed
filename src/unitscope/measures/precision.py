"""Precision among the most active items, and recall where precision stays high."""

import numpy as np

from .best import where_comparable, where_varied
from .tally import Tally

ZHOU_DETECTOR = 0.75


def precision_60(tally: Tally) -> np.ndarray:
    """Precision: each class's share among the 60 most active items (Zhou et al. 2015, as in Gale et al. 2020).

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1. Items tied at the last place count in proportion. NaN for classes without items or with
        all, for constant units, and for 60 items or fewer: then all are the most active. A class of n < 60 items
        cannot exceed n / 60.
    """
    if tally.n_items <= tally.few_size:
        return np.full(tally.few.shape, np.nan)
    return where_varied(tally, where_comparable(tally, tally.few / tally.few_size))


def recall_at_precision_95(tally: Tally) -> np.ndarray:
    """Recall at 95 % precision: the largest recall at any threshold with TP / (TP + FP) >= .95.

    Returns
    -------
    numpy.ndarray
        ``(U, K)`` 0..1; 0 where no threshold is that precise. (Gale et al. 2020, section 2.)
    """
    return where_varied(tally, where_comparable(tally, tally.safe_k / np.maximum(tally.sizes, 1)))
