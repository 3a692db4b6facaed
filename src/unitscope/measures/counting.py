"""Ranks every unit once and counts all that the measures need; one compiled call counts one ranking."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnitscopeError
from ..threads import fitting_threads, run_threads
from .classes import Classes
from .count_top import count_top
from .ranking import jit, rank
from .scratch import ITEM_BYTES, Scratch
from .sums import fill_rest
from .tally import Tally
from .thresholds import group_by_class, information, scan_classes


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
    >>> counts.precision_1_k
    array([[2, 0]])
    """
    check_shape(activations, classes)
    counts = Tally.empty(len(activations), classes, top)
    counts.label_sizes[:] = classes.label_sizes

    def work(unit: int, scratch: Scratch) -> None:
        ranking = rank(activations[unit], classes, scratch, names[unit] if names else str(unit))
        count_ranking(ranking, classes.class_map, scratch, counts, unit)

    threads = fitting_threads(threads, ITEM_BYTES * classes.n_items)
    run_threads(work, len(activations), lambda: Scratch.of(classes), threads, progress)
    return counts


def check_shape(activations: np.ndarray, classes: Classes) -> None:
    """Refuse activations without items, or of another number of items than there are labels."""
    n_items = activations.shape[1]
    if n_items == 0:
        raise UnitscopeError("there are no items to measure; choose other items (--items all) or other data")
    if classes.n_items != n_items:
        raise UnitscopeError(f"there are {classes.n_items} labels for {n_items} items; give one for each")


@jit
def count_ranking(ranking: Any, class_map: Any, scratch: Any, tally: Any, row: Any) -> Any:
    """Count all that the measures need from one ranking, into one row of the tally.

    Parameters
    ----------
    ranking
        `unitscope.measures.ranking.Ranking`.
    class_map
        `unitscope.measures.classes.ClassMap`.
    scratch
        `unitscope.measures.scratch.Scratch`; the ranking may lie in it.
    tally, row
        Where the counts go; ``tally.label_sizes[row]`` must hold the items of each label.

    Returns
    -------
    by_class, ends : numpy.ndarray
        From `unitscope.measures.thresholds.group_by_class`.
    """
    unused = scratch.unused
    tally.scale[row] = ranking.scale
    tally.top_60_threshold[row], _, divisor = count_top(ranking, tally.top_60_size, scratch.top_counts, unused, unused)
    _, tally.top_100_positive[row], _ = count_top(
        ranking, tally.top_100_size, unused, tally.top_100_chances[row], tally.top_100_weights[row]
    )
    count_classes(ranking.zeros, scratch.top_counts, class_map, tally, row)
    tally.top_60_counts[row] /= divisor
    by_class = scratch.by_class if len(scratch.by_class) else ranking.spare
    ends, zero_entry = group_by_class(
        ranking, class_map, tally.sizes[row], tally.zeros[row], by_class, tally.midranks[row]
    )
    sums = np.empty((2, len(ends)))
    scan_classes(ranking.levels, by_class, ends, zero_entry, scratch.joint, sums, tally, row)
    fill_rest(sums, class_map.sets, tally, row)
    label_sizes = tally.label_sizes[row]
    if scratch.joint.shape[1]:
        tally.information[row] = information(scratch.joint[: len(label_sizes)], label_sizes)
    return by_class, ends


@jit
def count_classes(label_zeros: Any, label_top_60: Any, class_map: Any, tally: Any, row: Any) -> None:
    """Fill the size, zeros and most active items of each class, labels and class sets, from those of the labels."""
    tally.sizes[row] = 0
    tally.zeros[row] = 0
    tally.top_60_counts[row] = 0.0
    for label in range(len(label_zeros)):
        for place in range(class_map.starts[label], class_map.starts[label + 1]):
            c = class_map.classes[place]
            tally.sizes[row, c] += tally.label_sizes[row, label]
            tally.zeros[row, c] += label_zeros[label]
            tally.top_60_counts[row, c] += label_top_60[label]
