"""Classes and class sets: who is a member of what. A class set is a union of classes, measured against the rest."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, near_names
from . import layout
from .files import explained, read_parquet, write_parquet
from .repair import measure_again


def read_class_sets(directory: Path) -> dict[str, tuple[str, ...]]:
    """Read a run's class sets: name to the classes it unites; empty where none were made."""
    path = directory / layout.CLASS_SETS
    if not path.exists():
        return {}
    rows = read_parquet(path, measure_again(directory)).to_pandas()
    return {str(name): tuple(group["class"]) for name, group in rows.groupby("set", sort=False)}


def write_class_sets(directory: Path, sets: Mapping[str, Sequence[str]]) -> None:
    """Write a run's class sets, one row for each class of a set; without any there is no file."""
    if not sets:
        (directory / layout.CLASS_SETS).unlink(missing_ok=True)
        return
    rows = [(name, member) for name, members in sets.items() for member in members]
    with explained(directory):
        write_parquet(directory / layout.CLASS_SETS, pd.DataFrame(rows, columns=["set", "class"], dtype=object))


def check_class_sets(sets: Mapping[str, Sequence[str]], classes: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Resolve the members of class sets, given by id or by name, to class ids; refuse what cannot be measured.

    Raises
    ------
    UnitscopeError
        If a set is empty, has a class that the run does not have, or bears the name of a class.
    """
    known = {str(name): str(name) for name in classes["class"]}
    for name, title in zip(classes["class"], classes["name"], strict=True):
        known.setdefault(str(title), str(name))
    resolved = {}
    for name, members in sets.items():
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
        resolved[name] = tuple(dict.fromkeys(known[member] for member in members))
    return resolved


def class_place(name: str, classes: pd.DataFrame) -> int | None:
    """Find a class by its id or its name, ``None`` where there is none."""
    for key in ("class", "name"):
        found = np.flatnonzero((classes[key] == name).to_numpy())
        if len(found):
            return int(found[0])
    return None
