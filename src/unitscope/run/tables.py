"""Tables: one row per unit, Parquet, whose columns describe themselves in the fields' metadata."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column, link_by_name
from ..errors import UnitscopeError, near_names
from . import layout
from .arrays import arrays_path, list_arrays, read_labels, read_rows, remove_other_arrays
from .files import explained, read_parquet, write_parquet

COMMANDS = {"selectivity": "measure"}
"""The command that makes each table of ours, for messages."""


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
        The group that holds its arrays; ``None`` if it has none.
    """

    directory: Path
    name: str
    frame: pd.DataFrame
    columns: dict[str, Column]
    parameters: dict[str, Any]
    arrays: Path | None

    @property
    def array_names(self) -> list[str]:
        """Names of the arrays."""
        return list_arrays(self.arrays) if self.arrays else []

    @property
    def labels(self) -> dict[str, list[str]]:
        """Names along the axes of the arrays, such as the ids of classes, by axis."""
        return read_labels(self.arrays) if self.arrays else {}

    def array(self, name: str, rows: slice | None = None) -> np.ndarray:
        """Read an array, or some rows of it.

        Raises
        ------
        UnitscopeError
            If there is no such array, if it is damaged, or if the analysis was replaced since its table was read.
        """
        step = f"run `{made_by(self.name, self.directory)}` again"
        if self.arrays is None:
            raise UnitscopeError(f"the table {self.name} of {self.directory} has no arrays; {step}")
        if not self.arrays.exists():
            if table_path(self.directory, self.name).exists() and self.is_replaced():
                raise UnitscopeError(
                    f"the table {self.name} of {self.directory} was replaced while it was read; run the same command "
                    "again, or open the run again"
                )
            raise UnitscopeError(f"the arrays of the table {self.name}, {self.arrays}, are missing; {step}")
        return read_rows(self.arrays, name, rows, step)

    def is_replaced(self) -> bool:
        """Return whether the run holds another analysis by now."""
        return read_stored_table(self.directory, self.name).arrays != self.arrays


def table_path(directory: Path, name: str) -> Path:
    """Return the file of a table."""
    return directory / layout.TABLES / f"{name}.parquet"


def table_names(directory: Path) -> list[str]:
    """Return the names of a run's tables."""
    return sorted(path.stem for path in (directory / layout.TABLES).glob("[!.]*.parquet"))


def made_by(name: str, directory: str | Path) -> str:
    """Return the command that makes a table.

    Examples
    --------
    >>> made_by("selectivity", Path("my-run"))
    'unitscope measure my-run'
    """
    return f"unitscope {COMMANDS.get(name, name)} {directory}"


def write_table(
    directory: Path,
    name: str,
    frame: pd.DataFrame,
    columns: Iterable[Column],
    parameters: Mapping[str, Any],
    arrays: str = "",
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
        The ID of the table's arrays; empty if it has none.
    """
    described = link_by_name({column.name: column for column in columns})
    undescribed = [name for name in frame.columns if name not in described]
    if undescribed:
        raise ValueError(f"no description for the columns {undescribed} of table {name}")
    notes = {"unitscope": json.dumps(dict(parameters)), "unitscope_arrays": arrays}
    with explained(directory):
        write_parquet(
            table_path(directory, name), frame, {name: described[name].to_json() for name in frame.columns}, notes
        )
        remove_other_arrays(directory, name, arrays)
        if name == "selectivity":
            shutil.rmtree(directory / layout.CLASSWISE, ignore_errors=True)  # of format version 1


def read_stored_table(directory: Path, name: str) -> StoredTable:
    """Read a table with all that belongs to it."""
    path = existing(directory, name)
    table = read_parquet(path)
    metadata = table.schema.metadata or {}
    try:
        columns = {
            field.name: Column.from_json((field.metadata or {})[b"unitscope"].decode()) for field in table.schema
        }
        parameters = json.loads(metadata[b"unitscope"])
    except (KeyError, ValueError, TypeError) as error:
        raise UnitscopeError(f"{path} does not describe its columns; run `{made_by(name, directory)}` again") from error
    identity = metadata.get(b"unitscope_arrays", b"").decode()
    arrays = arrays_path(directory, name, identity) if identity else None
    if b"unitscope_arrays" not in metadata:
        arrays = version_1_arrays(directory, name, parameters)
    return StoredTable(directory, name, table.to_pandas(), link_by_name(columns), parameters, arrays)


def version_1_arrays(directory: Path, name: str, parameters: Mapping[str, Any]) -> Path | None:
    """Return the arrays of a table of format version 1; ``None`` if it has none, or those of another measurement."""
    group = directory / layout.CLASSWISE
    if name != "selectivity" or not group.exists():
        return None
    try:
        measurement = json.loads((group / "zarr.json").read_text())["attributes"].get("measurement")
    except (OSError, ValueError, KeyError, AttributeError):
        return group  # damaged: reading an array says so
    return group if measurement in (None, digest_of(parameters)) else None


def digest_of(parameters: Mapping[str, Any]) -> str:
    """Return a short digest that tells analyses with other parameters apart."""
    return hashlib.sha256(json.dumps(dict(parameters)).encode()).hexdigest()[:12]


def existing(directory: Path, name: str) -> Path:
    """Return a table's path; raise if there is no such table."""
    path = table_path(directory, name)
    if not path.is_file():
        names = table_names(directory)
        step = f"it has: {', '.join(names) or 'none'}"
        if name in COMMANDS:
            step = f"run `{made_by(name, directory)}` first"
        raise UnitscopeError(f"the run {directory} has no table {name}{near_names(name, names)}; {step}")
    return path
