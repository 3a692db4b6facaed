"""The most active items of a unit, from a run that keeps these and histograms instead of activations."""

from typing import Any

import numpy as np
import pandas as pd

from ..figures.chosen import unit_row
from ..figures.examples import classes_of_item
from ..measures import Histograms
from ..run import Run, read_checkpoint, unit_blocks


def held_items(run: Run, unit: str, count: int) -> list[dict[str, Any]]:
    """List a unit's most active items, of equal ones the first in item order, and which are of its class.

    Fewer than `count` where so many tie for the last places that only their number was kept.
    """
    layer, index = run.find_unit(unit)
    block = next(
        block for block in unit_blocks(run.layers) if block.layer == layer.name and block.first <= index < block.last
    )
    items, activations = Histograms.from_arrays(read_checkpoint(run.directory, block)).top_items(index - block.first)
    informed = unit_row(run, unit)["max_informedness_class"]
    members = np.zeros(run.manifest.n_items, bool) if pd.isna(informed) else run.members(informed)
    return [
        {
            "item_id": str(run.items["item_id"].iloc[item]),
            "class": classes_of_item(run, int(item)),
            "member": bool(members[item]),
            "activation": float(activation),
        }
        for item, activation in zip(items[:count], activations[:count], strict=True)
    ]
