"""One Zarr v3 array per layer, dimensions (item, unit); a shard is one block of items x all units of the layer.

Every chunk and every shard index ends with a CRC32C checksum, which each read verifies. Runs from before checksums were
introduced have none and are read without.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, TransposeCodec, ZstdCodec

from ..errors import UnitscopeError
from . import layout
from .files import one_line, whole_file
from .manifest import Layer, Manifest
from .repair import repair_step


def create_arrays(directory: Path, manifest: Manifest) -> None:
    """Create the empty array of every layer, filled with NaN: rows that were never written are NaN."""
    zarr.create_group(directory / layout.ACTIVATIONS, zarr_format=3, overwrite=True)
    for layer in manifest.layers:
        write_metadata(directory, manifest, layer)


def write_metadata(directory: Path, manifest: Manifest, layer: Layer, checksums: bool = True) -> None:
    """Write the ``zarr.json`` of a layer's array; existing chunks are not changed."""
    width = min(layout.CHUNK_UNITS, layer.units)
    made = zarr.create_array(
        store=zarr.storage.MemoryStore(),
        shape=(manifest.n_items, layer.units),
        dtype=manifest.dtype,
        chunks=(manifest.block_items, width),
        shards=(manifest.block_items, width * -(-layer.units // width)),
        # Unit-major inside a chunk: values of one unit are contiguous, which compresses and reads better.
        filters=[TransposeCodec(order=(1, 0))],
        compressors=[ZstdCodec(level=1), *[Crc32cCodec()] * checksums],
        fill_value=np.nan,
        dimension_names=("item", "unit"),
    )
    described = made.metadata.to_buffer_dict(zarr.core.buffer.default_buffer_prototype())["zarr.json"]
    with whole_file(metadata_path(directory, layer)) as temporary:
        temporary.write_bytes(described.to_bytes())


def array_path(directory: Path, layer: Layer) -> Path:
    """Return the folder of a layer's array."""
    return directory / layout.ACTIVATIONS / layout.array_name(layer.name)


def metadata_path(directory: Path, layer: Layer) -> Path:
    """Return the file that describes a layer's array."""
    return array_path(directory, layer) / "zarr.json"


def shard_path(directory: Path, layer: Layer, block: int) -> Path:
    """Return the file of a layer's shard."""
    return array_path(directory, layer) / "c" / str(block) / "0"


def open_array(directory: Path, manifest: Manifest, layer: Layer, mode: str = "r") -> Any:
    """Open a layer's array; raise if its description is missing, damaged or differs from the manifest."""
    array, fault = try_array(directory, manifest, layer, mode)
    if fault:
        raise UnitscopeError(f"{fault}; {repair_step(directory, manifest)}")
    return array


def try_array(directory: Path, manifest: Manifest, layer: Layer, mode: str = "r") -> tuple[Any, str]:
    """Open a layer's array; return it and the fault in its description, empty if there is none."""
    path = metadata_path(directory, layer)
    try:
        array: Any = zarr.open_array(path.parent, mode=mode, zarr_format=3)  # format 2 has a codec that unpickles
        found = (array.shape, array.dtype, array.chunks[0], array.metadata.chunk_key_encoding.separator)
    except Exception as error:  # the library may raise any exception for a damaged description
        return None, f"{path} is damaged ({one_line(error)})" if path.is_file() else f"{path} is missing"
    # Other faults make decoding fail; these would return wrong values, or NaN, without an error.
    if found != ((manifest.n_items, layer.units), np.dtype(manifest.dtype), manifest.block_items, "/"):
        described = f"{manifest.n_items} items x {layer.units} units of {manifest.dtype}"
        return None, f"{path} is damaged (it does not describe {described})"
    return array, ""


def restore_arrays(directory: Path, manifest: Manifest) -> None:
    """Write missing or damaged descriptions of arrays again, from the run's manifest."""
    for layer in manifest.layers:
        if try_array(directory, manifest, layer)[1]:
            for checksums in (True, False):  # runs of earlier versions have none
                write_metadata(directory, manifest, layer, checksums)
                if is_readable(directory, manifest, layer):
                    break


def is_readable(directory: Path, manifest: Manifest, layer: Layer) -> bool:
    """Return whether a chunk of a layer can be decoded with its description, or there are no chunks yet."""
    written = [block for block in range(manifest.n_blocks) if shard_path(directory, layer, block).is_file()]
    array = open_array(directory, manifest, layer)
    return not written or any(not fault_of(array, manifest.block(block), slice(0, 1)) for block in written)


def read_units(directory: Path, manifest: Manifest, layer: Layer, first: int, last: int) -> np.ndarray:
    """Read the activations of some units of a layer for all items.

    Parameters
    ----------
    directory, manifest, layer
        The run and the layer.
    first, last
        The units ``first`` to ``last - 1``; whole chunks of 64 units are read fastest.

    Returns
    -------
    numpy.ndarray
        ``(last - first, N)``, C-contiguous.

    Raises
    ------
    UnitscopeError
        If a chunk is damaged; the message names its file, units and items.
    """
    array = open_array(directory, manifest, layer)
    values = np.empty((last - first, manifest.n_items), array.dtype)
    # Chunks are unit-major, so decoding into the transposed view is a contiguous copy.
    prototype = zarr.core.buffer.default_buffer_prototype()
    out = prototype.nd_buffer.from_numpy_array(values.T)
    with damage_named(directory, manifest, layer, slice(0, manifest.n_items), slice(first, last)):
        array.get_basic_selection((slice(None), slice(first, last)), out=out, prototype=prototype)
    return values


def read_items(directory: Path, manifest: Manifest, layer: Layer, items: slice) -> np.ndarray:
    """Read all units of a layer for some items, ``(items, units)``; whole blocks of items are read fastest."""
    array = open_array(directory, manifest, layer)
    start, stop, _ = items.indices(manifest.n_items)
    with damage_named(directory, manifest, layer, slice(start, stop), slice(0, layer.units)):
        return np.asarray(array[items])


UNDECODABLE = (ValueError, RuntimeError, OSError, TypeError, KeyError)
"""Exceptions that decoding a damaged chunk can raise."""


@contextlib.contextmanager
def damage_named(directory: Path, manifest: Manifest, layer: Layer, items: slice, units: slice) -> Iterator[None]:
    """Turn decoding errors into an error that names the first damaged chunk and the command that repairs it."""
    try:
        yield
    except UNDECODABLE as error:
        raise UnitscopeError(
            f"{find_damage(directory, manifest, layer, items, units)}; {repair_step(directory, manifest)}"
        ) from error


def find_damage(directory: Path, manifest: Manifest, layer: Layer, items: slice, units: slice) -> str:
    """Describe the first chunk that cannot be decoded: its file, its units and its items."""
    array = open_array(directory, manifest, layer)
    width = array.chunks[1]
    for block in range(items.start // manifest.block_items, manifest.n_blocks):
        rows = manifest.block(block)
        for first in range(units.start // width * width, units.stop, width):
            columns = slice(first, min(first + width, layer.units))
            fault = fault_of(array, rows, columns)
            if fault:
                return (
                    f"{shard_path(directory, layer, block)} is damaged: units {columns.start} to {columns.stop - 1} of "
                    f"layer {layer.name}, items {rows.start} to {rows.stop - 1} cannot be read ({fault})"
                )
    return f"the activations of layer {layer.name} in {directory} could not be read"


def fault_of(array: Any, items: slice, units: slice) -> str:
    """Return why some items x units cannot be decoded; empty if they can."""
    try:
        array[items, units]
    except UNDECODABLE as error:
        return "its checksum does not match" if "checksum" in str(error) else one_line(error)
    return ""
