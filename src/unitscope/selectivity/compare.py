"""Compare two runs measure by measure, layer by layer: for instance a trained and an untrained network."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, UnitscopeWarning
from ..measures import rounding_of
from ..run import Run
from ..run.lookup import NUMBERS, TableColumn, find_columns, names_of, unit_frame
from .analysis import SELECTIVITY

OPTIONS = {"items": "--items", "class_sets": "class sets", "only_class_sets": "--only-class-sets", "top": "--top"}
"""Parameters of tables that change values, and their names in messages."""


def compare_runs(first: Run, second: Run, measures: Sequence[str] | None = None) -> pd.DataFrame:
    """Compare the units of two runs, layer by layer.

    Units of two networks do not correspond, so that layers are compared as samples of units.

    Parameters
    ----------
    first, second
        Runs that have been measured. Layers that only one of them has are left out.
    measures
        Names of columns, ``"auc"`` or ``"dissection.iou"``; default: all measures and yes-or-no columns of the table
        of selectivity that both have, held out (``"auc_held_out"``) where a measure chooses class or threshold.

    Returns
    -------
    pandas.DataFrame
        One row per layer and measure: ``layer``, ``measure`` (the column's name), ``title``, ``kind``; ``units``,
        ``median`` and ``highest`` of the first run and, with ``_2``, of the second (of a yes-or-no column the
        share of units with yes, and their number); and ``superiority``, the chance that a unit of the first run has a
        higher value than one of the second, ties counting half (0.5: no difference; Vargha & Delaney 2000).

    Raises
    ------
    UnitscopeError
        If a run is not measured, there is no such column, or the runs have no layer in common.

    Warns
    -----
    UnitscopeWarning
        If the tables were made with different items, class sets or `top`; measures whose names contain the number of
        the most active items are then left out by default.

    See Also
    --------
    measure_run : Measure a run.

    Examples
    --------
    >>> compare_runs(run, run, ["auc"])[["layer", "measure", "units", "units_2", "superiority"]]
      layer measure  units  units_2  superiority
    0   fc6     auc      4        4          0.5
    """
    names = shared_names(first, second) if measures is None else measures
    pairs = [find_columns(run, names, (*NUMBERS, "flag")) for run in (first, second)]
    layers = [layer.name for layer in first.layers if layer.name in {layer.name for layer in second.layers}]
    if not layers:
        raise UnitscopeError(
            f"{first.directory} and {second.directory} have no layer in common; record the same layers of both"
        )
    warn_of_differences(first, second, *pairs)
    tables = [unit_frame(run, columns) for run, columns in zip((first, second), pairs, strict=True)]
    rows = []
    for layer in layers:
        one, two = (table[table["layer"] == layer] for table in tables)
        for left, right in zip(*pairs, strict=True):
            a, b = one[left.name].dropna().to_numpy(float), two[right.name].dropna().to_numpy(float)
            described = {"layer": layer, "measure": left.name, "title": left.title, "kind": left.column.kind}
            rows.append({**described, **compare_samples(left.column, a, b)})
    return pd.DataFrame(rows)


def shared_names(first: Run, second: Run) -> list[str]:
    """Return the full names of the measures and yes-or-no columns that both runs have, held out where both are."""
    known = [names_of(run.stored_table(SELECTIVITY), ("measure", "flag", "held_out")) for run in (first, second)]
    shared = [name for name in known[0] if name in known[1]]
    compared = {f"{name}_held_out" if f"{name}_held_out" in shared else name: None for name in shared}
    return [f"{SELECTIVITY}.{name}" for name in compared]


def warn_of_differences(first: Run, second: Run, columns: Sequence[TableColumn], others: Sequence[TableColumn]) -> None:
    """Warn if the columns come from tables that were made with different options."""
    different = dict.fromkeys(
        OPTIONS[name]
        for one, two in zip(columns, others, strict=True)
        for name in OPTIONS
        if one.table.parameters.get(name) != two.table.parameters.get(name)
    )
    if different:
        warnings.warn(
            f"{first.name} and {second.name} were measured with different {' and '.join(different)}; measure one of "
            "them again as the other for a fair comparison",
            UnitscopeWarning,
            stacklevel=3,
        )


def compare_samples(column: Column, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Return number, median and highest of two samples, and the superiority of the first."""
    compared: dict[str, float] = {}
    for values, ending in ((a, ""), (b, "_2")):
        compared[f"units{ending}"] = len(values)
        if column.kind == "flag":
            compared[f"median{ending}"] = values.mean() if len(values) else np.nan
            compared[f"highest{ending}"] = values.sum()
        else:
            compared[f"median{ending}"] = float(np.median(values)) if len(values) else np.nan
            compared[f"highest{ending}"] = values.max() if len(values) else np.nan
    return {**compared, "superiority": superiority(a, b)}


def superiority(a: np.ndarray, b: np.ndarray) -> float:
    """Return the chance that a value of `a` exceeds one of `b`, ties counting half; NaN where one is empty.

    Values that differ by rounding only are ties.

    Examples
    --------
    >>> superiority(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    0.875
    """
    if not len(a) or not len(b):
        return float("nan")
    b = np.sort(b)
    rounding = rounding_of(a)
    below = np.searchsorted(b, a - rounding, "left").sum()
    not_above = np.searchsorted(b, a + rounding, "right").sum()
    return float((below + not_above) / 2 / len(a) / len(b))
