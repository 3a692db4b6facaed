"""The most active items of a unit, of runs that store activations and of runs that keep histograms."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .blocks import UnitBlock, unit_blocks
from .checkpoint import read_checkpoint

if TYPE_CHECKING:
    from .run import Run
    from .tables import StoredTable

PLACES = ("row", "column", "top", "left", "bottom", "right")
"""Columns that say where a unit is most active, and what it sees there."""


def top_items(run: "Run", unit: str, count: int = 10, items: str | None = None) -> pd.DataFrame:
    """Return the most active items of a unit; `Run.top_items` is its public name."""
    if count < 1:
        raise UnitscopeError(f"{count} items are too few; give a count of at least 1")
    keep = run.choose_items(items)
    if run.manifest.histograms is not None:
        layer, index = run.find_unit(unit)
        blocks = (block for block in unit_blocks(run.layers) if block.layer == layer.name)
        block = next(block for block in blocks if block.first <= index < block.last)
        found, activations = read_top_of_histograms(run, block)[index - block.first]
        found, activations = found[:count], activations[:count]
    else:
        values = run.unit_activations(unit)[keep]
        places = first_items(values > values.min(initial=np.inf), -values, count)
        found, activations = np.flatnonzero(keep)[places], values[places].astype(float)
    ids = run.items["item_id"].to_numpy()[found]
    frame = pd.DataFrame({"item": found, "item_id": ids, "activation": activations})
    return frame.join(places_of(run, unit), on="item")


def places_of(run: "Run", unit: str) -> pd.DataFrame:
    """Return where a unit is most active in its top items, indexed by item; empty if no analysis has looked."""
    for name in run.tables:
        table = run.stored_table(name)
        if table.arrays is not None and {"top_item", "top_position", "top_box"} <= {*table.arrays.names}:
            return read_places(run, table, unit)
    return pd.DataFrame(columns=list(PLACES), dtype="Int64")


def read_places(run: "Run", table: "StoredTable", unit: str) -> pd.DataFrame:
    """Read where a unit is most active from the arrays of a table."""
    row = int(np.flatnonzero((run.units["unit"] == unit).to_numpy())[0])
    items, positions, boxes = (
        table.array(name, slice(row, row + 1))[0] for name in ("top_item", "top_position", "top_box")
    )
    known = items >= 0
    places = np.concatenate([positions, boxes], axis=1)[known]
    return pd.DataFrame(places, index=items[known], columns=list(PLACES)).astype("Int64")


def first_items(among: np.ndarray, key: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the smallest keys among some items, equal ones in item order.

    Examples
    --------
    >>> first_items(np.array([True, True, False, True]), np.array([3, 1, 0, 1]), 2)
    array([1, 3])
    """
    found = np.flatnonzero(among)
    return found[largest(-key[found], count)]


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


def read_top_of_histograms(run: "Run", block: UnitBlock) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the positions and activations of the most active items that a run of histograms keeps of some units."""
    arrays = read_checkpoint(run.directory, block)
    return [
        unpack(words[:count], smallest.min())
        for words, count, smallest in zip(
            arrays["top_words"], arrays["top_state"][:, 0], arrays["smallest"], strict=True
        )
    ]


def unpack(words: np.ndarray, smallest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions and activations of a unit's most active items, of those above its smallest activation."""
    # A word is (2**32 - 1 - order) << 32 | item; the order is 2**31 plus or minus the bits of a float32.
    order = 2**32 - 1 - (words >> np.uint64(32)).astype(np.int64)
    bits = np.where(order >= 2**31, order - 2**31, (2**31 - order) | 2**31).astype(np.uint32)
    activations = bits.view(np.float32).astype(float)
    active = activations > smallest
    return (words & np.uint64(2**32 - 1)).astype(np.int64)[active], activations[active]
