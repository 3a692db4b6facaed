"""Two halves of the items, each with as many items of every class: one to choose a class and a threshold on, the
other to measure them on.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .classes import Classes
from .ranking import KEY_SHIFT, LABEL_MASK, Ranking, jit


@dataclass(frozen=True)
class Halves:
    """Classes whose items are divided into two halves.

    Attributes
    ----------
    classes
        What the items belong to.
    half
        ``(N,)`` the half of each item, 0 or 1.
    """

    classes: Classes
    half: np.ndarray

    @classmethod
    def draw(cls, classes: Classes, seed: int = 0) -> "Halves":
        """Divide the items at random, so that the halves have as many items of each label, to within one.

        Labels of which there is one item are alternated, those of the same class sets together.

        Examples
        --------
        >>> Halves.draw(Classes.of_labels(np.array([0, 0, 0, 0, 1, 1]), 2)).sizes
        array([[2, 1],
               [2, 1]])
        """
        sets_of_label = np.unique(classes.sets, axis=1, return_inverse=True)[1].ravel()
        rank_of_label = np.argsort(np.argsort(sets_of_label, kind="stable"), kind="stable")
        shuffled = np.random.default_rng(seed).permutation(classes.n_items)
        order = shuffled[np.argsort(rank_of_label[classes.labels[shuffled]], kind="stable")]
        half = np.empty(classes.n_items, np.uint8)
        half[order] = np.arange(classes.n_items) % 2
        return cls(classes, half)

    @classmethod
    def of_values(cls, classes: Classes, values: Any, what: str = "halves") -> "Halves":
        """Divide the items by a column of two values, such as ``train`` and ``test``.

        Parameters
        ----------
        classes
            What the items belong to.
        values
            ``(N,)`` one of two values for each item.
        what
            What the values are called in messages.

        Raises
        ------
        UnitscopeError
            If there is not one value for each item, a value is missing, or there are not two values.

        Examples
        --------
        >>> Halves.of_values(Classes.of_labels(np.array([0, 0, 1]), 2), ["train", "test", "test"]).half
        array([1, 0, 0], dtype=uint8)
        """
        column = pd.Series(values).reset_index(drop=True)
        if len(column) != classes.n_items:
            raise UnitscopeError(f"{what} has {len(column)} values for {classes.n_items} items; give one for each")
        half, found = pd.factorize(column, sort=True)
        if (half < 0).any():
            raise UnitscopeError(f"{what} has no value for item {int((half < 0).argmax())}; fill it in")
        if len(found) != 2:
            shown = ", ".join(map(str, found[:4])) + (", ..." if len(found) > 4 else "")
            raise UnitscopeError(
                f"{what} has {len(found)} different values ({shown}), not two; choose a column like train and test"
            )
        return cls(classes, half.astype(np.uint8))

    @property
    def sizes(self) -> np.ndarray:
        """``(2, n_labels)`` items of each label in each half."""
        return self.label_sizes.reshape(-1, 2).T

    @cached_property
    def labels(self) -> np.ndarray:
        """``(N,)`` twice the label of each item, plus its half."""
        return np.asarray(2 * self.classes.labels + self.half, np.uint32)

    @cached_property
    def label_sizes(self) -> np.ndarray:
        """``(2 n_labels,)`` items of each of these labels."""
        return np.bincount(self.labels, minlength=2 * self.classes.n_labels).astype(np.int64)

    @cached_property
    def parts(self) -> tuple[Classes, Classes]:
        """The classes of the items of each half."""
        first, second = (
            Classes(
                self.classes.labels[self.half == which],
                self.classes.n_labels,
                self.classes.sets,
                self.classes.choose_from,
                self.classes.labels_are_classes,
            )
            for which in (0, 1)
        )
        return first, second


@jit
def split_words(words: Any, first: Any, second: Any) -> Any:
    """Copy each word of a ranking by `Halves.labels` to its half, and leave it with the item's own label.

    Returns
    -------
    int
        How many words are of the first half.
    """
    n = m = 0
    for place in range(len(words)):
        word = words[place]
        half = word & np.uint64(1)
        word = word >> KEY_SHIFT << KEY_SHIFT | (word & LABEL_MASK) >> np.uint64(1)
        words[place] = word
        # Both are written, without a branch that cannot be foreseen.
        first[n] = word
        second[m] = word
        n += half == 0
        m += half != 0
    return n


@jit
def split_ranking(ranking: Any, zeros: Any, first: Any, second: Any) -> Any:
    """Return the rankings of all items and of each half, from one by `Halves.labels`.

    Parameters
    ----------
    ranking
        Its words are changed to those of all items.
    zeros
        ``(C,)`` filled with the zeros of each label.
    first, second
        `unitscope.measures.scratch.Scratch` that the halves' rankings lie in; each has room for one word more.
    """
    n = split_words(ranking.words, first.words, second.words)
    for label in range(len(zeros)):
        first.zeros[label], second.zeros[label] = ranking.zeros[2 * label], ranking.zeros[2 * label + 1]
        zeros[label] = first.zeros[label] + second.zeros[label]
    zero_key, levels, scale = ranking.zero_key, ranking.levels, ranking.scale
    return (
        Ranking(ranking.words, zeros, zero_key, levels, scale, ranking.spare),
        Ranking(first.words[:n], first.zeros, zero_key, levels, scale, first.spare),
        Ranking(second.words[: len(ranking.words) - n], second.zeros, zero_key, levels, scale, second.spare),
    )
