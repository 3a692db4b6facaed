"""The most active items of every unit of a run, found in blocks of units."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from ..run import Run, UnitBlock, fitting_blocks, unit_blocks
from ..run.top_items import largest, read_top_of_histograms


@dataclass(frozen=True, eq=False)
class Top:
    """The most active items of every unit, most active first; of equally active items the first in item order.

    Attributes
    ----------
    items
        ``(units, count)`` int32, positions in the run; -1 where a unit has fewer.
    activations
        ``(units, count)`` float32, recorded activations; 0 where a unit has fewer items.
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
        for row, (places, values) in enumerate(read_top(run, block, keep, count), start=block.row):
            found[row, : len(places)], activations[row, : len(places)] = places, values
        if progress:
            progress("finding top items", block.row + block.size, total)
    return Top(found, activations, len(keep))


def read_top(run: Run, block: UnitBlock, keep: np.ndarray, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the most active items of each unit of a block, and their activations."""
    if run.manifest.histograms is not None:
        for places, values in read_top_of_histograms(run, block):
            active = values[:count] > 0
            yield places[:count][active], values[:count][active]
        return
    for values in run.activations(block.layer, block.first, block.last)[:, keep]:
        places = largest(values, count)
        active = places[values[places] > max(float(values.min(initial=np.inf)), 0.0)]
        yield keep[active], values[active]
