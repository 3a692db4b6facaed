"""Counts a unit's 60 or 100 most active items by label; ties at the last place count in proportion."""

from typing import Any

import numpy as np

from .ranking import ACTUAL, KEY_SHIFT, LABEL_MASK, SCALED, bits_of_key, jit


@jit
def count_top(ranking: Any, size: Any, counts: Any, chances: Any, weights: Any) -> Any:
    """Count the labels of the `size` most active items.

    Where the last place falls into a group of ties, its items share the places that are left: each label gets
    its share of the group (the expected count over all orders of the tied items), and the chance that it has at
    least one item there.

    Parameters
    ----------
    ranking
        `unitscope.measures.ranking.Ranking`.
    size
        How many of the most active items; all items if there are fewer.
    counts, chances, weights
        ``(C,)`` filled with `divisor` times the (expected) number of items of each label, the chance that there is
        one with positive or negative or zero activation, and the label's summed positive activation, scaled.

    Returns
    -------
    edge : float
        Activation of the last of these items.
    n_positive : int
        How many of them have positive activation.
    divisor : int
        What the counts are to be divided by: so they are whole numbers, and their sums over classes exact.
    """
    words, zeros, levels = ranking.words, ranking.zeros, ranking.levels
    n, zero_key = len(words), ranking.zero_key
    counts[:] = 0.0
    chances[:] = 0.0
    weights[:] = 0.0
    n_zeros = zeros.sum()
    size = min(size, n + n_zeros)
    in_group = np.zeros(len(zeros), np.int64)
    bits = np.empty(1, np.uint32)
    as_float = bits.view(np.float32)
    zeros_done = n_zeros == 0
    taken = place = first = n_positive = 0
    divisor = 1
    value = scaled = np.nan
    while taken < size:
        at_zeros = not zeros_done and (place == n or words[place] >> KEY_SHIFT > zero_key)
        if at_zeros:
            zeros_done = True
            value = scaled = 0.0
            group = n_zeros
            in_group[:] = zeros
        else:
            key = words[place] >> KEY_SHIFT
            if levels.shape[1]:
                value, scaled = levels[ACTUAL, key], levels[SCALED, key]
            else:
                bits[0] = bits_of_key(np.uint32(key))
                value = scaled = np.float64(as_float[0])
            first = place
            while place < n and words[place] >> KEY_SHIFT == key:
                in_group[np.int64(words[place] & LABEL_MASK)] += 1
                place += 1
            group = place - first
        drawn = min(group, size - taken)
        if drawn < group:  # the last group
            divisor = group
            counts *= group
        for step in range(len(zeros) if at_zeros else group):
            c = step if at_zeros else np.int64(words[first + step] & LABEL_MASK)
            m = in_group[c]
            in_group[c] = 0
            if m:
                counts[c] += m if drawn == group else m * drawn
                # Being there is certain once a whole group was taken; only the last group leaves a doubt.
                chances[c] = max(chances[c], chance_of_any(m, group, drawn))
                if value > 0:
                    weights[c] += m * drawn / group * scaled
        taken += drawn
        if value > 0:
            n_positive = taken
    return value, n_positive, divisor


@jit
def chance_of_any(m: Any, group: Any, drawn: Any) -> Any:
    """Return the chance that, of `drawn` items from a tied group, at least one is among `m` of them."""
    if drawn == group:
        return 1.0
    none = 1.0
    for step in range(drawn):
        none *= max(group - m - step, 0) / (group - step)
    return 1.0 - none
