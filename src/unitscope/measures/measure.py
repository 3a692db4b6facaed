"""All measures of anyone's array of activations, as a data frame."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..columns import top_name
from .block import measure_block
from .describe import COLUMNS
from .extra import extra_columns, extra_versions, find_extra
from .halves import Halves
from .held_out import HELD_OUT
from .inputs import check_index, read_activations, read_labels, read_names


def measure(
    activations: Any,
    labels: Any,
    *,
    class_names: Sequence[str] | None = None,
    class_sets: Mapping[str, Collection[Any]] | None = None,
    units: Sequence[str] | None = None,
    top: int | None = None,
    halves: Any = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Measure how selective units are, with every measure the literature uses.

    Parameters
    ----------
    activations
        ``(items,)`` or ``(items, units)`` numbers; negative values are allowed. They are ranked exactly as they are.
        Arrays, tensors, lists, data frames, sparse matrices.
    labels
        ``(items,)`` the class of each item, any values that can be sorted; or ``(items, classes)`` bool, where
        items belong to several classes or to none (then measures of one label per item are undefined). They are
        matched to the items by position; if both are pandas objects, their indexes must be equal.
    class_names
        Names of the classes where labels are a matrix, or whole numbers from 0; default: the columns of a data
        frame, or numbers.
    class_sets
        Unions of classes to measure as well, each against the rest: name to the classes.
    units
        Names of the units; default: the columns of a data frame, or numbers.
    top
        How many of each unit's most active items the measures of these look at; default: 60 for precision, 100 for
        the number of classes, class index and class population. With ``top=20``, ``precision_60`` is ``precision_20``
        and ``n_classes_top_100`` is ``n_classes_top_20``. Where the largest class has 20 items, choose at most 20.
    halves
        ``(items,)`` one of two values for each item, such as ``"train"`` and ``"test"``: measures are held out by
        choosing class and threshold on the items of one value and measuring on those of the other, both ways. Default:
        halves drawn at random, with as many items of every class.
    seed
        Random seed for these halves.
    threads
        Threads to use; default: one per core.
    progress
        Called with the number of units done.

    Returns
    -------
    pandas.DataFrame
        One row per unit; `COLUMNS` and `HELD_OUT`, or ``for_top(COLUMNS | HELD_OUT, top)``, say what the columns mean;
        those of measures that installed packages add (`EXTRA_MEASURES`) come last. NaN where a measure is
        undefined, with the reason in ``undefined``, which also says where classes are too small for a measure to
        reach the end of its scale.

    Raises
    ------
    UnitscopeError
        If shapes do not fit, a value is masked, NaN or infinite, float64 cannot hold a value exactly (integers beyond
        2**53), a label is missing, two names are equal, the indexes of activations and labels differ, or there are not
        two halves.

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
    check_index(activations, labels)
    if units is None and isinstance(activations, pd.DataFrame):
        units = activations.columns.tolist()
    values = read_activations(activations)
    names_of_units = read_names(range(values.shape[1]) if units is None else units, values.shape[1], "units")
    classes, names = read_labels(labels, len(values), class_names, class_sets)
    unit_major = np.ascontiguousarray(values.T, np.float32 if values.dtype == np.float16 else None)
    ids = [str(name) for name in names_of_units]
    versions = extra_versions()
    described = COLUMNS | HELD_OUT | extra_columns(versions)
    divided = Halves.draw(classes, seed) if halves is None else Halves.of_values(classes, halves)
    measured = measure_block(
        unit_major, classes, halves=divided, units=ids, top=top, threads=threads,
        extra=find_extra(versions), progress=progress,
    )  # fmt: skip
    columns: dict[str, Any] = {"unit": names_of_units}
    for name, column in described.items():
        if name in measured.columns:
            found = measured.columns[name]
            columns[top_name(name, top)] = names_at(found, names) if column.kind == "class" else found
    return pd.DataFrame(columns)


def names_at(places: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Turn class indices into names; None where there is none.

    Examples
    --------
    >>> names_at(np.array([1, -1]), np.array(["cat", "dog"], dtype=object))
    array(['dog', None], dtype=object)
    """
    found = names[np.maximum(places, 0)].astype(object)
    found[places < 0] = None
    return found
