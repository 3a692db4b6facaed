"""Sparse matrices in HDF5 files, read as dense blocks of items."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WINDOW_BYTES = 1_000_000_000
"""How much of a matrix stored by columns is held at a time; each such part takes one pass over the file."""

STEP = 1 << 23
"""How many stored values are read at a time."""


def sparse_reader(h5py: Any, path: Path, name: str) -> Callable[[slice], np.ndarray]:
    """Return a function that reads some rows of a sparse matrix of AnnData's, ``csr`` or ``csc``."""
    with h5py.File(path, "r") as file:
        group = file[name]
        by_column = str(group.attrs["encoding-type"]).startswith("csc")
        shape = tuple(int(size) for size in group.attrs["shape"])
        pointers = group["indptr"][:].astype(np.int64)
    read = read_by_column if by_column else read_by_row
    held: dict[tuple[int, int], np.ndarray] = {}

    def rows_of(rows: slice) -> np.ndarray:
        """Keep what was read last: the layers of a file ask for the same rows one after another."""
        start, stop, _ = rows.indices(shape[0])
        found = next((key for key in held if key[0] <= start and stop <= key[1]), None)
        if found is None:
            held.clear()
            with h5py.File(path, "r") as file:
                found, values = read(file[name], pointers, shape, start, stop)
            held[found] = values
        return held[found][start - found[0] : stop - found[0]]

    return rows_of


def read_by_row(
    group: Any, pointers: np.ndarray, shape: tuple[int, ...], start: int, stop: int
) -> tuple[tuple[int, int], np.ndarray]:
    """Read rows of a matrix stored by rows; return which, and their values ``(rows, columns)``."""
    values = np.zeros((stop - start, shape[1]), group["data"].dtype)
    first, last = pointers[start], pointers[stop]
    rows = np.repeat(np.arange(stop - start), np.diff(pointers[start : stop + 1]))
    values[rows, group["indices"][first:last]] = group["data"][first:last]
    return (start, stop), values


def read_by_column(
    group: Any, pointers: np.ndarray, shape: tuple[int, ...], start: int, stop: int
) -> tuple[tuple[int, int], np.ndarray]:
    """Read rows of a matrix stored by columns, and as many more as may be held: they lie all over the file."""
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
