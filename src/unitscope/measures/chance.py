"""Chance and uncertainty: what every measure gives by luck, and within what it may lie.

Both repeat the measures of a unit on rankings made from its own: with permuted labels, or with resampled items.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..threads import fitting_threads, run_threads
from .best import at_class
from .block import CLASS_CELLS
from .classes import Classes
from .counting import check_shape
from .describe import BOUNDED, LOW_IS_SELECTIVE, TESTED
from .gather import classwise_arrays, table_columns
from .means import class_selectivity_of
from .ranking import Ranking, rank
from .resampling import PERMUTE, REDRAW, Draws, count_resampled, items_by_stratum
from .scratch import ITEM_BYTES, Scratch
from .tally import Tally

MOST_ROWS = 64


def compare_with_chance(
    activations: np.ndarray,
    classes: Classes,
    observed: dict[str, np.ndarray],
    permutations: int,
    *,
    top: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    names: list[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Compare every measure of every unit with what it gives when labels are dealt out at random.

    Each permutation is measured like any unit: the best class is chosen again, so that the null distribution is
    of the maximum over classes.

    Parameters
    ----------
    activations, classes
        As in `unitscope.measures.measure_block`.
    observed
        Its columns.
    permutations
        How many.
    top
        As in `unitscope.measures.measure_block`.
    seed
        Of the random numbers; each unit has its own.
    threads, progress
        As in `unitscope.measures.tally`.
    names
        Names of the units; default: their numbers. A unit's random numbers follow from its name.

    Returns
    -------
    dict
        For each measure in `TESTED`, ``(U,)``: ``NAME_chance``, the mean over permutations, and ``NAME_p``, the
        share of permutations that are at least as selective, (1 + those) / (1 + all) (Phipson & Smyth 2010).
    """
    found = {f"{name}_{what}": np.full(len(activations), np.nan) for name in TESTED for what in ("chance", "p")}

    def look(unit: int, counts: Iterator[Tally]) -> None:
        sums = dict.fromkeys(TESTED, 0.0)
        defined = dict.fromkeys(TESTED, 0)
        reached = dict.fromkeys(TESTED, 1)
        for some in counts:
            values = table_columns(some, classwise_arrays(some))
            for name in TESTED:
                sums[name] += np.nansum(values[name].astype(float))
                defined[name] += int((~np.isnan(values[name].astype(float))).sum())
                # A permutation without a value, such as an infinite d', counts as one that reaches the observed.
                reached[name] += int((~falls_short(name, values[name], observed[name][unit])).sum())
        for name in TESTED:
            if not np.isnan(float(observed[name][unit])):
                found[f"{name}_chance"][unit] = sums[name] / defined[name] if defined[name] else np.nan
                found[f"{name}_p"][unit] = reached[name] / (permutations + 1)

    each = functools.partial(resample_units, activations, classes.without_labels, PERMUTE, permutations, top, seed)
    each(look, threads, names, progress)
    return found


def falls_short(name: str, values: np.ndarray, observed: Any) -> np.ndarray:
    """Return which values are less selective than the observed one, by more than rounding."""
    observed = float(observed)
    slack = 1e-12 * max(abs(observed), 1.0)
    return values > observed + slack if name in LOW_IS_SELECTIVE else values < observed - slack


def bootstrap(
    activations: np.ndarray,
    classes: Classes,
    observed: dict[str, np.ndarray],
    samples: int,
    *,
    top: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    names: list[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Find percentile intervals by drawing items again, with replacement, as many of each stratum as it has.

    The class of each measure is fixed: the interval is for the class that is reported. Choosing
    the best class again in each sample would shift the interval upwards.

    Parameters
    ----------
    samples
        How many bootstrap samples.
    activations, classes, observed, top, seed, threads, names, progress
        As in `compare_with_chance`.

    Returns
    -------
    dict
        For each measure in `BOUNDED`, ``(U,)``: ``NAME_low`` and ``NAME_high``, the 2.5th and 97.5th percentile
        (Efron & Tibshirani 1993). NaN where the measure is, and for a class whose items are each alone in their
        stratum (a class of one item), which can only be drawn as themselves.
    """
    found = {f"{name}_{what}": np.full(len(activations), np.nan) for name in BOUNDED for what in ("low", "high")}

    merged = classes.without_labels
    left_out = classes.n_labels - merged.n_labels

    def look(unit: int, counts: Iterator[Tally]) -> None:
        places = {name: int(observed[f"{name}_class"][unit]) - left_out for name in BOUNDED}
        varying = {name: place for name, place in places.items() if place >= 0 and merged.can_vary[place]}
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in varying}
        for some in counts:
            of = classwise_arrays(some)
            for name, place in varying.items():
                fixed = np.full(len(some.mean), place)
                drawn[name].append(at_class(of[name], fixed) if name in of else class_selectivity_of(some, fixed))
        for name, parts in drawn.items():
            values = np.concatenate(parts)
            values = values[~np.isnan(values)]
            if len(values) and not np.isnan(observed[name][unit]):
                # Without interpolation, which has no meaning beside an infinite d'.
                low, high = np.percentile(values, [2.5, 97.5], method="inverted_cdf")
                found[f"{name}_low"][unit], found[f"{name}_high"][unit] = low, high

    each = functools.partial(resample_units, activations, merged, REDRAW, samples, top, seed)
    each(look, threads, names, progress)
    return found


def resample_units(
    activations: np.ndarray,
    classes: Classes,
    kind: int,
    samples: int,
    top: int | None,
    seed: int,
    look: Callable[[int, Iterator[Tally]], None],
    threads: int | None,
    names: list[str] | None,
    progress: Callable[[int], None] | None,
) -> None:
    """Let `look` see each unit's number and, some at a time, the tallies of its samples."""
    check_shape(activations, classes)

    def work(unit: int, space: "Space") -> None:
        name = names[unit] if names else str(unit)
        ranking = rank(activations[unit], classes, space.scratch, name)
        ranking.words.sort()  # ties in an order that does not depend on how they were sorted: items are drawn by place
        # From its name, so that a unit's numbers do not depend on which other units are measured.
        state = np.frombuffer(hashlib.sha256(f"{seed}:{kind}:{name}".encode()).digest()[:8], np.uint64).copy()
        look(unit, resampled(ranking, classes, kind, samples, state, space))

    threads = fitting_threads(threads, Space.ITEM_BYTES * classes.n_items)
    run_threads(work, len(activations), lambda: Space.of(classes, top), threads, progress)


@dataclass(frozen=True)
class Space:
    """The arrays that one thread resamples in."""

    ITEM_BYTES: ClassVar[int] = ITEM_BYTES + 20  # drawn words, items, and labels in another order

    scratch: Scratch
    drawn: np.ndarray
    items: np.ndarray
    counts: Tally

    @classmethod
    def of(cls, classes: Classes, top: int | None) -> "Space":
        """Make them for these classes."""
        n = min(MOST_ROWS, max(CLASS_CELLS // len(classes.sizes) // 8, 1))
        scratch = Scratch.of(classes)
        items = np.empty(classes.n_items, np.int64)
        return cls(scratch, np.empty_like(scratch.words), items, Tally.empty(n, classes, top))


def resampled(
    ranking: Ranking, classes: Classes, kind: int, samples: int, state: np.ndarray, space: Space
) -> Iterator[Tally]:
    """Resample one ranking, some samples at a time; each tally is overwritten when the next is asked for."""
    stratum, strata_sizes = classes.strata
    if kind == REDRAW:
        items_by_stratum(ranking.words, len(ranking.words), ranking.zeros, stratum, strata_sizes, space.items)
    pool = classes.labels.copy()
    draws = Draws(kind, classes.label_sizes, strata_sizes, pool, space.items, state, space.drawn)
    done = 0
    while done < samples:
        counts = space.counts.first(samples - done)
        count_resampled(ranking, classes.class_map, draws, space.scratch, counts)
        done += len(counts.sizes)
        yield counts
