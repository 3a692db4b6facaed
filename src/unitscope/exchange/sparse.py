"""Read sparse matrices in HDF5 files as dense blocks of items."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WINDOW_BYTES = 1_000_000_000
"""Bytes of a matrix stored by columns that are kept at a time; each such part takes one pass over the file."""

STEP = 1 << 23
"""Number of stored values read at a time."""


def sparse_reader(h5py: Any, path: Path, name: str) -> Callable[[slice], np.ndarray]:
    """Return a function that reads some rows of a sparse AnnData matrix, ``csr`` or ``csc``."""
    with h5py.File(path, "r") as file:
        group = file[name]
        by_column = str(group.attrs["encoding-type"]).startswith("csc")
        shape = tuple(int(size) for size in group.attrs["shape"])
        pointers = group["indptr"][:].astype(np.int64)
    read = read_by_column if by_column else read_by_row
    cached: dict[tuple[int, int], np.ndarray] = {}

    def rows_of(rows: slice) -> np.ndarray:
        """Read rows and keep them, because the next layer of the file needs the same rows."""
        start, stop, _ = rows.indices(shape[0])
        window = next((key for key in cached if key[0] <= start and stop <= key[1]), None)
        if window is None:
            cached.clear()
            with h5py.File(path, "r") as file:
                window, values = read(file[name], pointers, shape, start, stop)
            cached[window] = values
        return cached[window][start - window[0] : stop - window[0]]

    return rows_of


def read_by_row(
    group: Any, pointers: np.ndarray, shape: tuple[int, ...], start: int, stop: int
) -> tuple[tuple[int, int], np.ndarray]:
    """Read rows of a matrix stored by rows; return first and last row, and the values ``(rows, columns)``."""
    values = np.zeros((stop - start, shape[1]), group["data"].dtype)
    first, last = pointers[start], pointers[stop]
    rows = np.repeat(np.arange(stop - start), np.diff(pointers[start : stop + 1]))
    values[rows, group["indices"][first:last]] = group["data"][first:last]
    return (start, stop), values


def read_by_column(
    group: Any, pointers: np.ndarray, shape: tuple[int, ...], start: int, stop: int
) -> tuple[tuple[int, int], np.ndarray]:
    """Read rows of a matrix stored by columns, and as many further rows as fit: each call scans the whole file."""
    dtype = group["data"].dtype
    stop = min(shape[0], max(stop, start + WINDOW_BYTES // (shape[1] * dtype.itemsize)))
    values = np.zeros((stop - start, shape[1]), dtype)
    for first in range(0, int(pointers[-1]), STEP):
        last = min(first + STEP, int(pointers[-1]))
        rows = group["indices"][first:last]
        columns = np.searchsorted(pointers, np.arange(first, last), side="right") - 1
        here = (rows >= start) & (rows < stop)
        values[rows[here] - start, columns[here]] = group["data"][first:last][here]
    return (start, stop), values
