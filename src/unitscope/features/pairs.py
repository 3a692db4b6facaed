"""Which units have which items among their top items, batch by batch."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .top import Top


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of an item of a batch and a unit of a layer that has it among its top items, in order of the units.

    Attributes
    ----------
    images
        ``(pairs,)`` place of the item in the batch.
    units, ranks
        ``(pairs,)`` number of the unit in its layer, and place of the item among its top items.
    """

    images: np.ndarray
    units: np.ndarray
    ranks: np.ndarray

    def chosen(self, which: np.ndarray) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.images[which], self.units[which], self.ranks[which])


class PairsOfItems:
    """Finds the pairs of any items.

    Parameters
    ----------
    top
        The top items of every unit.
    first_rows
        ``(layers + 1,)`` row of each layer's first unit in the table of units, and the number of units.
    """

    def __init__(self, top: Top, first_rows: np.ndarray):
        rows, ranks = np.nonzero(top.items >= 0)
        order = np.argsort(top.items[rows, ranks], kind="stable")
        self._items = top.items[rows, ranks][order]
        self._rows, self._ranks = rows[order], ranks[order]
        self._first_rows = first_rows

    def of(self, items: np.ndarray) -> dict[int, Pairs]:
        """Return the pairs of some items by the number of the layer; layers without any are left out."""
        starts, ends = (np.searchsorted(self._items, items, side) for side in ("left", "right"))
        chosen = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        images = np.repeat(np.arange(len(items)), ends - starts)
        order = np.argsort(self._rows[chosen], kind="stable")
        chosen, images = chosen[order], images[order]
        rows = self._rows[chosen]
        bounds = np.searchsorted(rows, self._first_rows)
        return {
            number: Pairs(
                images[first:last], rows[first:last] - self._first_rows[number], self._ranks[chosen[first:last]]
            )
            for number, (first, last) in enumerate(pairwise(bounds.tolist()))
            if last > first
        }
