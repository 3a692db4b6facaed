"""Everything that is counted from one ranking, in one compiled call: heads, thresholds, sums."""

from typing import Any, NamedTuple

import numpy as np

from ..errors import UnitscopeError
from .classes import Classes
from .head import count_head
from .ranking import jit
from .sums import means_of_others, merge_others, merge_outside
from .sweep import N_BINS, information, line_up, scan_classes

FEW, MANY = 60, 100
"""Sizes of the heads of the ranking: for precision (Zhou et al. 2015), and for the class index."""


def head_sizes(top: int | None) -> tuple[int, int]:
    """Return the sizes of both heads: `top`, or the usual 60 and 100.

    Raises
    ------
    UnitscopeError
        If `top` is not a whole number of at least 1.
    """
    if top is None:
        return FEW, MANY
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1:
        raise UnitscopeError(f"top must be a whole number of at least 1, not {top!r}; leave it out for 60 and 100")
    return int(top), int(top)


class Rows(NamedTuple):
    """Arrays that counts are written into, a row for each ranking; the names are those of `Tally`."""

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
    average_precision: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    largest: np.ndarray
    smallest: np.ndarray
    midranks: np.ndarray
    zeros: np.ndarray
    few: np.ndarray
    rest_mean: np.ndarray
    rest_squares: np.ndarray
    rest_largest: np.ndarray
    rest_smallest: np.ndarray
    many: np.ndarray
    weights: np.ndarray
    label_sizes: np.ndarray
    sizes: np.ndarray
    total: np.ndarray


INTEGERS = (
    *("informedness", "informed_k", "informed_r", "safe_k", "pure_k", "detect_k", "detect_r"),
    *("midranks", "zeros", "label_sizes", "sizes"),
)
OF_LABELS = ("many", "weights", "label_sizes")
TOTALS = (
    "total_mean",
    "total_squares",
    "total_largest",
    "total_smallest",
    "few_edge",
    "n_positive_many",
    "information",
    "scale",
)
SCALE = TOTALS.index("scale")


def make_rows(n: int, classes: Classes) -> Rows:
    """Make the arrays for `n` rankings: ``(n, K)``, of labels only ``(n, C)``, totals ``(n, 8)``."""
    k = len(classes.sizes)
    widths = {**dict.fromkeys(OF_LABELS, classes.n_labels), "total": len(TOTALS)}
    made = {name: np.zeros((n, widths.get(name, k)), np.int64 if name in INTEGERS else float) for name in Rows._fields}
    return Rows(**made)


class Scratch:
    """The arrays that one thread works in, made once for all its units."""

    ITEM_BYTES = 16
    """Bytes for each item; class sets take 8 more for each set of an item."""

    def __init__(self, classes: Classes):
        n_classes = len(classes.sizes)
        # One place more for each class: its zeros stand as one entry among its other items.
        self.words = np.empty(classes.n_items + classes.n_labels, np.uint64)
        self.spare = np.empty(classes.n_items + classes.n_labels, np.uint64)
        most = 1 + int(classes.sets.sum(0).max(initial=0))  # classes of one item
        self.lined = np.empty(classes.n_items * most + n_classes, np.uint64) if len(classes.sets) else None
        self.zeros = np.zeros(classes.n_labels, np.int64)
        self.joint = np.zeros((n_classes, N_BINS), np.int64)
        self.few = np.empty(classes.n_labels)
        self.unused = np.empty(classes.n_labels)


@jit
def count_ranking(
    words: Any, n: Any, zeros: Any, zero_key: Any, levels: Any, of_label: Any, sets: Any, head_sizes: Any, lined: Any,
    joint: Any, few: Any, unused: Any, rows: Any, row: Any,
) -> None:  # fmt: skip
    """Count all that the measures need from one ranking, into one row of `rows`.

    Parameters
    ----------
    words, n, zeros, zero_key, levels
        The ranking: sorted words of the nonzeros, their number, ``(C,)`` zeros of each label, the key at which
        they stand, ``(2, n)`` the values of the keys, see `unitscope.measures.tally.Ranking`.
    of_label, sets
        See `unitscope.measures.classes.Classes`.
    head_sizes
        The 60 and the 100.
    lined, joint, few, unused
        Arrays to work in, see `Scratch`.
    rows, row
        Where the counts go; ``rows.label_sizes[row]`` must hold the items of each label.
    """
    label_sizes, sizes = rows.label_sizes[row], rows.sizes[row]
    n_labels, n_items, n_zeros = len(label_sizes), label_sizes.sum(), zeros.sum()
    begins, classes = of_label
    total = rows.total[row]
    class_zeros, class_few = rows.zeros[row], rows.few[row]
    total[4], _, divisor = count_head(words, n, zeros, zero_key, levels, head_sizes[0], few, unused, unused)
    _, total[5], _ = count_head(
        words, n, zeros, zero_key, levels, head_sizes[1], unused, rows.many[row], rows.weights[row]
    )
    sizes[:] = 0
    class_zeros[:] = 0
    class_few[:] = 0.0
    for label in range(n_labels):
        for which in range(begins[label], begins[label + 1]):
            sizes[classes[which]] += label_sizes[label]
            class_zeros[classes[which]] += zeros[label]
            class_few[classes[which]] += few[label]
    class_few /= divisor
    ends = np.empty(len(sizes), np.int64)
    end = 0
    for c in range(len(sizes)):
        ends[c] = end
        end += sizes[c] - class_zeros[c] + (class_zeros[c] > 0)
    midranks = rows.midranks[row]
    zero_entry = line_up(words, n, class_zeros, n_zeros, zero_key, begins, classes, ends, lined, midranks)
    out = (
        rows.informedness[row], rows.informed_k[row], rows.informed_r[row], rows.informed_at[row], rows.safe_k[row],
        rows.safe_at[row], rows.pure_k[row], rows.detect_k[row], rows.detect_r[row], rows.detect_at[row],
        rows.average_precision[row], rows.mean[row], rows.squares[row], rows.largest[row], rows.smallest[row],
    )  # fmt: skip
    sums = np.empty((2, len(sizes)))
    scan_classes(lined, ends, class_zeros, zero_entry, sizes, n_items, levels, midranks, joint, sums, out)
    mean, squares = rows.mean[row, :n_labels], rows.squares[row, :n_labels]
    largest, smallest = rows.largest[row, :n_labels], rows.smallest[row, :n_labels]
    rest = (rows.rest_squares[row], rows.rest_largest[row], rows.rest_smallest[row])
    total[0] = means_of_others(sums, sizes, n_labels, rows.rest_mean[row])
    total[1], total[2], total[3] = merge_others(label_sizes, mean, squares, largest, smallest, rest)
    outside = (rest[0][n_labels:], rest[1][n_labels:], rest[2][n_labels:])
    merge_outside(sets, label_sizes, mean, squares, largest, smallest, outside)
    total[6] = information(joint[:n_labels], label_sizes)
