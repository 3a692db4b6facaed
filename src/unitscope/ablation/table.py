"""The rows of the table of ablation, and of its arrays."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..run import Layer, Run
from ..run.classes import class_place
from .describe import own_name
from .estimates import largest_drop, log_drop, paired_drop, shares
from .orders import STEPS
from .sums import LayerSums, Sums

SELECTIVITY = "selectivity"
"""The table whose measures pick classes."""

TOO_FEW = "the chosen class has no item in the other half: no held-out class drop"
"""Why a unit has no held-out class drop."""

LEFT_OUT = "its layer was left out"
"""Why a unit has no numbers."""


def own_classes(run: Run) -> dict[str, tuple[str, np.ndarray]]:
    """Return the title of each measure of selectivity that picks a class, and the place of every unit's class.

    Units without a class, or with a class set, have -1.
    """
    if SELECTIVITY not in run.tables:
        return {}
    stored = run.stored_table(SELECTIVITY)
    units = stored.frame.set_index("unit").reindex(run.units["unit"])
    found = {}
    for name, column in stored.columns.items():
        picked = column.links.get("class")
        if column.kind == "measure" and picked in units:
            places = [class_place(each, run.classes) if isinstance(each, str) else None for each in units[picked]]
            found[name] = column.title, np.array([-1 if place is None else place for place in places])
    return found


def layer_frame(
    layer: Layer, sums: LayerSums, items: np.ndarray, classes: list[str], own: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Return the rows of the table for the units of a layer.

    Parameters
    ----------
    layer, sums
        The layer, and the counts of its units.
    items
        ``(classes, 2)`` items of each class and half.
    classes
        The IDs of the classes.
    own
        ``(units,)`` the class that each measure picks, by the measure; -1 for none.
    """
    n, sizes = int(items.sum()), items.sum(1)
    overall = paired_drop(sums.lost.sum((1, 2)), sums.gained.sum((1, 2)), n)
    log, log_low, log_high = log_drop(sums, n)
    largest = largest_drop(sums, items)
    columns = {
        "unit": [f"{layer.name}:{unit}" for unit in range(layer.units)],
        "layer": layer.name,
        "accuracy_drop": overall.value,
        "accuracy_drop_low": overall.low,
        "accuracy_drop_high": overall.high,
        "accuracy_drop_p": overall.p,
        "log_probability_drop": log,
        "log_probability_drop_low": log_low,
        "log_probability_drop_high": log_high,
        "class_drop": largest.value,
        "class_drop_class": [classes[place] if place >= 0 else None for place in largest.place],
        "class_drop_held_out": largest.held_out,
        "class_drop_low": largest.low,
        "class_drop_high": largest.high,
        "class_drop_p": largest.p,
    }
    rows = np.arange(layer.units)
    for measure, places in own.items():
        lost, gained = (counts.sum(2)[rows, places] for counts in (sums.lost, sums.gained))
        drop = paired_drop(lost, gained, np.where(places >= 0, sizes[places], 0))
        name = own_name(measure)
        columns |= {name: drop.value, f"{name}_low": drop.low, f"{name}_high": drop.high, f"{name}_p": drop.p}
    return pd.DataFrame({**columns, "undefined": np.where(np.isnan(largest.held_out), TOO_FEW, "")})


def empty_frame(layer: Layer, columns: list[str]) -> pd.DataFrame:
    """Return the rows of the table for the units of a layer that was left out."""
    units = [f"{layer.name}:{unit}" for unit in range(layer.units)]
    known = {"unit": units, "layer": layer.name, "undefined": LEFT_OUT, "class_drop_class": None}
    return pd.DataFrame({name: known.get(name, np.nan) for name in columns})


def class_arrays(sums: LayerSums, items: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of the arrays for the units of a layer."""
    sizes = items.sum(1)
    return {"drop": shares((sums.lost - sums.gained).sum(2), sizes), "log_probability": shares(sums.log_drop, sizes)}


def cumulative_accuracy(layer: LayerSums, sums: Sums) -> np.ndarray:
    """Return the accuracy at each step of each order, ``(orders, STEPS + 1)``; first that of the whole network."""
    correct = layer.cumulative.reshape(-1, STEPS)
    whole = np.full((len(correct), 1), sums.correct.sum())
    return np.hstack([whole, correct]) / sums.items.sum()
