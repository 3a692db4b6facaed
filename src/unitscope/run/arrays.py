"""Arrays of an analysis, with named axes: what it says of every unit and class, not only of the best one.

They are in ``arrays.zarr/TABLE/ID/``. The table holds the ID of its own arrays, so that a table and its arrays are
replaced in one step: new arrays are written beside the old ones, then the table is replaced, then the old ones go.
"""

import hashlib
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from ..columns import Array
from ..errors import UnitscopeError
from . import layout
from .activations import UNDECODABLE
from .files import one_line

Rows = tuple[int, Mapping[str, np.ndarray]]
"""Rows of some arrays: the number of the first row, and the rows by the name of the array."""

CHUNK_BYTES = 2**24
"""A chunk holds 64 rows of an array, or fewer if these have more bytes than this."""


@dataclass(frozen=True)
class StoredArrays:
    """The arrays of one finished analysis.

    Attributes
    ----------
    group
        The Zarr group that holds them.
    digests
        For each array the sha256 of its description, ``zarr.json``; empty in runs of format version 1.
    """

    group: Path
    digests: dict[str, str]

    @property
    def names(self) -> list[str]:
        """Names of the arrays."""
        return sorted(self.digests)

    def to_json(self) -> dict[str, Any]:
        """Return what the table's metadata hold."""
        return {"id": self.group.name, "sha256": self.digests}

    @classmethod
    def from_json(cls, directory: Path, table: str, content: dict[str, Any]) -> "StoredArrays | None":
        """Return what `to_json` wrote of a run's table; ``None`` if it has no arrays."""
        if not content:
            return None
        digests = dict(content["sha256"])
        for name in (content["id"], *digests):  # a received run must not lead to other files
            if not re.fullmatch(r"\w[\w.-]*", name):
                raise ValueError(f"{name!r} is no name of an array")
        return cls(arrays_path(directory, table, content["id"]), digests)

    def labels(self, remedy: str) -> dict[str, list[str]]:
        """Return the names along the axes, by axis; raise an error that ends with `remedy` if they are damaged."""
        try:
            group = zarr.open_group(self.group, mode="r", zarr_format=3)
            return {axis: [*map(str, names)] for axis, names in dict(group.attrs.get("labels", {})).items()}  # type: ignore[arg-type]
        except Exception as error:  # a damaged description can make the library raise almost anything
            raise UnitscopeError(f"{self.group / 'zarr.json'} is damaged ({one_line(error)}); {remedy}") from error

    def read(self, name: str, rows: slice | None, remedy: str) -> np.ndarray:
        """Read an array, or some rows of it; raise an error that names a damaged one and ends with `remedy`."""
        path = self.group / name
        try:
            described = digest(path) if self.digests[name] else ""
            array: Any = zarr.open_array(path, mode="r", zarr_format=3)
        except Exception as error:  # a damaged description can make the library raise almost anything
            raise UnitscopeError(f"{path / 'zarr.json'} is damaged ({one_line(error)}); {remedy}") from error
        if described != self.digests[name]:
            raise UnitscopeError(f"{path / 'zarr.json'} is damaged (it is not what was written); {remedy}")
        first, last, _ = (rows or slice(None)).indices(array.shape[0])
        if described:  # written with a file for every chunk
            for chunk in range(first // array.chunks[0], -(-last // array.chunks[0])):
                file = path.joinpath("c", str(chunk), *["0"] * (array.ndim - 1))
                if not file.is_file():
                    raise UnitscopeError(f"{file} is missing; {remedy}")
        try:
            return np.asarray(array[first:last])
        except UNDECODABLE as error:
            raise UnitscopeError(
                f"the array {path} is damaged: of rows {first} to {last - 1} not all are what was written "
                f"({one_line(error)}); {remedy}"
            ) from error


def arrays_path(directory: Path, table: str, identity: str) -> Path:
    """Return the group that holds the arrays of a table."""
    return directory / layout.ARRAYS / table / identity


def digest(array: Path) -> str:
    """Return the sha256 of an array's description."""
    return hashlib.sha256((array / "zarr.json").read_bytes()).hexdigest()


def create_table_arrays(
    directory: Path,
    table: str,
    arrays: Iterable[Array],
    sizes: Mapping[str, int],
    labels: Mapping[str, Sequence[str]],
) -> StoredArrays:
    """Create the arrays of a table that is being made, filled with NaN (integers: with 0).

    Parameters
    ----------
    directory, table
        The run and the table.
    arrays
        What to create.
    sizes
        Length of each axis.
    labels
        Names along an axis, such as the ids of classes, kept as an attribute of the group.
    """
    for path in (directory / layout.ARRAYS, directory / layout.ARRAYS / table):
        (path / "zarr.json").unlink(missing_ok=True)  # it may be damaged
        zarr.open_group(path, mode="a", zarr_format=3)
    path = arrays_path(directory, table, secrets.token_hex(4))
    group = zarr.create_group(
        path, zarr_format=3, attributes={"labels": {axis: list(names) for axis, names in labels.items()}}
    )
    digests = {}
    for array in arrays:
        shape = tuple(sizes[axis] for axis in array.axes)
        row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * np.dtype(array.dtype).itemsize
        rows = max(1, min(layout.CHUNK_UNITS, CHUNK_BYTES // max(row_bytes, 1), shape[0]))
        group.create_array(
            array.name,
            shape=shape,
            dtype=array.dtype,
            chunks=(rows, *(max(size, 1) for size in shape[1:])),
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
            fill_value=np.nan if np.dtype(array.dtype).kind == "f" else 0,
            dimension_names=array.axes,
            attributes={"column": array.column.to_json()},
        )
        digests[array.name] = digest(path / array.name)
    return StoredArrays(path, digests)


def write_rows(arrays: StoredArrays, pieces: Iterable[Rows]) -> None:
    """Write rows of arrays, piece by piece."""
    # Every chunk becomes a file, also one that is NaN throughout, so that a lost file is noticed.
    with zarr.config.set({"array.write_empty_chunks": True}):
        group = zarr.open_group(arrays.group, mode="r+", zarr_format=3)
        opened: Any = {name: group[name] for name in arrays.digests}
        for first, rows in joined(pieces):
            for name, values in rows.items():
                opened[name][first : first + len(values)] = values


def joined(pieces: Iterable[Rows]) -> Iterator[Rows]:
    """Join pieces that follow each other until they fill a chunk, which is compressed once then, not once per piece."""
    held: list[Mapping[str, np.ndarray]] = []
    start = end = size = 0
    for first, rows in pieces:
        full = end - start >= layout.CHUNK_UNITS or size >= CHUNK_BYTES
        if held and (full or first != end or rows.keys() != held[0].keys()):
            yield start, concatenate(held)
            held, size = [], 0
        if not held:
            start = first
        held.append(rows)
        lengths = {len(values) for values in rows.values()}
        end = first + lengths.pop() if len(lengths) == 1 else -1  # nothing follows arrays of several lengths
        size += sum(values.nbytes for values in rows.values())
    if held:
        yield start, concatenate(held)


def concatenate(pieces: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Concatenate arrays along their first axis, by name."""
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def remove_other_arrays(directory: Path, table: str, keep: StoredArrays | None) -> None:
    """Remove the arrays that earlier analyses, finished or not, have left for a table."""
    for path in (directory / layout.ARRAYS / table).glob("*/"):
        if keep is None or path != keep.group:
            shutil.rmtree(path, ignore_errors=True)
