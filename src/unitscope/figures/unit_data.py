"""A unit's activations to the measured items, and which of these items are of a class."""

from dataclasses import dataclass

import numpy as np

from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import class_of_unit, find_column, items_of_table, name_in, unit_row
from ..selectivity import SELECTIVITY

INFORMEDNESS = f"{SELECTIVITY}.max_informedness"
"""The measure whose class is marked where no class is named."""

PRECISION = f"{SELECTIVITY}.precision_60"
"""The measure that the paper compares with it; see `unitscope.run.lookup.find_column` for other numbers than 60."""


@dataclass(frozen=True)
class UnitData:
    """A unit's activations to the measured items.

    Attributes
    ----------
    wanted, title
        The class or class set in question: as it was named, and its readable name.
    activations, members
        ``(n,)`` activations, and which items are of the class.
    positions
        ``(n,)`` positions of these items in the run.
    items
        ``"correct"`` or ``"all"``.
    """

    wanted: str
    title: str
    activations: np.ndarray
    members: np.ndarray
    positions: np.ndarray
    items: str


def read_unit(run: Run, unit: str, name: str | None, items: str | None) -> UnitData:
    """Return a unit's activations to the measured items, and which of these are of a class.

    Parameters
    ----------
    run, unit
        A run that was measured, and the unit's id.
    name
        A class or class set; ``None`` for the class of maximum informedness.
    items
        ``"correct"`` or ``"all"``; ``None`` for those that were measured.

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, no class was named for a unit that has none, or other items were measured.
    """
    keep, which = items_of_table(run, SELECTIVITY, items)
    wanted = name or informed_class(run, unit)
    values, members = run.unit_activations(unit)[keep], run.members(wanted)[keep]
    return UnitData(wanted, run.class_title(wanted), values, members, np.flatnonzero(keep), which)


def informed_class(run: Run, unit: str) -> str:
    """Return the class of a unit's maximum informedness.

    Raises
    ------
    UnitscopeError
        If it has none, as when it is dead.
    """
    found = class_of_unit(run, INFORMEDNESS, unit)
    if found is None:
        undefined = unit_row(run, SELECTIVITY, unit)["undefined"]
        reason = f" ({undefined})" if undefined else ""
        raise UnitscopeError(f"unit {unit} has no class of maximum informedness{reason}; name one with --class")
    return found


def top_threshold(run: Run, unit: str) -> tuple[int, float]:
    """Return how many of the most active items precision is of, and the activation of the last of them."""
    found = find_column(run, f"{SELECTIVITY}.precision_60_threshold")
    return count_top(run), float(found.by_unit[unit])


def count_top(run: Run) -> int:
    """Return how many of the most active items precision is of: 60 unless the run was measured with another `top`."""
    return int(name_in(run.stored_table(SELECTIVITY), "precision_60").removeprefix("precision_"))


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of a mean, sd / sqrt(n); NaN for a single value."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def measures_of_paper(names: tuple[str, ...]) -> list[str]:
    """Return the full names of measures that the paper's figures show."""
    return [f"{SELECTIVITY}.{name}" for name in names]


def held_out_text(run: Run, unit: str, measure: str) -> str:
    """Return a measure of a unit in sample and held out, with its interval, as text; empty if it is not held out.

    Parameters
    ----------
    measure
        Full name of the column, ``"selectivity.max_informedness"``.
    """
    found = find_column(run, measure)
    held_out, low, high = (found.linked(role) for role in ("held_out", "low", "high"))
    if held_out is None or not np.isfinite(held_out.by_unit[unit]):
        return ""
    text = f"{found.title.lower()} {found.by_unit[unit]:.3f}, held out {held_out.by_unit[unit]:.3f}"
    if low is None or high is None or not np.isfinite(low.by_unit[unit]):
        return text
    return f"{text} (95 %: {low.by_unit[unit]:.3f} to {high.by_unit[unit]:.3f})"
