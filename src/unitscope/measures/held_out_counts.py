"""Counts one ranking three times: all items, and each half; then measures on each half what the other one chose."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..threads import fitting_threads, run_threads
from .choosing import AP, AUC, CHOSEN, D_PRIME, DETECTOR, INFORMEDNESS, N_THRESHOLDS, RECALL_95, choose_classes
from .classes import Classes
from .counting import check_shape, count_ranking
from .halves import Halves, split_ranking
from .held_out_spread import N_SPREAD, spread_of_ranks, spread_of_values
from .ranking import ACTUAL, LABEL_MASK, jit, rank
from .scratch import ITEM_BYTES, Scratch
from .tally import Tally
from .thresholds import value_of


class HeldOutCounts(NamedTuple):
    """What is counted of chosen classes, at chosen thresholds, for some units (U).

    The second axis of every array is the part of the items that is measured on: the first half and the second, of
    what the other half chose; or all items, of the only class that there is to choose.

    Attributes
    ----------
    chosen
        ``(U, P, len(CHOSEN))`` the class that was chosen for every measure; -1 where none was.
    thresholds
        ``(U, P, N_THRESHOLDS)`` the threshold that was chosen, for the measures that choose one; NaN where no item is
        called a member.
    k, r
        ``(U, P, N_THRESHOLDS)`` items of that class, and of all, at or above that threshold.
    spread
        ``(U, P, N_SPREAD)`` see `unitscope.measures.held_out_spread`, for the classes of area under the ROC curve,
        average precision and d'.
    """

    chosen: np.ndarray
    thresholds: np.ndarray
    k: np.ndarray
    r: np.ndarray
    spread: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n_parts: int) -> "HeldOutCounts":
        """Make the arrays for so many units and parts of the items."""
        return cls(
            np.full((n_units, n_parts, len(CHOSEN)), -1, np.int64),
            np.full((n_units, n_parts, N_THRESHOLDS), np.nan),
            np.zeros((n_units, n_parts, N_THRESHOLDS), np.int64),
            np.zeros((n_units, n_parts, N_THRESHOLDS), np.int64),
            np.zeros((n_units, n_parts, N_SPREAD)),
        )


class HalvesTally(NamedTuple):
    """All that is counted of some units and their halves; compiled functions take it as it is.

    Attributes
    ----------
    whole, first, second
        Tallies of all items and of each half, the latter without the mutual information.
    counts
        What each half says of the class and threshold that the other half chose.
    plain
        What all items say of the only class that there is to choose; of no unit where there are several.
    """

    whole: Tally
    first: Tally
    second: Tally
    counts: HeldOutCounts
    plain: HeldOutCounts

    @classmethod
    def empty(cls, n_units: int, halves: Halves, top: int | None) -> "HalvesTally":
        """Make the arrays for so many units."""
        whole = Tally.empty(n_units, halves.classes, top)
        whole.label_sizes[:] = halves.classes.label_sizes
        first, second = (tally_of_part(n_units, part, whole) for part in halves.parts)
        one_class = whole.sizes.shape[1] - whole.choose_from == 1
        counts = HeldOutCounts.empty(n_units, 2), HeldOutCounts.empty(n_units if one_class else 0, 1)
        return cls(whole, first, second, *counts)


def tally_of_part(n_units: int, part: Classes, whole: Tally) -> Tally:
    """Make the tally of a part of the items, with its share of the most active items to look at."""
    tally = Tally.empty(n_units, part)
    tally.label_sizes[:] = part.label_sizes
    top_60, top_100 = (
        max(round(size * part.n_items / whole.n_items), 1) for size in (whole.top_60_size, whole.top_100_size)
    )
    return tally._replace(top_60_size=top_60, top_100_size=top_100)


class Space(NamedTuple):
    """The arrays that one thread counts in: for all items and for each half, and one value for each class."""

    whole: Scratch
    first: Scratch
    second: Scratch
    values: np.ndarray

    @classmethod
    def of(cls, halves: Halves) -> "Space":
        """Make the arrays for these halves."""
        nothing = np.zeros((len(halves.classes.sizes), 0), np.int64)  # no mutual information
        first, second = (Scratch.of(part)._replace(joint=nothing) for part in halves.parts)
        return cls(Scratch.of(halves.classes), first, second, np.empty(len(halves.classes.sizes)))


def tally_halves(
    activations: np.ndarray,
    halves: Halves,
    *,
    top: int | None = None,
    threads: int | None = None,
    names: list[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> HalvesTally:
    """Rank every unit's items once, and count all items, each half, and what each half says of the other's choice.

    Parameters
    ----------
    activations, top, threads, names, progress
        As in `unitscope.measures.tally`. Of the `top` most active items, each half looks at its share.
    halves
        What the items belong to, and the halves.

    Returns
    -------
    HalvesTally

    Raises
    ------
    UnitscopeError
        As `unitscope.measures.tally`.
    """
    classes = halves.classes
    check_shape(activations, classes)
    tallies = HalvesTally.empty(len(activations), halves, top)

    def work(unit: int, space: tuple[Space, Scratch]) -> None:
        arrays, ranked_in = space
        ranking = rank(activations[unit], halves, ranked_in, names[unit] if names else str(unit))
        count_halves(ranking, classes.class_map, arrays, tallies, unit)

    def make_space() -> tuple[Space, Scratch]:
        arrays = Space.of(halves)
        return arrays, arrays.whole._replace(zeros=np.zeros(2 * classes.n_labels, np.int64))

    threads = fitting_threads(threads, 2 * ITEM_BYTES * classes.n_items)
    run_threads(work, len(activations), make_space, threads, progress)
    return tallies


@jit
def count_halves(ranking: Any, class_map: Any, space: Any, tallies: Any, row: Any) -> None:
    """Count all items and each half of one ranking, and measure on each half what the other chose.

    Parameters
    ----------
    ranking
        By `Halves.labels`; its words are changed.
    class_map
        `unitscope.measures.classes.ClassMap`.
    space
        `Space`.
    tallies, row
        Where the counts go: `HalvesTally`.
    """
    whole, first, second, counts = tallies.whole, tallies.first, tallies.second, tallies.counts
    of_all, of_first, of_second = split_ranking(ranking, space.whole.zeros, space.first, space.second)
    lists, ends = count_ranking(of_all, class_map, space.whole, whole, row)
    if len(tallies.plain.k):
        choose_classes(whole, row, whole.sizes[row], whole.n_items, space.values, tallies.plain.chosen[row, 0])
        count_chosen(of_all, lists, ends, class_map, whole, tallies.plain, row, 0)
    lists_1, ends_1 = count_ranking(of_first, class_map, space.first, first, row)
    lists_2, ends_2 = count_ranking(of_second, class_map, space.second, second, row)
    choose_classes(first, row, second.sizes[row], second.n_items, space.values, counts.chosen[row, 1])
    choose_classes(second, row, first.sizes[row], first.n_items, space.values, counts.chosen[row, 0])
    fill_thresholds(of_first, lists_1, ends_1, first, row, counts.chosen[row, 1], counts.thresholds[row, 1])
    fill_thresholds(of_second, lists_2, ends_2, second, row, counts.chosen[row, 0], counts.thresholds[row, 0])
    count_chosen(of_first, lists_1, ends_1, class_map, first, counts, row, 0)
    count_chosen(of_second, lists_2, ends_2, class_map, second, counts, row, 1)


@jit
def fill_thresholds(ranking: Any, lists: Any, ends: Any, tally: Any, row: Any, chosen: Any, thresholds: Any) -> None:
    """Fill the threshold of each measure that chooses one; NaN where no threshold does better than none."""
    for measure in range(N_THRESHOLDS):
        c = chosen[measure]
        thresholds[measure] = np.nan
        if c < 0:
            continue
        if measure == RECALL_95:
            thresholds[measure] = tally.precision_95_threshold[row, c]
        elif measure == INFORMEDNESS:
            thresholds[measure] = tally.informedness_threshold[row, c]
        elif measure == DETECTOR:
            thresholds[measure] = tally.detector_threshold[row, c]
        elif tally.precision_1_k[row, c]:
            # The lowest threshold above which all items are of the class: as many as there are of the class.
            entries = entries_of(lists, ends, tally, row, c)
            last = 0
            while np.int64(entries[last] & LABEL_MASK) < tally.precision_1_k[row, c]:
                last += 1
            thresholds[measure] = value_of(entries[last], ranking.levels, ACTUAL)


@jit
def count_chosen(
    ranking: Any, lists: Any, ends: Any, class_map: Any, tally: Any, counts: Any, row: Any, half: Any
) -> None:
    """Fill the counts of one part of the items, `tally`, at the classes and thresholds that were chosen for it."""
    n_zeros = ranking.zeros.sum()
    chosen = counts.chosen[row, half]
    for measure in range(N_THRESHOLDS):
        c = chosen[measure]
        if c >= 0:
            threshold = counts.thresholds[row, half, measure]
            zeros = tally.zeros[row, c]
            entries = entries_of(lists, ends, tally, row, c)
            counts.k[row, half, measure] = count_above(entries, ranking.levels, threshold, zeros, True)
            counts.r[row, half, measure] = count_above(ranking.words, ranking.levels, threshold, n_zeros, False)
    spread = counts.spread[row, half]
    if chosen[AUC] >= 0:
        c = chosen[AUC]
        spread_of_ranks(
            ranking, entries_of(lists, ends, tally, row, c), tally.zeros[row, c], tally.sizes[row, c], spread
        )
    if chosen[AP] >= 0 and chosen[AP] != chosen[AUC]:
        c = chosen[AP]
        area = spread[0], spread[1]
        spread_of_ranks(
            ranking, entries_of(lists, ends, tally, row, c), tally.zeros[row, c], tally.sizes[row, c], spread
        )
        spread[0], spread[1] = area
    if chosen[D_PRIME] >= 0:
        c = chosen[D_PRIME]
        zeros = tally.zeros[row, c]
        entries = entries_of(lists, ends, tally, row, c)
        means = tally.mean[row, c], tally.rest_mean[row, c]
        spread_of_values(ranking, entries, zeros, members_of(class_map, c), means, n_zeros - zeros, spread)


@jit
def entries_of(lists: Any, ends: Any, tally: Any, row: Any, c: Any) -> Any:
    """Return a class's entries of `unitscope.measures.thresholds.group_by_class`."""
    zeros = tally.zeros[row, c]
    return lists[ends[c] - (tally.sizes[row, c] - zeros + (zeros > 0)) : ends[c]]


@jit
def members_of(class_map: Any, c: Any) -> Any:
    """Return whether each label is of a class."""
    n_labels = len(class_map.starts) - 1
    if c >= n_labels:
        return class_map.sets[c - n_labels].copy()
    members = np.zeros(n_labels, np.bool_)
    members[c] = True
    return members


@jit
def count_above(entries: Any, levels: Any, threshold: Any, n_zeros: Any, one_entry: Any) -> Any:
    """Return how many items are at or above a threshold; none where it is NaN.

    Parameters
    ----------
    entries
        Words of a ranking, or a class's entries, falling.
    levels
        See `unitscope.measures.ranking.Ranking`.
    threshold
        An activation.
    n_zeros, one_entry
        How many items are zero, and whether they are one of the entries or none.
    """
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if value_of(entries[middle], levels, ACTUAL) >= threshold:
            low = middle + 1
        else:
            high = middle
    if threshold <= 0 and n_zeros:
        low += n_zeros - 1 if one_entry else n_zeros
    return low
