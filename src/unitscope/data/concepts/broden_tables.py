"""Broden's tables: which concepts there are and their categories (label.csv, category.csv, c_CATEGORY.csv)."""

import math
from pathlib import Path

import pandas as pd

from ...errors import UnitscopeError, near_names
from ..files import read_table
from .concepts import concept_table
from .label_maps import HIGHEST

INDEX_COLUMNS = ("image", "split", "ih", "iw", "sh", "sw")
"""The columns of index.csv before those of the categories."""


def read_columns(file: Path, columns: tuple[str, ...], spec: str) -> pd.DataFrame:
    """Read a CSV file as text; raise if a column is missing."""
    table = read_table(file, spec)
    for column in columns:
        if column not in table.columns:
            raise UnitscopeError(
                f"{file} has no column {column!r}{near_names(column, table.columns)}; its columns are "
                f"{', '.join(table.columns)}"
            )
    return table


def read_wholes(table: pd.DataFrame, column: str, file: Path, low: int, high: int = HIGHEST) -> list[int]:
    """Return a column of whole numbers; raise with the line of one that is none, or out of range."""
    for line, text in enumerate(table[column], start=2):
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise UnitscopeError(
                f"{file}, line {line} has the {column} {text!r}; it must be a whole number from {low} to {high}"
            )
    return [int(text) for text in table[column]]


def read_categories(top: Path, spec: str) -> tuple[str, ...]:
    """Return the names of all categories, in the order of category.csv."""
    file = top / "category.csv"
    names = tuple(read_columns(file, ("name",), spec)["name"])
    for name in names:
        if not name or names.count(name) > 1:
            raise UnitscopeError(f"{file} lists {name!r} more than once, or a category has no name; name each once")
    return names


def choose_categories(given: object, known: tuple[str, ...], spec: str) -> tuple[str, ...]:
    """Return the categories named by an option such as ``"object+part"``, in Broden's order; default: all.

    Examples
    --------
    >>> choose_categories("part+object", ("colour", "object", "part"), "broden:tiny")
    ('object', 'part')
    """
    if given is None:
        return known
    chosen = str(given).split("+")
    for name in chosen:
        if name not in known:
            raise UnitscopeError(
                f"{spec} has no category {name!r}{near_names(name, known)}; its categories are {', '.join(known)}; "
                "choose for instance categories=" + "+".join(known[:2])
            )
    return tuple(name for name in known if name in chosen)


def read_concepts(top: Path, categories: tuple[str, ...], spec: str) -> tuple[pd.DataFrame, dict[int, int]]:
    """Return the concepts of some categories.

    A concept may be in several categories (``fabric`` is a material and an object). Its one category is that of these
    categories in which it covers most; of equal ones the last.

    Parameters
    ----------
    top
        Broden's directory.
    categories
        The categories, in Broden's order.
    spec
        For messages.

    Returns
    -------
    pandas.DataFrame
        See `Concepts.table`.
    dict
        Number in the table by number in Broden's files.
    """
    file = top / "label.csv"
    labels = read_columns(file, ("number", "name"), spec)
    names: dict[int, str] = {}
    for number, name in zip(read_wholes(labels, "number", file, low=0), labels["name"], strict=True):
        if number in names:
            raise UnitscopeError(f"{file} lists the number {number} more than once; give each concept its own")
        names[number] = name  # maybe of 0, which is no concept: no category lists it
    most: dict[int, tuple[float, int]] = {}
    for place, category in enumerate(categories):
        for number, coverage in read_coverages(top / f"c_{category}.csv", names, spec).items():
            most[number] = max(most.get(number, (coverage, place)), (coverage, place))
    numbers = sorted(most)
    table = concept_table([names[number] for number in numbers], [categories[most[number][1]] for number in numbers])
    return table, {number: row for row, number in enumerate(numbers, start=1)}


def read_coverages(file: Path, names: dict[int, str], spec: str) -> dict[int, float]:
    """Return the coverage of each concept of a category: the sum over images of the share that it covers."""
    table = read_columns(file, ("number", "coverage"), spec)
    coverages: dict[int, float] = {}
    for number, text in zip(read_wholes(table, "number", file, low=1), table["coverage"], strict=True):
        if number not in names:
            raise UnitscopeError(f"{file} has the number {number}, which label.csv does not list; add it there")
        try:
            coverages[number] = float(text)
        except ValueError:
            coverages[number] = math.nan
        if not 0 <= coverages[number] < math.inf:
            raise UnitscopeError(f"{file} has the coverage {text!r} for {number}; it must be a number from 0")
    return coverages
