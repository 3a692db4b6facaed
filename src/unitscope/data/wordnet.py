"""Find superclasses: unions of classes in WordNet's noun hierarchy, for classes that are WordNet IDs."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..errors import UnitscopeError, near_names

NOUNS = Path(__file__).parent / "wordnet-3.0" / "nouns.tsv.gz"


@dataclass(frozen=True)
class Superclass:
    """A noun that is a hypernym of several classes of the data.

    Attributes
    ----------
    wnid
        Its WordNet id.
    words
        Its synonyms, the most common one first.
    members
        WordNet IDs of its classes.
    """

    wnid: str
    words: tuple[str, ...]
    members: tuple[str, ...]


@functools.cache
def nouns() -> pd.DataFrame:
    """Return the nouns of WordNet 3.0, whose offsets are the ImageNet IDs: ``wnid``, ``words``, ``hypernyms``."""
    return pd.read_csv(NOUNS, sep="\t", dtype=str, keep_default_na=False).set_index("wnid")


def are_wnids(names: Iterable[str]) -> bool:
    """Return whether all names are IDs of WordNet nouns; WordNet is only read if they have the right form."""
    names = list(names)
    return bool(names) and all(re.fullmatch(r"n\d{8}", name) for name in names) and set(names) <= set(nouns().index)


def usual_words(wnids: Sequence[str]) -> list[str]:
    """Return the most common word for each noun, with the ID if several nouns have the same word.

    Examples
    --------
    >>> usual_words(["n02084071", "n02012849", "n03126707"])
    ['dog', 'crane (n02012849)', 'crane (n03126707)']
    """
    words = [str(nouns()["words"][wnid]).split(",")[0].replace("_", " ") for wnid in wnids]
    return [f"{word} ({wnid})" if words.count(word) > 1 else word for word, wnid in zip(words, wnids, strict=True)]


def find_superclasses(wnids: Iterable[str]) -> list[Superclass]:
    """Return every noun that is above at least two of the classes, but not all, largest first.

    Parameters
    ----------
    wnids
        WordNet ids of the classes; others are ignored.

    Examples
    --------
    >>> found = find_superclasses(["n02084071", "n02121808", "n01503061", "n02958343"])  # dog, cat, bird, car
    >>> [(noun.words[0], len(noun.members)) for noun in found if {"animal", "carnivore"} & set(noun.words)]
    [('animal', 3), ('carnivore', 2)]
    """
    above = nouns()["hypernyms"]
    known = [wnid for wnid in dict.fromkeys(wnids) if wnid in above.index]
    members: dict[str, list[str]] = defaultdict(list)
    for wnid in known:
        seen: set[str] = set()
        todo = [wnid]
        while todo:
            noun = todo.pop()
            if noun and noun not in seen:  # a noun may be reached on several paths
                seen.add(noun)
                members[noun].append(wnid)
                todo += str(above[noun]).split(",")
    words = nouns()["words"]
    found = [
        Superclass(noun, tuple(str(words[noun]).replace("_", " ").split(",")), tuple(below))
        for noun, below in members.items()
        if 1 < len(below) < len(known)
    ]
    return sorted(found, key=lambda noun: (-len(noun.members), noun.wnid))


def common_noun(wnids: Sequence[str]) -> str:
    """Return the closest noun that is above all of some nouns, or the noun itself where there is one; its first word.

    Closest is the one with the most nouns above it.

    Examples
    --------
    >>> common_noun(["n02084071", "n02121808"]), common_noun(["n02084071"])  # dog and cat
    ('carnivore', 'dog')
    """
    shared = functools.reduce(lambda left, right: left & right, map(nouns_above, wnids))
    if not shared:
        return ""
    closest = max(shared, key=lambda noun: (len(nouns_above(noun)), noun))
    return str(nouns()["words"][closest]).split(",")[0].replace("_", " ")


@functools.cache
def nouns_above(wnid: str) -> frozenset[str]:
    """Return a noun and all that are above it, on any path."""
    hypernyms = [noun for noun in str(nouns()["hypernyms"][wnid]).split(",") if noun]
    return frozenset({wnid}).union(*map(nouns_above, hypernyms))


def choose_superclasses(names: Sequence[str], wnids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return superclasses, given by name, as class sets.

    Parameters
    ----------
    names
        Words such as ``"dog"``, or WordNet ids. A word with several meanings selects the one with the most classes.
    wnids
        WordNet ids of the classes.

    Returns
    -------
    dict
        Name to the WordNet IDs of its classes.

    Raises
    ------
    UnitscopeError
        If there is no such superclass, or two meanings of a word have equally many classes.
    """
    wnids = list(wnids)
    if not any(wnid in nouns().index for wnid in wnids):
        raise UnitscopeError("superclasses need classes that are WordNet IDs such as n02084071; use class sets instead")
    found = find_superclasses(wnids)
    sets = {}
    for name in names:
        wanted = name.replace("_", " ").casefold()
        meant = [noun for noun in found if wanted in (noun.wnid, *(word.casefold() for word in noun.words))]
        if not meant:
            known = [word for noun in found for word in noun.words]
            raise UnitscopeError(
                f"{name} is not a noun above at least two of the classes but not all{near_names(name, known)}; "
                "`unitscope superclasses` lists all superclasses"
            )
        if len(meant) > 1 and len(meant[0].members) == len(meant[1].members):
            ids = " or ".join(noun.wnid for noun in meant if len(noun.members) == len(meant[0].members))
            raise UnitscopeError(f"{name} has several meanings with equally many classes; give one of the IDs {ids}")
        sets[name] = meant[0].members
    return sets
