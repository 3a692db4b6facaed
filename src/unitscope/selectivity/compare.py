"""Two runs side by side, measure by measure, layer by layer: for instance trained against untrained."""

import warnings

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, UnitscopeWarning
from ..run import Run


def compare_runs(first: Run, second: Run) -> pd.DataFrame:
    """Compare the units of two measured runs, layer by layer.

    Units of two networks do not correspond, so that layers are compared as samples of units.

    Parameters
    ----------
    first, second
        Runs that have been measured. Layers that only one of them has are left out.

    Returns
    -------
    pandas.DataFrame
        One row per layer and measure: ``layer``, ``measure`` (the column's name), ``title``, ``kind``; ``units``,
        ``median`` and ``highest`` of the first run and, with ``_2``, of the second (of a yes-or-no column the
        share of units, and how many); and ``superiority``, the chance that a unit of the first run has a higher
        value than one of the second, ties counting half (0.5: no difference; Vargha & Delaney 2000).

    Raises
    ------
    UnitscopeError
        If a run is not measured, or they have no layer in common.

    Warns
    -----
    UnitscopeWarning
        If they were measured on other items, with other class sets or another `top`; measures whose names say how
        many of the most active items they look at are then left out.
    """
    tables = [run.table("selectivity") for run in (first, second)]
    warn_of_differences(first, second)
    layers = [layer.name for layer in first.layers if layer.name in {layer.name for layer in second.layers}]
    if not layers:
        raise UnitscopeError(
            f"{first.directory} and {second.directory} have no layer in common; record the same layers of both"
        )
    rows = []
    for layer in layers:
        one, two = (table[table["layer"] == layer] for table in tables)
        for column in comparable_columns(first, second):
            a, b = (part[column.name].dropna().to_numpy(float) for part in (one, two))
            rows.append({"layer": layer, **named(column), **beside(column, a, b)})
    return pd.DataFrame(rows)


def warn_of_differences(first: Run, second: Run) -> None:
    """Say which settings the two were measured with that bear on the values and are not the same."""
    one, two = (run.parameters("selectivity") for run in (first, second))
    words = {"items": "--items", "class_sets": "class sets", "only_class_sets": "--only-class-sets",
             "top": "--top"}  # fmt: skip
    different = [words[name] for name in words if one.get(name) != two.get(name)]
    if different:
        warnings.warn(
            f"{first.name} and {second.name} were measured with different {' and '.join(different)}; measure one of "
            "them again as the other for a fair comparison",
            UnitscopeWarning,
            stacklevel=3,
        )


def comparable_columns(first: Run, second: Run) -> list[Column]:
    """List the measures and yes-or-no columns that both runs have."""
    others = second.columns("selectivity")
    return [
        column
        for column in first.columns("selectivity").values()
        if column.kind in ("measure", "flag") and column.name in others
    ]


def named(column: Column) -> dict[str, str]:
    """Name a column for the table."""
    return {"measure": column.name, "title": column.title, "kind": column.kind}


def beside(column: Column, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Set two samples side by side."""
    found: dict[str, float] = {}
    for values, ending in ((a, ""), (b, "_2")):
        found[f"units{ending}"] = len(values)
        if column.kind == "flag":
            found[f"median{ending}"] = values.mean() if len(values) else np.nan
            found[f"highest{ending}"] = values.sum()
        else:
            found[f"median{ending}"] = float(np.median(values)) if len(values) else np.nan
            found[f"highest{ending}"] = values.max() if len(values) else np.nan
    return {**found, "superiority": superiority(a, b)}


def superiority(a: np.ndarray, b: np.ndarray) -> float:
    """Return the chance that a value of `a` exceeds one of `b`, ties counting half; NaN where one is empty.

    Examples
    --------
    >>> superiority(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    0.875
    """
    if not len(a) or not len(b):
        return float("nan")
    b = np.sort(b)
    below = np.searchsorted(b, a, "left").sum()
    not_above = np.searchsorted(b, a, "right").sum()
    return float((below + not_above) / 2 / len(a) / len(b))
