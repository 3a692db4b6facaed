"""From a unit's histogram to counts per class: down the groups of items, with what order within them may add.

The most active items are kept exactly, in groups of ties; below them the order of items within a bin is not known. The
counts at the ends of bins belong to thresholds that there are, the bins' lower edges; what a threshold inside a bin
could reach at best, it reaches with all the class's items of the bin first. The zeros are ties in truth.
"""

from typing import Any, NamedTuple

import numpy as np

from .best_thresholds import Best, keep_best
from .histogram_count import OCTAVE_BITS, ZERO, value_of_order
from .ranking import jit
from .scratch import N_BINS


class ScanScratch(NamedTuple):
    """The arrays that one thread scans in.

    Attributes
    ----------
    here, above
        ``(K,)`` items of each class in the group, and in it or above it.
    rest
        ``(C,)`` items of each label in the group.
    joint
        ``(K, N_BINS)`` items of each class in each bin of the mutual information; a group lies where its last item
        lies.
    strays, spans
        ``(N_BINS - 1, K)`` and ``(N_BINS - 1, 2)``: the groups whose items may lie in several of these bins, items of
        each class, and the first and last bin.
    """

    here: np.ndarray
    above: np.ndarray
    rest: np.ndarray
    joint: np.ndarray
    strays: np.ndarray
    spans: np.ndarray

    @classmethod
    def of(cls, n_labels: int, n_classes: int) -> "ScanScratch":
        """Make the arrays for so many labels and classes."""
        return cls(
            here=np.zeros(n_classes, np.int64),
            above=np.zeros(n_classes, np.int64),
            rest=np.zeros(n_labels, np.int64),
            joint=np.zeros((n_classes, N_BINS), np.int64),
            strays=np.zeros((N_BINS - 1, n_classes), np.int64),
            spans=np.zeros((N_BINS - 1, 2), np.int64),
        )


@jit
def scan_bins(
    bins: Any, top: Any, lowest: Any, class_map: Any, scratch: Any, tally: Any, bounds: Any, unit: Any
) -> Any:
    """Go down a unit's items once, group by group; keep the best of every edge, sums, and their bounds.

    Parameters
    ----------
    bins, top
        `unitscope.measures.histogram.Bins` and `TopItems` of the unit.
    lowest
        The unit's smallest activation.
    class_map
        `unitscope.measures.classes.ClassMap`.
    scratch
        `ScanScratch`; its joint counts, strays and spans are results.
    tally, bounds, unit
        Where the counts and their bounds go, filled with zeros; ``tally.sizes[unit]`` must hold the items of each
        class.

    Returns
    -------
    int
        How many groups there are whose items may lie in several bins of the mutual information.
    """
    octaves, counts, shift, zeros = bins.octaves, bins.counts, bins.shift, bins.zeros
    here, above, found = scratch.here, scratch.above, scratch.rest
    joint, strays, spans = scratch.joint, scratch.strays, scratch.spans
    n_items = tally.n_items
    tally.informedness_threshold[unit] = np.nan
    tally.precision_95_threshold[unit] = np.nan
    tally.detector_threshold[unit] = np.nan
    above[:] = 0
    joint[:] = 0
    top_orders, top_labels, edge_order = top.orders, top.labels, top.edge
    n_bins = counts.shape[1]
    n_strays = place = 0
    r: Any = np.int64(0)
    zeros_to_do, edge_to_do = True, edge_order >= 0
    page, bin_ = len(octaves) - 1, n_bins - 1
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
                page, bin_ = page - 1, n_bins - 1
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
                add_to_classes(top_labels[stop], 1, class_map, here)
                stop += 1
            take_group(here, stop - place, r, True, value, above, joint, tally, bounds, unit)
            r += stop - place
            left -= stop - place
            place = stop
        if edge_to_do and edge_order >= order:
            edge_to_do = False
            group: Any = np.int64(0)
            here[:] = 0
            for label in range(len(zeros)):
                m = np.int64(top.edge_counts[label])
                found[label] -= m
                add_to_classes(label, m, class_map, here)
                group += m
            take_group(here, group, r, True, value_of_order(edge_order), above, joint, tally, bounds, unit)
            r += group
            left -= group
        if left == 0:
            continue
        here[: len(zeros)] = found
        if len(here) > len(zeros):
            here[len(zeros) :] = 0
            add_to_sets(found, class_map, here)
        row, row_last = N_BINS * r // n_items, N_BINS * (r + left - 1) // n_items
        if row < row_last and not at_zeros:
            spans[n_strays, 0], spans[n_strays, 1] = row, row_last
            strays[n_strays] = here
            n_strays += 1
        edge = 0.0 if at_zeros else max(value_of_order(order), lowest)
        take_group(here, left, r, at_zeros, edge, above, joint, tally, bounds, unit)
        r += left
    for c in range(len(here)):
        n_c = tally.sizes[unit, c]
        for array in (tally.average_precision, bounds.average_precision_low, bounds.average_precision_high):
            array[unit, c] = array[unit, c] / n_c if n_c else np.nan
    return n_strays


@jit
def add_to_classes(label: Any, m: Any, class_map: Any, here: Any) -> None:
    """Add items of a label to all its classes."""
    starts, classes = class_map.starts, class_map.classes
    if m:
        for which in range(starts[label], starts[label + 1]):
            here[classes[which]] += m


@jit
def add_to_sets(found: Any, class_map: Any, here: Any) -> None:
    """Add the items of each label to its class sets; the first of a label's classes is itself."""
    starts, classes = class_map.starts, class_map.classes
    for label in range(len(found)):
        if found[label]:
            for which in range(starts[label] + 1, starts[label + 1]):
                here[classes[which]] += found[label]


@jit
def take_group(
    here: Any, group: Any, before: Any, tied: Any, edge: Any, above: Any, joint: Any, tally: Any, bounds: Any, unit: Any
) -> None:
    """Count the next group of items down.

    Parameters
    ----------
    here, group, before
        ``(K,)`` items of each class in the group, items in it, and items above it.
    tied
        Whether its items are known to be equal; otherwise their order is not known.
    edge
        The largest threshold below which none of it lies.
    above, joint
        See `ScanScratch`.
    tally, bounds, unit
        As in `scan_bins`.
    """
    n_items = tally.n_items
    r = before + group
    bin_ = N_BINS * (r - 1) // n_items
    for c in range(len(here)):
        m = here[c]
        if m == 0:
            continue
        n_c = tally.sizes[unit, c]
        k_before = above[c]
        k = k_before + m
        above[c] = k
        joint[c, bin_] += m
        tally.midranks[unit, c] += 2 * m * r - m * (group - 1)
        tally.average_precision[unit, c] += m * (k / r)
        put_best(keep_best(best_of(tally, unit, c), k, r, (r, edge), n_c, n_items), tally, unit, c)
        # At best the class's items come first, and the others of the group after them.
        at = r if tied else before + m
        bounds.informedness_most[unit, c] = max(bounds.informedness_most[unit, c], k * n_items - at * n_c)
        if 20 * k >= 19 * at:
            bounds.precision_95_most[unit, c] = k
        if k == at:
            bounds.precision_1_most[unit, c] = k
        bounds.detector_most[unit, c] = max(bounds.detector_most[unit, c], k / max(n_c, at))
        bounds.average_precision_high[unit, c] += m * (k / at)
        if tied:
            bounds.average_precision_low[unit, c] += m * (k / r)
        else:
            bounds.hidden[unit, c] += np.float64(m) * (group - m)
            # The others first, then the class's items one by one: (k_before + i) / (r - m + i), a concave
            # function of i, so its sum is at least that of the straight line between its ends.
            bounds.average_precision_low[unit, c] += m * ((k_before + 1) / (r - m + 1) + k / r) / 2


@jit
def best_of(tally: Any, unit: Any, c: Any) -> Any:
    """Return the best thresholds of a class so far, each with the number of items at or above it."""
    return Best(
        tally.informedness[unit, c],
        tally.informedness_k[unit, c],
        (tally.informedness_r[unit, c], tally.informedness_threshold[unit, c]),
        tally.precision_95_k[unit, c],
        (np.int64(0), tally.precision_95_threshold[unit, c]),
        tally.precision_1_k[unit, c],
        tally.detector_k[unit, c],
        max(tally.sizes[unit, c], tally.detector_r[unit, c]),
        (tally.detector_r[unit, c], tally.detector_threshold[unit, c]),
        tally.n_items,
    )


@jit
def put_best(best: Any, tally: Any, unit: Any, c: Any) -> None:
    """Store what `best_of` returns."""
    tally.informedness[unit, c], tally.informedness_k[unit, c] = best.informedness, best.informedness_k
    tally.informedness_r[unit, c], tally.informedness_threshold[unit, c] = best.informedness_at
    tally.precision_95_k[unit, c], tally.precision_95_threshold[unit, c] = best.precision_95_k, best.precision_95_at[1]
    tally.precision_1_k[unit, c], tally.detector_k[unit, c] = best.precision_1_k, best.detector_k
    tally.detector_r[unit, c], tally.detector_threshold[unit, c] = best.detector_at


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
    known = joint.astype(np.float64)
    for g in range(n_strays):
        for c in range(len(sizes)):
            known[c, spans[g, 1]] -= strays[g, c]
    total_low, total_high = spread_bounds(known.sum(0), strays.sum(1).astype(np.float64), spans, n_strays)
    fixed = phi(n_items)
    low, high = 0.0, 0.0
    for c in range(len(sizes)):
        if sizes[c]:
            class_low, class_high = spread_bounds(known[c], strays[:, c].astype(np.float64), spans, n_strays)
            low += class_low
            high += class_high
            fixed -= phi(sizes[c])
    return max((low - total_high + fixed) / n_items, 0.0), min((high - total_low + fixed) / n_items, fixed / n_items)


@jit
def phi(x: Any) -> Any:
    """Return x log2 x."""
    return x * np.log2(x) if x > 0 else 0.0


@jit
def spread_bounds(known: Any, strays: Any, spans: Any, n_strays: Any) -> Any:
    """Bound the sum of phi over bins, whichever of their bins the stray items lie in.

    The sum is convex in the numbers of stray items. It is therefore largest where each group lies in one bin as a
    whole; as two groups meet in one bin at the most, a walk along the groups finds the largest sum. And it lies
    above its tangent where each group is spread evenly, which is smallest with each group where the slope is.
    """
    even = known.copy()
    for g in range(n_strays):
        first, last = spans[g]
        even[first : last + 1] += strays[g] / (last + 1 - first)
    low = 0.0
    for row in range(len(known)):
        low += phi(even[row])
    base = 0.0
    for row in range(len(known)):
        base += phi(known[row])
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
            inner = max(inner, phi(known[row] + m) - phi(known[row]))
        here = known[first]
        alone = max(inner, phi(here + m) - phi(here))
        met = alone
        if row_before == first:
            met = max(inner, phi(here + before + m) - phi(here + before))
        at_last = phi(known[last] + m) - phi(known[last])
        apart, shared = max(apart + alone, shared + met), max(apart, shared) + at_last
        before, row_before = m, last
    return low, base + max(apart, shared)
