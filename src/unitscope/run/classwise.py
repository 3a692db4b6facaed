"""Class-wise arrays ``[unit, class]``: what a measure says of every class, not only of the best one."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec

from ..columns import Column
from ..errors import UnitscopeError, near_names
from . import layout
from .layout import CHUNK_UNITS


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
            compressors=[ZstdCodec(level=1)],
            fill_value=np.nan,
            dimension_names=("unit", "class"),
            attributes={"column": column.to_json()},
        )


def write_classwise(directory: Path, first: int, values: dict[str, np.ndarray]) -> None:
    """Write some units' rows; `first` is the place of the first in ``units.parquet``."""
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


def read_classwise(directory: Path, name: str, parameters: dict[str, Any], units: slice = slice(None)) -> np.ndarray:
    """Read a class-wise array of the analysis with these parameters, ``(units, classes)``, or some units' rows."""
    try:
        group = zarr.open_group(directory / layout.CLASSWISE, mode="r")
        values = np.asarray(group[name][units])  # type: ignore[index]
    except (FileNotFoundError, KeyError) as error:
        names = list_classwise(directory)
        raise UnitscopeError(
            f"the run {directory} has no class-wise array {name}{near_names(name, names)}; "
            "run `unitscope measure` first"
        ) from error
    except Exception as error:  # damaged files fail wherever Zarr first trips over them
        raise UnitscopeError(
            f"the class-wise array {name} in {directory / layout.CLASSWISE} is damaged ({error}); "
            "run `unitscope measure` again"
        ) from error
    # A process that was killed between the arrays and the table leaves two that do not belong together.
    if group.attrs.get("measurement", digest_of(parameters)) != digest_of(parameters):
        raise UnitscopeError(
            f"the class-wise arrays of {directory} are not of the same measurement as its table: one was stopped just "
            "before its end; run `unitscope measure` again"
        )
    return values


def list_classwise(directory: Path) -> list[str]:
    """List the class-wise arrays of a run."""
    root = directory / layout.CLASSWISE
    return sorted(path.parent.name for path in root.glob("*/zarr.json"))
