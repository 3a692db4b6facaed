"""Turn labels into class numbers and class names."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import UnitscopeError, near_names


def encode_labels(
    raw: Sequence[Any],
    classes: Sequence[str] | None,
    source: str,
    names: Sequence[str] | None = None,
    item_ids: Sequence[str] | None = None,
) -> tuple[np.ndarray, list[str]]:
    """Turn labels into class numbers.

    Parameters
    ----------
    raw
        One label per item: class numbers (Python, NumPy, or tensors with one element), class IDs or names.
    classes
        IDs of the classes in order, if the source lists them.
    source
        The spec or file, for messages.
    names
        Readable names of the classes; default: their IDs.
    item_ids
        IDs of the items, for messages; default: their numbers.

    Returns
    -------
    tuple
        ``(items,)`` int64, and the classes; default: the labels in sorted order, numbers sorted by value.

    Raises
    ------
    UnitscopeError
        If a label is neither text nor a whole number, is negative, is not among the classes, or is the name of
        several classes.

    Examples
    --------
    >>> encode_labels(["cat", "ant", "cat"], None, "py:pets:make")
    (array([1, 0, 1]), ['ant', 'cat'])
    >>> encode_labels(["10", "9"], None, "csv:list.csv")
    (array([1, 0]), ['9', '10'])
    """
    items: Sequence[Any] = range(len(raw)) if item_ids is None else item_ids
    labels = [_plain(label, item, source) for item, label in zip(items, raw, strict=True)]
    if classes is None:
        classes = sort_labels(map(str, labels))
        labels = [str(label) for label in labels]
    rows = class_rows(labels, classes, names or classes, source, items)
    for item, label in zip(items, labels, strict=True):
        if label not in rows:
            raise UnitscopeError(
                f"{source}: item {item} has the label {label!r}, which is none of its {len(classes)} classes"
                f"{near_names(str(label), classes)}"
            )
    return np.array([rows[label] for label in labels], np.int64), list(classes)


def class_rows(
    labels: Iterable[int | str],
    classes: Sequence[str],
    names: Sequence[str],
    source: str,
    item_ids: Sequence[Any],
) -> dict[int | str, int]:
    """Return the row of each class by its number, name and ID; raise if a label is the name of several classes."""
    shared = {name for name, count in Counter(names).items() if count > 1}
    shared -= {name for name, count in Counter(classes).items() if count == 1}
    for item, label in zip(item_ids, labels, strict=True):
        if label in shared:
            raise UnitscopeError(
                f"{source}: item {item} has {label!r}, which is the name of several classes; "
                "use class IDs or numbers instead of names"
            )
    rows: dict[int | str, int] = {row: row for row in range(len(classes))}
    return rows | {name: row for row, name in enumerate(names)} | {name: row for row, name in enumerate(classes)}


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Return the distinct labels in sorted order; by value if all are numbers.

    Examples
    --------
    >>> sort_labels(["10", "-1.5", "9"]), sort_labels(["10", "9", "b"])
    (['-1.5', '9', '10'], ['10', '9', 'b'])
    """
    distinct = set(labels)
    numeric = all(is_number(text) and math.isfinite(float(text)) for text in distinct)
    return sorted(distinct, key=(lambda text: (float(text), text)) if numeric else None)


def is_number(text: str) -> bool:
    """Return whether a text is a number.

    Examples
    --------
    >>> is_number("-22.5"), is_number("cat")
    (True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(label: Any, item: int | str, source: str) -> int | str:
    """Return one label as a whole number or text."""
    if isinstance(label, str):
        return label
    is_number = not isinstance(label, np.timedelta64 | np.datetime64 | np.ma.core.MaskedConstant)
    try:
        number = label.item() if hasattr(label, "item") else label
        if is_number and isinstance(number, bool | int | float) and number == int(number) and number >= 0:
            return int(number)
    except (ValueError, RuntimeError, OverflowError):
        pass  # an array of several numbers, or not a number
    shown = " ".join(repr(label).split())[:60]
    raise UnitscopeError(
        f"{source}: item {item} has the label {shown}; labels must be class names or whole numbers from 0"
    )
