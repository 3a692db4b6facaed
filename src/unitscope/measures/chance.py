"""Chance: what every measure gives by luck, when labels are dealt out at random.

Units without ties share random sequences of labels (``common_chance``); the measures of any other unit are repeated on
its own ranking with permuted labels.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..threads import fitting_threads, run_threads
from .block import CLASS_CELLS
from .chance_counts import ChanceCounts
from .classes import Classes
from .common_chance import count_common
from .counting import check_shape
from .describe import TESTED
from .gather import classwise_arrays, table_columns
from .ranking import Ranking, rank
from .resampling import count_permuted, random_state
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
    exact: bool = False,
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
        Names of the units; default: their numbers. Where a unit is permuted by itself, its random numbers follow from
        its name.
    exact
        Whether to permute every unit by itself. Otherwise units without ties but their zeros (at most 1 % of the
        nonzeros) share the random sequences of labels, which takes a small part of the time.

    Returns
    -------
    dict
        For each measure in `TESTED`, ``(U,)``: ``NAME_chance``, the mean over permutations, and ``NAME_p``, the
        share of permutations that are at least as selective, (1 + those) / (1 + all) (Phipson & Smyth 2010). For
        measures that end at 1 ``NAME_above_chance``, (value - chance) / (1 - chance).
    """
    counts = ChanceCounts(observed)
    served = np.zeros(len(activations), bool)
    merged = classes.without_labels
    check_shape(activations, classes)
    if not exact:
        served = count_common(
            activations, merged, counts, permutations, top=top, seed=seed, threads=threads, progress=progress
        )
    rest = np.flatnonzero(~served)
    if len(rest):
        look = functools.partial(count_exactly, counts, rest)
        some = activations if len(rest) == len(activations) else activations[rest]
        own = [names[unit] for unit in rest] if names else [str(unit) for unit in rest]
        step = None if progress is None else (lambda more: progress(int(served.sum()) + more))
        permute_units(some, merged, permutations, top, seed, look, threads, own, step)
    return counts.columns(permutations)


def count_exactly(counts: ChanceCounts, units: np.ndarray, unit: int, tallies: Iterator[Tally]) -> None:
    """Add the permutations of one unit, measured like any unit."""
    own = counts.of_units([units[unit]])
    for some in tallies:
        values = table_columns(some, classwise_arrays(some))
        own.add({name: np.asarray(values[name], float)[:, None] for name in TESTED})
    counts.join([units[unit]], own)


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
        state = random_state(f"{seed}:0:{name}")
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
