"""Classes and class sets: who is a member of what. A class set is a union of classes, measured against the rest."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, near_names


def check_class_sets(sets: Mapping[str, Sequence[str]], classes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Resolve the members of class sets, given by id or by name, to class ids; refuse what cannot be measured.

    Raises
    ------
    UnitscopeError
        If a set is empty, has a class that the run does not have, or bears the name of a class; if a name is that of
        several classes, or anything but text.
    """
    if not isinstance(sets, Mapping):
        raise UnitscopeError(f"class sets must be names with their classes, {{name: [class, ...]}}, not {sets!r}")
    known = {str(name): str(name) for name in classes["class"]}
    for name, title in zip(classes["class"], classes["name"], strict=True):
        known.setdefault(str(title), str(name))
    resolved = {}
    for name, members in sets.items():
        if not isinstance(name, str) or isinstance(members, str | bytes) or not isinstance(members, Iterable):
            raise UnitscopeError(f"class set {name} must list its classes, {{{str(name)!r}: [class, ...]}}")
        members = [str(member) for member in members]
        if not name.strip():
            raise UnitscopeError("a class set has no name; write --class-set NAME=CLASS,CLASS")
        if name in known:
            raise UnitscopeError(f"class set {name} bears the name of a class of this run; give it another name")
        if not members:
            raise UnitscopeError(f"class set {name} has no classes; write --class-set {name}=CLASS,CLASS")
        for member in members:
            if member not in known:
                raise UnitscopeError(
                    f"class set {name} has the class {member}, which this run does not have{near_names(member, known)}"
                )
            class_place(member, classes)
        resolved[name] = tuple(dict.fromkeys(known[member] for member in members))
    return resolved


def class_place(name: str, classes: pd.DataFrame) -> int | None:
    """Return the place of a class, given its id or its name; ``None`` where there is none.

    Raises
    ------
    UnitscopeError
        If it is the name of several classes.
    """
    for key in ("class", "name"):
        found = np.flatnonzero((classes[key] == name).to_numpy())
        if len(found) > 1:
            ids = ", ".join(classes["class"].iloc[found[:5]])
            raise UnitscopeError(f"{len(found)} classes are called {name}; name one by its id: {ids}")
        if len(found):
            return int(found[0])
    return None
