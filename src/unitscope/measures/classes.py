"""The classes that items belong to: each has one label, and classes are labels and unions of labels."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..errors import UnitscopeError


class ClassMap(NamedTuple):
    """The classes of each label; compiled functions take it as it is.

    Attributes
    ----------
    starts
        ``(n_labels + 1,)`` where the classes of each label start in `classes`.
    classes
        For each label the label itself, then the class sets that unite it.
    sets
        ``(S, n_labels)`` bool, see `Classes.sets`.
    """

    starts: np.ndarray
    classes: np.ndarray
    sets: np.ndarray


@dataclass(frozen=True)
class Classes:
    """The classes that units are measured against.

    An item has one label. The labels are classes, and any union of labels is one more, measured against the
    rest like any other: a class set. Items of several classes fit in too: items of the same classes share a
    label, and every class is a union of such labels.

    Attributes
    ----------
    labels
        ``(N,)`` integers from 0 to ``n_labels - 1``.
    n_labels
        Number of labels, some of which may have no items.
    sets
        ``(S, n_labels)`` bool: the labels that each class set unites. Classes are numbered labels first.
    choose_from
        The first class that a measure may choose as its best: 0, or `n_labels` for class sets only.
    labels_are_classes
        Whether a label by itself means anything; where not, measures of the labels as a whole are undefined.
    """

    labels: np.ndarray
    n_labels: int
    sets: np.ndarray
    choose_from: int = 0
    labels_are_classes: bool = True

    @classmethod
    def of_labels(
        cls, labels: np.ndarray, n_labels: int, sets: np.ndarray | None = None, choose_from: int = 0
    ) -> "Classes":
        """Make classes of labels, and of class sets if there are any.

        Raises
        ------
        UnitscopeError
            If a label is none of the `n_labels`: compiled code would read and write past its arrays.
        """
        labels = np.asarray(labels)
        if labels.ndim != 1:
            raise UnitscopeError(f"labels of shape {labels.shape} are not one for each item; give (items,)")
        if len(labels) and not np.issubdtype(labels.dtype, np.integer):
            raise UnitscopeError(f"labels are {labels.dtype}, not class indices; number the classes from 0")
        outside = np.flatnonzero((labels < 0) | (labels >= n_labels))
        if len(outside):
            item = int(outside[0])
            raise UnitscopeError(
                f"item {item} has the label {labels[item]}, but classes are numbered from 0 to {n_labels - 1}; "
                "leave out items without a class, or correct the number of classes"
            )
        sets = np.zeros((0, n_labels), bool) if sets is None else np.asarray(sets, bool)
        return cls(np.ascontiguousarray(labels, np.uint32), n_labels, sets, choose_from)

    @classmethod
    def of_memberships(cls, members: np.ndarray) -> "Classes":
        """Make classes of an items x classes boolean matrix; an item may belong to several classes or to none.

        Examples
        --------
        >>> classes = Classes.of_memberships(np.array([[1, 1], [0, 1], [1, 1], [0, 0]], bool))
        >>> classes.labels, classes.sizes[classes.choose_from :]
        (array([2, 1, 2, 0], dtype=uint32), array([2, 3]))
        """
        patterns, labels = np.unique(np.asarray(members, bool), axis=0, return_inverse=True)
        sets = np.ascontiguousarray(patterns.T)
        n = len(patterns)
        return cls(labels.ravel().astype(np.uint32), n, sets, choose_from=n, labels_are_classes=False)

    @property
    def labels_compete(self) -> bool:
        """Whether measures choose among the labels too; where not, measures of all labels together have no value."""
        return self.labels_are_classes and self.choose_from == 0

    @property
    def without_labels(self) -> "Classes":
        """The same classes to choose from, over as few labels as tell them apart: less to count in every sample."""
        if self.labels_compete:
            return self
        patterns, label = np.unique(self.sets, axis=1, return_inverse=True)
        labels = label.ravel()[self.labels].astype(np.uint32)
        n = patterns.shape[1]
        return Classes(labels, n, np.ascontiguousarray(patterns), n, self.labels_are_classes)

    @property
    def n_items(self) -> int:
        """Number of items, N."""
        return len(self.labels)

    @cached_property
    def label_sizes(self) -> np.ndarray:
        """``(n_labels,)`` items of each label."""
        return np.bincount(self.labels, minlength=self.n_labels).astype(np.int64)

    @cached_property
    def sizes(self) -> np.ndarray:
        """``(K,)`` items of each class, labels first, then class sets."""
        return np.concatenate([self.label_sizes, self.sets.astype(np.int64) @ self.label_sizes])

    @cached_property
    def class_map(self) -> "ClassMap":
        """The classes of each label, for compiled functions."""
        label, which = np.nonzero(self.sets.T)
        labels = np.concatenate([np.arange(self.n_labels), label])
        classes = np.concatenate([np.arange(self.n_labels), self.n_labels + which])
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(self.n_labels + 1))
        return ClassMap(starts.astype(np.int64), classes[order].astype(np.int64), self.sets)
