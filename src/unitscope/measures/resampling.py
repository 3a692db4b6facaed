"""New rankings from one: labels permuted, or items drawn again. The values stay sorted, so nothing is sorted twice."""

from typing import Any, NamedTuple

import numpy as np

from .counting import count_ranking
from .ranking import KEY_SHIFT, LABEL_MASK, Ranking, jit

PERMUTE, REDRAW = 0, 1


class Draws(NamedTuple):
    """What samples are drawn from and into; compiled functions take it as it is.

    Attributes
    ----------
    kind
        `PERMUTE` labels, or `REDRAW` items with replacement.
    label_sizes, strata_sizes
        Items of each label and of each stratum, see `unitscope.measures.classes.Classes`.
    pool
        ``(N,)`` the labels for `PERMUTE`; to count in how often each nonzero was drawn for `REDRAW`.
    items
        ``(N,)`` the items of each stratum, from `items_by_stratum`.
    state
        State of the random numbers.
    words
        As long as the words of a ranking: the words of a sample.
    """

    kind: int
    label_sizes: np.ndarray
    strata_sizes: np.ndarray
    pool: np.ndarray
    items: np.ndarray
    state: np.ndarray
    words: np.ndarray


@jit
def random_below(state: Any, n: Any) -> Any:
    """Draw a whole number below `n`, each equally likely, and move `state` on.

    Splitmix64 (Steele et al. 2014) gives the bits; numbers that would be a little too likely are drawn again
    (Lemire 2019).
    """
    size = np.uint64(n)
    floor = np.uint64((4294967296 - n) % n)
    while True:
        state[0] += np.uint64(0x9E3779B97F4A7C15)
        bits = state[0]
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        product = ((bits ^ (bits >> np.uint64(31))) >> KEY_SHIFT) * size
        if product & LABEL_MASK >= floor:
            return np.int64(product >> KEY_SHIFT)


@jit
def permute(words: Any, n: Any, sizes: Any, pool: Any, state: Any, permuted: Any, zeros: Any) -> None:
    """Give the items of a ranking each other's labels, at random.

    Only the nonzeros' labels are drawn (a Fisher-Yates shuffle stopped there); the zeros have what is left.

    Parameters
    ----------
    words, n
        Sorted words of the nonzeros.
    sizes
        ``(C,)`` items of each label.
    pool
        ``(N,)`` the labels, in any order; left in another one.
    state
        Of the random numbers.
    permuted, zeros
        Filled with the words under their new labels, and each label's zeros.
    """
    zeros[:] = sizes
    for place in range(n):
        other = place + random_below(state, len(pool) - place)
        label = pool[other]
        pool[other] = pool[place]
        pool[place] = label
        zeros[label] -= 1
        permuted[place] = words[place] & ~LABEL_MASK | np.uint64(label)


@jit
def items_by_stratum(words: Any, n: Any, zeros: Any, stratum: Any, strata_sizes: Any, items: Any) -> None:
    """List the items of a ranking stratum by stratum: a nonzero by its place, a zero as minus one minus its label.

    Parameters
    ----------
    words, n, zeros
        Sorted words of the nonzeros, their number, each label's zeros.
    stratum, strata_sizes
        See `unitscope.measures.classes.Classes`.
    items
        ``(N,)`` filled.
    """
    ends = np.cumsum(strata_sizes) - strata_sizes
    for place in range(n):
        of = stratum[np.int64(words[place] & LABEL_MASK)]
        items[ends[of]] = place
        ends[of] += 1
    for label in range(len(zeros)):
        of = stratum[label]
        items[ends[of] : ends[of] + zeros[label]] = -1 - label
        ends[of] += zeros[label]


@jit
def redraw(
    words: Any, n: Any, strata_sizes: Any, items: Any, state: Any, times: Any, drawn: Any, zeros: Any, sizes: Any
) -> Any:
    """Draw as many items of each stratum as it has, with replacement.

    Parameters
    ----------
    words, n, state
        As in `permute`.
    strata_sizes, items
        The items of each stratum, from `items_by_stratum`.
    times
        ``(n,)`` to work in: how often each nonzero was drawn.
    drawn, zeros, sizes
        Filled with the words of the new ranking, and each label's zeros and items.

    Returns
    -------
    int
        How many words there are.
    """
    times[:n] = 0
    zeros[:] = 0
    begin = 0
    for size in strata_sizes:
        for _ in range(size):
            item = items[begin + random_below(state, size)]
            if item >= 0:
                times[item] += 1
            else:
                zeros[-1 - item] += 1
        begin += size
    sizes[:] = zeros
    m = 0
    for place in range(n):
        sizes[np.int64(words[place] & LABEL_MASK)] += times[place]
        for _ in range(times[place]):
            drawn[m] = words[place]
            m += 1
    return m


@jit
def count_resampled(ranking: Any, classes: Any, draws: Any, scratch: Any, tally: Any) -> None:
    """Count as many resampled rankings as the tally has rows.

    Parameters
    ----------
    ranking, scratch, tally
        As in `unitscope.measures.counting.count_ranking`; the zeros of the ranking are overwritten.
    classes
        `unitscope.measures.classes.ClassMap`.
    draws
        `Draws`.
    """
    n = len(ranking.words)
    zeros = scratch.zeros
    for row in range(len(tally.sizes)):
        if draws.kind == PERMUTE:
            tally.label_sizes[row] = draws.label_sizes
            permute(ranking.words, n, draws.label_sizes, draws.pool, draws.state, draws.words, zeros)
            m = n
        else:
            m = redraw(
                ranking.words, n, draws.strata_sizes, draws.items, draws.state, draws.pool, draws.words, zeros,
                tally.label_sizes[row],
            )  # fmt: skip
        sample = Ranking(draws.words[:m], zeros, ranking.zero_key, ranking.levels, ranking.scale, ranking.spare)
        count_ranking(sample, classes, scratch, tally, row)
