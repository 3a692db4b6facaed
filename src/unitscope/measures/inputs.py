"""Activations, labels and names as people have them, as plain arrays; what cannot be read as meant is refused."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .classes import Classes


def read_activations(activations: Any) -> np.ndarray:
    """Return activations as an ``(items, units)`` array of real numbers, in their own type.

    Raises
    ------
    UnitscopeError
        If they are not numbers, have masked values, or do not have one or two dimensions.
    """
    if isinstance(activations, (pd.DataFrame, pd.Series)):
        activations = numeric_frame(pd.DataFrame(activations))
    values = plain_array(activations, "activations")
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2):
        raise UnitscopeError(
            f"activations of shape {values.shape} and type {values.dtype} are not a matrix of real numbers; "
            "give (items, units), numbers stored as objects or text with .astype(float)"
        )
    return values[:, None] if values.ndim == 1 else values


def numeric_frame(frame: pd.DataFrame) -> np.ndarray:
    """Return the values of a data frame, missing ones as NaN; refuse columns that are not numbers."""
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(dtype):
            raise UnitscopeError(
                f"the column {name} of the activations is {dtype}, not numbers; choose the columns that are units, "
                "or convert it"
            )
    extended = any(pd.api.types.is_extension_array_dtype(dtype) for dtype in frame.dtypes)
    return frame.to_numpy(np.float64, na_value=np.nan) if extended else frame.to_numpy()


def plain_array(values: Any, what: str) -> np.ndarray:
    """Return anything that holds an array as one of NumPy's: tensors, sparse matrices, lists; refuse masked values.

    Raises
    ------
    UnitscopeError
        If it holds no array, or some of its values are masked.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        place = ", ".join(map(str, np.argwhere(np.ma.getmaskarray(values))[0]))
        raise UnitscopeError(
            f"{what} have masked values, the first at [{place}]; leave out such items or units, or fill them in"
        )
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if hasattr(values, "toarray"):
        values = values.toarray()
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UnitscopeError(f"{what} cannot be read as an array ({error}); give a NumPy array") from error


def check_index(activations: Any, labels: Any) -> None:
    """Refuse pandas labels whose index differs from that of pandas activations: either order could be meant."""
    pandas = (pd.DataFrame, pd.Series)
    if not isinstance(activations, pandas) or not isinstance(labels, pandas):
        return
    mine, theirs = activations.index, labels.index
    if len(mine) == len(theirs) and not mine.equals(theirs):
        item = next(item for item, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
        raise UnitscopeError(
            f"labels have another index than activations (item {item} is {theirs[item]} and {mine[item]}); give "
            "labels.loc[activations.index], or labels.to_numpy() if their order is right"
        )


def read_names(names: Any, n: int | None, what: str) -> list[Any]:
    """Return one name for each of `n` units or classes (`what`), bytes as text.

    Raises
    ------
    UnitscopeError
        If there are not `n` names, two are equal, one is missing, or they have no order.
    """
    if isinstance(names, str | bytes | set | frozenset | Mapping) or not isinstance(names, Iterable):
        raise UnitscopeError(f"names of {what} must be a list with one name for each, not the {named_type(names)}")
    listed = [decoded(name, f"names of {what}") for name in names]
    if n is not None and len(listed) != n:
        raise UnitscopeError(f"there are {len(listed)} names for {n} {what}; give one for each")
    known: set[str] = set()
    for place, name in enumerate(listed):
        missing = not isinstance(name, tuple) and (not pd.api.types.is_scalar(name) or bool(pd.isna(name)))
        if missing or str(name) in known:
            fault = f"{name!r} at place {place}" if missing else f"{name} twice"
            raise UnitscopeError(f"names of {what} have {fault}; give each a name of its own")
        known.add(str(name))
    return listed


def read_labels(labels: Any, n_items: int, class_names: Any, class_sets: Any) -> tuple[Classes, np.ndarray]:
    """Return the classes, and their names in order, of labels as people have them.

    Raises
    ------
    UnitscopeError
        If labels are not one for each item or a boolean matrix, one is missing, or names or sets do not fit them.
    """
    if isinstance(labels, pd.DataFrame):
        truths = all(pd.api.types.is_bool_dtype(dtype) for dtype in labels.dtypes)
        if class_names is None and (labels.shape[1] != 1 or truths):
            class_names = labels.columns.tolist()
    # As objects, so that neither a missing label nor a number among words becomes a word.
    values = listed_labels(labels) if isinstance(labels, list | tuple) else plain_array(labels, "labels")
    if values.ndim == 2 and values.shape[1] == 1 and values.dtype != bool:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != n_items:
        raise UnitscopeError(
            f"labels of shape {values.shape} do not fit {n_items} items; give (items,) or (items, classes)"
        )
    if values.ndim == 2:
        return read_members(values, class_names, class_sets)
    values = plain_labels(values)
    try:
        found, places = np.unique(values, return_inverse=True)
    except TypeError as error:
        raise UnitscopeError(
            f"labels are of several kinds that cannot be sorted ({error}); make all of them text"
        ) from error
    names = [str(value) for value in found]
    if class_names is not None:
        given = read_names(class_names, None, "classes")
        if not all(isinstance(value, int | np.integer) and 0 <= value < len(given) for value in found):
            raise UnitscopeError(
                f"class_names names {len(given)} classes by number, but labels are not numbers from 0 to "
                f"{len(given) - 1}; leave class_names out, or number the labels"
            )
        names = [str(given[value]) for value in found]
    sets = read_class_sets(class_sets or {}, names)
    members = np.array([np.isin(names, list(of)) for of in sets.values()], bool).reshape(len(sets), len(names))
    return Classes.of_labels(places, len(names), members), np.array([*names, *sets], object)


def listed_labels(labels: Any) -> np.ndarray:
    """Return a list of labels, or of rows of a matrix, as an array of objects."""
    try:
        return np.array(labels, object)
    except ValueError as error:
        raise UnitscopeError(f"labels cannot be read as an array ({error}); give one label for each item") from error


def plain_labels(labels: np.ndarray) -> np.ndarray:
    """Return one label per item, bytes as text; refuse missing labels, and what is several labels."""
    if labels.dtype.kind in "OS":
        plain = np.empty(len(labels), object)
        plain[:] = [decoded(label, "labels") for label in labels.tolist()]
        labels = plain
        for item, label in enumerate(labels):
            if not pd.api.types.is_scalar(label):
                raise UnitscopeError(
                    f"item {item} has the {named_type(label)} as its label; give one label for each item, or a boolean "
                    "matrix (items, classes) where items have several"
                )
    if labels.dtype.kind == "V":
        raise UnitscopeError(f"labels are records ({labels.dtype}); give one text or number for each item")
    missing = pd.isna(labels)
    if labels.dtype.kind in "OU":
        missing |= np.fromiter((isinstance(label, str) and not label for label in labels), bool, len(labels))
    places = np.flatnonzero(missing)
    if len(places):
        raise UnitscopeError(f"item {places[0]} has no label ({len(places)} without one in all); leave such items out")
    return labels


def read_members(members: np.ndarray, class_names: Any, class_sets: Any) -> tuple[Classes, np.ndarray]:
    """Return the classes, and their names in order, of an items x classes matrix."""
    if members.dtype == object and {type(value) for value in members.flat} <= {bool, np.bool_}:
        members = members.astype(bool)
    if members.dtype != bool:
        raise UnitscopeError(
            f"a matrix of labels says which item is of which class; it is {members.dtype}, not bool (give one label "
            "per item, or .astype(bool) of 0 and 1)"
        )
    if class_sets:
        raise UnitscopeError("class sets unite labels; where items have several classes, add the union as a class")
    n = members.shape[1]
    names = [str(name) for name in read_names(range(n) if class_names is None else class_names, n, "classes")]
    classes = Classes.of_memberships(members)
    return classes, np.array([*[""] * classes.n_labels, *names], object)


def read_class_sets(class_sets: Any, names: list[str]) -> dict[str, set[str]]:
    """Return class sets as name to names of classes; refuse those that cannot be measured."""
    if not isinstance(class_sets, Mapping):
        raise UnitscopeError(f"class_sets must be names with their classes, {{name: [class, ...]}}, not {class_sets!r}")
    sets: dict[str, set[str]] = {}
    for key, members in class_sets.items():
        name = str(decoded(key, "class sets"))
        if isinstance(members, str | bytes) or not isinstance(members, Iterable):
            raise UnitscopeError(f"class set {name} must list its classes, [{members!r}], not {members!r}")
        sets_members = {str(decoded(member, "class sets")) for member in members}
        if name in names or name in sets:
            raise UnitscopeError(f"class set {name} bears the name of a class or another set; give it another name")
        if not sets_members or not sets_members <= set(names):
            raise UnitscopeError(
                f"class set {name} is empty or has a class that no item has; give classes of the labels"
            )
        sets[name] = sets_members
    return sets


def decoded(value: Any, what: str) -> Any:
    """Return bytes as text, tensors and arrays of one number as this number, and anything else as it is."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise UnitscopeError(f"{what} have {value!r}, which is not UTF-8; decode them to text") from error
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def named_type(value: Any) -> str:
    """Return the type of a value and the value, shortened, for messages."""
    shown = " ".join(repr(value).split())
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
