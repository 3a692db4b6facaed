"""From what a file holds to what a run needs: items, classes, predictions."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.files import name_classes
from ..errors import UnitscopeError, near_names
from .found import ID_NAMES, OWN_COLUMNS, Found, Matrix, as_text

WNID = re.compile(r"(n\d{8})(?: (.+))?")


@dataclass(frozen=True)
class Settled:
    """What will be written.

    Attributes
    ----------
    format
        The file's format, in words.
    matrices
        The layers.
    items
        ``item_id``, ``uri``, ``label`` (class index) or ``labels`` (a list of them), and further columns.
    classes
        ``class``, ``name``, and ``wnid`` where all classes have one.
    predictions
        ``predicted``, ``correct``, ``probability``; ``None`` if there are none.
    """

    format: str
    matrices: list[Matrix]
    items: pd.DataFrame
    classes: pd.DataFrame
    predictions: pd.DataFrame | None


def settle(found: Found, path: Path, names: Path | None) -> Settled:
    """Turn labels into class numbers, and check that everything has one entry per item."""
    if found.labels is None:
        raise UnitscopeError(
            f"{path} has no labels; name where they are with --label, or give a file of them with --labels"
        )
    for what, values in (("labels", found.labels), ("predictions", found.predicted)):
        if values is not None and len(values) != found.n_items:
            raise UnitscopeError(f"{path} has {len(values)} {what}, but {found.n_items} items; give one for each")
    items = make_items(found, path)
    ids = items["item_id"].tolist()
    labels = found.labels
    if labels.ndim == 2 and labels.shape[1] == 1 and labels.dtype != bool:
        labels = labels[:, 0]
    if labels.ndim > 2:
        raise UnitscopeError(
            f"the labels of {path} have {labels.ndim} dimensions; give one per item, or items x classes"
        )
    if labels.ndim == 2:
        members, classes = encode_members(labels, found.classes, path)
        by_place = found.classes is not None
        if (members.sum(1) == 1).all():
            items.insert(2, "label", members.argmax(1))
        else:
            items.insert(2, "labels", pd.Series([np.flatnonzero(row) for row in members], dtype=object))
    else:
        encoded, classes, by_place = encode(labels, found.classes, ids)
        members = np.zeros((len(encoded), len(classes)), bool)
        members[np.arange(len(encoded)), encoded] = True
        items.insert(2, "label", encoded)
    predictions = None
    if found.predicted is not None:
        predicted = encode_predicted(found.predicted, classes, by_place, ids)
        correct = (predicted >= 0) & members[np.arange(len(members)), predicted]
        chance = np.full(len(items), np.nan) if found.probability is None else found.probability
        predictions = pd.DataFrame(
            {"predicted": predicted, "correct": correct, "probability": chance.astype(np.float32)}
        )
    return Settled(found.format, found.matrices, items, finish_classes(classes, names, path), predictions)


def make_items(found: Found, path: Path) -> pd.DataFrame:
    """Make the table of items: their ids (numbers where there are none), where they are, and further columns."""
    columns = found.columns
    given = next((name for name in ID_NAMES if name in columns), None)
    if given:
        ids = as_text(columns[given].to_numpy(object))
        twice = pd.Series(ids)[pd.Series(ids).duplicated()]
        if len(twice):
            raise UnitscopeError(f"{path} has the item_id {twice.iloc[0]!r} more than once; every item needs its own")
    else:
        ids = [f"{index:0{max(5, len(str(found.n_items)))}d}" for index in range(found.n_items)]
    uris = as_text(columns["uri"].to_numpy(object)) if "uri" in columns else [f"{path.name}#{name}" for name in ids]
    items = pd.DataFrame({"item_id": ids, "uri": uris}, dtype=object)
    for name in columns.columns:
        if name not in (*OWN_COLUMNS, given):
            values = columns[name].to_numpy()
            items[str(name)] = values if values.dtype.kind in "biuf" else np.array(as_text(values), object)
    return items


def encode(labels: np.ndarray, classes: pd.DataFrame | None, ids: list[str]) -> tuple[np.ndarray, pd.DataFrame, bool]:
    """Turn labels into class numbers.

    Returns
    -------
    tuple
        ``(N,)`` int64; the classes (those given, or the labels in order, numbers as numbers); and whether the
        labels were places in the classes given rather than their names.
    """
    texts = [split_wnids(text)[0] for text in as_text(labels)]
    if "" in texts:
        raise UnitscopeError(f"the item {ids[texts.index('')]} has no label; give it one or leave the item out")
    by_place = classes is not None and labels.dtype.kind in "iuf"
    if classes is None:
        pairs = dict(split_wnids(text) for text in as_text(labels))
        order = sorted(pairs, key=float) if all(map(is_number, pairs)) else sorted(pairs)
        classes = pd.DataFrame({"class": order, "name": [pairs[name] for name in order]}, dtype=object)
    places = {str(place): place for place in range(len(classes))} if by_place else class_places(classes, texts, ids)
    for text, item in zip(texts, ids, strict=True):
        if text not in places:
            raise UnitscopeError(
                f"the item {item} has the label {text}, which is none of the {len(classes)} classes"
                f"{near_names(text, places)}"
            )
    return np.array([places[text] for text in texts], np.int64), classes, by_place


def class_places(classes: pd.DataFrame, used: list[str], ids: list[str]) -> dict[str, int]:
    """Return the place of each class by its name and id; refuse an item whose label is the name of several classes."""
    by_id = {name: place for place, name in enumerate(classes["class"])}
    shared = set(classes["name"][classes["name"].duplicated()]) - set(by_id)
    for text, item in zip(used, ids, strict=True):
        if text in shared:
            raise UnitscopeError(
                f"the item {item} has {text}, which several classes are called; give class ids, not names"
            )
    return {name: place for place, name in enumerate(classes["name"])} | by_id


def encode_members(labels: np.ndarray, classes: pd.DataFrame | None, path: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """Check a table of items x classes of 0 and 1."""
    if labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        raise UnitscopeError(f"the labels of {path}, items x classes, must be 0 or 1 (or false and true) throughout")
    if classes is None:
        numbers = [str(index) for index in range(labels.shape[1])]
        classes = pd.DataFrame({"class": numbers, "name": numbers}, dtype=object)
    if len(classes) != labels.shape[1]:
        raise UnitscopeError(
            f"{path} has labels of {labels.shape[1]} classes, but {len(classes)} classes are named; name each"
        )
    return labels.astype(bool), classes


def encode_predicted(predicted: np.ndarray, classes: pd.DataFrame, by_place: bool, ids: list[str]) -> np.ndarray:
    """Turn predictions into class numbers, by name or number; -1 for what is no class here."""
    if predicted.ndim == 2 and predicted.shape[1] == 1:
        predicted = predicted[:, 0]
    texts = [split_wnids(text)[0] for text in as_text(predicted)]
    places = class_places(classes, texts, ids)
    numbers = {str(place): place for place in range(-1, len(classes))} | {"": -1}
    if (by_place and predicted.dtype.kind in "iuf") or (not set(texts) & set(places) and set(texts) <= set(numbers)):
        beyond = next((text for text in texts if text not in numbers), None)
        if beyond is not None:
            raise UnitscopeError(f"the prediction {beyond} is beyond the {len(classes)} classes, counted from 0")
        return np.array([numbers[text] for text in texts], np.int64)
    if not set(texts) & set(places):
        raise UnitscopeError(
            f"none of the predictions (the first is {texts[0]!r}) is a class{near_names(texts[0], places)}; "
            "give them as the labels are given"
        )
    return np.array([places.get(text, -1) for text in texts], np.int64)


def finish_classes(classes: pd.DataFrame, names: Path | None, path: Path) -> pd.DataFrame:
    """Give classes readable names from a file, and a column of WordNet ids where all classes are such."""
    ids = classes["class"].tolist()
    repeated = classes["class"][classes["class"].duplicated()]
    if len(repeated):
        raise UnitscopeError(f"{path} names the class {repeated.iloc[0]!r} twice; every class needs a name of its own")
    if names is not None:
        classes = name_classes(ids, names, f"{path}")
    if "wnid" not in classes and all(WNID.fullmatch(name) for name in ids):
        classes = classes.assign(wnid=ids)
    return classes[[name for name in ("class", "name", "wnid") if name in classes]]


def split_wnids(text: str) -> tuple[str, str]:
    """Split a label into class and readable name: ``"n01440764 tench"``; other labels are both.

    Examples
    --------
    >>> split_wnids("n01440764 tench"), split_wnids("tench")
    (('n01440764', 'tench'), ('tench', 'tench'))
    """
    match = WNID.fullmatch(text)
    return (match[1], match[2] or match[1]) if match else (text, text)


def is_number(text: str) -> bool:
    """Say whether a label is a number.

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
