"""One Zarr v3 array per layer, dimensions (item, unit); a shard is one block of items x all units of the layer."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import TransposeCodec, ZstdCodec

from ..errors import UnitscopeError
from . import layout
from .manifest import Layer, Manifest


def create_arrays(directory: Path, manifest: Manifest) -> None:
    """Create the empty array of every layer, NaN throughout: a row that was never written is loud."""
    group = zarr.create_group(directory / layout.ACTIVATIONS, zarr_format=3, overwrite=True)
    for layer in manifest.layers:
        width = min(layout.CHUNK_UNITS, layer.units)
        group.create_array(
            layout.array_name(layer.name),
            shape=(manifest.n_items, layer.units),
            dtype=manifest.dtype,
            chunks=(manifest.block_items, width),
            shards=(manifest.block_items, width * -(-layer.units // width)),
            # Unit-major inside the chunk: one unit's values stand together, compress and read better.
            filters=[TransposeCodec(order=(1, 0))],
            compressors=[ZstdCodec(level=1)],
            fill_value=np.nan,
            dimension_names=("item", "unit"),
        )


def shard_path(directory: Path, layer: Layer, block: int) -> Path:
    """Return the file of a layer's shard."""
    return directory / layout.ACTIVATIONS / layout.array_name(layer.name) / "c" / str(block) / "0"


def open_array(directory: Path, layer: Layer, mode: str = "r") -> Any:
    """Open a layer's array."""
    path = directory / layout.ACTIVATIONS / layout.array_name(layer.name)
    try:
        return zarr.open_array(path, mode=mode)
    except Exception as error:  # damaged metadata fail wherever Zarr first trips over them
        raise UnitscopeError(f"{path} is missing or damaged; record layer {layer.name} again") from error


def read_units(directory: Path, manifest: Manifest, layer: Layer, first: int, last: int) -> np.ndarray:
    """Read the activations of some units of a layer to all items.

    Parameters
    ----------
    directory, manifest, layer
        The run and the layer.
    first, last
        The units ``first`` to ``last - 1``; whole chunks of 64 units are read fastest.

    Returns
    -------
    numpy.ndarray
        ``(last - first, N)``, C-contiguous: a unit's values stand together.
    """
    array = open_array(directory, layer)
    values = np.empty((last - first, manifest.n_items), array.dtype)
    # The chunks are unit-major, so decoding into the transposed view is a plain copy.
    prototype = zarr.core.buffer.default_buffer_prototype()
    out = prototype.nd_buffer.from_numpy_array(values.T)
    try:
        array.get_basic_selection((slice(None), slice(first, last)), out=out, prototype=prototype)
    except (ValueError, RuntimeError, OSError) as error:
        raise UnitscopeError(
            f"the activations of layer {layer.name} in {directory} are damaged ({error}); "
            "run the same record command again"
        ) from error
    return values


def read_items(directory: Path, layer: Layer, items: slice) -> np.ndarray:
    """Read all units of a layer to some items, ``(items, units)``; whole blocks of items are read fastest."""
    array = open_array(directory, layer)
    try:
        return np.asarray(array[items])
    except (ValueError, RuntimeError, OSError) as error:
        raise UnitscopeError(
            f"the activations of layer {layer.name} in {directory} are damaged ({error}); "
            "run the same record command again"
        ) from error
