"""Which classes of a run are which concepts of its dissection, by name."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..data.wordnet import are_wnids, nouns, nouns_above
from ..run import Run
from ..run.classes import class_place
from ..run.tables import StoredTable

SAME = "same"
"""A class is a concept: they have a name in common."""

KIND = "kind"
"""A class is a concept or a kind of it: the class or a noun above it in WordNet has the concept's name."""


def plain_names(text: str) -> frozenset[str]:
    """Return the names in a text, in a form in which equal ones can be found.

    Commas separate synonyms. Case does not matter, underscores are spaces, and the endings by which Broden marks
    colours and scenes, ``-c`` and ``-s``, are left out. A plural is another name.

    Examples
    --------
    >>> sorted(plain_names("Trolleybus, trolley_coach")), sorted(plain_names("red-c"))
    (['trolley coach', 'trolleybus'], ['red'])
    """
    parts = (" ".join(part.replace("_", " ").casefold().split()) for part in text.split(","))
    return frozenset(re.sub(r"-[cs]$", "", part) for part in parts if part)


def concepts_of(table: StoredTable) -> list[str]:
    """Return the names of all concepts that units were compared with, each once; the best ones if no more are stored.

    Where several concepts have the same name, the labels of the arrays say their categories as well.
    """
    best = table.frame["concept"].astype(str)
    categories = [name.removesuffix("_concept") for name in table.frame.columns if name.endswith("_concept")]
    stored = (without_category(label, categories) for label in table.labels.get("concept", ()))
    return list(dict.fromkeys([*stored, *best[best != ""]]))


def without_category(label: str, categories: Iterable[str]) -> str:
    """Return the name of a concept without its category in brackets.

    Examples
    --------
    >>> without_category("red (colour)", ["object", "colour"]), without_category("crane (bird)", ["object", "colour"])
    ('red', 'crane (bird)')
    """
    return next((label.removesuffix(f" ({name})") for name in categories if label.endswith(f" ({name})")), label)


def match_names(run: Run, concepts: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Return which classes and class sets of a run are which concepts.

    Parameters
    ----------
    run
        An open run.
    concepts
        Names of concepts.

    Returns
    -------
    dict
        Under `SAME`, and where some classes are WordNet IDs also under `KIND`, a table of bool: a row for each class
        or class set by its ID, a column for each concept. Names of a class are its ID, its name, and the synonyms of
        its noun in WordNet. A class set is a kind of what all its classes are kinds of.

    Examples
    --------
    >>> match_names(run, ["cat", "Dog", "wheel"])["same"].loc["cat"].tolist()
    [True, False, False]
    """
    names = {concept: plain_names(concept) for concept in concepts}
    nouns_of = class_nouns(run.classes)
    listed = zip(run.classes["class"].astype(str), run.classes["name"].astype(str), strict=True)
    same = {name: plain_names(f"{name},{title},{words_of(nouns_of.get(name))}") for name, title in listed}
    sets = run.class_sets
    found = {SAME: match(same | {name: plain_names(name) for name in sets}, names)}
    if nouns_of:
        kinds = {name: same[name].union(*map(plain_words, above(nouns_of.get(name)))) for name in same}
        of_sets = {name: frozenset.intersection(*(kinds[member] for member in sets[name])) for name in sets}
        found[KIND] = match(kinds | {name: plain_names(name) | of_sets[name] for name in sets}, names)
    return found


def concepts_of_class(run: Run, name: str, concepts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the concepts that have a name of a class or class set, and the other classes that these names mean, too.

    Parameters
    ----------
    run
        An open run.
    name
        ID or name of a class, or a class set.
    concepts
        Names of concepts.

    Returns
    -------
    concepts : tuple
        See `match_names`.
    others : tuple
        Readable names of classes outside the class or class set that have a name of one of these concepts.

    Examples
    --------
    >>> concepts_of_class(run, "cat", ["Cat", "wheel"])
    (('Cat',), ())
    """
    same = match_names(run, concepts)[SAME]
    members: Sequence[str] = run.class_sets.get(name, ())
    if not members:
        place = class_place(name, run.classes)
        members = (name,) if place is None else (str(run.classes["class"].iloc[place]),)
    of = same.index.get_loc(name if name in run.class_sets else members[0])
    own = np.flatnonzero(same.to_numpy()[of])
    sharing = same.index[np.flatnonzero(same.to_numpy()[:, own].any(axis=1))]
    others = (str(found) for found in sharing if found not in (*members, *run.class_sets))
    return tuple(same.columns[own]), tuple(map(run.class_title, others))


def match(classes: Mapping[str, frozenset[str]], concepts: Mapping[str, frozenset[str]]) -> pd.DataFrame:
    """Return which classes have a name in common with which concepts."""
    rows = [[not names.isdisjoint(wanted) for wanted in concepts.values()] for names in classes.values()]
    return pd.DataFrame(rows, index=list(classes), columns=list(concepts), dtype=bool)


def class_nouns(classes: pd.DataFrame) -> dict[str, str]:
    """Return the WordNet ID of each class that has one, by the class's ID."""
    column = classes["wnid" if "wnid" in classes else "class"].astype(str)
    return {str(name): wnid for name, wnid in zip(classes["class"], column, strict=True) if are_wnids([wnid])}


def words_of(wnid: str | None) -> str:
    """Return the synonyms of a noun, separated by commas; nothing for no noun."""
    return str(nouns()["words"][wnid]) if wnid else ""


def plain_words(wnid: str) -> frozenset[str]:
    """Return the synonyms of a noun in the form of `plain_names`."""
    return plain_names(words_of(wnid))


def above(wnid: str | None) -> frozenset[str]:
    """Return a noun and all above it; nothing for no noun."""
    return nouns_above(wnid) if wnid else frozenset()
