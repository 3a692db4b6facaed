"""Chance: what every measure gives by luck. The measures of a unit are repeated on its ranking with permuted labels."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..threads import fitting_threads, run_threads
from .block import CLASS_CELLS
from .classes import Classes
from .counting import check_shape
from .describe import LOW_IS_SELECTIVE, TESTED
from .gather import classwise_arrays, table_columns
from .ranking import Ranking, rank
from .resampling import count_permuted
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

    permute_units(activations, classes.without_labels, permutations, top, seed, look, threads, names, progress)
    return found


def falls_short(name: str, values: np.ndarray, observed: Any) -> np.ndarray:
    """Return which values are less selective than the observed one, by more than rounding."""
    observed = float(observed)
    slack = 1e-12 * max(abs(observed), 1.0)
    return values > observed + slack if name in LOW_IS_SELECTIVE else values < observed - slack


def permute_units(
    activations: np.ndarray,
    classes: Classes,
    permutations: int,
    top: int | None,
    seed: int,
    look: Callable[[int, Iterator[Tally]], None],
    threads: int | None,
    names: list[str] | None,
    progress: Callable[[int], None] | None,
) -> None:
    """Let `look` see each unit's number and, some at a time, the tallies of its permutations."""
    check_shape(activations, classes)

    def work(unit: int, space: "Space") -> None:
        name = names[unit] if names else str(unit)
        ranking = rank(activations[unit], classes, space.scratch, name)
        # From its name, so that a unit's numbers do not depend on which other units are measured.
        state = np.frombuffer(hashlib.sha256(f"{seed}:0:{name}".encode()).digest()[:8], np.uint64).copy()
        look(unit, permuted(ranking, classes, permutations, state, space))

    threads = fitting_threads(threads, Space.ITEM_BYTES * classes.n_items)
    run_threads(work, len(activations), lambda: Space.of(classes, top), threads, progress)


@dataclass(frozen=True)
class Space:
    """The arrays that one thread permutes in."""

    ITEM_BYTES: ClassVar[int] = ITEM_BYTES + 12  # permuted words, and labels in another order

    scratch: Scratch
    words: np.ndarray
    counts: Tally

    @classmethod
    def of(cls, classes: Classes, top: int | None) -> "Space":
        """Make them for these classes."""
        n = min(MOST_ROWS, max(CLASS_CELLS // len(classes.sizes) // 8, 1))
        scratch = Scratch.of(classes)
        return cls(scratch, np.empty_like(scratch.words), Tally.empty(n, classes, top))


def permuted(ranking: Ranking, classes: Classes, permutations: int, state: np.ndarray, space: Space) -> Iterator[Tally]:
    """Permute the labels of one ranking, some times at once; each tally is overwritten when the next is asked for."""
    pool = classes.labels.copy()
    done = 0
    while done < permutations:
        counts = space.counts.first(permutations - done)
        counts.label_sizes[:] = classes.label_sizes
        count_permuted(ranking, classes.class_map, pool, state, space.words, space.scratch, counts)
        done += len(counts.sizes)
        yield counts
