"""Counts of permutations: how many have a value of a measure, their sum, and how many reach the observed value."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .describe import LOW_IS_SELECTIVE, TESTED, scaled_by_chance
from .top_items import above_chance

ROUNDING = 1e-10
"""Values count as equal if they differ by less, times the observed one if that is above 1: sums are added otherwise."""


class ChanceCounts:
    """What permutations gave for some units, ``(U,)`` for each measure in `TESTED`.

    Parameters
    ----------
    observed
        Measures of the units, by name.
    """

    def __init__(self, observed: Mapping[str, np.ndarray]):
        self.observed = {name: np.asarray(observed[name]).astype(float) for name in TESTED}
        n_units = len(self.observed[TESTED[0]])
        self.sums = {name: np.zeros(n_units) for name in TESTED}
        self.defined = {name: np.zeros(n_units, np.int64) for name in TESTED}
        self.reached = {name: np.zeros(n_units, np.int64) for name in TESTED}

    def of_units(self, units: Any) -> "ChanceCounts":
        """Return counts without permutations of some of the units."""
        return ChanceCounts({name: values[units] for name, values in self.observed.items()})

    def add(self, values: Mapping[str, np.ndarray]) -> None:
        """Add one permutation of every unit, ``(U,)`` for each measure, or several, ``(permutations, U)``.

        A permutation without a value, such as an infinite d', counts as one that reaches the observed value.
        """
        for name in TESTED:
            found = np.atleast_2d(np.asarray(values[name], float))
            known = ~np.isnan(found)
            self.sums[name] += np.where(known, found, 0.0).sum(0)
            self.defined[name] += known.sum(0)
            self.reached[name] += (~falls_short(name, found, self.observed[name])).sum(0)

    def join(self, units: Any, others: "ChanceCounts") -> None:
        """Add the permutations of some of the units."""
        for mine, theirs in (
            (self.sums, others.sums), (self.defined, others.defined), (self.reached, others.reached)
        ):  # fmt: skip
            for name in TESTED:
                mine[name][units] += theirs[name]

    def columns(self, permutations: int) -> dict[str, np.ndarray]:
        """Return ``NAME_chance``, ``NAME_p`` and some ``NAME_above_chance``; NaN where the unit has no value of it."""
        columns = {}
        for name in TESTED:
            unknown = np.isnan(self.observed[name])
            with np.errstate(invalid="ignore"):
                mean = self.sums[name] / np.where(self.defined[name], self.defined[name], np.nan)
            columns[f"{name}_chance"] = np.where(unknown, np.nan, mean)
            if scaled_by_chance(name):
                columns[f"{name}_above_chance"] = above_chance(self.observed[name], columns[f"{name}_chance"])
            columns[f"{name}_p"] = np.where(unknown, np.nan, (1 + self.reached[name]) / (1 + permutations))
        return columns


def falls_short(name: str, values: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return which values are less selective than the observed ones, by more than rounding."""
    slack = ROUNDING * np.maximum(np.abs(observed), 1.0)
    return np.asarray(values > observed + slack if name in LOW_IS_SELECTIVE else values < observed - slack)
