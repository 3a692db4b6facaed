"""Chooses the class of every measure on one half of the items, as `unitscope.measures.best.best_class` does on all."""

from typing import Any

import numpy as np

from .best import EQUAL
from .ranking import jit

CHOSEN = (
    "recall_at_precision_1", "recall_at_precision_95", "max_informedness", "detector_score", "precision_60", "auc",
    "average_precision", "d_prime", "ccmas", "class_selectivity",
)  # fmt: skip
"""Measures that choose a class; the first four choose a threshold too."""

RECALL_1, RECALL_95, INFORMEDNESS, DETECTOR, PRECISION, AUC, AP, D_PRIME, CCMAS, SELECTIVITY = range(len(CHOSEN))

N_THRESHOLDS = 4


@jit
def choose_classes(tally: Any, row: Any, other: Any, n_other: Any, values: Any, chosen: Any) -> None:
    """Fill the class that each measure of `CHOSEN` has its largest value for; -1 where no class has a value.

    Parameters
    ----------
    tally, row
        Counts of the half on which classes are chosen.
    other, n_other
        ``(K,)`` sizes of the classes in the other half, and its number of items: a class must have items, and others,
        in both halves.
    values
        ``(K,)`` to work in.
    chosen
        ``(len(CHOSEN),)`` filled.
    """
    n_items = tally.n_items
    if tally.total_largest[row] == tally.total_smallest[row]:
        chosen[:] = -1
        return
    for measure in range(len(chosen)):
        # Class selectivity is of the labels, and has no value where these are not what competes.
        first = 0 if measure == SELECTIVITY else tally.choose_from
        last = len(values)
        if measure == SELECTIVITY:
            last = tally.label_sizes.shape[1] if tally.labels_compete else 0
        least = 2 if measure == D_PRIME else 1
        for c in range(first, last):
            n = tally.sizes[row, c]
            fits = n >= least and n_items - n >= least and other[c] >= least and n_other - other[c] >= least
            values[c] = value_for(measure, tally, row, c, n, n_items - n) if fits else np.nan
        chosen[measure] = first_largest(values, first, last)


@jit
def value_for(measure: Any, tally: Any, row: Any, c: Any, n: Any, rest: Any) -> Any:
    """Return what a measure compares classes by; `n` items are of the class, `rest` are not."""
    if measure == RECALL_1:
        return tally.precision_1_k[row, c] / n
    if measure == RECALL_95:
        return tally.precision_95_k[row, c] / n
    if measure == INFORMEDNESS:
        return tally.informedness[row, c] / (n * rest)
    if measure == DETECTOR:
        return tally.detector_k[row, c] / max(n, tally.detector_r[row, c])
    if measure == PRECISION:
        return tally.top_60_counts[row, c]
    if measure == AUC:
        return 1.0 - (tally.midranks[row, c] - n * (n + 1)) / 2 / (n * rest)
    if measure == AP:
        return tally.average_precision[row, c]
    if measure == D_PRIME:
        apart = tally.mean[row, c] - tally.rest_mean[row, c]
        spread = np.sqrt((tally.squares[row, c] / (n - 1) + tally.rest_squares[row, c] / (rest - 1)) / 2)
        return apart / spread
    return tally.mean[row, c]


@jit
def first_largest(values: Any, first: Any, last: Any) -> Any:
    """Return the first of the largest values, which may differ by rounding; -1 where all are NaN."""
    largest = -np.inf
    found = False
    for c in range(first, last):
        if not np.isnan(values[c]):
            found = True
            largest = max(largest, values[c])
    if not found:
        return -1
    slack = EQUAL * abs(largest) if np.isfinite(largest) else 0.0
    for c in range(first, last):
        if values[c] >= largest - slack:
            return c
    return -1
