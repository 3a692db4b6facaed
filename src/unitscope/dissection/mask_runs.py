"""Masks of units as runs of pixels.

A unit's mask is where its map, interpolated at the pixels of the label map, is above the unit's threshold. Interpolated
values lie between those of the four points around them, so that only cells with a point above the threshold can hold
pixels of the mask: a few per cent. Along a row of a cell values only rise or only fall, also when they are rounded, so
that each row has at most one run of mask pixels, whose end is found by halving.
"""

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, error_model="numpy")
def find_runs(maps: Any, thresholds: Any, y: Any, row_cells: Any, x: Any, column_cells: Any) -> Any:
    """Find the masks of some units in one image.

    Returns
    -------
    runs
        ``(n, 2)`` first pixel of each run of mask pixels, counted row by row, and the one after its last.
    ends
        ``(units,)`` where the runs of each unit end.
    areas
        ``(units,)`` pixels of each mask.
    """
    units, height, width = maps.shape
    runs = np.empty((units * len(y) * ((len(x) + 1) // 2), 2), np.int32)  # takes no memory until it is written
    ends, areas = np.empty(units, np.int64), np.zeros(units, np.int64)
    n_above = np.empty(width, np.int64)
    n = 0
    for unit in range(units):
        values, threshold = maps[unit], thresholds[unit]
        if not _any_above(values, threshold):
            ends[unit] = n
            continue
        end = -1  # runs that touch become one, but not with those of the unit before
        for i in range(height):
            below = min(i + 1, height - 1)
            n_row = 0
            for j in range(width):
                right = min(j + 1, width - 1)
                n_above[j] = (
                    np.int64(values[i, j] > threshold)
                    + np.int64(values[i, right] > threshold)
                    + np.int64(values[below, j] > threshold)
                    + np.int64(values[below, right] > threshold)
                )
                n_row += n_above[j]
            if n_row == 0:
                continue
            for row in range(row_cells[i], row_cells[i + 1]):
                for j in range(width):
                    first, last = column_cells[j], column_cells[j + 1]
                    if n_above[j] == 0 or first == last:
                        continue
                    if n_above[j] < 4:
                        right = min(j + 1, width - 1)
                        a, b = np.float64(values[i, j]), np.float64(values[i, right])
                        at_left = a + y[row] * (np.float64(values[below, j]) - a)
                        at_right = b + y[row] * (np.float64(values[below, right]) - b)
                        first, last = _cut(at_left, at_right - at_left, threshold, x, first, last)
                        if first == last:
                            continue
                    first, last = row * len(x) + first, row * len(x) + last
                    if first != end:
                        runs[n, 0] = first
                        n += 1
                    runs[n - 1, 1] = end = last
                    areas[unit] += last - first
        ends[unit] = n
    return runs[:n], ends, areas


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _any_above(values: Any, threshold: float) -> bool:
    """Return whether a value is above the threshold; without leaving early, so that many are compared at once."""
    n = 0
    for value in values.ravel():
        n += value > threshold
    return n > 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cut(start: float, slope: float, threshold: float, x: Any, first: int, last: int) -> Any:
    """Return the pixels, from `first` to before `last`, where ``start + x * slope`` is above the threshold."""
    above = start + x[first] * slope > threshold
    if above == (start + x[last - 1] * slope > threshold):
        return (first, last) if above else (first, first)
    low, high = first, last - 1
    while high - low > 1:
        middle = (low + high) // 2
        if (start + x[middle] * slope > threshold) == above:
            low = middle
        else:
            high = middle
    return (first, high) if above else (high, last)
