"""Superclasses: what unions of classes WordNet's noun hierarchy knows, where classes are named by WordNet ids."""

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
    """A noun under which several classes of some data lie.

    Attributes
    ----------
    wnid
        Its WordNet id.
    words
        Its synonyms, the usual one first.
    members
        The WordNet ids of the classes under it.
    """

    wnid: str
    words: tuple[str, ...]
    members: tuple[str, ...]


@functools.cache
def nouns() -> pd.DataFrame:
    """Read the nouns of WordNet 3.0, whose offsets are the ImageNet ids: ``wnid``, ``words``, ``hypernyms``."""
    return pd.read_csv(NOUNS, sep="\t", dtype=str, keep_default_na=False).set_index("wnid")


def are_wnids(names: Iterable[str]) -> bool:
    """Say whether names are all ids of WordNet's nouns; a look at the names spares reading WordNet for nothing."""
    names = list(names)
    return bool(names) and all(re.fullmatch(r"n\d{8}", name) for name in names) and set(names) <= set(nouns().index)


def usual_words(wnids: Sequence[str]) -> list[str]:
    """Name nouns by their usual word, and those of the same word by their id too.

    Examples
    --------
    >>> usual_words(["n02084071", "n02012849", "n03126707"])
    ['dog', 'crane (n02012849)', 'crane (n03126707)']
    """
    words = [str(nouns()["words"][wnid]).split(",")[0].replace("_", " ") for wnid in wnids]
    return [f"{word} ({wnid})" if words.count(word) > 1 else word for word, wnid in zip(words, wnids, strict=True)]


def find_superclasses(wnids: Iterable[str]) -> list[Superclass]:
    """Find every noun above at least two of some classes, but not above all of them, largest first.

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
            if noun and noun not in seen:  # a noun may be reached by several ways
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


def choose_superclasses(names: Sequence[str], wnids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Choose superclasses by name as class sets.

    Parameters
    ----------
    names
        Words such as ``"dog"``, or WordNet ids. A word of several meanings means the one with most classes.
    wnids
        WordNet ids of the classes.

    Returns
    -------
    dict
        Name to the WordNet ids of its classes.

    Raises
    ------
    UnitscopeError
        If there is no such superclass, or two meanings of a word have equally many classes.
    """
    wnids = list(wnids)
    if not any(wnid in nouns().index for wnid in wnids):
        raise UnitscopeError("superclasses need classes that are WordNet ids such as n02084071; these are none")
    found = find_superclasses(wnids)
    sets = {}
    for name in names:
        wanted = name.replace("_", " ").casefold()
        meant = [noun for noun in found if wanted in (noun.wnid, *(word.casefold() for word in noun.words))]
        if not meant:
            known = [word for noun in found for word in noun.words]
            raise UnitscopeError(
                f"{name} is no noun above at least two of the classes but not all{near_names(name, known)}; "
                "`unitscope superclasses` lists those there are"
            )
        if len(meant) > 1 and len(meant[0].members) == len(meant[1].members):
            ids = " or ".join(noun.wnid for noun in meant if len(noun.members) == len(meant[0].members))
            raise UnitscopeError(f"{name} has several meanings here with equally many classes; choose {ids}")
        sets[name] = meant[0].members
    return sets
