"""Intervals of held-out measures: from what both halves say, with few items, near the ends of a measure's range.

How often they cover the true value is simulated in ``benchmarks/intervals.py`` and printed in ``docs/statistics.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from .held_out_estimates import Chosen, Estimate

NORMAL_QUANTILE = 1.959963984540054

ALIKE = 3.0
"""Standard errors above chance below which two halves that chose the same class may owe that to the same items."""


@dataclass(frozen=True)
class Form:
    """One way to make an interval.

    Attributes
    ----------
    weights
        Weight of the imagined items where the halves are independent, and where they may not be.
    scale
        ``"plain"``, or the scale on which the interval is symmetrical: ``"logit"`` or ``"fisher"`` (atanh).
    """

    weights: tuple[float, float]
    scale: str = "plain"


@dataclass(frozen=True)
class Method:
    """How a measure is held out.

    Attributes
    ----------
    estimate
        The measure in each half.
    forms
        Ways to make its interval: from the lowest lower end to the highest upper end.
    least
        The fewest items of a class of which there is an interval.
    student
        Whether quantiles are Student's, by the number of items of the class, as for means; else the normal ones.
    low, high
        The smallest and largest possible value.
    """

    estimate: Callable[[Chosen], Estimate]
    forms: tuple[Form, ...]
    least: int = 4
    student: bool = False
    low: float = 0.0
    high: float = 1.0


def interval(method: Method, chosen: Chosen, estimate: Estimate, fixed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % interval of the mean over the parts of the items, ``(U,)`` each.

    Parameters
    ----------
    method, chosen, estimate
        How the measure is held out, what was counted, and what follows from it.
    fixed
        Whether only one class could be chosen: then it is no sign of dependence that both halves chose it.
    """
    value = estimate.value.mean(1)
    n_parts = estimate.value.shape[1]
    low, high = np.full(len(value), np.inf), np.full(len(value), -np.inf)
    for form in method.forms:
        apart, alike = (estimate.spread(weight) for weight in form.weights)
        # Halves that agree on a class without a signal may do so because of the same few items: fully dependent then.
        error = np.sqrt(alike[1]).sum(1) / n_parts
        near_chance = value - estimate.chance.mean(1) < ALIKE * error
        same = (chosen.place == chosen.place[:, :1]).all(1) & near_chance & (not fixed)
        centre = np.where(same, alike[0].mean(1), apart[0].mean(1))
        error = np.where(same, error, np.sqrt(apart[1].sum(1)) / n_parts)
        freedom = np.where(same, chosen.n.mean(1) - 1, chosen.n.sum(1) - n_parts)
        quantile = stdtrit(np.maximum(freedom, 1), 0.975) if method.student else NORMAL_QUANTILE
        ends = around(centre, quantile * error, form.scale)
        low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
    none = np.isnan(value) | too_few(method, chosen)
    low, high = (np.where(none, np.nan, np.clip(end, method.low, method.high)) for end in (low, high))
    return low, high


def too_few(method: Method, chosen: Chosen) -> np.ndarray:
    """Return whether the chosen class of each unit has too few items for an interval, ``(U,)`` bool."""
    n_parts = chosen.n.shape[1]
    with np.errstate(invalid="ignore"):
        fewest = n_parts * chosen.n.min(1) + n_parts - 1  # a class of 5 items has 2 in one half and 3 in the other
    return np.asarray(fewest < method.least)


def around(centre: np.ndarray, half_width: np.ndarray, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of an interval that is symmetrical on a scale."""
    if scale == "plain":
        return centre - half_width, centre + half_width
    if scale == "logit":
        inside = np.clip(centre, 1e-9, 1 - 1e-9)
        middle, width = logit(inside), half_width / (inside * (1 - inside))
        return expit(middle - width), expit(middle + width)
    inside = np.clip(centre, -1 + 1e-9, 1 - 1e-9)
    middle, width = np.arctanh(inside), half_width / (1 - inside**2)
    return np.tanh(middle - width), np.tanh(middle + width)


def logit(share: np.ndarray) -> np.ndarray:
    """Return the logarithm of the odds."""
    return np.log(share / (1 - share))


def expit(odds: np.ndarray) -> np.ndarray:
    """Return the share of which `logit` is `odds`."""
    return 1 / (1 + np.exp(-odds))
