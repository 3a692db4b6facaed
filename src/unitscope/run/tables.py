"""Tables: one row per unit, Parquet, whose columns describe themselves in the fields' metadata."""

import functools
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..columns import Column, link_by_name
from ..errors import UnitscopeError, near_names
from . import layout
from .arrays import StoredArrays, remove_other_arrays
from .files import explain_errors, read_parquet, read_schema, write_parquet
from .repair import has_command, make_again, make_first


@dataclass(frozen=True)
class StoredTable:
    """One finished analysis as one read of the run found it: its table, parameters and arrays belong together.

    Attributes
    ----------
    directory
        The run.
    name
        The table's name.
    frame
        One row per unit.
    columns
        What the columns mean, in the table's order.
    parameters
        The settings of the analysis.
    arrays
        Its arrays; ``None`` if it has none.
    """

    directory: Path
    name: str
    frame: pd.DataFrame
    columns: dict[str, Column]
    parameters: dict[str, Any]
    arrays: StoredArrays | None

    @property
    def array_names(self) -> list[str]:
        """Names of the arrays."""
        return self.arrays.names if self.arrays else []

    @functools.cached_property
    def labels(self) -> dict[str, list[str]]:
        """Names along the axes of the arrays, such as the ids of classes, by axis."""
        if self.arrays is None:
            return {}
        again = make_again(self.directory, self.name)
        self.check_arrays(self.arrays, again)
        return self.arrays.labels(again)

    def array(self, name: str, rows: slice | None = None) -> np.ndarray:
        """Read an array, or some rows of it.

        Raises
        ------
        UnitscopeError
            If there is no such array, if it is damaged, or if the analysis was replaced since its table was read.
        """
        again = make_again(self.directory, self.name)
        if self.arrays is None:
            raise UnitscopeError(f"the table {self.name} of {self.directory} has no arrays; {again}")
        self.check_arrays(self.arrays, again)
        if name not in self.arrays.names:
            raise UnitscopeError(
                f"the table {self.name} of {self.directory} has no array {name}{near_names(name, self.arrays.names)}; "
                f"it has: {', '.join(self.arrays.names)}"
            )
        return self.arrays.read(name, rows, again)

    def check_arrays(self, arrays: StoredArrays, again: str) -> None:
        """Raise an error if the arrays are missing; it ends with the step `again` unless the table was replaced."""
        if arrays.group.exists():
            return
        if self.is_replaced():
            raise UnitscopeError(
                f"the table {self.name} of {self.directory} was replaced while it was read; run the same command "
                "again, or open the run again"
            )
        raise UnitscopeError(f"{arrays.group}, the arrays of the table {self.name}, is missing; {again}")

    def is_replaced(self) -> bool:
        """Return whether the run holds another analysis by now."""
        return read_stored_table(self.directory, self.name).arrays != self.arrays


def table_path(directory: Path, name: str) -> Path:
    """Return the file of a table."""
    return directory / layout.TABLES / f"{name}.parquet"


def table_names(directory: Path) -> list[str]:
    """Return the names of a run's tables."""
    return sorted(path.stem for path in (directory / layout.TABLES).glob("[!.]*.parquet"))


def write_table(
    directory: Path,
    name: str,
    frame: pd.DataFrame,
    columns: Iterable[Column],
    parameters: Mapping[str, Any],
    arrays: StoredArrays | None = None,
) -> None:
    """Write a table in the place of an earlier one of its name, then remove the arrays of that one.

    Parameters
    ----------
    directory, name, frame
        The run, the table's name, and its rows.
    columns
        What the columns mean.
    parameters
        The settings of the analysis.
    arrays
        The table's arrays, if it has any.
    """
    described = link_by_name({column.name: column for column in columns})
    undescribed = [name for name in frame.columns if name not in described]
    if undescribed:
        raise ValueError(f"no description for the columns {undescribed} of table {name}")
    metadata = {
        "unitscope": json.dumps(dict(parameters)),
        "unitscope_arrays": json.dumps(arrays.to_json() if arrays else {}),
    }
    with explain_errors(directory):
        write_parquet(
            table_path(directory, name), frame, {name: described[name].to_json() for name in frame.columns}, metadata
        )
        remove_other_arrays(directory, name, arrays)
        if name == "selectivity":
            shutil.rmtree(directory / layout.CLASSWISE, ignore_errors=True)  # of format version 1


def read_stored_table(directory: Path, name: str) -> StoredTable:
    """Read a table with all that belongs to it."""
    table = read_parquet(existing(directory, name), make_again(directory, name))
    return StoredTable(directory, name, table.to_pandas(), *describe(directory, name, table.schema))


def read_description(directory: Path, name: str) -> StoredTable:
    """Read what a table says of itself, without its rows."""
    schema = read_schema(existing(directory, name), make_again(directory, name))
    return StoredTable(directory, name, pd.DataFrame(), *describe(directory, name, schema))


def describe(
    directory: Path, name: str, schema: pa.Schema
) -> tuple[dict[str, Column], dict[str, Any], StoredArrays | None]:
    """Return the columns, the parameters and the arrays that a table's metadata describe.

    Raises
    ------
    UnitscopeError
        If this is no table of ours.
    """
    metadata = schema.metadata or {}
    try:
        columns = {field.name: Column.from_json((field.metadata or {})[b"unitscope"].decode()) for field in schema}
        parameters = json.loads(metadata[b"unitscope"])
        if b"unitscope_arrays" in metadata:
            arrays = StoredArrays.from_json(directory, name, json.loads(metadata[b"unitscope_arrays"]))
        else:
            arrays = version_1_arrays(directory, name, parameters)
    except (KeyError, ValueError, TypeError) as error:
        path, again = table_path(directory, name), make_again(directory, name)
        raise UnitscopeError(f"{path} is damaged (it does not describe its columns); {again}") from error
    return link_by_name(columns), parameters, arrays


def version_1_arrays(directory: Path, name: str, parameters: Mapping[str, Any]) -> StoredArrays | None:
    """Return the arrays of a table of format version 1; ``None`` if it has none, or those of another measurement."""
    group = directory / layout.CLASSWISE
    if name != "selectivity" or not group.exists():
        return None
    try:
        measurement = json.loads((group / "zarr.json").read_text())["attributes"].get("measurement")
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        measurement = None  # damaged: reading an array says so
    names = sorted(path.name for path in group.glob("*/"))
    return StoredArrays(group, dict.fromkeys(names, "")) if measurement in (None, digest_of(parameters)) else None


def digest_of(parameters: Mapping[str, Any]) -> str:
    """Return a short digest that tells analyses with other parameters apart."""
    return hashlib.sha256(json.dumps(dict(parameters)).encode()).hexdigest()[:12]


def existing(directory: Path, name: str) -> Path:
    """Return a table's path; raise if there is no such table."""
    path = table_path(directory, name)
    if not path.is_file():
        names = table_names(directory)
        step = make_first(directory, name) if has_command(name) else f"it has: {', '.join(names) or 'none'}"
        raise UnitscopeError(f"the run {directory} has no table {name}{near_names(name, names)}; {step}")
    return path
