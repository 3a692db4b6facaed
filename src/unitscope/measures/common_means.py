"""The null of measures of means, for several units at once: their sorted values are added up by a sequence of labels.

The sequence is that of `unitscope.measures.common_ranks`. The values of the units stand beside each other, so that
each label is read once for all of them.
"""

from typing import Any

import numpy as np

from .ranking import jit

MEAN_MEASURES = ("ccmas", "class_selectivity", "d_prime", "class_index", "class_population")
CCMAS, SELECTIVITY, D_PRIME, INDEX, POPULATION = range(len(MEAN_MEASURES))

TOGETHER = 16
"""Units whose values are added up together."""


@jit
def mean_values(sequence: Any, columns: Any, totals: Any, setting: Any, sums: Any, values: Any) -> None:
    """Fill the measures of means of some units for one sequence of labels.

    Parameters
    ----------
    sequence
        ``(N,)`` a random permutation of the labels, at least as far as units have nonzeros.
    columns
        ``(n, B)`` each unit's values, falling, then zeros.
    totals
        ``(3, B)`` sum and sum of squares of each unit's values, and its lowest value.
    setting
        `unitscope.measures.common_ranks.Setting`.
    sums
        ``(2, K, B)`` to work in.
    values
        ``(B, len(MEAN_MEASURES))`` filled; NaN where a measure is undefined.
    """
    n_units = columns.shape[1]
    sums[:] = 0.0
    for place in range(len(columns)):
        label = sequence[place]
        for unit in range(n_units):
            value = np.float64(columns[place, unit])
            sums[0, label, unit] += value
            sums[1, label, unit] += value * value
    sets = setting.class_map.sets
    for s in range(len(sets)):
        for label in range(setting.n_labels):
            if sets[s, label]:
                sums[:, setting.n_labels + s] += sums[:, label]
    for unit in range(n_units):
        out = values[unit]
        own, squares = sums[0, :, unit], sums[1, :, unit]
        out[CCMAS], out[D_PRIME] = best_contrasts(own, squares, totals[:, unit], setting)
        out[SELECTIVITY] = selectivity_of(own, totals[2, unit], setting)
        out[INDEX], out[POPULATION] = of_top_100(sequence, columns[:, unit], setting)


@jit
def best_contrasts(own: Any, squares: Any, totals: Any, setting: Any) -> Any:
    """Return CCMAS of the class of the highest mean, and the largest d' of any class."""
    n_items = setting.n_items
    total, total_squares, lowest = totals[0], totals[1], totals[2]
    highest, contrast = -np.inf, np.nan
    best = -np.inf
    for c in range(len(own)):
        if not setting.fits[c]:
            continue
        size = setting.sizes[c]
        rest = n_items - size
        mean, other = own[c] / size, (total - own[c]) / rest
        if mean > highest:
            highest = mean
            contrast = (mean - other) / (mean + other) if mean + other > 0 else np.nan
        if size > 1 and rest > 1:
            inside = max(squares[c] - own[c] * mean, 0.0) / (size - 1)
            outside = max(total_squares - squares[c] - (total - own[c]) * other, 0.0) / (rest - 1)
            spread = np.sqrt((inside + outside) / 2)
            if spread > 0:
                best = max(best, (mean - other) / spread)
            elif mean > other:
                best = np.inf
    return contrast if lowest >= 0 else np.nan, best if np.isfinite(best) else np.nan


@jit
def selectivity_of(own: Any, lowest: Any, setting: Any) -> Any:
    """Return class selectivity: the highest mean of a label against the mean of the other labels' means."""
    if not setting.labels_compete or lowest < 0:
        return np.nan
    highest, means, n_present = -np.inf, 0.0, 0
    for label in range(setting.n_labels):
        if setting.sizes[label]:
            mean = own[label] / setting.sizes[label]
            highest = max(highest, mean)
            means += mean
            n_present += 1
    if n_present < 2:
        return np.nan
    others = max(means - highest, 0.0) / (n_present - 1)
    return (highest - others) / (highest + others) if highest + others > 0 else np.nan


@jit
def of_top_100(sequence: Any, column: Any, setting: Any) -> Any:
    """Return class index and class population: what labels the positive values among the top 100 have."""
    if not setting.labels_compete:
        return np.nan, np.nan
    weights = np.zeros(setting.n_labels)
    total = 0.0
    positive = seen = 0
    while positive < min(setting.top_100, len(column)) and column[positive] > 0:
        label = sequence[positive]
        seen += weights[label] == 0
        weights[label] += np.float64(column[positive])
        total += np.float64(column[positive])
        positive += 1
    if positive == 0:
        return np.nan, np.nan
    population = np.float64((weights / total >= 0.1 - 1e-12).sum())
    defined = positive >= 2 and positive < setting.n_items
    return (positive - seen) / (positive - 1) if defined else np.nan, population
