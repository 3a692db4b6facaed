"""Units whose true selectivity is known: of one class the activations are higher, of all others they are alike."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize, stats

ZERO_BELOW = float(stats.norm.ppf(0.82))
"""Normal activations below this are zero: 82 % of them."""

MEAN_OF_COUNTS = 2.0

MEAN_OF_DENSE = 6.0
"""Far enough above zero for measures of means."""

KINDS = ("dense", "zeros", "counts")


@dataclass(frozen=True)
class Design:
    """A unit that prefers class 0, and items of equally many of every class.

    Attributes
    ----------
    kind
        ``"dense"``: normal; ``"zeros"``: normal, cut off so that 82 % are zero; ``"counts"``: Poisson, with ties.
    d
        How far class 0 is above the others, in standard deviations (of ``"zeros"``, before it is cut off).
    n_classes, n_each
        Number of classes, and items of each.
    """

    kind: str
    d: float
    n_classes: int
    n_each: int

    @cached_property
    def mean_of_counts(self) -> float:
        """Mean count of class 0: (mean - others' mean) / sqrt(mean variance) is d."""

        def apart(mean: float) -> float:
            return (mean - MEAN_OF_COUNTS) / np.sqrt((mean + MEAN_OF_COUNTS) / 2) - self.d

        return MEAN_OF_COUNTS if self.d == 0 else float(optimize.brentq(apart, MEAN_OF_COUNTS, 100))

    @property
    def labels(self) -> np.ndarray:
        """``(N,)`` the class of each item."""
        return np.repeat(np.arange(self.n_classes), self.n_each)

    def draw(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        """Draw activations, ``(samples, N)`` float32."""
        n = self.n_classes * self.n_each
        if self.kind == "counts":
            means = np.where(self.labels == 0, self.mean_of_counts, MEAN_OF_COUNTS)
            return rng.poisson(means, (samples, n)).astype(np.float32)
        x = rng.standard_normal((samples, n), dtype=np.float32)
        x[:, : self.n_each] += np.float32(self.d)
        return np.maximum(x - np.float32(ZERO_BELOW), 0) if self.kind == "zeros" else x + np.float32(MEAN_OF_DENSE)

    def share_above(self, t: np.ndarray, preferred: bool) -> np.ndarray:
        """Return the share of the items of class 0, or of another class, at or above thresholds; 0 for NaN."""
        shift = self.d if preferred else 0.0
        if self.kind == "counts":
            above = stats.poisson.sf(np.ceil(t) - 1, self.mean_of_counts if preferred else MEAN_OF_COUNTS)
        elif self.kind == "zeros":
            above = np.where(t <= 0, 1.0, stats.norm.sf(t + ZERO_BELOW - shift))
        else:
            above = stats.norm.sf(t - MEAN_OF_DENSE - shift)
        return np.where(np.isnan(t), 0.0, above)

    def moments(self, preferred: bool) -> tuple[float, float]:
        """Return mean and variance of the items of class 0, or of another class."""
        shift = self.d if preferred else 0.0
        if self.kind == "counts":
            mean = self.mean_of_counts if preferred else MEAN_OF_COUNTS
            return mean, mean
        if self.kind == "dense":
            return MEAN_OF_DENSE + shift, 1.0
        above = shift - ZERO_BELOW
        mean = above * stats.norm.cdf(above) + stats.norm.pdf(above)
        square = (above**2 + 1) * stats.norm.cdf(above) + above * stats.norm.pdf(above)
        return float(mean), float(square - mean**2)

    def rates(self, t: np.ndarray, preferred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return recall and false-alarm rate at thresholds, of class 0 or of any other class."""
        one, another = self.share_above(t, True), self.share_above(t, False)
        if preferred:
            return one, another
        return another, ((self.n_classes - 2) * another + one) / (self.n_classes - 1)

    def true_rates(self, name: str, t: np.ndarray, preferred: np.ndarray) -> np.ndarray:
        """Return the true value of a measure at chosen thresholds, of chosen classes (class 0 or not)."""
        recall, rate = (
            np.where(preferred, one, another)
            for one, another in zip(self.rates(t, True), self.rates(t, False), strict=True)
        )
        if name == "max_informedness":
            return recall - rate
        if name.startswith("recall"):
            return recall
        called = recall + (self.n_classes - 1) * rate
        return np.minimum(recall, np.divide(recall, called, out=np.zeros_like(called), where=called > 0))

    @cached_property
    def true_values(self) -> dict[bool, dict[str, float]]:
        """The true value of the measures that choose a class only, of class 0 (True) and of any other."""
        return {preferred: {**self.of_ranks(preferred), **self.of_means(preferred)} for preferred in (True, False)}

    def of_ranks(self, preferred: bool) -> dict[str, float]:
        """Return the true value of measures of ranks, by summing over all thresholds."""
        levels = {
            "dense": np.linspace(MEAN_OF_DENSE + 10, MEAN_OF_DENSE - 7, 40_001),
            "zeros": np.append(np.linspace(9, 1e-9, 40_001), 0.0),
            "counts": np.arange(60.0)[::-1],
        }[self.kind]
        recall, rate = self.rates(levels, preferred)
        members, others = np.diff(recall, prepend=0), np.diff(rate, prepend=0)
        called = (recall + (self.n_classes - 1) * rate) / self.n_classes
        precision = np.divide(recall / self.n_classes, called, out=np.zeros_like(called), where=called > 0)
        top = min(60 / (self.n_classes * self.n_each), 1.0)
        share = np.interp(top, np.append(0, called), np.append(0, recall)) / self.n_classes / top
        return {
            "auc": float((members * (1 - rate + others / 2)).sum()),
            "average_precision": float((members * precision).sum()),
            "precision_60": float(share),
        }

    def of_means(self, preferred: bool) -> dict[str, float]:
        """Return the true value of measures of means."""
        (high, high_variance), (low, low_variance) = self.moments(True), self.moments(False)
        if preferred:
            mean, variance, rest, rest_variance = high, high_variance, low, low_variance
        else:
            k = self.n_classes
            mean, variance, rest = low, low_variance, ((k - 2) * low + high) / (k - 1)
            within = (k - 2) * (low_variance + (low - rest) ** 2) + high_variance + (high - rest) ** 2
            rest_variance = within / (k - 1)
        contrast = (mean - rest) / (mean + rest)
        return {
            "ccmas": contrast,
            "class_selectivity": contrast,  # classes are of equal size
            "d_prime": (mean - rest) / np.sqrt((variance + rest_variance) / 2),
        }
