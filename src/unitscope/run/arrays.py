"""Arrays of an analysis, with named axes: what it says of every unit and class, not only of the best one.

They stand in ``arrays.zarr/TABLE/ID/``. The table holds the ID of its own arrays, so that a table and its arrays are
replaced in one step: new arrays are written beside the old ones, then the table is replaced, then the old ones go.
"""

import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from ..columns import Array
from ..errors import UnitscopeError, near_names
from . import layout

CHUNK_BYTES = 2**24
"""A chunk holds 64 rows of an array, or fewer if these have more bytes than this."""


def arrays_path(directory: Path, table: str, identity: str) -> Path:
    """Return the group that holds the arrays of a table."""
    return directory / layout.ARRAYS / table / identity


def create_table_arrays(
    directory: Path,
    table: str,
    arrays: Iterable[Array],
    sizes: Mapping[str, int],
    labels: Mapping[str, Sequence[str]],
) -> str:
    """Create the arrays of a table that is being made, filled with NaN (integers: with 0); return their ID.

    Parameters
    ----------
    directory, table
        The run and the table.
    arrays
        What to create.
    sizes
        Length of each axis.
    labels
        Names along an axis, such as the ids of classes, kept as attributes of the group.
    """
    identity = secrets.token_hex(4)
    for path in (directory / layout.ARRAYS, directory / layout.ARRAYS / table):
        zarr.open_group(path, mode="a", zarr_format=3)
    group = zarr.create_group(
        arrays_path(directory, table, identity),
        zarr_format=3,
        attributes={"labels": {axis: list(names) for axis, names in labels.items()}},
    )
    for array in arrays:
        shape = tuple(sizes[axis] for axis in array.axes)
        row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * np.dtype(array.dtype).itemsize
        rows = max(1, min(layout.CHUNK_UNITS, CHUNK_BYTES // max(row_bytes, 1)))
        group.create_array(
            array.name,
            shape=shape,
            dtype=array.dtype,
            chunks=(min(rows, max(shape[0], 1)), *(max(size, 1) for size in shape[1:])),
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
            fill_value=np.nan if np.dtype(array.dtype).kind == "f" else 0,
            dimension_names=array.axes,
            attributes={"column": array.column.to_json()},
        )
    return identity


def write_rows(directory: Path, table: str, identity: str, first: int, values: Mapping[str, np.ndarray]) -> None:
    """Write rows `first` and after of some arrays."""
    group = zarr.open_group(arrays_path(directory, table, identity), mode="r+")
    for name, rows in values.items():
        group[name][first : first + len(rows)] = rows  # type: ignore[index]


def read_rows(group: Path, name: str, rows: slice | None, step: str) -> np.ndarray:
    """Read an array of a group, or some rows of it; `step` is what the user can do if it is damaged."""
    try:
        array: Any = zarr.open_array(group / name, mode="r")
        return np.asarray(array[slice(None) if rows is None else rows])
    except FileNotFoundError as error:
        names = list_arrays(group)
        if name in names:
            raise UnitscopeError(f"the array {group / name} is damaged ({error}); {step}") from error
        raise UnitscopeError(
            f"the table has no array {name}{near_names(name, names)}; it has: {', '.join(names) or 'none'}"
        ) from error
    except (ValueError, TypeError, KeyError, RuntimeError, OSError) as error:
        raise UnitscopeError(f"the array {group / name} is damaged ({error}); {step}") from error


def read_labels(group: Path) -> dict[str, list[str]]:
    """Return the names along the axes of a group's arrays."""
    try:
        return dict(zarr.open_group(group, mode="r").attrs["labels"])  # type: ignore[arg-type]
    except (FileNotFoundError, KeyError, ValueError):
        return {}


def list_arrays(group: Path) -> list[str]:
    """Return the names of the arrays of a group."""
    return sorted(path.parent.name for path in group.glob("*/zarr.json"))


def remove_other_arrays(directory: Path, table: str, keep: str) -> None:
    """Remove the arrays that earlier analyses, finished or not, have left for a table."""
    for path in (directory / layout.ARRAYS / table).glob("*/"):
        if path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
