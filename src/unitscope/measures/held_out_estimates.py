"""What each half says of the class and threshold that the other half chose: values, and how uncertain they are.

Where there is only one class to choose, all items are one part instead of two halves. Every measure has a function of
what was counted. It returns the measure's value in each part, and a function that
returns the centre and the variance from which an interval is made. Few items would make that variance too small (two
of two hits have none at all), so the function adds a few imagined items that know nothing of the class, as Agresti &
Caffo (2000) do for two proportions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .best import is_negative
from .choosing import CHOSEN
from .held_out_counts import HeldOutCounts
from .held_out_spread import (
    MEMBER_3,
    MEMBER_4,
    MEMBER_GAIN,
    MEMBER_PLACES,
    REST_3,
    REST_4,
    REST_GAIN,
    REST_PLACES,
)
from .tally import Tally

PRIOR_ITEMS = 100
"""Items that the fourth moments of normal activations weigh as much as: few items say little of fourth moments."""


class Estimate(NamedTuple):
    """A measure in each part of the items, of which there are P.

    Attributes
    ----------
    value
        ``(U, P)`` the measure.
    chance
        ``(U, P)`` its expectation for a unit that knows nothing of the class.
    spread
        Function of the weight of the imagined items that returns centre and variance, ``(U, P)`` each.
    """

    value: np.ndarray
    chance: np.ndarray
    spread: Callable[[float], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Chosen:
    """What each part of the items says of the class that was chosen for one measure; arrays are ``(U, P)`` float64.

    Attributes
    ----------
    counts, parts
        What was counted of chosen classes, and the tally of each part.
    measure
        Name of the measure, one of `unitscope.measures.choosing.CHOSEN`.
    """

    counts: HeldOutCounts
    parts: tuple[Tally, ...]
    measure: str

    @cached_property
    def place(self) -> np.ndarray:
        """The class, -1 where there is none."""
        return self.counts.chosen[:, :, CHOSEN.index(self.measure)]

    def of(self, name: str) -> np.ndarray:
        """Return an array of the tally at the class; NaN where there is none."""
        units = np.arange(len(self.place))
        halves = [getattr(part, name)[units, self.place[:, half]] for half, part in enumerate(self.parts)]
        return np.where(self.place < 0, np.nan, np.stack(halves, 1).astype(float))

    @cached_property
    def n(self) -> np.ndarray:
        """Items of the class."""
        return self.of("sizes")

    @cached_property
    def rest(self) -> np.ndarray:
        """All other items."""
        return np.array([part.n_items for part in self.parts]) - self.n

    @cached_property
    def chance(self) -> np.ndarray:
        """Share of the class among all items."""
        return self.n / (self.n + self.rest)

    @property
    def hits(self) -> np.ndarray:
        """Items of the class at or above the threshold that the other half chose."""
        return self.counts.k[:, :, CHOSEN.index(self.measure)].astype(float)

    @property
    def false_alarms(self) -> np.ndarray:
        """Other items at or above that threshold."""
        return self.counts.r[:, :, CHOSEN.index(self.measure)] - self.hits

    def spread(self, which: int) -> np.ndarray:
        """Return one of the sums of `unitscope.measures.held_out_spread`."""
        return self.counts.spread[:, :, which]

    def rates(self, hits: np.ndarray, false_alarms: np.ndarray, weight: float) -> tuple[np.ndarray, ...]:
        """Return recall and false-alarm rate and their variances, with `weight` imagined hits, misses and so on."""
        n, rest = self.n + 2 * weight, self.rest + 2 * weight
        recall, rate = np.minimum((hits + weight) / n, 1), np.minimum((false_alarms + weight) / rest, 1)
        return recall, rate, recall * (1 - recall) / n, rate * (1 - rate) / rest


def max_informedness(of: Chosen) -> Estimate:
    """Return recall - false-alarm rate at the chosen threshold: a difference of two proportions."""

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        recall, rate, of_recall, of_rate = of.rates(of.hits, of.false_alarms, weight)
        return recall - rate, of_recall + of_rate

    return Estimate(of.hits / of.n - of.false_alarms / of.rest, np.zeros_like(of.n), spread)


def recall(of: Chosen) -> Estimate:
    """Return recall at the chosen threshold: one proportion."""

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        recall, _, of_recall, _ = of.rates(of.hits, of.false_alarms, weight)
        return recall, of_recall

    return Estimate(of.hits / of.n, np.zeros_like(of.n), spread)


def detector_score(of: Chosen) -> Estimate:
    """Return the smaller of recall and precision at the chosen threshold; the variance is that of the smaller."""
    called = of.hits + of.false_alarms
    precision = np.where(called > 0, of.hits / np.maximum(called, 1), 0.0)

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        recall, rate, of_recall, of_rate = of.rates(of.hits, of.false_alarms, weight)
        hits, false_alarms = of.n * recall, of.rest * rate
        precision = hits / (hits + false_alarms)
        # Delta method, of hits / (hits + false alarms).
        of_hits, of_false_alarms = of.n**2 * of_recall, of.rest**2 * of_rate
        of_precision = (false_alarms**2 * of_hits + hits**2 * of_false_alarms) / (hits + false_alarms) ** 4
        return np.minimum(recall, precision), np.where(recall < precision, of_recall, of_precision)

    return Estimate(np.minimum(of.hits / of.n, precision), of.chance, spread)


def precision_60(of: Chosen) -> Estimate:
    """Return the share of the class among the most active items of each half.

    Their number is fixed, so that hits and false alarms vary against each other: the variance of the hits is that of
    Fisher's noncentral hypergeometric distribution, 1 / (1 / var(hits) + 1 / var(false alarms)).
    """
    top = np.array([part.top_60_size for part in of.parts])
    hits = of.of("top_60_counts")

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        recall, rate, of_recall, of_rate = of.rates(hits, top - hits, weight)
        of_hits, of_false_alarms = of.n**2 * of_recall, of.rest**2 * of_rate
        precision = of.n * recall / (of.n * recall + of.rest * rate)
        return precision, of_hits * of_false_alarms / (of_hits + of_false_alarms) / top**2

    return Estimate(np.where(of.n + of.rest > top, hits / top, np.nan), of.chance, spread)


def auc(of: Chosen) -> Estimate:
    """Return the area under the ROC curve with the variance of DeLong, DeLong & Clarke-Pearson 1988.

    The imagined items are one above and one below all others, in the class and outside.
    """
    n, rest = of.n, of.rest
    value = 1 - (of.of("midranks") - n * (n + 1)) / 2 / (n * rest)

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        more_n, more_rest = n + 2 * weight, rest + 2 * weight
        pairs = n * rest * value
        centre = (pairs + weight * (n + rest) + 2 * weight**2) / (more_n * more_rest)

        def of_places(squares: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
            # Each item's pairs with the others grow by the weight of the item below all; half a pair counts half.
            more = squares / 4 + 2 * weight * pairs + own * weight**2
            return more + weight * ((other + 1.5 * weight) ** 2 + (0.5 * weight) ** 2)

        of_members = of_places(of.spread(MEMBER_PLACES), n, rest) / more_rest**2 / more_n - centre**2
        of_others = of_places(of.spread(REST_PLACES), rest, n) / more_n**2 / more_rest - centre**2
        return centre, np.maximum(of_members, 0) / (more_n - 1) + np.maximum(of_others, 0) / (more_rest - 1)

    return Estimate(value, np.full_like(value, 0.5), spread)


def average_precision(of: Chosen) -> Estimate:
    """Return average precision with its infinitesimal-jackknife variance, items of the class and others apart.

    The imagined items are of the class and have its share of all items as their precision.
    """
    value = of.of("average_precision")

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        n = of.n + weight
        centre = (of.n * value + weight * of.chance) / n
        of_members = of.spread(MEMBER_GAIN) + weight * of.n / n * (value - of.chance) ** 2
        return centre, (of_members * n / (n - 1) + of.spread(REST_GAIN) * of.rest / (of.rest - 1)) / n**2

    return Estimate(value, of.chance, spread)


def d_prime(of: Chosen) -> Estimate:
    """Return d' with its delta-method variance.

    Third and fourth moments are those of the items; in few items they are too small as a rule, so that the variance of
    normal activations, with the larger of the two spreads, has the weight of `PRIOR_ITEMS` items.
    """
    n, rest = of.n, of.rest
    of_class, of_rest = of.of("squares") / (n - 1), of.of("rest_squares") / (rest - 1)
    square = (of_class + of_rest) / 2
    root = np.sqrt(square)
    value = (of.of("mean") - of.of("rest_mean")) / root
    value = np.where(np.isinf(value), np.nan, value)

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        third, fourth = of.spread(MEMBER_3) / n, of.spread(MEMBER_4) / n
        found = influence(value, root, of_class, third, fourth)
        normal = np.maximum(of_class, of_rest) / square + value**2 / 8 * (of_class / square) ** 2
        of_members = (n * found + weight * np.maximum(found, normal)) / (n + weight)
        third, fourth = of.spread(REST_3) / rest, of.spread(REST_4) / rest
        return value, of_members / n + influence(value, root, of_rest, -third, fourth) / rest

    return Estimate(value, np.zeros_like(value), spread)


def influence(
    d: np.ndarray, root: np.ndarray, variance: np.ndarray, third: np.ndarray, fourth: np.ndarray
) -> np.ndarray:
    """Return the variance of the influence on d' of items with these central moments."""
    return variance / root**2 - d / (2 * root**3) * third + d**2 / (16 * root**4) * (fourth - variance**2)


def ccmas(of: Chosen) -> Estimate:
    """Return CCMAS with its delta-method variance."""
    spread = of.of("rest_squares") / (of.rest - 1)
    return contrast(of, of.of("rest_mean"), spread, spread / of.rest)


def class_selectivity(of: Chosen) -> Estimate:
    """Return class selectivity with its delta-method variance."""
    means, variances = [], []
    for half, part in enumerate(of.parts):
        n_labels = part.label_sizes.shape[1]
        sizes, place = part.label_sizes, of.place[:, half]
        units = np.arange(len(place))
        own = np.where(sizes > 0, part.mean[:, :n_labels], 0.0)
        # A class of one item has no spread of its own: its mean counts as exact.
        error = np.where(sizes > 1, part.squares[:, :n_labels] / np.maximum(sizes - 1, 1) / np.maximum(sizes, 1), 0.0)
        own[units, place], error[units, place] = 0.0, 0.0
        others = np.maximum((sizes > 0).sum(1) - 1, 1)
        means.append(own.sum(1) / others)
        variances.append(error.sum(1) / others**2)
    return contrast(of, np.stack(means, 1), of.of("rest_squares") / (of.rest - 1), np.stack(variances, 1))


def contrast(of: Chosen, other: np.ndarray, rest_variance: np.ndarray, of_other: np.ndarray) -> Estimate:
    """Return (mean - other) / (mean + other) and its variance; the class has the larger of the two spreads.

    The imagined items are not of the class, and as active as it: others may all be silent because few were seen.
    """
    mean = of.of("mean")
    negative = np.stack([is_negative(part) for part in of.parts], 1).any(1, keepdims=True)
    value = np.where(negative | (mean + other <= 0), np.nan, (mean - other) / (mean + other))
    of_mean = np.maximum(of.of("squares") / (of.n - 1), rest_variance) / of.n

    def spread(weight: float) -> tuple[np.ndarray, np.ndarray]:
        rest = of.rest + weight
        more = (of.rest * other + weight * mean) / rest
        of_more = (of.rest / rest) ** 2 * of_other + weight * of.rest / rest**3 * (mean - other) ** 2
        centre = np.where(np.isnan(value), np.nan, (mean - more) / (mean + more))
        return centre, 4 * (more**2 * of_mean + mean**2 * of_more) / (mean + more) ** 4

    return Estimate(value, np.zeros_like(value), spread)
