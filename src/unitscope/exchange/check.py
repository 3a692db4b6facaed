"""Values must be there, and float32 must hold them."""

import warnings

import numpy as np

from ..errors import UnitscopeError, UnitscopeWarning
from .found import Matrix

LARGEST = float(np.finfo(np.float32).max)


def check_block(values: np.ndarray, matrix: Matrix, ids: list[str]) -> None:
    """Refuse values that are not finite float32 numbers, naming unit and item."""
    if values.dtype.kind not in "biuf":
        raise UnitscopeError(
            f"the values of {matrix.layer.name} are {values.dtype}, not real numbers; convert them to float32"
        )
    bad = ~np.isfinite(values)
    if not np.can_cast(values.dtype, np.float32):
        bad |= np.abs(values) > LARGEST
    if not bad.any():
        return
    row, unit = np.argwhere(bad)[0]
    value = values[row, unit]
    name = matrix.unit(int(unit))
    if np.isnan(value):
        raise UnitscopeError(
            f"unit {name} has no value (NaN) for item {ids[row]}; leave out such items or units, or fill them in"
        )
    raise UnitscopeError(f"unit {name} has the value {value} for item {ids[row]}, beyond float32; scale the values")


def count_new_ties(values: np.ndarray) -> np.ndarray:
    """Count values of each unit that differ from another, but not as float32.

    Parameters
    ----------
    values
        ``(items, units)``.

    Returns
    -------
    numpy.ndarray
        ``(units,)`` distinct values that float32 makes equal to a smaller one.

    Examples
    --------
    >>> count_new_ties(np.array([[1.0, 1.0], [1.0 + 1e-12, 1.0], [2.0, 3.0]])).tolist()
    [1, 0]
    """
    if np.can_cast(values.dtype, np.float32):
        return np.zeros(values.shape[1], np.int64)
    exact = np.sort(values.T, axis=1)
    rounded = exact.astype(np.float32)  # rounding keeps the order
    return ((exact[:, 1:] != exact[:, :-1]) & (rounded[:, 1:] == rounded[:, :-1])).sum(1)


def warn_of_ties(ties: np.ndarray, matrix: Matrix, blocks: int) -> None:
    """Say how many values float32 makes equal."""
    if ties.any():
        warnings.warn(
            f"float32 makes {'at least ' if blocks > 1 else ''}{ties.sum():,} values of {np.count_nonzero(ties):,} "
            f"units of {matrix.layer.name} equal to others from which they differ in the file; if such differences "
            "matter, subtract a baseline before importing, or measure the array with unitscope.measure",
            UnitscopeWarning,
            stacklevel=4,
        )
