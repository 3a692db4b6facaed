"""From counts to numbers: how much accuracy and log-probability fall without each unit, with intervals and tests."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from .sums import LayerSums

NORMAL_QUANTILE = 1.959963984540054

ALIKE = 3.0
"""Standard errors above 0 below which halves that chose the same class may owe it to chance; see docs/statistics.md."""


@dataclass(frozen=True, eq=False)
class Drop:
    """A drop in accuracy, ``(units,)`` each.

    Attributes
    ----------
    value
        Share of the items that are correct only with the unit, minus that of those correct only without it.
    low, high
        The ends of its 95 % interval.
    p
        McNemar's exact p-value.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


@dataclass(frozen=True, eq=False)
class ClassDrop:
    """The class whose accuracy falls most, ``(units,)`` each.

    Attributes
    ----------
    place
        The class; -1 if none falls.
    value
        Its drop, over all items.
    held_out, low, high
        Drop on each half of the items of the class that falls most on the other half, averaged, and its interval.
    p
        McNemar's exact p-value of the class, times the number of classes with items; at most 1.
    """

    place: np.ndarray
    value: np.ndarray
    held_out: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


def paired_drop(lost: np.ndarray, gained: np.ndarray, n: np.ndarray | int) -> Drop:
    """Return the drop in accuracy of n items, with the interval of Agresti & Min (2005) for matched pairs.

    Parameters
    ----------
    lost, gained
        Items that are correct only with the unit, and only without it.
    n
        Number of items; the drop of none is NaN.

    Examples
    --------
    Of 100 items ten are lost and two are gained:

    >>> drop = paired_drop(np.array([10]), np.array([2]), 100)
    >>> [float(values[0].round(3)) for values in (drop.value, drop.low, drop.high, drop.p)]
    [0.08, 0.011, 0.146, 0.039]
    """
    n = np.broadcast_to(np.asarray(n, float), np.shape(lost))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(n > 0, (lost - gained) / n, np.nan)
    centre, variance = adjusted(lost, gained, n, 0.5)
    spread = NORMAL_QUANTILE * np.sqrt(np.maximum(variance, 0))
    none = np.isnan(value)
    low, high = (np.where(none, np.nan, np.clip(end, -1, 1)) for end in (centre - spread, centre + spread))
    return Drop(value, low, high, np.where(none, np.nan, mcnemar(lost, gained)))


def adjusted(lost: np.ndarray, gained: np.ndarray, n: np.ndarray, more: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a drop and its variance after adding `more` items to each of the four cells of the table of pairs."""
    size = n + 4 * more
    centre = (lost - gained) / size
    return centre, ((lost + gained + 2 * more) / size - centre**2) / size


def mcnemar(lost: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """Return McNemar's exact two-sided p-values: whether items lost and gained are equally frequent.

    Examples
    --------
    >>> mcnemar(np.array([5, 0, 3]), np.array([0, 0, 3])).tolist()
    [0.0625, 1.0, 1.0]
    """
    return np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(lost, gained), lost + gained, 0.5))


def largest_drop(sums: LayerSums, items: np.ndarray) -> ClassDrop:
    """Return the class whose accuracy falls most without each unit: in sample, held out, and tested.

    Parameters
    ----------
    sums
        Counts of the units of a layer.
    items
        ``(classes, 2)`` items of each class and half.
    """
    net = sums.lost - sums.gained
    rows = np.arange(len(net))
    sizes = items.sum(1)
    whole = shares(net.sum(2), sizes)
    best = np.where(np.isnan(whole), -np.inf, whole).argmax(1)
    value = whole[rows, best]
    falls = value > 0
    lost, gained = (counts.sum(2)[rows, best] for counts in (sums.lost, sums.gained))
    p = np.minimum(1.0, mcnemar(lost, gained) * (sizes > 0).sum())

    drops = [shares(net[:, :, half], items[:, half]) for half in (0, 1)]
    chosen = [np.where(np.isnan(drop), -np.inf, drop).argmax(1) for drop in drops]
    measured = [drops[half][rows, chosen[1 - half]] for half in (0, 1)]
    # Each half has half of the items that Agresti & Min add.
    halves = [
        adjusted(sums.lost[rows, of, half], sums.gained[rows, of, half], items[of, half].astype(float), 0.25)
        for half, of in ((0, chosen[1]), (1, chosen[0]))
    ]
    (first, first_variance), (second, second_variance) = halves
    held_out = (measured[0] + measured[1]) / 2
    together = (np.sqrt(first_variance) + np.sqrt(second_variance)) / 2
    same = (chosen[0] == chosen[1]) & (held_out < ALIKE * together) & ((sizes > 0).sum() > 1)
    error = np.where(same, together, np.sqrt(first_variance + second_variance) / 2)
    centre = (first + second) / 2
    none = np.isnan(held_out)
    low, high = (np.where(none, np.nan, np.clip(centre + sign * NORMAL_QUANTILE * error, -1, 1)) for sign in (-1, 1))
    return ClassDrop(np.where(falls, best, -1), value, held_out, low, high, p)


def shares(counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return counts of each class as shares of its items; NaN for classes without items."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sizes > 0, counts / sizes, np.nan)


def log_drop(sums: LayerSums, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean drop in the log-probability of the label over n items, and its 95 % interval by Student's t."""
    mean = sums.log_drop.sum(1) / n
    variance = np.maximum(sums.log_squares / n - mean**2, 0) * n / (n - 1)
    spread = stats.t.ppf(0.975, n - 1) * np.sqrt(variance / n)
    return mean, mean - spread, mean + spread
