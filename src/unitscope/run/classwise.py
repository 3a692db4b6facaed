"""Class-wise arrays ``[unit, class]``: what a measure says of every class, not only of the best one."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from ..columns import Column
from ..errors import UnitscopeError, near_names
from . import layout
from .activations import UNDECODABLE
from .files import one_line
from .layout import CHUNK_UNITS
from .repair import measure_again


def digest_of(parameters: dict[str, Any]) -> str:
    """Tell analyses apart by what they were asked for."""
    return hashlib.sha256(json.dumps(parameters).encode()).hexdigest()[:12]


def create_classwise(
    directory: Path, columns: list[Column], n_units: int, n_classes: int, parameters: dict[str, Any]
) -> None:
    """Create the class-wise arrays, NaN throughout; they know of which analysis they are."""
    group = zarr.create_group(
        directory / layout.CLASSWISE,
        zarr_format=3,
        overwrite=True,
        attributes={"measurement": digest_of(parameters)},
    )
    for column in columns:
        group.create_array(
            column.name,
            shape=(n_units, n_classes),
            dtype="float64",
            chunks=(CHUNK_UNITS, n_classes),
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
            fill_value=np.nan,
            dimension_names=("unit", "class"),
            attributes={"column": column.to_json()},
        )


def write_classwise(directory: Path, first: int, values: dict[str, np.ndarray]) -> None:
    """Write some units' rows; `first` is the place of the first in ``units.parquet``."""
    # Every chunk becomes a file, also one that is NaN throughout, so that a lost file is noticed.
    with zarr.config.set({"array.write_empty_chunks": True}):
        group = zarr.open_group(directory / layout.CLASSWISE, mode="r+")
        for name, rows in values.items():
            group[name][first : first + len(rows)] = rows  # type: ignore[index]


def replace_classwise(directory: Path, made: Path) -> None:
    """Put the class-wise arrays that were made in one directory in the place of another's."""
    place, old = directory / layout.CLASSWISE, made / "replaced.zarr"
    shutil.rmtree(old, ignore_errors=True)  # left by a process that was killed below
    if place.exists():
        place.rename(old)
    (made / layout.CLASSWISE).rename(place)
    shutil.rmtree(old, ignore_errors=True)


def read_classwise(
    directory: Path, name: str, parameters: dict[str, Any], shape: tuple[int, int], units: slice = slice(None)
) -> np.ndarray:
    """Read a class-wise array of the analysis with these parameters, ``(units, classes)``, or some units' rows.

    Parameters
    ----------
    directory, name
        The run and the array.
    parameters
        Those of the table that the array must belong to.
    shape
        Units and classes that the array must have.
    units
        The rows to read.

    Raises
    ------
    UnitscopeError
        If there is no such array, it is damaged, or it belongs to another measurement.
    """
    path = directory / layout.CLASSWISE / name
    again = measure_again(directory)
    names = list_classwise(directory)
    if name not in names:
        raise UnitscopeError(f"the run {directory} has no class-wise array {name}{near_names(name, names)}; {again}")
    try:
        group = zarr.open_group(directory / layout.CLASSWISE, mode="r")
        measurement = group.attrs.get("measurement", digest_of(parameters))
        array: Any = zarr.open_array(path, mode="r")
        found = (array.shape, array.dtype, array.chunks, array.metadata.chunk_key_encoding.separator)
    except Exception as error:  # a damaged description can make the library raise almost anything
        raise UnitscopeError(f"{path} is damaged ({one_line(error)}); {again}") from error
    # A process that was killed between the arrays and the table leaves two that do not belong together.
    if measurement != digest_of(parameters):
        raise UnitscopeError(
            f"the class-wise arrays of {directory} are not of the same measurement as its table: one was stopped just "
            f"before its end; {again}"
        )
    if found != (shape, np.dtype("float64"), (CHUNK_UNITS, shape[1]), "/"):
        raise UnitscopeError(
            f"{path / 'zarr.json'} is damaged (it does not describe {shape[0]} units x {shape[1]} classes); {again}"
        )
    first, last, _ = units.indices(shape[0])
    for chunk in range(first // CHUNK_UNITS, -(-last // CHUNK_UNITS)):
        file = path / "c" / str(chunk) / "0"
        if has_checksums(array) and not file.is_file():
            raise UnitscopeError(f"{file} is missing; {again}")
    try:
        return np.asarray(array[units])
    except UNDECODABLE as error:
        raise UnitscopeError(
            f"the class-wise array {path} is damaged: of units {first} to {last - 1} not all are what was written "
            f"({one_line(error)}); {again}"
        ) from error


def has_checksums(array: Any) -> bool:
    """Return whether an array was written with checksums, and so with a file for each chunk."""
    return any(isinstance(codec, Crc32cCodec) for codec in array.compressors)


def list_classwise(directory: Path) -> list[str]:
    """List the class-wise arrays of a run."""
    root = directory / layout.CLASSWISE
    return sorted(path.name for path in root.glob("*/"))
