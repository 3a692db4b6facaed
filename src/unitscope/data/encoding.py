"""From labels as a source gives them to class numbers and class names."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import UnitscopeError


def encode_labels(raw: Sequence[Any], names: Sequence[str] | None, spec: str) -> tuple[np.ndarray, list[str]]:
    """Turn labels into class numbers.

    Parameters
    ----------
    raw
        One label per item: class numbers (Python's, NumPy's, or tensors with one element) or class names.
    names
        Names of the classes in order, where the source knows them.
    spec
        For messages.

    Returns
    -------
    tuple
        ``(items,)`` int64, and the class names. Without `names`, classes are the labels in sorted order;
        numbers sort as numbers.

    Raises
    ------
    UnitscopeError
        If a label is neither a name nor a whole number, is missing (negative), is not among `names`, or is a name
        that two of them share.

    Examples
    --------
    >>> encode_labels(["cat", "ant", "cat"], None, "py:pets:make")
    (array([1, 0, 1]), ['ant', 'cat'])
    >>> encode_labels(["10", "9"], None, "csv:list.csv")
    (array([1, 0]), ['9', '10'])
    """
    labels = [_plain(label, index, spec) for index, label in enumerate(raw)]
    if names is None:
        texts = [str(label) for label in labels]
        numbers = all(text.isdecimal() for text in texts)
        names = sorted(set(texts), key=(lambda text: (int(text), text)) if numbers else None)
        rows: dict[int | str, int] = {name: row for row, name in enumerate(names)}
        return np.array([rows[text] for text in texts], np.int64), names
    rows = {row: row for row in range(len(names))} | {name: row for row, name in enumerate(names)}
    shared = {name for name, count in Counter(names).items() if count > 1}
    for index, label in enumerate(labels):
        if label in shared:
            raise UnitscopeError(
                f"{spec}: item {index} has the label {label!r}, which names several classes; label items by number"
            )
        if label not in rows:
            raise UnitscopeError(
                f"{spec}: item {index} has the label {label!r}, which is none of its {len(names)} classes"
            )
    return np.array([rows[label] for label in labels], np.int64), list(names)


def _plain(label: Any, index: int, spec: str) -> int | str:
    """Turn one label into a plain number or text."""
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
        f"{spec}: item {index} has the label {shown}; a label must be a class name or a whole number from 0"
    )
