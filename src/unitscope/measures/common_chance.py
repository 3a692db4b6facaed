"""Chance by permutations that are common to all units: each random sequence of labels is drawn once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..threads import fitting_threads, run_threads
from .chance_counts import ChanceCounts
from .classes import Classes
from .common_means import MEAN_MEASURES, TOGETHER, mean_values
from .common_ranks import DETECTOR, PRECISION, RANK_MEASURES, Setting, draw_sequence, sweep
from .localist import ZHOU_DETECTOR
from .resampling import random_state
from .tally import top_sizes

MOST_TIED = 0.01
"""Share of a unit's nonzeros that may be tied: as if they were not, which makes the null of a maximum larger."""

CHUNK = 8
"""Permutations that a thread takes at a time."""


@dataclass(frozen=True)
class SortedUnits:
    """The values of units that common permutations serve.

    Attributes
    ----------
    units
        ``(B,)`` which units of the block they are.
    n_used
        ``(B,)`` how much of a sequence each uses: its nonzeros; all items where there are negative values.
    columns
        For every `TOGETHER` units ``(n, units)``, their values falling, then zeros.
    totals
        For every `TOGETHER` units ``(3, units)``, see `unitscope.measures.common_means.mean_values`.
    """

    units: np.ndarray
    n_used: np.ndarray
    columns: list[np.ndarray]
    totals: list[np.ndarray]

    @classmethod
    def of(cls, activations: np.ndarray) -> "SortedUnits":
        """Sort the values of the units that have no ties but their zeros, or hardly any."""
        units, columns, totals = [], [], []
        for unit, values in enumerate(activations):
            column = used_values(values)
            if column is not None:
                units.append(unit)
                columns.append(column)
                totals.append([column.sum(dtype=float), np.square(column, dtype=float).sum(), values.min()])
        # Units with as many nonzeros beside each other: less is filled up with zeros.
        order = np.argsort([len(column) for column in columns], kind="stable")
        groups = [order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER)]
        return cls(
            np.array(units, int)[order],
            np.array([len(columns[place]) for place in order], np.int64),
            [beside([columns[place] for place in group]) for group in groups],
            [np.array([totals[place] for place in group]).T.copy() for group in groups],
        )


def used_values(values: np.ndarray) -> np.ndarray | None:
    """Return a unit's values as far as it uses a sequence, falling; ``None`` where its ties matter.

    Float64 values are divided by a power of two, so that no square is beyond float64.

    Examples
    --------
    >>> used_values(np.array([0.0, 2.0, 0.0, 3.0]))
    array([0.75, 0.5 ])
    >>> used_values(np.array([0.0, 2.0, 2.0, 3.0])) is None
    True
    """
    rising = np.sort(values if values.dtype == np.float32 else values.astype(float))
    if rising[0] == rising[-1]:
        return None
    if rising[0] < 0 and (rising == 0).sum() > 1:
        return None  # zeros are tied in the middle
    column = rising[::-1] if rising[0] < 0 else rising[::-1][: int((rising > 0).sum())]
    tied = int((column[1:] == column[:-1]).sum())
    if tied > MOST_TIED * len(column):
        return None
    if column.dtype == np.float64:
        column = np.ldexp(column, -int(np.frexp(np.abs(column[[0, -1]]).max())[1]))
    return np.ascontiguousarray(column)


def beside(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Return columns beside each other, filled up with zeros."""
    filled = np.zeros((max(map(len, columns)), len(columns)), columns[0].dtype)
    for place, column in enumerate(columns):
        filled[: len(column), place] = column
    return filled


class Space:
    """The arrays that one thread permutes in."""

    def __init__(self, units: SortedUnits, setting: Setting, n_stops: int):
        # Small enough for a fast cache, since labels are drawn from all over it.
        self.sequence = np.empty(setting.n_items, np.uint16 if setting.n_labels <= 2**16 else np.uint32)
        self.ranks = np.empty((n_stops, len(RANK_MEASURES)))
        self.means = np.empty((TOGETHER, len(MEAN_MEASURES)))
        width = max((column.shape[1] for column in units.columns), default=0)
        self.sums = np.empty((2, len(setting.sizes), width))


def count_common(
    activations: np.ndarray,
    classes: Classes,
    counts: ChanceCounts,
    permutations: int,
    *,
    top: int | None,
    seed: int,
    threads: int | None,
    progress: Callable[[int], None] | None,
) -> np.ndarray:
    """Compare units with common permutations, and return which units of the block these serve, ``(U,)`` bool.

    The sequences follow from the seed alone, so that neither blocks nor threads change a number.

    Parameters
    ----------
    activations, classes, permutations, top, seed, threads, progress
        As in `unitscope.measures.chance.compare_with_chance`.
    counts
        To which the permutations are added.
    """
    units = SortedUnits.of(activations)
    served = np.zeros(len(activations), bool)
    served[units.units] = True
    if not len(units.units):
        return served
    setting = Setting.of(classes, *top_sizes(top))
    labels = classes.labels.astype(np.uint16 if setting.n_labels <= 2**16 else np.uint32)
    stops, at_stop = np.unique(units.n_used, return_inverse=True)
    chunks = [range(first, min(first + CHUNK, permutations)) for first in range(0, permutations, CHUNK)]
    found: list[Any] = [None] * len(chunks)

    def work(chunk: int, space: Space) -> None:
        own = counts.of_units(units.units)
        for permutation in chunks[chunk]:
            state = random_state(f"{seed}:common:{permutation}")
            draw_sequence(labels, int(stops[-1]), state, space.sequence)
            sweep(space.sequence, stops, setting, space.ranks)
            own.add(values_of(space, units, setting, at_stop))
        found[chunk] = own

    threads = fitting_threads(threads, 4 * classes.n_items + 16 * len(setting.sizes) * TOGETHER)

    def report(done: int) -> None:
        if progress is not None:
            progress(done * len(units.units) // len(chunks))

    run_threads(work, len(chunks), lambda: Space(units, setting, len(stops)), threads, report)
    for own in found:  # in order, so that threads do not change the sums
        counts.join(units.units, own)
    return served


def values_of(space: Space, units: SortedUnits, setting: Setting, at_stop: np.ndarray) -> dict[str, np.ndarray]:
    """Return every measure of the units for the sequence at hand, ``(B,)`` each."""
    ranks = space.ranks[at_stop]
    values = {name: ranks[:, place] for place, name in enumerate(RANK_MEASURES)}
    parts = []
    for columns, totals in zip(units.columns, units.totals, strict=True):
        n = columns.shape[1]
        mean_values(space.sequence, columns, totals, setting, space.sums[:, :, :n], space.means[:n])
        parts.append(space.means[:n].copy())
    means = np.concatenate(parts)
    values |= {name: means[:, place] for place, name in enumerate(MEAN_MEASURES)}
    values["zhou_detector"] = (ranks[:, PRECISION] > ZHOU_DETECTOR).astype(float)
    values["detector"] = (ranks[:, DETECTOR] > 0.5).astype(float)
    return values
