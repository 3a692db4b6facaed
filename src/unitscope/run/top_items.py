"""The most active items of a unit, of runs that store activations and of runs that keep histograms."""

import numpy as np
import pandas as pd

from .blocks import unit_blocks
from .checkpoint import read_checkpoint
from .run import Run


def top_items(run: Run, unit: str, count: int = 10, items: str | None = None) -> pd.DataFrame:
    """Return the most active items of a unit.

    Parameters
    ----------
    run
        An open run.
    unit
        The unit's id, e.g. ``"fc6:1199"``.
    count
        How many items.
    items
        ``"correct"`` or ``"all"``; default: correct ones where there are predictions. See `Run.choose_items`.

    Returns
    -------
    pandas.DataFrame
        ``item`` (position in the run), ``item_id`` and ``activation``, most active first; of equally active items the
        first in item order. Items at the unit's smallest activation are left out. A run of histograms has at most 100
        items of each unit, and fewer where the last of them tie.

    See Also
    --------
    Run.unit_activations : The activations to all items.
    unitscope.figures.examples : Pictures of the most active items, and of others.

    Examples
    --------
    >>> top_items(run, "fc6:0", 2).round(2)
       item item_id  activation
    0     7   00007        6.18
    1    43   00043        5.98
    """
    keep = run.choose_items(items)
    if run.manifest.histograms is not None:
        found, activations = read_top_of_histograms(run, unit)
    else:
        values = run.unit_activations(unit)[keep]
        places = first_items(values > values.min(initial=np.inf), -values, count)
        found, activations = np.flatnonzero(keep)[places], values[places].astype(float)
    found, activations = found[:count], activations[:count]
    ids = run.items["item_id"].to_numpy()[found]
    return pd.DataFrame({"item": found, "item_id": ids, "activation": activations})


def first_items(among: np.ndarray, key: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the smallest keys among some items, equal ones in item order.

    Examples
    --------
    >>> first_items(np.array([True, True, False, True]), np.array([3, 1, 0, 1]), 2)
    array([1, 3])
    """
    found = np.flatnonzero(among)
    return found[np.argsort(key[found], kind="stable")[:count]]


def read_top_of_histograms(run: Run, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions and activations of the most active items that a run of histograms keeps of a unit."""
    layer, index = run.find_unit(unit)
    block = next(
        block for block in unit_blocks(run.layers) if block.layer == layer.name and block.first <= index < block.last
    )
    arrays = read_checkpoint(run.directory, block)
    row = index - block.first
    words = arrays["top_words"][row, : arrays["top_state"][row, 0]]
    # A word is (2**32 - 1 - order) << 32 | item; the order is 2**31 plus or minus the bits of a float32.
    order = 2**32 - 1 - (words >> np.uint64(32)).astype(np.int64)
    bits = np.where(order >= 2**31, order - 2**31, (2**31 - order) | 2**31).astype(np.uint32)
    activations = bits.view(np.float32).astype(float)
    active = activations > arrays["smallest"][row].min()
    return (words & np.uint64(2**32 - 1)).astype(np.int64)[active], activations[active]
