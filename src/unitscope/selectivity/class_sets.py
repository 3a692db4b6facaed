"""Class sets from the command line: ``buses=n04146614,n04487081``, a CSV file, names of superclasses."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..data.wordnet import choose_superclasses
from ..errors import UnitscopeError


def gather_class_sets(
    classes: pd.DataFrame,
    written: Sequence[str] = (),
    file: Path | None = None,
    superclasses: Sequence[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Return class sets from all the ways in which they can be given.

    Parameters
    ----------
    classes
        A run's classes.
    written
        ``NAME=CLASS,CLASS``; classes by id or name.
    file
        A CSV file with the columns ``set`` and ``class``, one row for each class of a set.
    superclasses
        Nouns of WordNet or their ids; see `unitscope.data.wordnet.choose_superclasses`.

    Returns
    -------
    dict
        Name to classes, as given.

    Raises
    ------
    UnitscopeError
        If a set is given twice, or cannot be read.

    See Also
    --------
    measure_run : Measures class sets like classes.

    Examples
    --------
    >>> gather_class_sets(pd.DataFrame({"class": ["cat", "dog"]}), ["pets=cat,dog"])
    {'pets': ('cat', 'dog')}
    """
    found = [*map(parse_class_set, written), *(read_file(file) if file else [])]
    if superclasses:
        ids = wnids_of(classes)
        place = dict(zip(ids, classes["class"].astype(str), strict=True))
        chosen = choose_superclasses(superclasses, ids)
        found += [(name, tuple(place[wnid] for wnid in members)) for name, members in chosen.items()]
    sets: dict[str, tuple[str, ...]] = {}
    for name, members in found:
        if name in sets:
            raise UnitscopeError(f"class set {name} is given twice; give one of them another name")
        sets[name] = members
    return sets


def wnids_of(classes: pd.DataFrame) -> list[str]:
    """Return the WordNet ids of classes: their column ``wnid`` if there is one, else the ids of the classes.

    See Also
    --------
    gather_class_sets : Uses them to find superclasses.

    Examples
    --------
    >>> wnids_of(pd.DataFrame({"class": ["dog"], "wnid": ["n02084071"]}))
    ['n02084071']
    """
    return classes["wnid" if "wnid" in classes else "class"].astype(str).tolist()


def parse_class_set(text: str) -> tuple[str, tuple[str, ...]]:
    """Read ``NAME=CLASS,CLASS``."""
    name, equals, members = text.partition("=")
    names = tuple(member.strip() for member in members.split(",") if member.strip())
    if not name.strip() or not equals or not names:
        raise UnitscopeError(f"--class-set {text} is not a class set; write NAME=CLASS,CLASS")
    return name.strip(), names


def read_file(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Read class sets from a CSV file."""
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UnitscopeError(f"{path} cannot be read as class sets: {str(error).splitlines()[0]}") from error
    if not {"set", "class"} <= set(rows):
        raise UnitscopeError(
            f"{path} has the columns {', '.join(map(str, rows.columns))}; class sets need the columns set and class"
        )
    sets: dict[str, list[str]] = {}
    for name, member in zip(rows["set"].str.strip(), rows["class"].str.strip(), strict=True):
        if not name or not member:
            raise UnitscopeError(f"{path} has a row without a set or a class; fill it in or take it out")
        sets.setdefault(str(name), []).append(str(member))
    return [(name, tuple(members)) for name, members in sets.items()]
