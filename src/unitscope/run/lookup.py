"""Look up what the tables of a run hold: columns by name, the class that a measure picks, values of a class.

Figures, reports, exports and commands all look up here, so that they read any column of any table alike.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..columns import KINDS, Column, top_name
from ..errors import UnitscopeError, near_names
from .classes import class_place
from .repair import command_for, make_again
from .run import Run
from .status import read_status
from .tables import StoredTable

NUMBERS = tuple(kind for kind in KINDS if kind not in ("flag", "class", "text"))
"""Kinds of columns that can be ranked and drawn."""


@dataclass(frozen=True, eq=False)
class TableColumn:
    """A column of a table of a run.

    Attributes
    ----------
    table
        The table.
    column
        What the column means. Its name and title tell it from other columns that were looked up with it: where both
        ``dissection`` and ``localization`` have a column ``iou``, it is called ``dissection.iou``.
    by_unit
        Its values, indexed by unit.

    See Also
    --------
    find_column : Find a column by name.
    """

    table: StoredTable
    column: Column
    by_unit: pd.Series

    @property
    def name(self) -> str:
        """Name of the column in frames of figures and comparisons."""
        return self.column.name

    @property
    def full_name(self) -> str:
        """Name by which `find_column` finds the column in any run, for instance ``"selectivity.auc"``."""
        return f"{self.table.name}.{self.by_unit.name}"

    @property
    def title(self) -> str:
        """Title of the column in figures and pages."""
        return self.column.title

    def linked(self, role: str) -> "TableColumn | None":
        """Return the column that has a role for this one, such as ``"class"`` or ``"p"``; ``None`` if there is none.

        The roles are the keys of `unitscope.columns.LINKS`.
        """
        name = self.column.links.get(role)
        return read_column(self.table, name) if name in self.table.columns else None


def read_column(table: StoredTable, name: str) -> TableColumn:
    """Return a column of a table that has it."""
    units = pd.Index(table.frame["unit"])
    if not units.is_unique:
        again = make_again(table.directory, table.name)
        raise UnitscopeError(f"the table {table.name} of {table.directory} has several rows of one unit; {again}")
    return TableColumn(table, table.columns[name], pd.Series(table.frame[name].to_numpy(), units, name=name))


def find_column(run: Run, name: str, kinds: Sequence[str] = NUMBERS) -> TableColumn:
    """Return a column of a table of a run.

    Parameters
    ----------
    run
        An open run.
    name
        The column's name, ``"auc"``, or that of its table and its own, ``"dissection.iou"``. ``"precision_60"`` also
        finds ``"precision_20"`` of a table that was made with ``top=20``.
    kinds
        Kinds of columns to look for, of `unitscope.columns.KINDS`; default: all numbers.

    Returns
    -------
    TableColumn

    Raises
    ------
    UnitscopeError
        If there is no such column, if several tables have it, or if the run has no tables.

    See Also
    --------
    find_columns : Find several columns, with names that differ.
    list_columns : List all columns of some kinds.

    Examples
    --------
    >>> found = find_column(run, "auc")
    >>> found.full_name, found.linked("class").by_unit["fc6:0"]
    ('selectivity.auc', 'cat')
    """
    table, point, own = name.rpartition(".")
    tables = [table] if point else run.tables
    if not tables:
        step = read_status(run.directory).next_step
        raise UnitscopeError(f"the run {run.directory} has no tables; run `{step}` first")
    stored = [run.stored_table(table) for table in tables]
    found = [(table, called) for table in stored if (called := name_in(table, own)) in names_of(table, kinds)]
    if len(found) > 1:
        choices = " or ".join(f"{table.name}.{called}" for table, called in found)
        raise UnitscopeError(f"several tables of {run.directory} have a column {name}; choose {choices}")
    other = next((table.columns[called] for table in stored if (called := name_in(table, own)) in table.columns), None)
    if not found and other is not None:
        raise UnitscopeError(
            f"the column {name} is of the kind {other.kind}, which cannot be used here; choose another"
        )
    if not found:
        known = [f"{table.name}.{known}" if point else known for table in stored for known in names_of(table, kinds)]
        raise UnitscopeError(
            f"there is no measure {name}{near_names(name, known)} in {run.directory}; `unitscope report` lists all "
            "columns"
        )
    return read_column(*found[0])


def name_in(table: StoredTable, name: str) -> str:
    """Return the name that a column has in a table, which may look at another number of most active items."""
    return name if name in table.columns else top_name(name, table.parameters.get("top"))


def names_of(table: StoredTable, kinds: Sequence[str]) -> list[str]:
    """Return the names of the columns of some kinds; columns of text are left out, whatever they say of themselves."""
    return [
        name
        for name, column in table.columns.items()
        if column.kind in kinds and (column.kind == "class" or pd.api.types.is_numeric_dtype(table.frame[name]))
    ]


def find_columns(run: Run, names: str | Iterable[str], kinds: Sequence[str] = NUMBERS) -> list[TableColumn]:
    """Return columns of a run's tables, each once, in the order of their names; see `find_column`.

    Columns of the same name in different tables are told apart by the name of their table.
    """
    names = [names] if isinstance(names, str) else names
    return tell_apart([find_column(run, name, kinds) for name in names])


def list_columns(run: Run, kinds: Sequence[str] = ("measure",)) -> list[TableColumn]:
    """Return all columns of some kinds that have a value for some unit, table by table.

    See Also
    --------
    find_column : Find one by name.

    Examples
    --------
    >>> [found.name for found in list_columns(run)][:2]
    ['recall_at_precision_1', 'ccmas']
    """
    stored = [run.stored_table(table) for table in run.tables]
    columns = [read_column(table, name) for table in stored for name in names_of(table, kinds)]
    return tell_apart([column for column in columns if column.by_unit.notna().any()])


def tell_apart(columns: Iterable[TableColumn]) -> list[TableColumn]:
    """Leave out repeated columns, and name the table where two columns have the same name."""
    once = list({found.full_name: found for found in columns}.values())
    counts = Counter(found.name for found in once)
    return [found if counts[found.name] == 1 else name_table(found) for found in once]


def name_table(found: TableColumn) -> TableColumn:
    """Return a column whose name and title include those of its table."""
    column = replace(found.column, name=found.full_name, title=f"{found.title} ({found.table.name})")
    return replace(found, column=column)


def unit_frame(run: Run, columns: Iterable[TableColumn]) -> pd.DataFrame:
    """Return ``unit``, ``layer`` and some columns, one row per unit of the run; NaN for units that a table lacks."""
    frame = run.units[["unit", "layer"]].copy()
    for found in columns:
        frame[found.name] = found.by_unit.reindex(frame["unit"]).to_numpy()
    return frame


# Units and their classes


def unit_row(run: Run, table: str, unit: str) -> pd.Series:
    """Return the row of a unit in a table.

    Raises
    ------
    UnitscopeError
        If there is no such unit or table, or the table lacks the unit.
    """
    run.find_unit(unit)
    rows = run.stored_table(table).frame
    rows = rows[rows["unit"] == unit]
    if rows.empty:
        raise UnitscopeError(f"the table {table} of {run.directory} has no unit {unit}; choose another unit")
    return rows.iloc[0]


def class_of_unit(run: Run, measure: str, unit: str) -> str | None:
    """Return the id of the class that a measure picks for a unit; ``None`` if it picks none, as for a dead unit."""
    run.find_unit(unit)
    picked = find_column(run, measure).linked("class")
    found = None if picked is None else picked.by_unit.get(unit)
    return found if isinstance(found, str) else None


def title_of_class(run: Run, name: object) -> str:
    """Return the readable name of a class or class set, given its id; a dash for a missing value."""
    return run.class_title(name) if isinstance(name, str) else "–"


def titles_of_classes(run: Run, measure: TableColumn, units: Iterable[str]) -> list[str]:
    """Return the readable names of the classes that a measure picks for some units."""
    picked = measure.linked("class")
    return [title_of_class(run, None if picked is None else picked.by_unit.get(unit)) for unit in units]


# What a table was made with


def items_of_table(run: Run, table: str, items: str | None = None) -> tuple[np.ndarray, str]:
    """Return the items that a table was made with, ``(N,)`` bool, and which they are, ``"correct"`` or ``"all"``.

    Parameters
    ----------
    run, table
        The run and the name of the table.
    items
        The items that are wanted; ``None`` if any are.

    Raises
    ------
    UnitscopeError
        If there is no such table, or it was made with other items.
    """
    made_with = str(run.parameters(table).get("items") or run.default_items)
    if items is not None and items != made_with:
        raise UnitscopeError(
            f"the table {table} of {run.directory} was made with {made_with} items; "
            f"run `{command_for(run.directory, table)} --items {items}` first"
        )
    return run.choose_items(made_with), made_with


def class_position(run: Run, table: str, name: str) -> int | None:
    """Return the position of a class or class set along the axis ``class`` of a table's arrays; ``None`` if absent."""
    stored = run.stored_table(table)
    place = class_place(name, run.classes)
    wanted = name if place is None else str(run.classes["class"].iloc[place])
    labels = stored.labels.get("class")
    if labels is None:  # format version 1 does not store them: all classes, then the class sets
        labels = [*run.classes["class"].astype(str), *(stored.parameters.get("class_sets") or {})]
    return labels.index(wanted) if wanted in labels else None


def values_of_class(run: Run, table: str, array: str, units: Sequence[str], name: str) -> np.ndarray:
    """Return what an array of a table holds of some units for a class or class set.

    Parameters
    ----------
    run, table, array
        The run, the name of the table and that of its array, whose axes are ``unit`` and ``class``.
    units
        Ids of the units.
    name
        A class by id or name, or a class set.

    Returns
    -------
    numpy.ndarray
        ``(units,)``, NaN where the array does not have the class.
    """
    position = class_position(run, table, name)
    if position is None:
        return np.full(len(units), np.nan)
    if len(units) == 1:
        return run.unit_array(table, array, units[0])[[position]]
    rows = pd.Index(run.units["unit"]).get_indexer(pd.Index(units))
    return run.array(table, array)[rows, position]


def check_predicted(run: Run, purpose: str, without: str) -> None:
    """Refuse a run whose items have several classes or no predictions.

    Parameters
    ----------
    run
        The run.
    purpose, without
        What needs one class for each item, and what is missing without predictions, for the sentence of the error.

    Raises
    ------
    UnitscopeError
        With what to do.
    """
    if run.multi_label:
        raise UnitscopeError(
            f"the items of {run.directory} may have several classes, and {purpose} needs one for each; choose a run of "
            "items with one label"
        )
    if not run.manifest.predictions or "predictions" not in run.manifest.identity:
        raise UnitscopeError(
            f"the run {run.directory} has no predictions, so that {without}; record it again, with predictions, into "
            "another directory"
        )
