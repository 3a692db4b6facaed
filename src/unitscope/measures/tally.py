"""The tally: what one sort of every unit counts, by unit and class. All measures are functions of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UnitscopeError
from .head import count_head
from .ranking import ZERO_KEY, count_zeros, levels_of, pack_float32, pack_levels, sort_words
from .sweep import N_BINS, information, line_up, merge_others, scan_classes
from .threads import run_threads

NO_LEVELS = np.empty(0)


@dataclass(frozen=True)
class Tally:
    """Counts and sums of some units (U) over some classes (C), from each unit's ranking.

    A threshold is a value t; an item is above when x >= t; k items of the class and r of all are above. Values
    of classes without items are 0, or NaN where they are activations.

    Attributes
    ----------
    sizes
        ``(C,)`` items of each class, n_A.
    informedness, informed_k, informed_r, informed_at
        ``(U, C)`` the largest k N - r n_A over all thresholds, with its k, r and t (the highest such t). 0, 0
        and NaN where no threshold does better than none.
    safe_k, safe_at
        ``(U, C)`` the largest k with precision k/r >= 19/20, and its t.
    pure_k
        ``(U, C)`` the largest k with k = r.
    detect_k, detect_r, detect_at
        ``(U, C)`` k, r and t of the largest min(k/r, k/n_A).
    midranks
        ``(U, C)`` sum over the class's items of twice their mid-rank from the top.
    average_precision
        ``(U, C)`` average precision.
    mean, squares, largest, smallest
        ``(U, C)`` mean, sum of squared deviations from it, largest and smallest activation.
    rest_mean, rest_squares
        ``(U, C)`` mean and sum of squared deviations of all items not of the class.
    total_mean, total_squares
        ``(U,)`` the same of all items.
    zeros
        ``(U, C)`` items with activation zero.
    few, many, weights
        ``(U, C)`` how many of the 60 most active items are of the class, items tied at the last place counted in
        proportion; the chance that the class is among the 100 most active, 1 unless it hangs on such ties; the
        class's summed positive activation among these 100, in proportion too.
    few_size
        The 60.
    few_edge, n_positive_many
        ``(U,)`` activation of the last of the 60; how many of the 100 have positive activation.
    information
        ``(U,)`` bits of mutual information between class and binned activation.
    """

    sizes: np.ndarray
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
    total_mean: np.ndarray
    total_squares: np.ndarray
    zeros: np.ndarray
    few: np.ndarray
    many: np.ndarray
    weights: np.ndarray
    few_size: int
    few_edge: np.ndarray
    n_positive_many: np.ndarray
    information: np.ndarray

    @property
    def n_items(self) -> int:
        """Number of items, N."""
        return int(self.sizes.sum())

    @property
    def present(self) -> np.ndarray:
        """``(C,)`` whether a class has items."""
        return self.sizes > 0


class Scratch:
    """The arrays that one thread works in, made once for all its units."""

    def __init__(self, n_items: int, n_classes: int):
        # One place more for each class: its zeros stand as one entry among its other items.
        self.words = np.empty(n_items + n_classes, np.uint64)
        self.spare = np.empty(n_items + n_classes, np.uint64)
        self.zeros = np.zeros(n_classes, np.int64)
        self.joint = np.zeros((n_classes, N_BINS), np.int64)
        self.unused = np.empty(n_classes)


def tally(
    activations: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    few: int = 60,
    many: int = 100,
    threads: int | None = None,
    names: list[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Rank every unit's items once and count all that the measures need.

    Parameters
    ----------
    activations
        ``(U, N)`` float32 or float64, a unit's values together. Negative values are ranked like any other.
    labels
        ``(N,)`` integers from 0 to ``n_classes - 1``.
    n_classes
        Number of classes, C; a class may have no items.
    few, many
        Sizes of the heads of the ranking: 60 for precision (Zhou et al. 2015), 100 for the class index.
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
        If a value is NaN or infinite, naming unit and item; if there are no items, or labels that are no classes.

    Examples
    --------
    >>> counts = tally(np.array([[3.0, 2.0, 0.0, 0.0]]), np.array([0, 0, 1, 1]), 2)
    >>> counts.pure_k
    array([[2, 0]])
    """
    n_units, n_items = activations.shape
    if n_items == 0:
        raise UnitscopeError("there are no items to measure; choose other items (--items all) or other data")
    check_labels(labels, n_items, n_classes)
    labels = np.ascontiguousarray(labels, np.uint32)
    sizes = np.bincount(labels, minlength=n_classes).astype(np.int64)
    integers = {name: np.zeros((n_units, n_classes), np.int64) for name in INTEGERS}
    floats = {name: np.zeros((n_units, n_classes)) for name in FLOATS}
    total = np.empty((n_units, 2))
    few_edge, n_positive_many, bits = np.empty(n_units), np.empty(n_units, np.int64), np.empty(n_units)

    def work(unit: int, scratch: Scratch) -> None:
        values = activations[unit]
        zeros = scratch.zeros
        if values.dtype == np.float32:
            levels, zero_key = NO_LEVELS, int(ZERO_KEY)
            n = pack_float32(np.ascontiguousarray(values).view(np.uint32), labels, scratch.words)
        else:
            if not np.isfinite(values).all():
                refuse(values, unit, names)
            levels, keys, zero_key = levels_of(values.astype(np.float64))
            n = pack_levels(keys, labels, zero_key, scratch.words)
        if n < 0:
            refuse(values, unit, names)
        count_zeros(scratch.words, n, sizes, zeros)
        words = sort_words(scratch.words, scratch.spare, n)
        lined = scratch.spare if words is scratch.words else scratch.words
        i = {name: rows[unit] for name, rows in integers.items()}
        f = {name: rows[unit] for name, rows in floats.items()}
        i["zeros"][:] = zeros
        few_edge[unit], _ = count_head(words, n, zeros, zero_key, levels, few, f["few"], scratch.unused, scratch.unused)
        _, n_positive_many[unit] = count_head(
            words, n, zeros, zero_key, levels, many, scratch.unused, f["many"], f["weights"]
        )
        entries = sizes - zeros + (zeros > 0)
        starts = np.cumsum(entries) - entries
        zero_entry = line_up(words, n, zeros, zero_key, starts, lined, i["midranks"])
        out = (
            i["informedness"], i["informed_k"], i["informed_r"], f["informed_at"], i["safe_k"], f["safe_at"],
            i["pure_k"], i["detect_k"], i["detect_r"], f["detect_at"], f["average_precision"], f["mean"],
            f["squares"], f["largest"], f["smallest"],
        )  # fmt: skip
        scan_classes(lined, starts, zeros, zero_entry, sizes, levels, i["midranks"], scratch.joint, out)
        merge_others(sizes, f["mean"], f["squares"], f["rest_mean"], f["rest_squares"], total[unit])
        bits[unit] = information(scratch.joint, sizes)

    run_threads(work, n_units, lambda: Scratch(n_items, n_classes), threads, progress)
    return Tally(
        sizes=sizes,
        **integers,
        **floats,
        total_mean=total[:, 0],
        total_squares=total[:, 1],
        few_size=few,
        few_edge=few_edge,
        n_positive_many=n_positive_many,
        information=bits,
    )


INTEGERS = (
    "informedness", "informed_k", "informed_r", "safe_k", "pure_k", "detect_k", "detect_r", "midranks", "zeros",
)  # fmt: skip
FLOATS = (
    "informed_at", "safe_at", "detect_at", "average_precision", "mean", "squares", "largest", "smallest", "few",
    "many", "weights", "rest_mean", "rest_squares",
)  # fmt: skip


def check_labels(labels: np.ndarray, n_items: int, n_classes: int) -> None:
    """Refuse labels that are not one class of each item: compiled code would read and write past its arrays."""
    if np.shape(labels) != (n_items,):
        raise UnitscopeError(f"labels of shape {np.shape(labels)} do not fit {n_items} items; give one for each")
    if not np.issubdtype(labels.dtype, np.integer):
        raise UnitscopeError(f"labels are {labels.dtype}, not class indices; number the classes from 0")
    outside = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if len(outside):
        item = int(outside[0])
        raise UnitscopeError(
            f"item {item} has the label {labels[item]}, but classes are numbered from 0 to {n_classes - 1}; "
            "leave out items without a class, or correct the number of classes"
        )


def refuse(values: np.ndarray, unit: int, names: list[str] | None) -> None:
    """Raise for a value that is not finite."""
    item = int(np.flatnonzero(~np.isfinite(values))[0])
    name = names[unit] if names else str(unit)
    raise UnitscopeError(
        f"unit {name} has the value {values[item]} for item {item}; leave such items or units out before measuring"
    )
