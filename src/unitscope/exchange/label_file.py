"""Read labels from a separate file: one per item, or a 0/1 table of items x classes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.encoding import is_number
from ..errors import UnitscopeError
from .contents import ID_NAMES, LABEL_NAMES, OWN_COLUMNS, FileContents, pick
from .read_csv import first_line, load, plain_labels


def possible_counts(path: Path, label: str | None) -> tuple[int, ...]:
    """Return the possible numbers of items in a file of labels: two if its first line may or may not be a header."""
    if not path.is_file():
        raise UnitscopeError(f"there is no file {str(path)!r} (--labels); check the path")
    if is_npy(path):
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        return (values.size if values.ndim == 2 and 1 in values.shape else len(values),)
    n = len(load(path, 0, label))
    named = {*LABEL_NAMES, *ID_NAMES, "predicted", label} & set(first_line(path))
    return (n,) if named else (n, n + 1)


def has_column(path: Path, name: str) -> bool:
    """Return whether a file of labels is a table with this column."""
    return not is_npy(path) and name in first_line(path)


def add_labels(contents: FileContents, path: Path, label: str | None, predicted: str | None) -> FileContents:
    """Add the labels in a file; further columns of a table become columns of the items."""
    if is_npy(path):
        if label is not None:
            raise UnitscopeError(f"{path} contains one array without names; remove --label")
        values = np.load(path, allow_pickle=False)
        if values.ndim == 2 and 1 in values.shape:
            values = values.ravel()
        check_count(path, len(values), contents)
        return replace(contents, labels=values)
    table = load(path, 0, label)
    if len(table) == contents.n_items - 1 and has_no_header(path, label):
        table = load(path, None, *((0,) if table.shape[1] == 1 else ()))
        if table.shape[1] == 1:
            table.columns = ["label"]
    check_count(path, len(table), contents)
    column = pick(table.columns, label, LABEL_NAMES, "column", str(path))
    others = table.drop(columns=[name for name in OWN_COLUMNS[2:] if name in table])
    if column is None:
        members = others.drop(columns=[name for name in ("item_id", "uri") if name in others])
        if members.shape[1] == 1:
            column = str(members.columns[0])
            table = table.assign(**{column: load(path, 0, column)[column]})
        elif all(set(members[name].unique()) <= {0, 1} for name in members):
            words = first_line(path)
            if len(set(words)) < len(words):  # pandas names the second one NAME.1
                twice = next(word for place, word in enumerate(words) if word in words[:place])
                raise UnitscopeError(f"{path} has the column {twice!r} twice; class names must be unique")
            classes = pd.DataFrame({"class": members.columns, "name": members.columns}, dtype=object)
            return replace(contents, labels=members.to_numpy(bool), classes=classes)
        else:
            raise UnitscopeError(
                f"{path} has neither a column label nor only columns of 0 and 1, one for each class; select the "
                "column of labels with --label"
            )
    predictions = pick(table.columns, predicted, ("predicted",), "column", str(path))
    others = others.drop(columns=[name for name in (column, predictions) if name in others])
    if "item_id" in contents.columns and "item_id" in others:
        check_order(path, contents.columns["item_id"], others["item_id"])
    kept = contents.columns.drop(columns=[name for name in others if name in contents.columns])
    return replace(
        contents,
        labels=plain_labels(table[column], column),
        columns=pd.concat([kept, others], axis=1),
        predicted=contents.predicted if predictions is None else table[predictions].to_numpy(object),
    )


def has_no_header(path: Path, label: str | None) -> bool:
    """Return whether the first line of a file of labels is an item: no column name, only labels that occur again."""
    first = first_line(path)
    if {*LABEL_NAMES, *ID_NAMES, "predicted", label} & set(first):
        return False
    below = pd.read_csv(path, dtype=str, keep_default_na=False).to_numpy()
    return all(is_number(word) or (below == word).any() for word in first)


def is_npy(path: Path) -> bool:
    """Return whether a file is a NumPy array."""
    with path.open("rb") as file:
        return file.read(6) == b"\x93NUMPY"


def check_count(path: Path, n: int, contents: FileContents) -> None:
    """Raise if the number of labels is not the number of items."""
    if n != contents.n_items:
        raise UnitscopeError(f"{path} has {n} labels, but there are {contents.n_items} items; give one for each")


def check_order(path: Path, mine: pd.Series, theirs: pd.Series) -> None:
    """Raise if item IDs of the labels and of the activations differ."""
    for place, (a, b) in enumerate(zip(mine.astype(str), theirs.astype(str), strict=True)):
        if a != b:
            raise UnitscopeError(
                f"item {place} is {a!r} in the activations, but {b!r} in {path}; sort both in the same order"
            )
