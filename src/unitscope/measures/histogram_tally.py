"""From histograms to a tally, from which all measures follow, and to how far these may be from the exact ones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UnitscopeError
from .classes import Classes
from .counting import FEW, MANY, SCALE, Rows, make_rows
from .head import chance_of_any
from .histogram import Histograms
from .histogram_count import value_of_order
from .histogram_scan import bound_information, scan_bins
from .sums import add_sums, mean_of, means_of, means_of_others, merge, merge_others, merge_outside
from .sweep import N_BINS, information
from .tally import Tally, tally_of
from .threads import run_threads


@dataclass(frozen=True)
class Bounds:
    """What the counts of a tally from histograms could be at best, or at worst and at best, in the exact one.

    Attributes
    ----------
    informed_most, safe_most, pure_most, detect_most
        ``(U, K)`` the largest that `Tally.informedness`, `safe_k`, `pure_k` and the detector score could be.
    hidden
        ``(U, K)`` pairs of a member and another item in one bin.
    precision_low, precision_high
        ``(U, K)`` smallest and largest possible average precision.
    information_low, information_high
        ``(U,)`` smallest and largest possible mutual information.
    """

    informed_most: np.ndarray
    safe_most: np.ndarray
    pure_most: np.ndarray
    detect_most: np.ndarray
    hidden: np.ndarray
    precision_low: np.ndarray
    precision_high: np.ndarray
    information_low: np.ndarray
    information_high: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n_classes: int) -> "Bounds":
        """Make room for the bounds of some units."""
        counts = {
            name: np.zeros((n_units, n_classes), np.int64) for name in ("informed_most", "safe_most", "pure_most")
        }
        floats = ("detect_most", "hidden", "precision_low", "precision_high")
        sums = {name: np.zeros((n_units, n_classes)) for name in floats}
        return cls(**counts, **sums, information_low=np.zeros(n_units), information_high=np.zeros(n_units))

    def of_unit(self, unit: int) -> tuple[np.ndarray, ...]:
        """Return one unit's rows of all that `scan_bins` fills, in its order."""
        return (
            self.informed_most[unit], self.safe_most[unit], self.pure_most[unit], self.detect_most[unit],
            self.hidden[unit], self.precision_low[unit], self.precision_high[unit],
        )  # fmt: skip


class Scratch:
    """The arrays that one thread works in."""

    def __init__(self, n_labels: int, n_classes: int):
        self.work = (np.zeros(n_classes, np.int64), np.zeros(n_classes, np.int64), np.zeros(n_labels, np.int64))
        self.joint = np.zeros((n_classes, N_BINS), np.int64)
        self.strays = np.zeros((N_BINS - 1, n_classes), np.int64)
        self.spans = np.zeros((N_BINS - 1, 2), np.int64)


def tally_histograms(
    held: Histograms,
    classes: Classes,
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Tally, Bounds]:
    """Count all that the measures need from histograms: a bin is a group of ties.

    Exact are means, zeros, extremes, and the most active items; what depends on the order of items within a bin is
    bounded.

    Parameters
    ----------
    held
        The histograms of some units.
    classes
        What the items that were counted belong to; only how many there are of each label matters.
    threads, progress
        As in `unitscope.measures.tally`.

    Returns
    -------
    tally : Tally
    bounds : Bounds

    Raises
    ------
    UnitscopeError
        If there are no items, or other items than were counted.
    """
    if held.sizes.sum() == 0:
        raise UnitscopeError("there are no items to measure; record other items (--items all) or other data")
    if not np.array_equal(held.sizes, classes.label_sizes):
        raise UnitscopeError(
            f"the histograms hold {held.sizes.sum()} items, of other classes than the {classes.n_items} that are to be "
            "measured; choose the items that were recorded (--items)"
        )
    held.settle()
    rows = make_rows(held.n_units, classes)
    bounds = Bounds.empty(held.n_units, len(classes.sizes))

    def work(unit: int, scratch: Scratch) -> None:
        count_extremes(held, unit, classes, rows)
        count_bins(held, unit, classes, scratch, rows, bounds)
        count_heads(held, unit, classes, rows)
        sharpen_pure(classes, unit, rows, bounds)

    run_threads(work, held.n_units, lambda: Scratch(classes.n_labels, len(classes.sizes)), threads, progress)
    return tally_of(rows, classes), bounds


def count_extremes(held: Histograms, unit: int, classes: Classes, rows: Rows) -> None:
    """Fill one unit's zeros, means, spreads and extremes, which are exact."""
    n, sizes = classes.n_labels, held.sizes
    rows.label_sizes[unit], rows.sizes[unit] = classes.label_sizes, classes.sizes
    rows.zeros[unit] = united(held.zeros[unit].astype(np.int64), classes)
    mean, squares, largest, smallest = rows.mean[unit], rows.squares[unit], rows.largest[unit], rows.smallest[unit]
    # Classes without items have infinite extremes in histograms, and NaN in a tally.
    sums = np.zeros((2, len(classes.sizes)))
    sums[:, :n] = held.sums[unit]
    mean[:n] = means_of(held.sums[unit], sizes)
    squares[:n] = held.squares[unit]
    largest[:n] = np.where(sizes > 0, held.largest[unit], np.nan)
    smallest[:n] = np.where(sizes > 0, held.smallest[unit], np.nan)
    for place, members in enumerate(classes.sets, n):
        size, high, low = 0, 0.0, 0.0
        mean[place], squares[place] = np.nan, 0.0
        largest[place] = max(held.largest[unit, members], default=np.nan) if classes.sizes[place] else np.nan
        smallest[place] = min(held.smallest[unit, members], default=np.nan) if classes.sizes[place] else np.nan
        for label in np.flatnonzero(members & (sizes > 0)):
            _, _, squares[place] = merge(size, mean[place], squares[place], sizes[label], mean[label], squares[label])
            size += sizes[label]
            high, low = add_sums(high, low, sums[0, label], sums[1, label])
            mean[place] = mean_of(high, low, size)
        sums[:, place] = high, low
    rest = (rows.rest_squares[unit], rows.rest_largest[unit], rows.rest_smallest[unit])
    total = rows.total[unit]
    total[0] = means_of_others(sums, classes.sizes, n, rows.rest_mean[unit])
    total[1], total[2], total[3] = merge_others(sizes, mean[:n], squares[:n], largest[:n], smallest[:n], rest)
    total[SCALE] = 1.0
    merge_outside(
        classes.sets, sizes, mean[:n], squares[:n], largest[:n], smallest[:n], tuple(array[n:] for array in rest)
    )


def united(counts: np.ndarray, classes: Classes) -> np.ndarray:
    """Put behind each label's number, ``(C,)``, that of each class set, ``(K,)``."""
    return np.concatenate([counts, classes.sets @ counts])


def count_bins(held: Histograms, unit: int, classes: Classes, scratch: Scratch, rows: Rows, bounds: Bounds) -> None:
    """Fill one unit's thresholds, sums over ranks and information, and the bounds of them all."""
    out = (
        rows.informedness[unit], rows.informed_k[unit], rows.informed_r[unit], rows.informed_at[unit],
        rows.safe_k[unit], rows.safe_at[unit], rows.pure_k[unit], rows.detect_k[unit], rows.detect_r[unit],
        rows.detect_at[unit], rows.midranks[unit], rows.average_precision[unit],
    )  # fmt: skip
    n_strays = scan_bins(
        held.octaves[unit], held.counts[unit], held.shift, held.zeros[unit], held.top(unit), classes.sizes,
        classes.of_label, float(held.smallest[unit].min()), out, bounds.of_unit(unit), scratch.work, scratch.joint,
        scratch.strays, scratch.spans,
    )  # fmt: skip
    n = classes.n_labels
    rows.total[unit, 6] = information(scratch.joint[:n], held.sizes)
    bounds.information_low[unit], bounds.information_high[unit] = bound_information(
        scratch.joint[:n], scratch.strays[:, :n], scratch.spans, n_strays, held.sizes
    )


def count_heads(held: Histograms, unit: int, classes: Classes, rows: Rows) -> None:
    """Fill what is counted among one unit's 60 and 100 most active items, which are held exactly."""
    few, _, _, rows.total[unit, 4], _, divisor = head(held, unit, FEW)
    rows.few[unit] = united(few, classes) / divisor
    _, rows.many[unit], rows.weights[unit], _, rows.total[unit, 5], _ = head(held, unit, MANY)


def head(held: Histograms, unit: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, int, int]:
    """Count the labels among a unit's most active items, exactly, as `unitscope.measures.head.count_head` does.

    Parameters
    ----------
    held, unit
        Settled histograms, and the place of the unit.
    size
        Number of items in the head, at most `N_TOP`.

    Returns
    -------
    counts, chances, weights, edge, n_positive, divisor
    """
    orders, labels, edge_order, tied = held.top(unit)
    size = int(min(size, held.sizes.sum()))
    n_labels = len(held.sizes)
    if size <= len(orders):
        edge_order = orders[size - 1]
        tied = np.bincount(labels[orders == edge_order], minlength=n_labels)
    above = orders > edge_order
    edge = float(value_of_order(edge_order))
    values = np.array([value_of_order(order) for order in orders[above]])
    sure = np.bincount(labels[above], minlength=n_labels)
    drawn, group = size - int(above.sum()), int(tied.sum())
    counts = sure * group + tied * drawn
    chances = (sure > 0).astype(float)
    for c in np.flatnonzero((sure == 0) & (tied > 0)):
        chances[c] = chance_of_any(tied[c], group, drawn)
    weights = np.bincount(labels[above], np.maximum(values, 0.0), n_labels) + tied * drawn / group * max(edge, 0.0)
    n_positive = size if edge > 0 else int((values > 0).sum())
    return counts, chances, weights, edge, n_positive, group


def sharpen_pure(classes: Classes, unit: int, rows: Rows, bounds: Bounds) -> None:
    """Count one unit's items above every item not of a class with what the extremes, which are exact, tell of them."""
    pure, most = rows.pure_k[unit], bounds.pure_most[unit]
    other = rows.rest_largest[unit]
    whole, none = rows.smallest[unit] > other, ~(rows.largest[unit] > other)
    pure[:] = np.where(whole, classes.sizes, pure)
    most[:] = np.where(whole, classes.sizes, np.where(none, 0, np.minimum(most, classes.sizes - 1)))
