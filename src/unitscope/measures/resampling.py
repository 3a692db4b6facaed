"""New rankings from one, with permuted labels. The values stay sorted, so nothing is sorted twice."""

import hashlib
from typing import Any

import numpy as np

from .counting import count_ranking
from .ranking import KEY_SHIFT, LABEL_MASK, Ranking, jit


def random_state(text: str) -> np.ndarray:
    """Return a state of the random numbers that follows from a text."""
    return np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint64).copy()


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
def count_permuted(
    ranking: Any, class_map: Any, pool: Any, state: Any, permuted: Any, scratch: Any, tally: Any
) -> None:
    """Count as many permuted rankings as the tally has rows.

    Parameters
    ----------
    ranking, scratch, tally
        As in `unitscope.measures.counting.count_ranking`; the zeros of the ranking are overwritten.
    class_map
        `unitscope.measures.classes.ClassMap`.
    pool, state, permuted
        As in `permute`.
    """
    n = len(ranking.words)
    zeros = scratch.zeros
    for row in range(len(tally.sizes)):
        permute(ranking.words, n, tally.label_sizes[row], pool, state, permuted, zeros)
        sample = Ranking(permuted[:n], zeros, ranking.zero_key, ranking.levels, ranking.scale, ranking.spare)
        count_ranking(sample, class_map, scratch, tally, row)
