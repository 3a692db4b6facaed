"""From a unit's histogram to counts per class: down the groups of items, with what order within them may add.

The most active items are held exactly, in groups of ties; below them the order of items within a bin is forgotten. The
counts at the ends of bins belong to thresholds that there are, the bins' lower edges; what a threshold inside a bin
could reach at best, it reaches with all the class's items of the bin first. The zeros are ties in truth.
"""

from typing import Any

import numpy as np

from .histogram_count import OCTAVE_BITS, ZERO, value_of_order
from .ranking import jit
from .sweep import N_BINS


@jit
def scan_bins(
    octaves: Any, counts: Any, shift: Any, zeros: Any, top: Any, sizes: Any, of_label: Any, lowest: Any, out: Any,
    at_best: Any, work: Any, joint: Any, strays: Any, spans: Any,
) -> Any:  # fmt: skip
    """Go down a unit's items once, group by group; keep the best of every edge, sums, and their bounds.

    Parameters
    ----------
    octaves, counts, shift, zeros
        A unit's histogram, and ``(C,)`` zeros of each label, see `unitscope.measures.histogram.Histograms`.
    top
        Its most active items: orders, falling, and labels of those above the edge; the edge's order, and ``(C,)``
        items at the edge.
    sizes, of_label
        ``(K,)`` items of each class, and the classes of each label, see `unitscope.measures.classes.Classes`.
    lowest
        The unit's smallest activation.
    out
        Arrays ``(K,)`` to fill, see `unitscope.measures.tally.Tally`.
    at_best
        Arrays ``(K,)`` to fill, see `unitscope.measures.histogram_tally.Bounds`.
    work
        Three arrays to work in: ``(K,)`` items of each class in the group, and in it or above it; ``(C,)`` items of
        each label in the group.
    joint
        ``(K, N_BINS)`` filled with counts of the mutual information, a group lying where its last item lies.
    strays, spans
        ``(N_BINS - 1, K)`` and ``(N_BINS - 1, 2)`` filled with the groups whose items may lie in several of these:
        items of each class, and the first and last that they may lie in.

    Returns
    -------
    int
        How many such groups there are.
    """
    clear(out, at_best)
    here, above, found = work
    above[:] = 0
    joint[:] = 0
    top_orders, top_labels, edge_order, edge_counts = top
    n_items = sizes[: len(zeros)].sum()
    bins = counts.shape[1]
    n_strays = place = 0
    r: Any = 0
    zeros_to_do, edge_to_do = True, edge_order >= 0
    page, bin_ = len(octaves) - 1, bins - 1
    while page >= 0 or zeros_to_do:
        at_zeros = zeros_to_do and (page < 0 or octaves[page] < ZERO >> OCTAVE_BITS)
        if at_zeros:
            order: Any = ZERO
            here_in_all = zeros
            zeros_to_do = False
        else:
            order = octaves[page] << OCTAVE_BITS | bin_ << shift
            order = order + 1 if order == ZERO else order  # zero itself is in no bin
            here_in_all = counts[page, bin_]
            bin_ -= 1
            if bin_ < 0:
                page, bin_ = page - 1, bins - 1
        left: Any = 0
        for label in range(len(zeros)):
            left += here_in_all[label]
        if left == 0:
            continue
        found[:] = here_in_all
        while place < len(top_orders) and top_orders[place] >= order:
            value = value_of_order(top_orders[place])
            here[:] = 0
            stop = place
            while stop < len(top_orders) and top_orders[stop] == top_orders[place]:
                found[top_labels[stop]] -= 1
                unite(top_labels[stop], 1, of_label, here)
                stop += 1
            take_group(here, stop - place, r, True, value, sizes, n_items, above, joint, out, at_best)
            r += stop - place
            left -= stop - place
            place = stop
        if edge_to_do and edge_order >= order:
            edge_to_do = False
            group: Any = 0
            here[:] = 0
            for label in range(len(zeros)):
                m = np.int64(edge_counts[label])
                found[label] -= m
                unite(label, m, of_label, here)
                group += m
            take_group(here, group, r, True, value_of_order(edge_order), sizes, n_items, above, joint, out, at_best)
            r += group
            left -= group
        if left == 0:
            continue
        here[: len(zeros)] = found
        if len(here) > len(zeros):
            here[len(zeros) :] = 0
            unite_sets(found, of_label, here)
        row, row_last = N_BINS * r // n_items, N_BINS * (r + left - 1) // n_items
        if row < row_last and not at_zeros:
            spans[n_strays, 0], spans[n_strays, 1] = row, row_last
            strays[n_strays] = here
            n_strays += 1
        edge = 0.0 if at_zeros else max(value_of_order(order), lowest)
        take_group(here, left, r, at_zeros, edge, sizes, n_items, above, joint, out, at_best)
        r += left
    precisions, precision_low, precision_high = out[11], at_best[5], at_best[6]
    for c in range(len(sizes)):
        for array in (precisions, precision_low, precision_high):
            array[c] = array[c] / sizes[c] if sizes[c] else np.nan
    return n_strays


@jit
def clear(out: Any, at_best: Any) -> None:
    """Begin with nothing counted."""
    (informedness, informed_k, informed_r, informed_at, safe_k, safe_at, pure_k, detect_k, detect_r, detect_at,
     midranks, precisions) = out  # fmt: skip
    informed_most, safe_most, pure_most, detect_most, hidden, precision_low, precision_high = at_best
    for counted in (informedness, informed_k, informed_r, safe_k, pure_k, detect_k, detect_r, midranks, informed_most,
                    safe_most, pure_most):  # fmt: skip
        counted[:] = 0
    for threshold in (informed_at, safe_at, detect_at):
        threshold[:] = np.nan
    for summed in (precisions, detect_most, hidden, precision_low, precision_high):
        summed[:] = 0.0


@jit
def unite(label: Any, m: Any, of_label: Any, here: Any) -> None:
    """Add items of a label to all its classes."""
    begins, classes = of_label
    if m:
        for which in range(begins[label], begins[label + 1]):
            here[classes[which]] += m


@jit
def unite_sets(found: Any, of_label: Any, here: Any) -> None:
    """Add the items of each label to its class sets; the first of a label's classes is itself."""
    begins, classes = of_label
    for label in range(len(found)):
        if found[label]:
            for which in range(begins[label] + 1, begins[label + 1]):
                here[classes[which]] += found[label]


@jit
def take_group(
    here: Any, group: Any, before: Any, tied: Any, edge: Any, sizes: Any, n_items: Any, above: Any, joint: Any,
    out: Any, at_best: Any,
) -> None:  # fmt: skip
    """Count the next group of items down.

    Parameters
    ----------
    here, group, before
        ``(K,)`` items of each class in the group, items in it, and items above it.
    tied
        Whether its items are known to be equal; otherwise their order is not known.
    edge
        The largest threshold below which none of it lies.
    sizes, n_items, above, joint, out, at_best
        As in `scan_bins`.
    """
    (informedness, informed_k, informed_r, informed_at, safe_k, safe_at, pure_k, detect_k, detect_r, detect_at,
     midranks, precisions) = out  # fmt: skip
    informed_most, safe_most, pure_most, detect_most, hidden, precision_low, precision_high = at_best
    r = before + group
    row = N_BINS * (r - 1) // n_items
    for c in range(len(sizes)):
        m = here[c]
        if m == 0:
            continue
        n_c = sizes[c]
        k_before = above[c]
        k = k_before + m
        above[c] = k
        joint[c, row] += m
        midranks[c] += 2 * m * r - m * (group - 1)
        precisions[c] += m * (k / r)
        gain = k * n_items - r * n_c
        if gain > informedness[c]:
            informedness[c], informed_k[c], informed_r[c], informed_at[c] = gain, k, r, edge
        if 20 * k >= 19 * r:
            safe_k[c], safe_at[c] = k, edge
        if k == r:
            pure_k[c] = k
        worse = max(n_c, r)  # min(recall, precision) = k / max(n_A, r)
        if k * max(n_c, detect_r[c]) > detect_k[c] * worse:
            detect_k[c], detect_r[c], detect_at[c] = k, r, edge
        # At best the class's items come first, and the others of the group after them.
        at = r if tied else before + m
        informed_most[c] = max(informed_most[c], k * n_items - at * n_c)
        if 20 * k >= 19 * at:
            safe_most[c] = k
        if k == at:
            pure_most[c] = k
        detect_most[c] = max(detect_most[c], k / max(n_c, at))
        precision_high[c] += m * (k / at)
        if tied:
            precision_low[c] += m * (k / r)
        else:
            hidden[c] += np.float64(m) * (group - m)
            # The others first, then the class's items one by one: (k_before + i) / (r - m + i), a concave
            # function of i, so its sum is at least that of the straight line between its ends.
            precision_low[c] += m * ((k_before + 1) / (r - m + 1) + k / r) / 2


@jit
def bound_information(joint: Any, strays: Any, spans: Any, n_strays: Any, sizes: Any) -> Any:
    """Bound the mutual information over every way in which stray items may lie in the bins of equal numbers.

    With phi(x) = x log2 x and u the counts of class and bin, N times the information is sum phi(u) - sum phi(bin) +
    phi(N) - sum phi(n_A). The first sum goes class by class, so each class, and the total, can be bounded alone.

    Returns
    -------
    low, high : float
        Bits.
    """
    n_items = sizes.sum()
    settled = joint.astype(np.float64)
    for g in range(n_strays):
        for c in range(len(sizes)):
            settled[c, spans[g, 1]] -= strays[g, c]
    total_low, total_high = spread_bounds(settled.sum(0), strays.sum(1).astype(np.float64), spans, n_strays)
    fixed = phi(n_items)
    low, high = 0.0, 0.0
    for c in range(len(sizes)):
        if sizes[c]:
            class_low, class_high = spread_bounds(settled[c], strays[:, c].astype(np.float64), spans, n_strays)
            low += class_low
            high += class_high
            fixed -= phi(sizes[c])
    return max((low - total_high + fixed) / n_items, 0.0), min((high - total_low + fixed) / n_items, fixed / n_items)


@jit
def phi(x: Any) -> Any:
    """Return x log2 x."""
    return x * np.log2(x) if x > 0 else 0.0


@jit
def spread_bounds(settled: Any, strays: Any, spans: Any, n_strays: Any) -> Any:
    """Bound the sum of phi over bins, whichever of their bins the stray items lie in.

    The sum is convex in the numbers of stray items. It is therefore largest where each group lies in one bin as a
    whole; as two groups meet in one bin at the most, a walk along the groups finds the largest sum. And it lies
    above its tangent where each group is spread evenly, which is smallest with each group where the slope is.
    """
    even = settled.copy()
    for g in range(n_strays):
        first, last = spans[g]
        even[first : last + 1] += strays[g] / (last + 1 - first)
    low = 0.0
    for row in range(len(settled)):
        low += phi(even[row])
    base = 0.0
    for row in range(len(settled)):
        base += phi(settled[row])
    apart, shared = 0.0, -np.inf  # gains so far, with the group before not in its last bin, or in it
    before = 0.0
    row_before = -1
    for g in range(n_strays):
        m = strays[g]
        first, last = spans[g]
        if m > 0:
            slopes = np.log2(even[first : last + 1])
            low += m * (slopes.min() - slopes.mean())
        inner = -np.inf
        for row in range(first + 1, last):
            inner = max(inner, phi(settled[row] + m) - phi(settled[row]))
        here = settled[first]
        alone = max(inner, phi(here + m) - phi(here))
        met = alone
        if row_before == first:
            met = max(inner, phi(here + before + m) - phi(here + before))
        at_last = phi(settled[last] + m) - phi(settled[last])
        apart, shared = max(apart + alone, shared + met), max(apart, shared) + at_last
        before, row_before = m, last
    return low, base + max(apart, shared)
