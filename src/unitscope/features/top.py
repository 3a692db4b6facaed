"""The most active items of every unit of a run, found in blocks of units."""

from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from ..run import Run, fitting_blocks, unit_blocks
from ..run.top_items import read_top_of_histograms


@dataclass(frozen=True, eq=False)
class Top:
    """The most active items of every unit, most active first; of equally active items the first in item order.

    Attributes
    ----------
    items
        ``(units, count)`` int32, positions in the run; -1 where a unit has fewer.
    activations
        ``(units, count)`` float32, recorded activations; 0 where there is no item.
    n_items
        Number of items that were looked at.

    See Also
    --------
    find_top : Find them.
    """

    items: np.ndarray
    activations: np.ndarray
    n_items: int

    @property
    def union(self) -> np.ndarray:
        """All items that are among the most active of some unit, in item order."""
        return np.unique(self.items[self.items >= 0])


def find_top(run: Run, count: int, items: str | None = None, progress: Progress | None = None) -> Top:
    """Find the most active items of every unit, of those with positive activation above the unit's smallest.

    A unit of the same activation to all items has none, as in `Run.top_items`.

    Parameters
    ----------
    run
        An open run, of stored activations or of histograms.
    count
        How many items of each unit.
    items
        ``"correct"`` or ``"all"``; see `Run.choose_items`.
    progress
        Called with the number of units that are done.

    Examples
    --------
    >>> top = find_top(run, 2)
    >>> top.items[0].tolist(), top.n_items
    ([7, 43], 60)
    """
    keep = np.flatnonzero(run.choose_items(items))
    total = len(run.units)
    found = np.full((total, count), -1, np.int32)
    activations = np.zeros((total, count), np.float32)
    stored = run.manifest.histograms is None
    for block in fitting_blocks(run.manifest) if stored else unit_blocks(run.layers):
        values = run.activations(block.layer, block.first, block.last)[:, keep] if stored else None
        for row in range(block.size):
            if values is not None:
                places = largest(values[row], count)
                items_of_unit, of_items = keep[places], values[row, places]
            else:
                items_of_unit, of_items = read_top_of_histograms(run, f"{block.layer}:{block.first + row}")
            least = 0.0 if values is None else max(float(values[row].min(initial=np.inf)), 0.0)
            active = of_items[:count] > least
            n = int(active.sum())
            found[block.row + row, :n] = items_of_unit[:count][active]
            activations[block.row + row, :n] = of_items[:count][active]
        if progress:
            progress("finding top items", block.row + block.size, total)
    return Top(found, activations, len(keep))


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest values, largest first, equal ones in order.

    Examples
    --------
    >>> largest(np.array([1.0, 3.0, 2.0, 3.0, 2.0]), 3)
    array([1, 3, 2])
    """
    if count < len(values):
        bound = np.partition(values, len(values) - count)[len(values) - count]
        above = np.flatnonzero(values > bound)
        chosen = np.concatenate([above, np.flatnonzero(values == bound)[: count - len(above)]])
    else:
        chosen = np.arange(len(values))
    return chosen[np.argsort(-values[chosen], kind="stable")]
