"""The null of rank measures, for all units at once: one sweep down a random sequence of labels.

Labels that are dealt out at random are, in the order of a unit's ranking, just a random sequence, whichever unit it is
(Westfall & Young 1993: common permutations). A unit without ties but its zeros uses as much of the sequence as it has
nonzeros; the rest of its items are tied. So running maxima and counts, noted at each unit's number of nonzeros, are
its measures.
"""

from typing import Any, NamedTuple

import numpy as np

from .classes import Classes, ClassMap
from .ranking import jit
from .resampling import random_below
from .scratch import N_BINS

RANK_MEASURES = (
    "localist", "localist_off", "top_class_selectivity", "recall_at_precision_1", "precision_60",
    "recall_at_precision_95", "max_informedness", "detector_score", "auc", "average_precision", "n_classes_top_100",
    "mutual_information",
)  # fmt: skip
"""What one sweep gives; detectors follow from precision and detector score."""

(
    LOCALIST, LOCALIST_OFF, TOP_COUNT, RECALL_1, PRECISION, RECALL_95, INFORMEDNESS, DETECTOR, AUC, AP, N_CLASSES,
    INFORMATION,
) = range(len(RANK_MEASURES))  # fmt: skip


class Setting(NamedTuple):
    """What all permutations share; compiled functions take it as it is.

    Attributes
    ----------
    n_items, n_labels, choose_from, labels_compete
        See `unitscope.measures.classes.Classes`.
    top_60, top_100
        How many of the most active items are looked at.
    sizes
        ``(K,)`` items of each class.
    per_item, per_other
        ``(K,)`` 1 / items of each class, 1 / all others; 0 for classes without any.
    fits
        ``(K,)`` whether a class may be chosen, and has both items and others.
    class_map
        The classes of each label.
    bits
        ``bits[n]`` is n log2 n, up to the largest label.
    """

    n_items: int
    n_labels: int
    choose_from: int
    labels_compete: bool
    top_60: int
    top_100: int
    sizes: np.ndarray
    per_item: np.ndarray
    per_other: np.ndarray
    fits: np.ndarray
    class_map: ClassMap
    bits: np.ndarray

    @classmethod
    def of(cls, classes: Classes, top_60: int, top_100: int) -> "Setting":
        """Return what is shared for these classes."""
        sizes = classes.sizes
        fits = (sizes > 0) & (sizes < classes.n_items)
        fits[: classes.choose_from] = False
        counts = np.arange(int(classes.label_sizes.max(initial=0)) + 1, dtype=float)
        bits = counts * np.log2(np.maximum(counts, 1))
        return cls(
            classes.n_items, classes.n_labels, classes.choose_from, classes.labels_compete, top_60, top_100, sizes,
            inverse(sizes), inverse(classes.n_items - sizes), fits, classes.class_map, bits,
        )  # fmt: skip


def inverse(counts: np.ndarray) -> np.ndarray:
    """Return 1 / counts, and 0 for 0."""
    return np.where(counts > 0, 1 / np.maximum(counts, 1), 0.0)


@jit
def draw_sequence(labels: Any, length: Any, state: Any, sequence: Any) -> None:
    """Fill the first `length` places of a random permutation of `labels`; the other places have what is left over."""
    sequence[:] = labels
    for place in range(length):
        other = place + random_below(state, len(sequence) - place)
        label = sequence[other]
        sequence[other] = sequence[place]
        sequence[place] = label


@jit
def sweep(sequence: Any, stops: Any, setting: Any, values: Any) -> None:
    """Go down a sequence of labels and note the measures of units with so many nonzeros.

    Parameters
    ----------
    sequence
        ``(N,)`` a random permutation of the labels, at least up to the last stop.
    stops
        ``(D,)`` numbers of nonzeros, rising, each at least 1 and at most N.
    setting
        `Setting`.
    values
        ``(D, len(RANK_MEASURES))`` filled; NaN where a measure is undefined.
    """
    n_items, sizes, fits = setting.n_items, setting.sizes, setting.fits
    starts, classes = setting.class_map.starts, setting.class_map.classes
    n_classes = len(sizes)
    k = np.zeros(n_classes, np.int64)
    ranks = np.zeros(n_classes, np.int64)
    precisions = np.zeros(n_classes)
    in_bin = np.zeros(setting.n_labels, np.int64)
    gain, loss = np.zeros(n_classes), np.zeros(n_classes)
    informed = recall_1 = recall_95 = score = precision = bits_above = 0.0
    top_count = distinct = distinct_100 = 0
    longest = 0
    for c in range(n_classes):
        if fits[c]:
            gain[c] = n_items / (sizes[c] * (n_items - sizes[c]))
            loss[c] = 1.0 / (n_items - sizes[c])
            # The lowest threshold calls every item a member.
            score = max(score, sizes[c] / n_items)
            if 20 * sizes[c] >= 19 * n_items:
                recall_95 = 1.0
            longest = max(longest, sizes[c])
    far = 20 * longest // 19
    bin_ = 0
    bin_end = -(-n_items // N_BINS)
    stop = 0
    for r in range(1, stops[-1] + 1):
        if r > bin_end:
            for label in range(setting.n_labels):
                bits_above += setting.bits[in_bin[label]]
            bits_above -= bits_of(bin_end - bin_start(bin_, n_items))
            in_bin[:] = 0
            bin_ = N_BINS * (r - 1) // n_items
            bin_end = -(-(bin_ + 1) * n_items // N_BINS)
        label = sequence[r - 1]
        in_bin[label] += 1
        for which in range(starts[label], starts[label + 1]):
            c = classes[which]
            k[c] += 1
            k_c = k[c]
            ranks[c] += r
            share = k_c / r
            precisions[c] += share
            if not fits[c]:
                continue
            informed = max(informed, k_c * gain[c] - r * loss[c])
            score = max(score, min(share, k_c * setting.per_item[c]))
            if r <= far:
                if 20 * k_c >= 19 * r:
                    recall_95 = max(recall_95, k_c / sizes[c])
                if k_c == r and k_c / sizes[c] > recall_1:
                    recall_1 = k_c / sizes[c]
                    top_count = k_c
        distinct += k[label] == 1
        if r == setting.top_60:
            for c in range(n_classes):
                if fits[c]:
                    precision = max(precision, k[c] / r)
        if r == setting.top_100:
            distinct_100 = distinct
        if r == stops[stop]:
            out = values[stop]
            out[:] = np.nan
            out[LOCALIST] = recall_1 == 1.0
            out[LOCALIST_OFF] = is_localist_off(sequence, r, setting)
            out[TOP_COUNT], out[RECALL_1], out[RECALL_95] = top_count, recall_1, recall_95
            out[INFORMEDNESS], out[DETECTOR] = informed, score
            if n_items > setting.top_60:
                out[PRECISION] = precision if r >= setting.top_60 else tied_precision(r, k, setting)
            out[AUC], out[AP] = best_areas(r, k, ranks, precisions, setting)
            if setting.labels_compete:
                if n_items > setting.top_100:
                    out[N_CLASSES] = distinct_100 if r >= setting.top_100 else tied_classes(r, k, setting)
                out[INFORMATION] = information_at(r, k, in_bin, bin_, bits_above, setting)
            stop += 1


@jit
def bits_of(n: Any) -> Any:
    """Return n log2 n."""
    return n * np.log2(np.float64(n)) if n > 0 else 0.0


@jit
def bin_start(bin_: Any, n_items: Any) -> Any:
    """Return how many items lie in the bins above one of the bins of equal numbers of items."""
    return -(-bin_ * n_items // N_BINS)


@jit
def is_localist_off(sequence: Any, r: Any, setting: Any) -> Any:
    """Return whether some class lies entirely below all others, for a unit with `r` nonzeros: with all zeros in it."""
    starts, classes = setting.class_map.starts, setting.class_map.classes
    label = sequence[len(sequence) - 1]
    for which in range(starts[label], starts[label + 1]):
        c = classes[which]
        if setting.fits[c] and setting.sizes[c] >= setting.n_items - r and lies_last(sequence, c, setting):
            return True
    return False


@jit
def lies_last(sequence: Any, c: Any, setting: Any) -> Any:
    """Return whether the last items of a whole sequence are those of a class."""
    starts, classes = setting.class_map.starts, setting.class_map.classes
    for place in range(len(sequence) - setting.sizes[c], len(sequence)):
        label = sequence[place]
        found = False
        for which in range(starts[label], starts[label + 1]):
            found = found or classes[which] == c
        if not found:
            return False
    return True


@jit
def tied_precision(r: Any, k: Any, setting: Any) -> Any:
    """Return the precision of the top 60 where fewer items than these are active: zeros share the other places."""
    best = 0.0
    left = (setting.top_60 - r) / (setting.n_items - r)
    for c in range(len(k)):
        if setting.fits[c]:
            best = max(best, (k[c] + left * (setting.sizes[c] - k[c])) / setting.top_60)
    return best


@jit
def tied_classes(r: Any, k: Any, setting: Any) -> Any:
    """Return the expected number of classes among the top 100 where fewer items than these are active."""
    zeros, drawn = setting.n_items - r, setting.top_100 - r
    expected = 0.0
    for label in range(setting.n_labels):
        none = 1.0 if k[label] == 0 else 0.0
        step = 0
        while step < drawn and none > 0.0:
            none *= max(zeros - setting.sizes[label] - step, 0) / (zeros - step)
            step += 1
        expected += 1.0 - none
    return expected


@jit
def best_areas(r: Any, k: Any, ranks: Any, precisions: Any, setting: Any) -> Any:
    """Return the largest area under the ROC curve and the largest average precision of any class.

    Parameters
    ----------
    r
        How many items are nonzero.
    k, ranks, precisions
        ``(K,)`` nonzeros of each class, the sum of their ranks, and of the precisions at these.
    setting
        `Setting`.
    """
    n_items = setting.n_items
    twice_mid = n_items + r + 1  # of the zeros
    per_n = 1.0 / n_items
    area = average = -1.0
    for c in range(len(k)):
        if setting.fits[c]:
            size, per_item = setting.sizes[c], setting.per_item[c]
            zeros = size - k[c]
            below = 2 * ranks[c] + zeros * twice_mid - size * (size + 1)
            area = max(area, 1.0 - 0.5 * below * per_item * setting.per_other[c])
            average = max(average, precisions[c] * per_item + zeros * per_n)
    return (area, average) if area >= 0 else (np.nan, np.nan)


@jit
def information_at(r: Any, k: Any, in_bin: Any, bin_: Any, bits_above: Any, setting: Any) -> Any:
    """Return the mutual information of class and binned rank, with all zeros in the last bin.

    Parameters
    ----------
    r
        How many items are nonzero.
    k, in_bin
        ``(K,)`` and ``(n_labels,)`` nonzeros of each class, and those in the bin of the last of them.
    bin_
        This bin.
    bits_above
        Sum of n log2 n over the cells of the bins above it, less those of the bins.
    setting
        `Setting`.
    """
    n_items, bits = setting.n_items, setting.bits
    total = bits_above
    zeros = n_items - r
    here = r - bin_start(bin_, n_items)
    together = bin_ == N_BINS - 1
    for label in range(setting.n_labels):
        left = setting.sizes[label] - k[label]
        if together:
            total += bits[in_bin[label] + left]
        else:
            total += bits[in_bin[label]] + bits[left]
        total -= bits[setting.sizes[label]]
    total -= bits_of(here + zeros) if together else bits_of(here) + bits_of(zeros)
    return max((total + bits_of(n_items)) / n_items, 0.0)
