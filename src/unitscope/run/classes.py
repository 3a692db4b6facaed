"""Look up classes and class sets. A class set is a union of classes that is measured like one class."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, near_names


def check_class_sets(sets: Mapping[str, Sequence[str]], classes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return class sets with their members, given by ID or name, as class IDs.

    Raises
    ------
    UnitscopeError
        If a set is empty, contains an unknown class, or has the name of a class; if a name is not text, or is the name
        of several classes.
    """
    if not isinstance(sets, Mapping):
        raise UnitscopeError(f"class sets must map names to classes, {{name: [class, ...]}}, not {sets!r}")
    known = {str(name): str(name) for name in classes["class"]}
    for name, title in zip(classes["class"], classes["name"], strict=True):
        known.setdefault(str(title), str(name))
    resolved = {}
    for name, members in sets.items():
        if not isinstance(name, str) or isinstance(members, str | bytes) or not isinstance(members, Iterable):
            raise UnitscopeError(f"class set {name} must be a list of classes, {{{str(name)!r}: [class, ...]}}")
        members = [str(member) for member in members]
        if not name.strip():
            raise UnitscopeError("a class set has no name; write --class-set NAME=CLASS,CLASS")
        if name in known:
            raise UnitscopeError(f"class set {name} has the name of a class of this run; choose another name")
        if not members:
            raise UnitscopeError(f"class set {name} has no classes; write --class-set {name}=CLASS,CLASS")
        for member in members:
            if member not in known:
                raise UnitscopeError(
                    f"class set {name} contains {member}, which is not a class of this run{near_names(member, known)}"
                )
            class_place(member, classes)
        resolved[name] = tuple(dict.fromkeys(known[member] for member in members))
    return resolved


def class_place(name: str, classes: pd.DataFrame) -> int | None:
    """Return the row of a class, given its ID or name; ``None`` if there is no such class.

    Raises
    ------
    UnitscopeError
        If several classes have this name.
    """
    for key in ("class", "name"):
        found = np.flatnonzero((classes[key] == name).to_numpy())
        if len(found) > 1:
            ids = ", ".join(classes["class"].iloc[found[:5]])
            raise UnitscopeError(f"{len(found)} classes have the name {name}; use a class ID instead: {ids}")
        if len(found):
            return int(found[0])
    return None
