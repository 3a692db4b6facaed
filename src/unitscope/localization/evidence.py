"""How much each unit of the last maps carries of the evidence for each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .head import Head


@dataclass(frozen=True, eq=False)
class MeanSums:
    """Sums of the units' mean activations over the items of each class, added up batch by batch.

    Attributes
    ----------
    means
        ``(classes, units)`` float64.
    items
        ``(classes,)`` number of items.
    """

    means: np.ndarray
    items: np.ndarray

    @classmethod
    def empty(cls, classes: int, units: int) -> "MeanSums":
        """Return sums over no items."""
        return cls(np.zeros((classes, units)), np.zeros(classes, np.int64))

    def add(self, means: np.ndarray, labels: np.ndarray) -> None:
        """Add items one at a time: ``(items, units)`` means of their maps, ``(items,)`` labels.

        Classes are numbered as the network's scores.
        """
        np.add.at(self.means, labels, means.astype(np.float64))
        np.add.at(self.items, labels, 1)

    def plus(self, other: "MeanSums") -> "MeanSums":
        """Return the sums over the items of both."""
        return MeanSums(self.means + other.means, self.items + other.items)


def class_evidence(head: Head, sums: MeanSums) -> np.ndarray:
    r"""Return how much each unit adds to the score of each class, for items of that class, ``(units, classes)``.

    The evidence of unit :math:`k` for class :math:`c` is :math:`w_{ck}` times the mean, over the items of class
    :math:`c`, of the spatial mean of :math:`f_k`. Over all units it adds up to the mean score of the class for its own
    items, minus the bias.

    Parameters
    ----------
    head
        A head of method ``"cam"``.
    sums
        Sums over the items.

    Returns
    -------
    numpy.ndarray
        Float64, with its sign; NaN for classes without items.

    Raises
    ------
    UnitscopeError
        If class scores are not sums of what units add.

    See Also
    --------
    evidence_table : The class for which each unit carries most.
    """
    if head.linear is None:
        raise UnitscopeError(
            f"class scores are not sums over the units of {head.layer.name}, so no unit's share in them is defined; "
            "evidence needs a network that ends in global average pooling and a linear layer"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums.means / sums.items[:, None]
    return (head.linear.weights.double().cpu().numpy() * means).T


def evidence_table(head: Head, sums: MeanSums) -> pd.DataFrame:
    """Return the class for which each unit carries most evidence.

    Parameters
    ----------
    head
        A head of method ``"cam"``.
    sums
        Sums over the items.

    Returns
    -------
    pandas.DataFrame
        One row for each unit. ``unit``: its id. ``evidence_class``: number of the class with the largest evidence, the
        first of equal ones; -1 where all is 0. ``evidence``: its value, as `class_evidence` defines it, negative where
        the unit speaks against every class. ``evidence_share``: this divided by the evidence of all units for that
        class, which is the mean score of its items minus the bias; NaN where that is not positive. Shares of units that
        speak for a class may add up to more than 1, since others speak against it.

    Raises
    ------
    UnitscopeError
        If class scores are not sums of what units add, or no class has items.

    See Also
    --------
    class_evidence : All classes.

    Examples
    --------
    >>> import torch
    >>> from unitscope.localization.grid import Grid
    >>> from unitscope.localization.head import Linear
    >>> from unitscope.models import NetworkLayer
    >>> linear = Linear(torch.tensor([[2.0, 0.0], [1.0, -1.0]]), torch.zeros(2))
    >>> head = Head("cam", NetworkLayer("conv", "Conv2d"), Grid(0, 4, 4), 2, linear=linear)
    >>> evidence_table(head, MeanSums(np.array([[4.0, 1.0], [9.0, 6.0]]), np.array([2, 3])))
         unit  evidence_class  evidence  evidence_share
    0  conv:0               0       4.0             1.0
    1  conv:1               0       0.0             0.0
    """
    if not sums.items.any():
        raise UnitscopeError("no class has items, so no unit carries evidence; add items first")
    found = class_evidence(head, sums)
    best = np.where(np.isnan(found), -np.inf, found).argmax(1)
    units = np.arange(len(found))
    values = found[units, best]
    total = found.sum(0)[best]
    some = np.nan_to_num(found).any(1)
    shares = np.divide(values, total, out=np.full(len(values), np.nan), where=some & (total > 0))
    return pd.DataFrame(
        {
            "unit": [f"{head.layer.name}:{unit}" for unit in units],
            "evidence_class": np.where(some, best, -1),
            "evidence": np.where(some, values, np.nan),
            "evidence_share": shares,
        }
    )


def held_out_evidence(head: Head, halves: Sequence[MeanSums]) -> np.ndarray:
    """Return evidence for a class that other items chose, ``(units,)``.

    Parameters
    ----------
    head
        A head of method ``"cam"``.
    halves
        Sums over each half of the items.

    Returns
    -------
    numpy.ndarray
        Evidence on each half for the class of most evidence on the other half, averaged; NaN for units without
        evidence, and where a chosen class has no items on the other half.

    See Also
    --------
    evidence_table : The class of most evidence on all items.

    Examples
    --------
    >>> import torch
    >>> from unitscope.localization.grid import Grid
    >>> from unitscope.localization.head import Linear
    >>> from unitscope.models import NetworkLayer
    >>> linear = Linear(torch.tensor([[2.0], [1.0]]), torch.zeros(2))
    >>> head = Head("cam", NetworkLayer("conv", "Conv2d"), Grid(0, 4, 4), 2, linear=linear)
    >>> halves = [MeanSums(np.array(means), np.array([1, 1])) for means in ([[4.0], [9.0]], [[6.0], [8.0]])]
    >>> held_out_evidence(head, halves)  # class 1 of the first half has 8 on the second, class 0 of it 8 on the first
    array([8.])
    """
    evidence = [class_evidence(head, half) for half in halves]
    units = np.arange(len(evidence[0]))
    found = []
    for choosing, other in (evidence, evidence[::-1]):
        best = np.where(np.isnan(choosing), -np.inf, choosing).argmax(1)
        some = np.nan_to_num(choosing).any(1)
        found.append(np.where(some, other[units, best], np.nan))
    return np.mean(found, axis=0)
