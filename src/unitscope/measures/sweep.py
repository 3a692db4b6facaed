"""From a unit's ranking to counts per class, in two passes: down the ranking, then along each class's own items.

At the end of each group of tied values, `r` items of all classes and `k` of class A are above. An item is above a
threshold t when x >= t, so these ends are the only thresholds there are. What is compared is kept in integers:
informedness at a threshold is (k N - r n_A) / (n_A (N - n_A)), precision k / r, recall k / n_A.
"""

from typing import Any

import numpy as np

from .ranking import ACTUAL, SCALED, bits_of_key, jit
from .sums import add_exactly, mean_of, multiply_exactly, squares_about_mean

N_BINS = 20
"""Bins of the mutual information."""

PIECE = 32
"""Items whose float64 sum is added to that of the items before it without rounding. Sorted as they are, so few float32
are nearly always summed exactly."""

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


@jit
def line_up(
    words: Any, n: Any, zeros: Any, n_zeros: Any, zero_key: Any, begins: Any, classes: Any, ends: Any, lined: Any,
    midranks: Any,
) -> Any:  # fmt: skip
    """Walk down the ranking and line its items up class by class, each as a word of its key and its group's end.

    Parameters
    ----------
    words, n
        Sorted words of the nonzeros, from `sort_words`, and how many there are.
    zeros, n_zeros, zero_key
        ``(K,)`` zeros of each class, zeros of all items, and the key at which they stand.
    begins, classes
        The classes of each label, see `unitscope.measures.classes.Classes.of_label`.
    ends
        ``(K,)`` where each class's entries begin in `lined`; moved to where they end.
    lined
        Filled with ``key << 32 | r``, falling within each class; a class's zeros are one entry.
    midranks
        ``(K,)`` filled with what ties take off the sum of twice the mid-ranks, size - 1 for each tied item.

    Returns
    -------
    int
        The entry of the zeros.
    """
    midranks[:] = 0
    zeros_to_do = n_zeros > 0
    plain = len(classes) == len(begins) - 1  # labels only: each is its own class
    zero_entry = np.uint64(0)
    start = place = 0
    while place < n or zeros_to_do:
        if zeros_to_do and (place == n or words[place] >> HALF > zero_key):
            zeros_to_do = False
            start += n_zeros
            zero_entry = np.uint64(zero_key) << HALF | np.uint64(start)
            for c in range(len(zeros)):
                if zeros[c]:
                    lined[ends[c]] = zero_entry
                    ends[c] += 1
                    midranks[c] -= zeros[c] * (n_zeros - 1)
            continue
        key = words[place] >> HALF
        stop = place + 1
        while stop < n and words[stop] >> HALF == key:
            stop += 1
        size = stop - place
        start += size
        entry = key << HALF | np.uint64(start)
        for at in range(place, stop):
            label = np.int64(words[at] & LOW)
            if plain:
                lined[ends[label]] = entry
                ends[label] += 1
                if size > 1:
                    midranks[label] -= size - 1
            else:
                for which in range(begins[label], begins[label + 1]):
                    c = classes[which]
                    lined[ends[c]] = entry
                    ends[c] += 1
                    midranks[c] -= size - 1
        place = stop
    return zero_entry


@jit
def scan_classes(
    lined: Any,
    ends: Any,
    zeros: Any,
    zero_entry: Any,
    sizes: Any,
    n_items: Any,
    levels: Any,
    midranks: Any,
    joint: Any,
    sums: Any,
    out: Any,
) -> None:
    """Go down each class's own items once; keep the best of every threshold, and sums.

    Parameters
    ----------
    lined, ends
        Items lined up by `line_up`, and where each class's entries end.
    zeros, zero_entry
        ``(K,)`` zeros of each class, and the entry that stands for them.
    sizes, n_items
        ``(K,)`` items of each class, and items in all.
    levels
        ``(2, n)`` the values of the keys, see `unitscope.measures.tally.Ranking`.
    midranks
        ``(K,)`` from `line_up`, completed to the sum of twice the mid-ranks.
    joint
        ``(K, N_BINS)`` filled with counts in bins of equal numbers of items; a group of ties lies in the bin of its
        last item.
    sums
        ``(2, K)`` filled with the sum of each class's scaled values, see `unitscope.measures.sums`.
    out
        Arrays to fill, see `unitscope.measures.tally.Tally`.
    """
    (informedness, informed_k, informed_r, informed_at, safe_k, safe_at, pure_k, detect_k, detect_r, detect_at,
     precisions, mean, squares, largest, smallest) = out  # fmt: skip
    bits = np.empty(1, np.uint32)
    as_float = bits.view(np.float32)
    exact = levels.shape[1] > 0
    joint[:] = 0
    for c in range(len(sizes)):
        n_c = sizes[c]
        stop = ends[c]
        begin = place = stop - (n_c - zeros[c] + (zeros[c] > 0))
        k = row = row_end = in_row = ranks = 0
        best = best_k = sure_k = clean_k = fair_k = 0
        fair_m = 1
        far = n_items  # beyond it, not even k = n_A gives a precision of .95 or a better min(recall, precision)
        best_entry = sure_entry = fair_entry = np.uint64(0)
        precision_sum = high = low = squares_high = squares_low = middle = 0.0
        if 2 * zeros[c] < n_c:
            # Squares are of offsets from an item in the middle, within two standard deviations of the mean.
            middle = value_of(lined[(place + stop) // 2], levels, SCALED)
        while place < stop:
            piece = min(place + PIECE, stop)
            sum_here = squares_here = 0.0
            while place < piece:
                entry = lined[place]
                m: Any = zeros[c] if entry == zero_entry else 1
                place += 1
                while place < stop and lined[place] == entry:
                    m += 1
                    place += 1
                if exact:
                    value = levels[SCALED, entry >> HALF]
                    amount, rest = multiply_exactly(np.float64(m), value)
                    sum_here, more = add_exactly(sum_here, amount)
                    low += rest + more
                else:
                    bits[0] = bits_of_key(np.uint32(entry >> HALF))
                    value = np.float64(as_float[0])
                    sum_here += m * value
                squares_here += m * (value - middle) * (value - middle)
                k += m
                r = np.int64(entry & LOW)
                ranks += m * r
                if r > row_end:
                    joint[c, row] = in_row
                    in_row = 0
                    row = N_BINS * (r - 1) // n_items
                    row_end = -(-(row + 1) * n_items // N_BINS)
                in_row += m
                precision_sum += m * (k / r)
                gain = k * n_items - r * n_c
                if gain > best:
                    best, best_k, best_entry = gain, k, entry
                if r <= far:
                    if 20 * k >= 19 * r:
                        sure_k, sure_entry = k, entry
                        if k == r:
                            clean_k = k
                    worse = max(n_c, r)  # min(recall, precision) = k / max(n_A, r)
                    if k * fair_m > fair_k * worse:
                        fair_k, fair_m, fair_entry = k, worse, entry
                        far = max(20 * n_c // 19, n_c * worse // k)
            high, rest = add_exactly(high, sum_here)
            squares_high, more = add_exactly(squares_high, squares_here)
            low += rest
            squares_low += more
        joint[c, row] = in_row
        midranks[c] += 2 * ranks
        informedness[c], informed_k[c], informed_r[c] = best, best_k, np.int64(best_entry & LOW)
        informed_at[c] = value_of(best_entry, levels, ACTUAL) if best_k else np.nan
        safe_k[c], pure_k[c] = sure_k, clean_k
        safe_at[c] = value_of(sure_entry, levels, ACTUAL) if sure_k else np.nan
        detect_k[c], detect_r[c] = fair_k, np.int64(fair_entry & LOW)
        detect_at[c] = value_of(fair_entry, levels, ACTUAL) if fair_k else np.nan
        precisions[c] = precision_sum / n_c if n_c else np.nan
        high, low = add_exactly(high, low)
        sums[0, c], sums[1, c] = high, low
        mean[c] = mean_of(high, low, n_c)
        squares[c] = squares_about_mean(high, low, n_c, middle, squares_high + squares_low)
        largest[c] = value_of(lined[begin], levels, ACTUAL) if n_c else np.nan
        smallest[c] = value_of(lined[stop - 1], levels, ACTUAL) if n_c else np.nan


@jit
def value_of(entry: Any, levels: Any, row: Any) -> Any:
    """Return the activation of a lined-up item, `ACTUAL` or `SCALED`."""
    if levels.shape[1]:
        return levels[row, entry >> HALF]
    bits = np.empty(1, np.uint32)
    bits[0] = bits_of_key(np.uint32(entry >> HALF))
    return np.float64(bits.view(np.float32)[0])


@jit
def information(joint: Any, sizes: Any) -> Any:
    """Return the mutual information of class and bin, in bits, from their joint counts ``(C, N_BINS)``."""
    n_items = sizes.sum()
    in_bin = joint.sum(0)
    total = 0.0
    for c in range(joint.shape[0]):
        for row in range(joint.shape[1]):
            count = joint[c, row]
            if count:
                total += count * np.log2(count * n_items / (in_bin[row] * sizes[c]))
    return max(total / n_items, 0.0)
