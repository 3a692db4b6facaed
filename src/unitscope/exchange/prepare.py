"""Prepare the contents of a file for a run: tables of items and classes, and predictions."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.encoding import class_rows, encode_labels, sort_labels
from ..data.files import name_classes
from ..errors import UnitscopeError, near_names
from .contents import ID_NAMES, OWN_COLUMNS, FileContents, Matrix, as_text

WNID = re.compile(r"(n\d{8})(?: (.+))?")


@dataclass(frozen=True)
class PreparedImport:
    """What an import writes into the run.

    Attributes
    ----------
    format
        Name of the file's format.
    matrices
        The layers.
    items
        ``item_id``, ``uri``, ``label`` (class index) or ``labels`` (a list of them), and further columns.
    classes
        ``class``, ``name``, and ``wnid`` if all classes have one.
    predictions
        ``predicted``, ``correct``, ``probability``; ``None`` if there are none.
    """

    format: str
    matrices: list[Matrix]
    items: pd.DataFrame
    classes: pd.DataFrame
    predictions: pd.DataFrame | None

    def unit_columns(self) -> pd.DataFrame | None:
        """Return the description of all units; units without a name are named by their IDs."""
        if all(matrix.about is None for matrix in self.matrices):
            return None
        parts = []
        for matrix in self.matrices:
            part = pd.DataFrame(index=range(matrix.layer.units)) if matrix.about is None else matrix.about
            parts.append(part.assign(unit=[f"{matrix.layer.name}:{index}" for index in range(matrix.layer.units)]))
        about = pd.concat(parts, ignore_index=True)
        if "name" in about:
            about["name"] = about["name"].fillna(about["unit"])
        for name in about.select_dtypes(exclude=["number", "bool"]):  # a column may be missing for some layers
            truths = all(isinstance(value, bool) for value in about[name].dropna().tolist())
            about[name] = about[name].astype(float) if truths else about[name].fillna("").astype(str)
        return about.drop(columns="unit")


def prepare(contents: FileContents, path: Path, names: Path | None) -> PreparedImport:
    """Turn labels into class numbers, and check that everything has one entry per item."""
    if contents.labels is None:
        raise UnitscopeError(f"{path} has no labels; select them with --label, or give a file of labels with --labels")
    for what, values in (("labels", contents.labels), ("predictions", contents.predicted)):
        if values is not None and len(values) != contents.n_items:
            raise UnitscopeError(f"{path} has {len(values)} {what}, but {contents.n_items} items; give one for each")
    items = make_items(contents, path)
    ids = items["item_id"].tolist()
    labels = contents.labels
    if labels.ndim == 2 and labels.shape[1] == 1 and labels.dtype != bool:
        labels = labels[:, 0]
    if labels.ndim > 2:
        raise UnitscopeError(
            f"the labels of {path} have {labels.ndim} dimensions; give one per item, or items x classes"
        )
    if labels.ndim == 2:
        members, classes = encode_members(labels, contents.classes, path)
        by_number = contents.classes is not None
        if (members.sum(1) == 1).all():
            items.insert(2, "label", members.argmax(1))
        else:
            items.insert(2, "labels", pd.Series([np.flatnonzero(row) for row in members], dtype=object))
    else:
        encoded, classes, by_number = encode(labels, contents.classes, ids, path)
        members = np.zeros((len(encoded), len(classes)), bool)
        members[np.arange(len(encoded)), encoded] = True
        items.insert(2, "label", encoded)
    predictions = None
    if contents.predicted is not None:
        predicted = encode_predicted(contents.predicted, classes, by_number, ids, path)
        correct = (predicted >= 0) & members[np.arange(len(members)), predicted]
        chance = np.full(len(items), np.nan) if contents.probability is None else contents.probability
        predictions = pd.DataFrame(
            {"predicted": predicted, "correct": correct, "probability": chance.astype(np.float32)}
        )
    return PreparedImport(contents.format, contents.matrices, items, finish_classes(classes, names, path), predictions)


def make_items(contents: FileContents, path: Path) -> pd.DataFrame:
    """Return the table of items: IDs (numbers if the file has none), URIs and further columns."""
    columns = contents.columns
    given = next((name for name in ID_NAMES if name in columns), None)
    if given:
        ids = as_text(columns[given].to_numpy(object))
        twice = pd.Series(ids)[pd.Series(ids).duplicated()]
        if len(twice):
            raise UnitscopeError(f"{path} has the item_id {twice.iloc[0]!r} more than once; item IDs must be unique")
    else:
        ids = [f"{index:0{max(5, len(str(contents.n_items)))}d}" for index in range(contents.n_items)]
    uris = as_text(columns["uri"].to_numpy(object)) if "uri" in columns else [f"{path.name}#{name}" for name in ids]
    items = pd.DataFrame({"item_id": ids, "uri": uris}, dtype=object)
    for name in columns.columns:
        if name not in (*OWN_COLUMNS, given):
            values = columns[name].to_numpy()
            items[str(name)] = values if values.dtype.kind in "biuf" else np.array(as_text(values), object)
    return items


def encode(
    labels: np.ndarray, classes: pd.DataFrame | None, ids: list[str], path: Path
) -> tuple[np.ndarray, pd.DataFrame, bool]:
    """Turn labels into class numbers.

    Returns
    -------
    tuple
        ``(N,)`` int64; the classes (those given, or the sorted labels); and whether labels were rows of the given
        classes rather than their names.
    """
    pairs = [split_wnids(text) for text in as_text(labels)]
    texts = [name for name, _ in pairs]
    if "" in texts:
        raise UnitscopeError(f"the item {ids[texts.index('')]} has no label; add one or remove the item")
    by_number = classes is not None and labels.dtype.kind in "iuf"
    if classes is None:
        names = dict(pairs)
        order = sort_labels(texts)
        classes = pd.DataFrame({"class": order, "name": [names[name] for name in order]}, dtype=object)
    rows = encode_labels(
        labels.tolist() if by_number else texts, classes["class"].tolist(), str(path), classes["name"].tolist(), ids
    )
    return rows[0], classes, by_number


def encode_members(labels: np.ndarray, classes: pd.DataFrame | None, path: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Return a 0/1 table of items x classes as booleans, and its classes."""
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        raise UnitscopeError(f"the labels of {path}, items x classes, must all be 0 or 1 (or false or true)")
    if classes is None:
        numbers = [str(index) for index in range(labels.shape[1])]
        classes = pd.DataFrame({"class": numbers, "name": numbers}, dtype=object)
    if len(classes) != labels.shape[1]:
        raise UnitscopeError(
            f"{path} has labels of {labels.shape[1]} classes, but names of {len(classes)}; name every class"
        )
    return labels.astype(bool), classes


def encode_predicted(
    predicted: np.ndarray, classes: pd.DataFrame, by_number: bool, ids: list[str], path: Path
) -> np.ndarray:
    """Turn predictions into class numbers; -1 for predictions that are not among the classes."""
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted[:, 0]
    texts = [split_wnids(text)[0] for text in as_text(predicted)]
    rows = class_rows(texts, classes["class"].tolist(), classes["name"].tolist(), str(path), ids)
    numbers = {str(number): number for number in range(-1, len(classes))} | {"": -1}
    if (by_number and predicted.dtype.kind in "iuf") or (not set(texts) & set(rows) and set(texts) <= set(numbers)):
        unknown = next((text for text in texts if text not in numbers), None)
        if unknown is not None:
            raise UnitscopeError(
                f"the prediction {unknown} is not a class number; use 0 to {len(classes) - 1}, or -1 for other classes"
            )
        return np.array([numbers[text] for text in texts], np.int64)
    if not set(texts) & set(rows):
        known = [*classes["class"], *classes["name"]]
        raise UnitscopeError(
            f"none of the predictions (the first is {texts[0]!r}) is a class{near_names(texts[0], known)}; "
            "store them in the same form as the labels"
        )
    return np.array([rows.get(text, -1) for text in texts], np.int64)


def finish_classes(classes: pd.DataFrame, names: Path | None, path: Path) -> pd.DataFrame:
    """Add readable names from a file, and a column ``wnid`` if all classes are WordNet IDs."""
    ids = classes["class"].tolist()
    repeated = classes["class"][classes["class"].duplicated()]
    if len(repeated):
        raise UnitscopeError(f"{path} lists the class {repeated.iloc[0]!r} twice; class names must be unique")
    if names is not None:
        classes = name_classes(ids, names, f"{path}")
    if "wnid" not in classes and all(WNID.fullmatch(name) for name in ids):
        classes = classes.assign(wnid=ids)
    return classes[[name for name in ("class", "name", "wnid") if name in classes]]


def split_wnids(text: str) -> tuple[str, str]:
    """Split a label such as ``"n01440764 tench"`` into class and readable name; other labels are used for both.

    Examples
    --------
    >>> split_wnids("n01440764 tench"), split_wnids("tench")
    (('n01440764', 'tench'), ('tench', 'tench'))
    """
    match = WNID.fullmatch(text)
    return (match[1], match[2] or match[1]) if match else (text, text)
