"""What figures ask of a run before they draw: which items, which class, what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column, own_name
from ..errors import UnitscopeError, near_names
from ..run import Run
from ..run.classes import class_place
from .style import thousands


def measured_items(run: Run, items: str | None = None) -> tuple[np.ndarray, str]:
    """Choose the items that were measured, ``(N,)`` bool, and say which: ``"correct"`` or ``"all"``.

    Raises
    ------
    UnitscopeError
        If the run was not measured, or with other items than are wanted.
    """
    measured = str(run.parameters("selectivity")["items"])
    if items is not None and items != measured:
        raise UnitscopeError(
            f"the run {run.directory} was measured with {measured} items; "
            f"run `unitscope measure {run.directory} --items {items}` first"
        )
    return run.choose_items(measured), measured


def counted(count: int, items: str) -> str:
    """Say how many items, and which.

    Examples
    --------
    >>> counted(721536, "correct"), counted(1, "all")
    ('721,536 correctly classified items', '1 item')
    """
    return f"{thousands(count)} {'correctly classified ' if items == 'correct' else ''}item{'' if count == 1 else 's'}"


def unit_row(run: Run, unit: str) -> Any:
    """Return what was measured of a unit."""
    run.find_unit(unit)
    table = run.table("selectivity")
    return table[table["unit"] == unit].iloc[0]


def top_threshold(row: Any) -> tuple[int, float]:
    """Return how many of the most active items a unit's precision is of, and the activation of the last of them."""
    name = own_name("precision_60_threshold", row.index)
    return int(name.split("_")[1]), float(row[name])


def informed_class(run: Run, unit: str) -> str:
    """Return the class of a unit's maximum informedness.

    Raises
    ------
    UnitscopeError
        If it has none, as when it is dead.
    """
    row = unit_row(run, unit)
    if pd.isna(row["max_informedness_class"]):
        reason = f" ({row['undefined']})" if row["undefined"] else ""
        raise UnitscopeError(f"unit {unit} has no class of maximum informedness{reason}; name one with --class")
    return str(row["max_informedness_class"])


def class_column(run: Run, name: str) -> int | None:
    """Find the place of a class or class set in the class-wise arrays; ``None`` if it was not measured."""
    place = class_place(name, run.classes)
    if place is not None:
        return place
    sets = run.parameters("selectivity").get("class_sets") or []
    return len(run.classes) + list(sets).index(name) if name in sets else None


@dataclass(frozen=True)
class Answers:
    """What a unit answered to the items that were measured.

    Attributes
    ----------
    wanted, title
        The class or class set that is looked at: as it was named, and for people.
    activations, members
        ``(n,)`` values, and which items are of the class.
    places
        ``(n,)`` where these items stand among all of the run.
    items
        ``"correct"`` or ``"all"``.
    """

    wanted: str
    title: str
    activations: np.ndarray
    members: np.ndarray
    places: np.ndarray
    items: str


def answers(run: Run, unit: str, name: str | None, items: str | None) -> Answers:
    """Read a unit's activations to the measured items, and which of these are of a class.

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, no class was named for a unit that has none, or other items were measured.
    """
    keep, which = measured_items(run, items)
    wanted = name or informed_class(run, unit)
    values, members = run.unit_activations(unit)[keep], run.members(wanted)[keep]
    return Answers(wanted, run.class_title(wanted), values, members, np.flatnonzero(keep), which)


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of a mean, sd / sqrt(n); NaN for a single value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def of_class(run: Run, array: str, units: Sequence[str], name: str) -> np.ndarray:
    """Read from a class-wise array what was measured of some units for a class or class set.

    Returns
    -------
    numpy.ndarray
        ``(units,)``, NaN where the class set was not measured.
    """
    column = class_column(run, name)
    if column is None:
        return np.full(len(units), np.nan)
    if len(units) == 1:
        return run.unit_array("selectivity", array, units[0])[[column]]
    places = pd.Index(run.units["unit"]).get_indexer(pd.Index(units))
    return run.array("selectivity", array)[places, column]


def find_measure(run: Run, name: str) -> Column:
    """Return a measured column that can be drawn; ``precision_60`` is the run's own, over however many items."""
    columns = {key: column for key, column in run.columns("selectivity").items()
               if column.kind in ("measure", "share", "count")}  # fmt: skip
    name = own_name(name, columns)
    if name not in columns:
        raise UnitscopeError(f"there is no measure {name}{near_names(name, columns)}; see docs or the report for names")
    return columns[name]


def class_name(run: Run, name: object) -> str:
    """Say a class's name for people; a dash where there is none."""
    return "–" if not isinstance(name, str) else run.class_title(name)
