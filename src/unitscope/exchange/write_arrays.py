"""``export --to npz`` and ``--to h5``: named arrays, all layers in one file."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..progress import Progress
from ..run import Run
from ..run.atomic import whole_file
from .contents import OWN_COLUMNS, as_text, need
from .hdf5_file import create_hdf5
from .read_arrays import ITEMS, PREFIX, UNITS, escape_parents


def read_blocks(run: Run, layer: str, report: Progress) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield a layer's activations block by block: the items, and the values ``(items, units)``."""
    for number in range(run.manifest.n_blocks):
        rows = run.manifest.block(number)
        yield rows, run.item_activations(layer, rows)
        report(f"exporting {layer}", rows.stop, run.manifest.n_items)


def write_npz(run: Run, path: Path, report: Progress) -> None:
    """Write an ``.npz`` file, layers block by block."""
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, values in describe(run).items():
            write_entry(file, name, values.shape, values.dtype, [values])
        for layer in run.layers:
            blocks = (values for _, values in read_blocks(run, layer.name, report))
            shape = (run.manifest.n_items, layer.units)
            write_entry(file, PREFIX + layer.name, shape, np.dtype(run.manifest.dtype), blocks)


def write_entry(
    file: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: np.dtype, blocks: Iterable[np.ndarray]
) -> None:
    """Write one array of an ``.npz`` file, given in blocks of rows."""
    with file.open(f"{escape_parents(name)}.npy", "w", force_zip64=True) as entry:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(entry, header)
        for block in blocks:
            entry.write(np.ascontiguousarray(block, dtype).tobytes())


def write_h5(run: Run, path: Path, report: Progress) -> None:
    """Write an HDF5 file with the same arrays, layers block by block."""
    h5py = need("h5py", path)
    with whole_file(path) as temporary, create_hdf5(h5py, temporary) as (file, check):
        for name, values in describe(run).items():
            file.create_dataset(name, data=values if values.dtype.kind != "U" else values.astype(h5py.string_dtype()))
        file.attrs["layers"] = np.array([layer.name for layer in run.layers], h5py.string_dtype())
        for layer in run.layers:
            shape = (run.manifest.n_items, layer.units)
            array = file.create_dataset(PREFIX + layer.name, shape, run.manifest.dtype)
            for rows, values in read_blocks(run, layer.name, report):
                array[rows] = values
                check()


def describe(run: Run) -> dict[str, np.ndarray]:
    """Return all arrays except the activations; labels are rows of ``classes``, or a table of items x classes."""
    items, classes = run.items, run.classes
    arrays = {
        "labels": run.memberships if run.multi_label else run.labels,
        "classes": as_array(classes["class"]),
        "class_names": as_array(classes["name"]),
        "item_ids": as_array(items["item_id"]),
        f"{ITEMS}uri": as_array(items["uri"]),
    }
    if "wnid" in classes:
        arrays["wnids"] = as_array(classes["wnid"])
    if run.manifest.predictions:
        arrays["predicted"] = items["predicted"].to_numpy(np.int64)
        arrays["probability"] = items["probability"].to_numpy(np.float32)
    arrays |= {f"{ITEMS}{name}": as_array(items[name]) for name in items if name not in OWN_COLUMNS}
    for layer, units in run.units.groupby("layer", sort=False):
        arrays |= {
            f"{UNITS}{name}/{layer}": as_array(units[name]) for name in units if name not in ("unit", "layer", "index")
        }
    return arrays


def as_array(column: pd.Series) -> np.ndarray:
    """Return a column as an array: numbers unchanged, everything else as text, missing values as ``""``."""
    values = column.to_numpy()
    return values if values.dtype.kind in "biuf" else np.array(as_text(column.to_numpy(object)), str)
