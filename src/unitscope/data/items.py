"""Labelled items of any source: a table, classes, a fingerprint and a function that loads one item."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from ..errors import UnitscopeError
from ..specs import first_line


class Loader:
    """Reads items by number. Loaders can be pickled, so that worker processes can read items."""

    def read(self, index: int) -> Any:
        """Return an item; raise any exception with the reason if it cannot be read."""
        raise NotImplementedError

    def name(self, index: int) -> str:
        """Return the name of an item for messages."""
        raise NotImplementedError

    def check(self, index: int) -> None:
        """Raise the exception that reading an item would raise; may be faster than reading."""
        self.read(index)

    def size(self, index: int) -> tuple[int, int]:
        """Return height and width of an image; may be faster than reading it.

        Raises
        ------
        UnitscopeError
            If it cannot be read, or is not an image.
        """
        item = self(index)
        if isinstance(item, Image.Image):
            return item.height, item.width
        if isinstance(item, np.ndarray) and item.dtype == np.uint8 and item.ndim in (2, 3):
            return item.shape[0], item.shape[1]
        raise UnitscopeError(f"{self.name(index)} is a {type(item).__name__}, not an image; give images")

    def __call__(self, index: int) -> Any:
        """Return an item.

        Returns
        -------
        PIL.Image.Image, numpy.ndarray or torch.Tensor
            Images are RGB; arrays and tensors are returned as the source provides them.

        Raises
        ------
        UnitscopeError
            If the item cannot be read; the message names it.
        """
        try:
            return self.read(index)
        except Exception as error:
            raise UnitscopeError(f"{self.name(index)} cannot be read: {first_line(error)}") from error


@dataclass(frozen=True)
class Subset(Loader):
    """A subset of the items of another loader."""

    loader: Loader
    indexes: tuple[int, ...]

    def read(self, index: int) -> Any:
        """Read an item by its new number."""
        return self.loader.read(self.indexes[index])

    def name(self, index: int) -> str:
        """Name an item by its new number."""
        return self.loader.name(self.indexes[index])

    def check(self, index: int) -> None:
        """Check an item by its new number."""
        self.loader.check(self.indexes[index])

    def size(self, index: int) -> tuple[int, int]:
        """Return height and width of an image by its new number."""
        return self.loader.size(self.indexes[index])


@dataclass(frozen=True, eq=False)
class LabelledItems:
    """Items with one label each, in a fixed order that is never shuffled.

    Attributes
    ----------
    spec
        The data spec, such as ``"folder:images"``.
    options
        The options given with it.
    items
        One row per item: ``item_id`` (text, unique), ``uri`` (text), ``label`` (int64, row of `classes`), and
        ``split`` if the source has one.
    classes
        One row per class: ``class``, ``name`` (readable; equal to ``class`` if there is no other), and ``wnid`` if it
        is known.
    fingerprint
        SHA-256 that identifies the items. Files: ID, class and size in bytes of every item, but not its pixels.
        ``hf:``: the library's fingerprint of the data set, and the labels. ``demo:``: the settings. Other sources:
        all labels, and the contents of up to 64 evenly spaced items.
    load
        Loads an item by its number.
    code_sha256
        The sha256 of the file in a ``py:`` spec, else empty. The fingerprint covers only 64 items and may not change
        when the code does.

    See Also
    --------
    load_data : Load labelled items by spec.

    Examples
    --------
    >>> from unitscope.data import load_data
    >>> data = load_data("demo:", n=32)
    >>> len(data), int(data.items["label"].max()), data.classes["name"].iloc[5]
    (32, 15, 'car')
    """

    spec: str
    options: dict[str, Any]
    items: pd.DataFrame
    classes: pd.DataFrame
    fingerprint: str
    load: Loader
    code_sha256: str = ""

    def __len__(self) -> int:
        return len(self.items)


def without(data: LabelledItems, indexes: Collection[int]) -> LabelledItems:
    """Return items without some of them. Classes are not changed, even if a class has no items left.

    Parameters
    ----------
    data
        The items.
    indexes
        Numbers of the items to remove.

    Returns
    -------
    LabelledItems
        The other items in order, with a new fingerprint.

    See Also
    --------
    find_unreadable : Find items that cannot be read, in order to remove them.

    Examples
    --------
    >>> from unitscope.data import load_data
    >>> len(without(load_data("demo:", n=32), [3, 4]))
    30
    """
    left_out = {int(index) for index in indexes}
    if not left_out:
        return data
    kept = [index for index in range(len(data)) if index not in left_out]
    names = data.items["item_id"].iloc[sorted(left_out)]
    return replace(
        data,
        items=data.items.iloc[kept].reset_index(drop=True),
        fingerprint=hash_rows([("without", data.fingerprint), *((name,) for name in names)]),
        load=Subset(data.load, tuple(kept)),
    )


def hash_rows(rows: Iterable[Sequence[object]]) -> str:
    """Return a hash of rows of simple values; text is hashed with its length, so that values cannot run together.

    Examples
    --------
    >>> hash_rows([("ab", "c")]) == hash_rows([("a", "bc")])
    False
    """
    total = hashlib.sha256()
    for row in rows:
        for value in row:
            text = str(value).encode()
            total.update(b"%d:" % len(text))
            total.update(text)
        total.update(b"\n")
    return total.hexdigest()


def class_table(names: Sequence[str], readable: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the table of classes; classes with the same name get IDs that contain their number.

    Examples
    --------
    >>> class_table(["crane", "dog", "crane"])["class"].tolist()
    ['crane (0)', 'dog', 'crane (2)']
    """
    counts = Counter(names)
    ids = [name if counts[name] == 1 else f"{name} ({row})" for row, name in enumerate(names)]
    return pd.DataFrame({"class": ids, "name": list(names if readable is None else readable)}, dtype=str)


def numbered_items(spec: str, labels: np.ndarray, split: str | None = None) -> pd.DataFrame:
    """Return the table of items for sources whose items have numbers instead of names."""
    width = max(5, len(str(len(labels))))
    ids = [f"{index:0{width}d}" for index in range(len(labels))]
    table = pd.DataFrame({"item_id": ids, "uri": [f"{spec}#{name}" for name in ids], "label": labels.astype(np.int64)})
    return table if split is None else table.assign(split=split)
