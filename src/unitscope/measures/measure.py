"""All measures of some units: as arrays for a run's table, or as a data frame for anyone with an array."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, UnitscopeWarning
from .best import is_negative
from .describe import COLUMNS
from .gather import classwise_arrays, table_columns
from .tally import tally


@dataclass(frozen=True)
class Measured:
    """Every measure of some units.

    Attributes
    ----------
    columns
        Name to ``(U,)`` array, all columns of `COLUMNS` but the unit's id, layer and index; classes as indices,
        -1 where there is none.
    classwise
        Name to ``(U, C)`` float64 array, as in `CLASSWISE`.
    """

    columns: dict[str, np.ndarray]
    classwise: dict[str, np.ndarray]


def measure(
    activations: Any,
    labels: Any,
    *,
    units: Sequence[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Measure how selective units are, with every measure the literature uses.

    Parameters
    ----------
    activations
        ``(items,)`` or ``(items, units)`` numbers; negative values are allowed. float32 and float64 are ranked
        exactly as they are.
    labels
        ``(items,)`` the class of each item, any values that can be sorted.
    units
        Names of the units; default: their numbers.
    threads
        Threads to use; default: one per core.
    progress
        Called with the number of units done.

    Returns
    -------
    pandas.DataFrame
        One row per unit; `COLUMNS` says what the columns mean. NaN where a measure is undefined, with the reason
        in ``undefined``.

    Raises
    ------
    UnitscopeError
        If shapes do not fit, a value is NaN or infinite, or a label is missing.

    Warns
    -----
    UnitscopeWarning
        If units have negative activations, which leaves ratio measures undefined.

    Examples
    --------
    >>> import numpy as np
    >>> grandmother = np.array([9.0, 8.0, 0.0, 0.0, 0.0, 0.0])
    >>> table = measure(grandmother, ["granny", "granny", "dog", "dog", "cat", "cat"])
    >>> table[["localist", "localist_class", "max_informedness", "ccmas"]]
       localist localist_class  max_informedness  ccmas
    0      True         granny               1.0    1.0
    """
    values = np.asarray(activations)
    if values.ndim == 1:
        values = values[:, None]
    labels = np.asarray(labels)
    if values.ndim != 2 or labels.shape != (len(values),):
        raise UnitscopeError(
            f"activations of shape {np.shape(activations)} and labels of shape {labels.shape} do not fit; "
            "give (items, units) and (items,)"
        )
    if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise UnitscopeError(f"activations are {values.dtype}, not real numbers; convert them first")
    if units is not None and len(units) != values.shape[1]:
        raise UnitscopeError(f"there are {len(units)} names for {values.shape[1]} units; give one for each")
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise UnitscopeError(
            f"item {missing[0]} has no label ({len(missing)} without one in all); leave such items out"
        )
    names, places = np.unique(labels, return_inverse=True)
    names = names.astype(str).astype(object)
    dtype = np.float32 if values.dtype in (np.float32, np.float16) else np.float64
    unit_major = np.ascontiguousarray(values.T, dtype)
    ids = [str(name) for name in (units if units is not None else range(values.shape[1]))]
    measured = measure_block(unit_major, places, len(names), units=ids, threads=threads, progress=progress)
    columns: dict[str, Any] = {"unit": units if units is not None else np.arange(values.shape[1])}
    for name, column in COLUMNS.items():
        if name in measured.columns:
            found = measured.columns[name]
            columns[name] = class_names(found, names) if column.kind == "class" else found
    return pd.DataFrame(columns)


def class_names(places: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Turn class indices into names; None where there is none.

    Examples
    --------
    >>> class_names(np.array([1, -1]), np.array(["cat", "dog"], dtype=object))
    array(['dog', None], dtype=object)
    """
    found = names[np.maximum(places, 0)].astype(object)
    found[places < 0] = None
    return found


def measure_block(
    activations: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    units: Sequence[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Measure units whose values stand together.

    Parameters
    ----------
    activations
        ``(U, N)`` float32 or float64, C-contiguous.
    labels
        ``(N,)`` class indices.
    n_classes
        Number of classes, some of which may have no items.
    units
        Names of the units, for messages.
    threads, progress
        As in `measure`.

    Returns
    -------
    Measured

    Raises
    ------
    UnitscopeError
        If a value is NaN or infinite, there are no items, or labels are no class indices.
    """
    names = list(units) if units is not None else None
    counts = tally(activations, labels, n_classes, threads=threads, names=names, progress=progress)
    negative = is_negative(counts)
    if negative.any():
        first = names[int(negative.argmax())] if names else str(int(negative.argmax()))
        warnings.warn(
            f"{negative.sum()} units have negative activations (the first is {first}): CCMAS, class selectivity and "
            "lifetime sparseness are undefined for them",
            UnitscopeWarning,
            stacklevel=2,
        )
    classwise = classwise_arrays(counts)
    return Measured(table_columns(counts, classwise), classwise)
