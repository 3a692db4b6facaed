"""The tally: what one sort of every unit counts, by unit and class. All measures are functions of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UnitscopeError
from .classes import Classes
from .counting import SCALE, TOTALS, Rows, Scratch, count_ranking, head_sizes, make_rows
from .ranking import ZERO_KEY, count_zeros, levels_of, pack_float32, pack_levels, sort_words
from .threads import fitting_threads, run_threads

MOST_INTEGER = 2**53
"""Float64 holds every integer up to this one."""

NO_LEVELS = np.empty((2, 0))


@dataclass(frozen=True)
class Tally:
    """Counts and sums of some units (U) over some classes (K), from each unit's ranking.

    A threshold is a value t; an item is above when x >= t; k items of the class and r of all are above. Classes
    are the labels (C), then the class sets. Values of classes without items are 0, or NaN where they are
    activations. Means, squares and weights are of activations divided by `scale`, so that no square is beyond float64.

    Attributes
    ----------
    n_items
        Number of items, N.
    label_sizes, sizes
        ``(U, C)`` and ``(U, K)`` items of each label and class, n_A; units differ only where items are drawn again.
    choose_from, labels_compete
        See `unitscope.measures.classes.Classes`.
    informedness, informed_k, informed_r, informed_at
        ``(U, K)`` the largest k N - r n_A over all thresholds, with its k, r and t (the highest such t). 0, 0
        and NaN where no threshold does better than none.
    safe_k, safe_at
        ``(U, K)`` the largest k with precision k/r >= 19/20, and its t.
    pure_k
        ``(U, K)`` the largest k with k = r.
    detect_k, detect_r, detect_at
        ``(U, K)`` k, r and t of the largest min(k/r, k/n_A).
    midranks
        ``(U, K)`` sum over the class's items of twice their mid-rank from the top.
    average_precision
        ``(U, K)`` average precision.
    mean, squares, largest, smallest
        ``(U, K)`` mean, sum of squared deviations from it, largest and smallest activation.
    rest_mean, rest_squares, rest_largest, rest_smallest
        ``(U, K)`` the same of all items not of the class.
    total_mean, total_squares, total_largest, total_smallest
        ``(U,)`` the same of all items.
    zeros
        ``(U, K)`` items with activation zero.
    few
        ``(U, K)`` how many of the 60 most active items are of the class, items tied at the last place counted in
        proportion.
    many, weights
        ``(U, C)`` the chance that the label is among the 100 most active, 1 unless it hangs on ties at the last
        place; the label's summed positive activation among these 100, in proportion too.
    few_size, many_size
        The 60 and the 100.
    few_edge, n_positive_many
        ``(U,)`` activation of the last of the 60; how many of the 100 have positive activation.
    information
        ``(U,)`` bits of mutual information between label and binned activation.
    scale
        ``(U,)`` a power of two: 1 for float32, the size of the largest value for float64.
    """

    n_items: int
    choose_from: int
    labels_compete: bool
    informedness: np.ndarray
    informed_k: np.ndarray
    informed_r: np.ndarray
    informed_at: np.ndarray
    safe_k: np.ndarray
    safe_at: np.ndarray
    pure_k: np.ndarray
    detect_k: np.ndarray
    detect_r: np.ndarray
    detect_at: np.ndarray
    midranks: np.ndarray
    average_precision: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    largest: np.ndarray
    smallest: np.ndarray
    rest_mean: np.ndarray
    rest_squares: np.ndarray
    rest_largest: np.ndarray
    rest_smallest: np.ndarray
    total_mean: np.ndarray
    total_squares: np.ndarray
    total_largest: np.ndarray
    total_smallest: np.ndarray
    zeros: np.ndarray
    few: np.ndarray
    many: np.ndarray
    weights: np.ndarray
    label_sizes: np.ndarray
    sizes: np.ndarray
    few_size: int
    many_size: int
    few_edge: np.ndarray
    n_positive_many: np.ndarray
    information: np.ndarray
    scale: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """``(U, K)`` whether a class has items."""
        return self.sizes > 0

    @property
    def comparable(self) -> np.ndarray:
        """``(U, K)`` whether a class has both members and others to be compared with."""
        return (self.sizes > 0) & (self.sizes < self.n_items)


@dataclass(frozen=True)
class Ranking:
    """One unit's items in falling order.

    Attributes
    ----------
    words
        ``(n,)`` the nonzeros as ``key << 32 | label``, rising by key.
    zeros
        ``(C,)`` zeros of each label.
    zero_key
        The key at which the zeros stand.
    levels
        ``(2, n)`` the values of the keys, falling, and the same divided by `scale`; empty where keys are bits of
        float32.
    scale
        A power of two, 1 for float32.
    spare
        An array as long as all items and labels, free to use.
    """

    words: np.ndarray
    zeros: np.ndarray
    zero_key: int
    levels: np.ndarray
    scale: float
    spare: np.ndarray


def tally(
    activations: np.ndarray,
    classes: Classes,
    *,
    top: int | None = None,
    threads: int | None = None,
    names: list[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Rank every unit's items once and count all that the measures need.

    Parameters
    ----------
    activations
        ``(U, N)`` float32 or float64, a unit's values together. Negative values are ranked like any other.
    classes
        What the items belong to.
    top
        Size of both heads of the ranking; default: 60 for precision (Zhou et al. 2015), 100 for the class index.
    threads
        Threads to use; default: one per core. The result does not depend on it, bit for bit.
    names
        Names of the units, for messages.
    progress
        Called with the number of units done, from the threads that do them.

    Returns
    -------
    Tally

    Raises
    ------
    UnitscopeError
        If a value is NaN or infinite, naming unit and item; if there are no items, or not one label for each.

    Examples
    --------
    >>> counts = tally(np.array([[3.0, 2.0, 0.0, 0.0]]), Classes.of_labels(np.array([0, 0, 1, 1]), 2))
    >>> counts.pure_k
    array([[2, 0]])
    """
    check_shape(activations, classes)
    rows = make_rows(len(activations), classes)
    sizes = head_sizes(top)

    def work(unit: int, scratch: Scratch) -> None:
        ranking = rank(activations[unit], classes, scratch, names[unit] if names else str(unit))
        count(ranking, classes, scratch, rows, unit, sizes)

    threads = fitting_threads(threads, Scratch.ITEM_BYTES * classes.n_items)
    run_threads(work, len(activations), lambda: Scratch(classes), threads, progress)
    return tally_of(rows, classes, sizes)


def check_shape(activations: np.ndarray, classes: Classes) -> None:
    """Refuse activations without items, or of another number of items than there are labels."""
    n_items = activations.shape[1]
    if n_items == 0:
        raise UnitscopeError("there are no items to measure; choose other items (--items all) or other data")
    if classes.n_items != n_items:
        raise UnitscopeError(f"there are {classes.n_items} labels for {n_items} items; give one for each")


def rank(values: np.ndarray, classes: Classes, scratch: Scratch, name: str) -> Ranking:
    """Rank one unit's items; the ranking lies in `scratch`.

    Raises
    ------
    UnitscopeError
        If a value is not finite.
    """
    if values.dtype == np.float32:
        levels, zero_key, scale = NO_LEVELS, int(ZERO_KEY), 1.0
        n = pack_float32(np.ascontiguousarray(values).view(np.uint32), classes.labels, scratch.words)
    else:
        if not np.isfinite(values).all():
            refuse(values, name)
        levels, keys, zero_key, scale = levels_of(as_float64(values, name))
        n = pack_levels(keys, classes.labels, zero_key, scratch.words)
    if n < 0:
        refuse(values, name)
    count_zeros(scratch.words, n, classes.label_sizes, scratch.zeros)
    words = sort_words(scratch.words, scratch.spare, n)
    spare = scratch.spare if words is scratch.words else scratch.words
    return Ranking(words[:n], scratch.zeros, zero_key, levels, scale, spare)


def as_float64(values: np.ndarray, name: str) -> np.ndarray:
    """Return a unit's values as float64, exactly.

    Raises
    ------
    UnitscopeError
        If a value is no float64: an integer beyond 2**53, or a long double with more digits.
    """
    exact = values.astype(np.float64)
    if values.dtype.kind in "iu":  # NumPy would round both sides of a comparison with float64
        rounded = (
            (values > MOST_INTEGER) | (values < -MOST_INTEGER) if values.dtype.itemsize == 8 else np.zeros(1, bool)
        )
    else:
        rounded = exact != values
    if rounded.any():
        item = int(np.flatnonzero(rounded)[0])
        raise UnitscopeError(
            f"unit {name} has the {values.dtype} value {values[item]} for item {item}, which float64 cannot hold "
            "exactly; subtract an offset or divide before measuring, or accept rounding with .astype(float)"
        )
    return exact


def count(ranking: Ranking, classes: Classes, scratch: Scratch, rows: Rows, row: int, sizes: tuple[int, int]) -> None:
    """Count one ranking into one row."""
    lined = ranking.spare if scratch.lined is None else scratch.lined
    rows.label_sizes[row] = classes.label_sizes
    rows.total[row, SCALE] = ranking.scale
    count_ranking(
        ranking.words, len(ranking.words), ranking.zeros, ranking.zero_key, ranking.levels, classes.of_label,
        classes.sets, sizes, lined, scratch.joint, scratch.few, scratch.unused, rows, row,
    )  # fmt: skip


def tally_of(rows: Rows, classes: Classes, sizes: tuple[int, int]) -> Tally:
    """Return the rows under their names; `sizes` are those of the two heads."""
    by_class = rows._asdict()
    totals = by_class.pop("total")
    return Tally(
        n_items=classes.n_items,
        choose_from=classes.choose_from,
        labels_compete=classes.labels_compete,
        few_size=sizes[0],
        many_size=sizes[1],
        **by_class,
        **{name: totals[:, place] for place, name in enumerate(TOTALS)},
    )


def refuse(values: np.ndarray, name: str) -> None:
    """Raise for a value that is not finite."""
    item = int(np.flatnonzero(~np.isfinite(values))[0])
    raise UnitscopeError(
        f"unit {name} has the value {values[item]} for item {item}; leave such items or units out before measuring"
    )
