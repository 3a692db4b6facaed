"""Evaluates every threshold for every class, in two passes: down the ranking, then along each class's own items.

At the end of each group of tied values, `r` items of all classes and `k` of class A are above. An item is above a
threshold t when x >= t, so these ends are the only thresholds there are.
"""

from typing import Any

import numpy as np

from .best_thresholds import Best, keep_best
from .ranking import ACTUAL, KEY_SHIFT, LABEL_MASK, SCALED, bits_of_key, jit
from .scratch import N_BINS
from .sums import add_exactly, mean_of, multiply_exactly, squares_about_mean

PIECE = 32
"""Items whose float64 sum is added to that of the items before it without rounding. Sorted as they are, so few float32
are nearly always summed exactly."""


@jit
def group_by_class(ranking: Any, class_map: Any, sizes: Any, zeros: Any, by_class: Any, midranks: Any) -> Any:
    """Go down the ranking and append each item to its classes' lists, as a word of its key and its group's end.

    Parameters
    ----------
    ranking, class_map
        `unitscope.measures.ranking.Ranking` and `unitscope.measures.classes.ClassMap`.
    sizes, zeros
        ``(K,)`` items and zeros of each class.
    by_class
        Filled with ``key << 32 | r``, falling within each class; a class's zeros are one entry.
    midranks
        ``(K,)`` filled with what ties take off the sum of twice the mid-ranks, size - 1 for each tied item.

    Returns
    -------
    ends : numpy.ndarray
        ``(K,)`` where each class's entries end in `by_class`.
    zero_entry : int
        The entry of the zeros.
    """
    words, zero_key = ranking.words, ranking.zero_key
    starts, classes = class_map.starts, class_map.classes
    n = len(words)
    midranks[:] = 0
    ends = np.empty(len(sizes), np.int64)
    end = 0
    for c in range(len(sizes)):
        ends[c] = end
        end += sizes[c] - zeros[c] + (zeros[c] > 0)
    n_zeros = ranking.zeros.sum()
    zeros_to_do = n_zeros > 0
    plain = len(classes) == len(starts) - 1  # labels only: each is its own class
    zero_entry = np.uint64(0)
    start = place = 0
    while place < n or zeros_to_do:
        if zeros_to_do and (place == n or words[place] >> KEY_SHIFT > zero_key):
            zeros_to_do = False
            start += n_zeros
            zero_entry = np.uint64(zero_key) << KEY_SHIFT | np.uint64(start)
            for c in range(len(zeros)):
                if zeros[c]:
                    by_class[ends[c]] = zero_entry
                    ends[c] += 1
                    midranks[c] -= zeros[c] * (n_zeros - 1)
            continue
        key = words[place] >> KEY_SHIFT
        stop = place + 1
        while stop < n and words[stop] >> KEY_SHIFT == key:
            stop += 1
        size = stop - place
        start += size
        entry = key << KEY_SHIFT | np.uint64(start)
        for at in range(place, stop):
            label = np.int64(words[at] & LABEL_MASK)
            if plain:
                by_class[ends[label]] = entry
                ends[label] += 1
                if size > 1:
                    midranks[label] -= size - 1
            else:
                for which in range(starts[label], starts[label + 1]):
                    c = classes[which]
                    by_class[ends[c]] = entry
                    ends[c] += 1
                    midranks[c] -= size - 1
        place = stop
    return ends, zero_entry


@jit
def scan_classes(
    levels: Any, by_class: Any, ends: Any, zero_entry: Any, joint: Any, sums: Any, tally: Any, row: Any
) -> None:
    """Go down each class's own items once; keep the best of every threshold, and sums.

    Parameters
    ----------
    levels
        See `unitscope.measures.ranking.Ranking`.
    by_class, ends, zero_entry
        From `group_by_class`.
    joint
        ``(K, N_BINS)`` filled with counts in bins of equal numbers of items; a group of ties lies in the bin of its
        last item. ``(K, 0)``: no bins are counted.
    sums
        ``(2, K)`` filled with the sum of each class's scaled values, see `unitscope.measures.sums`.
    tally, row
        Sizes and zeros of the classes are read, mid-ranks completed, all of the classes' own counts filled.
    """
    sizes, zeros = tally.sizes[row], tally.zeros[row]
    n_items = tally.n_items
    bits = np.empty(1, np.uint32)
    as_float = bits.view(np.float32)
    exact = levels.shape[1] > 0
    first_bin_end = 0 if joint.shape[1] else n_items
    joint[:] = 0
    for c in range(len(ends)):
        n_c = sizes[c]
        stop = ends[c]
        begin = place = stop - (n_c - zeros[c] + (zeros[c] > 0))
        k = bin_ = in_bin = ranks = 0
        bin_end = first_bin_end
        nowhere = np.uint64(0)
        best = Best(0, 0, nowhere, 0, nowhere, 0, 0, 1, nowhere, n_items)
        precision_sum = high = low = squares_high = squares_low = middle = 0.0
        if 2 * zeros[c] < n_c:
            # Squares are of offsets from an item in the middle, within two standard deviations of the mean.
            middle = value_of(by_class[(place + stop) // 2], levels, SCALED)
        while place < stop:
            piece = min(place + PIECE, stop)
            sum_here = squares_here = 0.0
            while place < piece:
                entry = by_class[place]
                m: Any = zeros[c] if entry == zero_entry else 1
                place += 1
                while place < stop and by_class[place] == entry:
                    m += 1
                    place += 1
                if exact:
                    value = levels[SCALED, entry >> KEY_SHIFT]
                    amount, rest = multiply_exactly(np.float64(m), value)
                    sum_here, more = add_exactly(sum_here, amount)
                    low += rest + more
                else:
                    bits[0] = bits_of_key(np.uint32(entry >> KEY_SHIFT))
                    value = np.float64(as_float[0])
                    sum_here += m * value
                squares_here += m * (value - middle) * (value - middle)
                k += m
                r = np.int64(entry & LABEL_MASK)
                ranks += m * r
                if r > bin_end:
                    joint[c, bin_] = in_bin
                    in_bin = 0
                    bin_ = N_BINS * (r - 1) // n_items
                    bin_end = -(-(bin_ + 1) * n_items // N_BINS)
                in_bin += m
                precision_sum += m * (k / r)
                best = keep_best(best, k, r, entry, n_c, n_items)
            high, rest = add_exactly(high, sum_here)
            squares_high, more = add_exactly(squares_high, squares_here)
            low += rest
            squares_low += more
        if joint.shape[1]:
            joint[c, bin_] = in_bin
        high, low = add_exactly(high, low)
        sums[0, c], sums[1, c] = high, low
        tally.informedness[row, c], tally.informedness_k[row, c] = best.informedness, best.informedness_k
        tally.informedness_r[row, c] = np.int64(best.informedness_at & LABEL_MASK)
        tally.informedness_threshold[row, c] = (
            value_of(best.informedness_at, levels, ACTUAL) if best.informedness_k else np.nan
        )
        tally.precision_95_k[row, c], tally.precision_1_k[row, c] = best.precision_95_k, best.precision_1_k
        tally.precision_95_threshold[row, c] = (
            value_of(best.precision_95_at, levels, ACTUAL) if best.precision_95_k else np.nan
        )
        tally.detector_k[row, c], tally.detector_r[row, c] = best.detector_k, np.int64(best.detector_at & LABEL_MASK)
        tally.detector_threshold[row, c] = value_of(best.detector_at, levels, ACTUAL) if best.detector_k else np.nan
        tally.midranks[row, c] += 2 * ranks
        tally.average_precision[row, c] = precision_sum / n_c if n_c else np.nan
        tally.mean[row, c] = mean_of(high, low, n_c)
        tally.squares[row, c] = squares_about_mean(high, low, n_c, middle, squares_high + squares_low)
        tally.largest[row, c] = value_of(by_class[begin], levels, ACTUAL) if n_c else np.nan
        tally.smallest[row, c] = value_of(by_class[stop - 1], levels, ACTUAL) if n_c else np.nan


@jit
def value_of(entry: Any, levels: Any, row: Any) -> Any:
    """Return the value of an entry of `group_by_class`, `ACTUAL` or `SCALED`."""
    if levels.shape[1]:
        return levels[row, entry >> KEY_SHIFT]
    bits = np.empty(1, np.uint32)
    bits[0] = bits_of_key(np.uint32(entry >> KEY_SHIFT))
    return np.float64(bits.view(np.float32)[0])


@jit
def information(joint: Any, sizes: Any) -> Any:
    """Return the mutual information of class and bin, in bits, from their joint counts ``(C, N_BINS)``."""
    n_items = sizes.sum()
    in_bin = joint.sum(0)
    total = 0.0
    for c in range(joint.shape[0]):
        for bin_ in range(joint.shape[1]):
            count = joint[c, bin_]
            if count:
                total += count * np.log2(count * n_items / (in_bin[bin_] * sizes[c]))
    return max(total / n_items, 0.0)
