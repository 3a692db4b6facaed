"""All measures of anyone's array of activations, as a data frame."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .block import measure_block
from .classes import Classes
from .describe import COLUMNS


def measure(
    activations: Any,
    labels: Any,
    *,
    class_names: Sequence[str] | None = None,
    class_sets: Mapping[str, Collection[Any]] | None = None,
    units: Sequence[str] | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Measure how selective units are, with every measure the literature uses.

    Parameters
    ----------
    activations
        ``(items,)`` or ``(items, units)`` numbers; negative values are allowed. They are ranked exactly as they are.
    labels
        ``(items,)`` the class of each item, any values that can be sorted; or ``(items, classes)`` bool, where
        items belong to several classes or to none (then measures of one label per item are undefined).
    class_names
        Names of the classes where labels are a matrix, or whole numbers from 0; default: the columns of a data
        frame, or numbers.
    class_sets
        Unions of classes to measure as well, each against the rest: name to the classes.
    units
        Names of the units; default: the columns of a data frame, or numbers.
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
        If shapes do not fit, a value is NaN or infinite, float64 cannot hold a value exactly (integers beyond
        2**53), or a label is missing.

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
    if units is None and isinstance(activations, pd.DataFrame):
        units = activations.columns.tolist()
    if class_names is None and isinstance(labels, pd.DataFrame):
        class_names = labels.columns.tolist()
    values = np.asarray(activations)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise UnitscopeError(
            f"activations of shape {np.shape(activations)} and type {values.dtype} are no matrix of real numbers; "
            "give (items, units)"
        )
    if units is not None and len(units) != values.shape[1]:
        raise UnitscopeError(f"there are {len(units)} names for {values.shape[1]} units; give one for each")
    # As objects, so that neither a missing label nor a number among words becomes a word.
    plain = np.array(labels, object) if isinstance(labels, (list, tuple)) else np.asarray(labels)
    classes, names = read_labels(plain, len(values), class_names, class_sets or {})
    unit_major = np.ascontiguousarray(values.T, np.float32 if values.dtype == np.float16 else None)
    ids = [str(name) for name in (units if units is not None else range(values.shape[1]))]
    measured = measure_block(unit_major, classes, units=ids, threads=threads, progress=progress)
    columns: dict[str, Any] = {"unit": units if units is not None else np.arange(values.shape[1])}
    for name, column in COLUMNS.items():
        if name in measured.columns:
            found = measured.columns[name]
            columns[name] = named(found, names) if column.kind == "class" else found
    return pd.DataFrame(columns)


def read_labels(
    labels: np.ndarray, n_items: int, class_names: Sequence[str] | None, class_sets: Mapping[str, Collection[Any]]
) -> tuple[Classes, np.ndarray]:
    """Make classes, and their names in order, of labels as people have them."""
    if labels.ndim not in (1, 2) or len(labels) != n_items:
        raise UnitscopeError(
            f"labels of shape {labels.shape} do not fit {n_items} items; give (items,) or (items, classes)"
        )
    if labels.ndim == 2:
        if labels.dtype == object and {type(value) for value in labels.flat} <= {bool, np.bool_}:
            labels = labels.astype(bool)
        if labels.dtype != bool:
            raise UnitscopeError(
                f"a matrix of labels says which item is of which class; it is {labels.dtype}, not bool"
            )
        if class_sets:
            raise UnitscopeError("class sets unite labels; where items have several classes, add the union as a class")
        names = [str(name) for name in (class_names if class_names is not None else range(labels.shape[1]))]
        if len(names) != labels.shape[1]:
            raise UnitscopeError(f"there are {len(names)} names for {labels.shape[1]} classes; give one for each")
        classes = Classes.of_memberships(labels)
        return classes, np.array([*[""] * classes.n_labels, *names], object)
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise UnitscopeError(
            f"item {missing[0]} has no label ({len(missing)} without one in all); leave such items out"
        )
    try:
        values, places = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise UnitscopeError(
            f"labels are of several kinds that cannot be sorted ({error}); make all of them text"
        ) from error
    names = [str(value) for value in values]
    if class_names is not None:
        if not all(isinstance(value, (int, np.integer)) and 0 <= value < len(class_names) for value in values):
            raise UnitscopeError(
                f"class_names names {len(class_names)} classes by number, but labels are no numbers from 0 to "
                f"{len(class_names) - 1}; leave class_names out, or number the labels"
            )
        names = [str(class_names[value]) for value in values]
    sets = np.zeros((len(class_sets), len(values)), bool)
    for row, (name, members) in enumerate(class_sets.items()):
        if name in names:
            raise UnitscopeError(f"class set {name} bears the name of a class; give it another name")
        sets[row] = np.isin(names, [str(member) for member in members])
        if sets[row].sum() < len({str(member) for member in members}) or not sets[row].any():
            raise UnitscopeError(
                f"class set {name} is empty or has a class that no item has; give classes of the labels"
            )
    return Classes.of_labels(places, len(values), sets), np.array([*names, *class_sets], object)


def named(places: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Turn class indices into names; None where there is none.

    Examples
    --------
    >>> named(np.array([1, -1]), np.array(["cat", "dog"], dtype=object))
    array(['dog', None], dtype=object)
    """
    found = names[np.maximum(places, 0)].astype(object)
    found[places < 0] = None
    return found
