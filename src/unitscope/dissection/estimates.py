"""From counts to numbers: the best concept of each unit, on new images, with an interval, and by chance."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from .probe import GROUPS
from .sums import total
from .tally import Tally, iou

CONFIDENCE = 0.95
"""Share of intervals that should contain the true value; `docs/dissection.md` says how many do."""

FEWEST_GROUPS = 2
"""There is an interval if a unit and its concept share pixels in as many groups of each half."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """What counts of a layer give.

    Attributes
    ----------
    iou, iou_chance
        ``(units, concepts)``: intersection over union, and its mean over rotations, with labels of other images; NaN
        where there is no pixel of either.
    best
        ``(units,)``: column of the concept of the highest IoU, of equal ones the first; -1 if none is above 0.
    held_out, low, high
        ``(units,)``: mean of the IoU on each half of the images of the concept that is best on the other half, and its
        95 % interval. Held-out IoU is NaN where a half has no pixel of either, the interval where too few images have
        pixels of both.
    chance, p
        ``(units,)``: mean over rotations of the highest IoU of any concept, and the share of rotations, the images as
        they are among them, in which it is as high as in the images as they are.
    """

    iou: np.ndarray
    iou_chance: np.ndarray
    best: np.ndarray
    held_out: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray
    p: np.ndarray


def estimate(groups: list[Tally], nulls: list[Tally], category_of: np.ndarray) -> Estimates:
    """Return what counts of a layer give.

    Parameters
    ----------
    groups
        A tally of each group of images.
    nulls
        A tally of each rotation.
    category_of
        ``(concepts + 1,)`` number of each concept's category.
    """
    found = iou(total(groups), category_of)
    held_out, low, high = hold_out(groups, category_of)
    highest = highest_of(found)
    by_chance, maxima = chance(nulls, found.shape, category_of)
    nothing = np.full(len(found), np.nan)
    return Estimates(
        found,
        by_chance,
        np.where(highest > 0, best_of(found), -1),
        held_out,
        low,
        high,
        maxima.mean(0) if nulls else nothing,
        (1 + (maxima >= highest).sum(0)) / (1 + len(nulls)) if nulls else nothing,
    )


def chance(nulls: list[Tally], shape: tuple[int, ...], category_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean IoU over rotations, ``(units, concepts)``, and the highest IoU, ``(rotations, units)``."""
    summed, maxima = np.zeros(shape), np.zeros((len(nulls), shape[0]))
    for tally, highest in zip(nulls, maxima, strict=True):  # one at a time, since each may take much memory
        found = iou(tally, category_of)
        highest[:] = highest_of(found)
        summed += found
    return summed / len(nulls) if nulls else np.full(shape, np.nan), maxima


def best_of(values: np.ndarray) -> np.ndarray:
    """Return the column of the largest value of each row, of equal ones the first; NaN counts as less than all."""
    return np.where(np.isnan(values), -1.0, values).argmax(1)


def highest_of(values: np.ndarray) -> np.ndarray:
    """Return the largest value of each row; 0 where all are NaN."""
    return np.nan_to_num(values).max(1, initial=0.0)


def hold_out(groups: list[Tally], category_of: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the IoU on each half of the images of the concept that is best on the other, averaged, and its interval.

    The variance is that of a jackknife over the groups of each half. The interval is symmetric for the logarithm, since
    sums over few images are skewed, with Student's t and the degrees of freedom of Welch and Satterthwaite. There is
    none where unit and concept share pixels in fewer than `FEWEST_GROUPS` groups of a half: such sums do not show how
    much they vary. 0 counts for a half if no concept could be chosen for it, since the other half has no mask.
    """
    halves = groups[::2], groups[1::2]
    values, variances, seen = [], [], []
    for chosen_on, of in (halves, halves[::-1]):
        found = iou(total(chosen_on), category_of)
        concepts = best_of(found)
        shared, unions = of_groups(of, concepts, category_of[1 + concepts])
        value, variance = jackknife(shared, unions)
        chosen = highest_of(found) > 0
        values.append(np.where(chosen, value, 0.0))
        variances.append(variance)
        seen.append(np.where(chosen, (shared > 0).sum(0), 0))
    mean = np.mean(values, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = (GROUPS / 2 - 1) * np.sum(variances, 0) ** 2 / np.sum(np.square(variances), 0)
        spread = np.sqrt(np.sum(variances, 0)) / 2 / mean
    # Without any variance the degrees of freedom do not matter.
    spread *= stats.t.ppf((1 + CONFIDENCE) / 2, np.where(np.isnan(freedom), 1.0, freedom))
    spread[np.min(seen, axis=0) < FEWEST_GROUPS] = np.nan
    return mean, mean * np.exp(-spread), np.minimum(mean * np.exp(spread), 1)


def of_groups(groups: list[Tally], concepts: np.ndarray, categories: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that each unit and its concept share, and those of either, ``(groups, units)``."""
    units = np.arange(len(concepts))
    shared = np.array([tally.intersections[units, concepts] for tally in groups])
    either = np.array([tally.areas[units, categories] + tally.pixels[concepts] for tally in groups]) - shared
    return shared, either


def jackknife(shared: np.ndarray, unions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the IoU of each unit over all groups, and its variance, from leaving out each group.

    Examples
    --------
    Without the groups, one by one, the IoU would be 1/4, 1/2 and 1/4:

    >>> value, variance = jackknife(np.array([[1], [0], [1]]), np.array([[2], [2], [2]]))
    >>> value.round(3).tolist(), (variance * 36).round(3).tolist()
    ([0.333], [1.0])
    """
    n = len(shared)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = shared.sum(0) / unions.sum(0)
        without = (shared.sum(0) - shared) / (unions.sum(0) - unions)
    return whole, (n - 1) / n * ((without - without.mean(0)) ** 2).sum(0)
