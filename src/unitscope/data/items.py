"""Labelled items, whatever their source: a table, classes, a fingerprint and a way to load each."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..specs import first_line


class Loader:
    """How items are read, by number. Loaders can be pickled, so that worker processes can read items."""

    def read(self, index: int) -> Any:
        """Return an item; raise any exception whose message says why not."""
        raise NotImplementedError

    def name(self, index: int) -> str:
        """Return what messages call an item."""
        raise NotImplementedError

    def check(self, index: int) -> None:
        """Raise what reading an item would raise, in less time where that is possible."""
        self.read(index)

    def __call__(self, index: int) -> Any:
        """Return an item.

        Returns
        -------
        PIL.Image.Image, numpy.ndarray or torch.Tensor
            Images are RGB; arrays and tensors come as the source gives them.

        Raises
        ------
        UnitscopeError
            Naming the file or item, if it cannot be read.
        """
        try:
            return self.read(index)
        except Exception as error:
            raise UnitscopeError(f"{self.name(index)} cannot be read: {first_line(error)}") from error


@dataclass(frozen=True)
class Some(Loader):
    """Some of another loader's items."""

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


@dataclass(frozen=True, eq=False)
class LabelledItems:
    """Items with one label each, in a fixed order that is never shuffled.

    Attributes
    ----------
    spec
        The spec they came from, ``"folder:images"``.
    options
        The options that were used.
    items
        One row per item: ``item_id`` (text, unique), ``uri`` (text), ``label`` (int64, row of `classes`), and
        ``split`` where the source has one.
    classes
        One row per class: ``class``, ``name`` (for people; the same as ``class`` where there is no other), and
        ``wnid`` where it is known.
    fingerprint
        SHA-256 that changes when the items do. Files: the id, class and size in bytes of every item, but not
        its pixels. ``hf:``: the library's own fingerprint of the data set, and the labels. ``demo:``: the
        settings. Other sources: all labels, and the contents of up to 64 items, evenly spaced.
    load
        Loads an item by its number.
    code_sha256
        Of a ``py:`` spec the sha256 of the file that it names, else empty. The fingerprint, of 64 items, need not
        change when the code does.
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
    """Leave items out; classes stay as they are, even if one loses its last item.

    Parameters
    ----------
    data
        The items.
    indexes
        Numbers of the items to leave out.

    Returns
    -------
    LabelledItems
        The others, in order, with a fingerprint of their own.

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
        load=Some(data.load, tuple(kept)),
    )


def hash_rows(rows: Iterable[Sequence[object]]) -> str:
    """Hash rows of simple values; each value's text is preceded by its length, so that no two tables mix.

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
    """Return the table of classes; those that share a name have their number in their id.

    Examples
    --------
    >>> class_table(["crane", "dog", "crane"])["class"].tolist()
    ['crane (0)', 'dog', 'crane (2)']
    """
    counts = Counter(names)
    ids = [name if counts[name] == 1 else f"{name} ({row})" for row, name in enumerate(names)]
    return pd.DataFrame({"class": ids, "name": list(names if readable is None else readable)}, dtype=str)


def numbered_items(spec: str, labels: np.ndarray, split: str | None = None) -> pd.DataFrame:
    """Make the table of items for sources whose items have a number and no name."""
    width = max(5, len(str(len(labels))))
    ids = [f"{index:0{width}d}" for index in range(len(labels))]
    table = pd.DataFrame({"item_id": ids, "uri": [f"{spec}#{name}" for name in ids], "label": labels.astype(np.int64)})
    return table if split is None else table.assign(split=split)
