"""Tables: one row per unit, Parquet, whose columns describe themselves in the fields' metadata."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, near_names
from . import layout
from .files import read_parquet, read_schema, write_parquet
from .repair import measure_again


def table_path(directory: Path, name: str) -> Path:
    """Return where a table stands."""
    return directory / layout.TABLES / f"{name}.parquet"


def table_names(directory: Path) -> list[str]:
    """List the tables of a run."""
    return sorted(path.stem for path in (directory / layout.TABLES).glob("*.parquet"))


def write_table(
    directory: Path, name: str, frame: pd.DataFrame, columns: Iterable[Column], parameters: dict[str, Any]
) -> None:
    """Write a table with its columns' descriptions and the parameters of the analysis that made it."""
    described = {column.name: column.to_json() for column in columns}
    undescribed = [name for name in frame.columns if name not in described]
    if undescribed:
        raise ValueError(f"no description for the columns {undescribed} of table {name}")
    write_parquet(
        table_path(directory, name), frame, {name: described[name] for name in frame.columns}, json.dumps(parameters)
    )


def read_table(directory: Path, name: str) -> pd.DataFrame:
    """Read a table."""
    return read_parquet(existing(directory, name), measure_again(directory)).to_pandas()


def read_columns(directory: Path, name: str) -> dict[str, Column]:
    """Read the descriptions of a table's columns, in the table's order."""
    schema = read_schema(existing(directory, name), measure_again(directory))
    return {field.name: Column.from_json((field.metadata or {})[b"unitscope"].decode()) for field in schema}


def read_parameters(directory: Path, name: str) -> dict[str, Any]:
    """Read with which parameters a table was made."""
    return json.loads((read_schema(existing(directory, name), measure_again(directory)).metadata or {})[b"unitscope"])


def existing(directory: Path, name: str) -> Path:
    """Return a table's path, or say which tables there are."""
    path = table_path(directory, name)
    if not path.is_file():
        names = table_names(directory)
        step = (
            f"run `unitscope measure {shlex.quote(str(directory))}` first"
            if name == "selectivity"
            else f"it has: {', '.join(names) or 'none'}"
        )
        raise UnitscopeError(f"the run {directory} has no table {name}{near_names(name, names)}; {step}")
    return path
