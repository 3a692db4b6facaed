"""Computes from histograms a tally, from which all measures follow, and bounds of the exact counts."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..errors import UnitscopeError
from ..threads import run_threads
from .classes import Classes
from .count_top import chance_of_any
from .histogram import N_TOP, Histograms
from .histogram_count import value_of_order
from .histogram_scan import ScanScratch, bound_information, scan_bins
from .sums import add_sums, fill_rest, mean_of, means_of, merge
from .tally import Tally
from .thresholds import information


class Bounds(NamedTuple):
    """Bounds of the exact counts, beside a tally from histograms.

    Attributes
    ----------
    informedness_most, precision_95_most, precision_1_most, detector_most
        ``(U, K)`` the largest possible `Tally.informedness`, `precision_95_k`, `precision_1_k` and detector score.
    hidden
        ``(U, K)`` pairs of a member and another item in one bin.
    average_precision_low, average_precision_high
        ``(U, K)`` smallest and largest possible average precision.
    information_low, information_high
        ``(U,)`` smallest and largest possible mutual information.
    """

    informedness_most: np.ndarray
    precision_95_most: np.ndarray
    precision_1_most: np.ndarray
    detector_most: np.ndarray
    hidden: np.ndarray
    average_precision_low: np.ndarray
    average_precision_high: np.ndarray
    information_low: np.ndarray
    information_high: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n_classes: int) -> "Bounds":
        """Make the arrays for some units, filled with zeros."""
        whole = ("informedness_most", "precision_95_most", "precision_1_most")
        arrays = {name: np.zeros((n_units, n_classes), np.int64 if name in whole else float) for name in cls._fields}
        of_units = {name: np.zeros(n_units) for name in ("information_low", "information_high")}
        return cls(**arrays | of_units)


def tally_histograms(
    histograms: Histograms,
    classes: Classes,
    *,
    top: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Tally, Bounds]:
    """Count all that the measures need from histograms: a bin is a group of ties.

    Exact are means, zeros, extremes, and the most active items; what depends on the order of items within a bin is
    bounded.

    Parameters
    ----------
    histograms
        The histograms of some units.
    classes
        What the items that were counted belong to; only how many there are of each label matters.
    top
        As in `unitscope.measures.tally`, at most `N_TOP`.
    threads, progress
        As in `unitscope.measures.tally`.

    Returns
    -------
    tally : Tally
    bounds : Bounds

    Raises
    ------
    UnitscopeError
        If there are no items, other items than were counted, or fewer most active items than `top` were kept.
    """
    if histograms.sizes.sum() == 0:
        raise UnitscopeError("there are no items to measure; record other items (--items all) or other data")
    if not np.array_equal(histograms.sizes, classes.label_sizes):
        raise UnitscopeError(
            f"the histograms hold {histograms.sizes.sum()} items, of other classes than the {classes.n_items} that are "
            "to be measured; choose the items that were recorded (--items)"
        )
    counts = Tally.empty(histograms.n_units, classes, top)
    if max(counts.top_60_size, counts.top_100_size) > N_TOP:
        raise UnitscopeError(f"top is {top}, but histograms keep only the {N_TOP} most active items; give at most that")
    histograms.sort_top()
    bounds = Bounds.empty(histograms.n_units, len(classes.sizes))

    def work(unit: int, scratch: ScanScratch) -> None:
        count_extremes(histograms, unit, classes, counts)
        count_bins(histograms, unit, classes, scratch, counts, bounds)
        count_most_active(histograms, unit, classes, counts)
        bound_precision_1(classes, unit, counts, bounds)

    run_threads(
        work, histograms.n_units, lambda: ScanScratch.of(classes.n_labels, len(classes.sizes)), threads, progress
    )
    return counts, bounds


def count_extremes(histograms: Histograms, unit: int, classes: Classes, counts: Tally) -> None:
    """Fill one unit's zeros, means, spreads and extremes, which are exact."""
    n, sizes = classes.n_labels, histograms.sizes
    counts.label_sizes[unit], counts.sizes[unit] = classes.label_sizes, classes.sizes
    counts.zeros[unit] = with_class_sets(histograms.zeros[unit].astype(np.int64), classes)
    mean, squares, largest, smallest = (
        counts.mean[unit],
        counts.squares[unit],
        counts.largest[unit],
        counts.smallest[unit],
    )
    # Classes without items have infinite extremes in histograms, and NaN in a tally.
    sums = np.zeros((2, len(classes.sizes)))
    sums[:, :n] = histograms.sums[unit]
    mean[:n] = means_of(histograms.sums[unit], sizes)
    squares[:n] = histograms.squares[unit]
    largest[:n] = np.where(sizes > 0, histograms.largest[unit], np.nan)
    smallest[:n] = np.where(sizes > 0, histograms.smallest[unit], np.nan)
    for place, members in enumerate(classes.sets, n):
        size, high, low = 0, 0.0, 0.0
        mean[place], squares[place] = np.nan, 0.0
        largest[place] = max(histograms.largest[unit, members], default=np.nan) if classes.sizes[place] else np.nan
        smallest[place] = min(histograms.smallest[unit, members], default=np.nan) if classes.sizes[place] else np.nan
        for label in np.flatnonzero(members & (sizes > 0)):
            _, _, squares[place] = merge(size, mean[place], squares[place], sizes[label], mean[label], squares[label])
            size += sizes[label]
            high, low = add_sums(high, low, sums[0, label], sums[1, label])
            mean[place] = mean_of(high, low, size)
        sums[:, place] = high, low
    counts.scale[unit] = 1.0
    fill_rest(sums, classes.sets, counts, unit)


def with_class_sets(counts: np.ndarray, classes: Classes) -> np.ndarray:
    """Put behind each label's number, ``(C,)``, that of each class set, ``(K,)``."""
    return np.concatenate([counts, classes.sets @ counts])


def count_bins(
    histograms: Histograms, unit: int, classes: Classes, scratch: ScanScratch, counts: Tally, bounds: Bounds
) -> None:
    """Fill one unit's thresholds, sums over ranks and information, and the bounds of them all."""
    lowest = float(histograms.smallest[unit].min())
    n_strays = scan_bins(
        histograms.bins(unit), histograms.top(unit), lowest, classes.class_map, scratch, counts, bounds, unit
    )
    n = classes.n_labels
    counts.information[unit] = information(scratch.joint[:n], histograms.sizes)
    bounds.information_low[unit], bounds.information_high[unit] = bound_information(
        scratch.joint[:n], scratch.strays[:, :n], scratch.spans, n_strays, histograms.sizes
    )


def count_most_active(histograms: Histograms, unit: int, classes: Classes, counts: Tally) -> None:
    """Fill what is counted among one unit's most active items, which are kept exactly."""
    few, _, _, counts.top_60_threshold[unit], _, divisor = count_top_labels(histograms, unit, counts.top_60_size)
    counts.top_60_counts[unit] = with_class_sets(few, classes) / divisor
    _, counts.top_100_chances[unit], counts.top_100_weights[unit], _, counts.top_100_positive[unit], _ = (
        count_top_labels(histograms, unit, counts.top_100_size)
    )


def count_top_labels(
    histograms: Histograms, unit: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, int, int]:
    """Count the labels among a unit's most active items, exactly, as `unitscope.measures.count_top.count_top` does.

    Parameters
    ----------
    histograms, unit
        Histograms with sorted most active items, and the place of the unit.
    size
        How many of the most active items, at most `N_TOP`.

    Returns
    -------
    counts, chances, weights, edge, n_positive, divisor
    """
    orders, labels, edge_order, tied = histograms.top(unit)
    size = int(min(size, histograms.sizes.sum()))
    n_labels = len(histograms.sizes)
    if size <= len(orders):
        edge_order = orders[size - 1]
        tied = np.bincount(labels[orders == edge_order], minlength=n_labels)
    above = orders > edge_order
    edge = float(value_of_order(edge_order))
    values = np.array([value_of_order(order) for order in orders[above]])
    sure = np.bincount(labels[above], minlength=n_labels)
    drawn, group = size - int(above.sum()), int(tied.sum())
    expected = sure * group + tied * drawn
    chances = (sure > 0).astype(float)
    for c in np.flatnonzero((sure == 0) & (tied > 0)):
        chances[c] = chance_of_any(tied[c], group, drawn)
    weights = np.bincount(labels[above], np.maximum(values, 0.0), n_labels) + tied * drawn / group * max(edge, 0.0)
    n_positive = size if edge > 0 else int((values > 0).sum())
    return expected, chances, weights, edge, n_positive, group


def bound_precision_1(classes: Classes, unit: int, counts: Tally, bounds: Bounds) -> None:
    """Count one unit's items above every item not of a class with what the extremes, which are exact, tell of them."""
    certain, most = counts.precision_1_k[unit], bounds.precision_1_most[unit]
    other = counts.rest_largest[unit]
    whole, none = counts.smallest[unit] > other, ~(counts.largest[unit] > other)
    certain[:] = np.where(whole, classes.sizes, certain)
    most[:] = np.where(whole, classes.sizes, np.where(none, 0, np.minimum(most, classes.sizes - 1)))
