"""How much the measures of one class vary from item to item: what their intervals are made of.

Only the items of the class are visited. Between two of them, all other items have the same place relative to the class.
"""

from typing import Any

import numba
import numpy as np

from .ranking import KEY_SHIFT, LABEL_MASK, SCALED, bits_of_key, jit
from .thresholds import value_of

PIECE = 256
"""Words whose values are unpacked at a time."""

MOST_OF_SUM = 1 - 1e-6
"""Share of a sum that may be taken off it again."""

N_SPREAD = 8
MEMBER_PLACES, REST_PLACES, MEMBER_GAIN, REST_GAIN, MEMBER_3, MEMBER_4, REST_3, REST_4 = range(N_SPREAD)
"""What `spread_of` returns, by place: see there."""


@jit
def group_size(ranking: Any, entry: Any, n_zeros: Any) -> Any:
    """Return how many items of all classes are tied at an entry of `unitscope.measures.thresholds.group_by_class`."""
    words, key = ranking.words, entry >> KEY_SHIFT
    if key == np.uint64(ranking.zero_key) and n_zeros:
        return n_zeros
    last = np.int64(entry & LABEL_MASK)
    if key > np.uint64(ranking.zero_key):
        last -= n_zeros  # negative values stand below the zeros, which are not among the words
    first = last - 1
    while first > 0 and words[first - 1] >> KEY_SHIFT == key:
        first -= 1
    return last - first


@jit
def spread_of_ranks(ranking: Any, entries: Any, n_class_zeros: Any, n_c: Any, spread: Any) -> None:
    """Fill the squares of what each item adds to the area under the ROC curve and to average precision.

    Parameters
    ----------
    ranking
        `unitscope.measures.ranking.Ranking`.
    entries
        The class's entries of `unitscope.measures.thresholds.group_by_class`, falling.
    n_class_zeros, n_c
        How many of its items are zero, and how many there are.
    spread
        ``(N_SPREAD,)`` of which the first four are filled:

        - `MEMBER_PLACES`: for the items of the class, the sum of squares of twice the number of other items below
          them, ties counting half (DeLong et al. 1988: the placements).
        - `REST_PLACES`: for the other items, the same of the items of the class above them.
        - `MEMBER_GAIN`: sum of squared deviations, over the items of the class, of the derivative of average
          precision by the item's weight.
        - `REST_GAIN`: the same over the other items.
    """
    n_zeros = ranking.zeros.sum()
    zero_key = np.uint64(ranking.zero_key)
    n = len(ranking.words) + n_zeros
    rest = n - n_c
    gain_below = loss_below = 0.0
    place = k = 0
    while place < len(entries):
        entry = entries[place]
        m, place = members_at(entries, place, n_class_zeros, zero_key)
        k += m
        r = np.int64(entry & LABEL_MASK)
        gain_below += m * (r - k) / r / r
        loss_below += m * k / r / r
    member_places = rest_places = 0.0
    gain_sum = gain_squares = loss_sum = loss_squares = 0.0
    place = k = others = 0
    while place < len(entries):
        entry = entries[place]
        m, place = members_at(entries, place, n_class_zeros, zero_key)
        r = np.int64(entry & LABEL_MASK)
        tied = group_size(ranking, entry, n_zeros) - m
        before = r - m - tied - k  # others above this group
        below = 2.0 * (rest - before - tied) + tied
        member_places += m * below * below
        rest_places += (before - others) * (2.0 * k) * (2.0 * k) + tied * (2.0 * k + m) * (2.0 * k + m)
        loss_sum += (before - others + tied) * loss_below
        loss_squares += (before - others + tied) * loss_below * loss_below
        k += m
        others = before + tied
        gain = k / r + gain_below
        gain_sum += m * gain
        gain_squares += m * gain * gain
        gain_below -= m * (r - k) / r / r
        loss_below -= m * k / r / r
    rest_places += (rest - others) * (2.0 * n_c) * (2.0 * n_c)
    spread[MEMBER_PLACES], spread[REST_PLACES] = member_places, rest_places
    spread[MEMBER_GAIN] = max(gain_squares - gain_sum * gain_sum / n_c, 0.0)
    spread[REST_GAIN] = max(loss_squares - loss_sum * loss_sum / rest, 0.0)


@jit
def members_at(entries: Any, place: Any, n_class_zeros: Any, zero_key: Any) -> Any:
    """Return how many items of the class are tied at an entry, and the place of the next entry."""
    entry = entries[place]
    if entry >> KEY_SHIFT == zero_key and n_class_zeros:
        return n_class_zeros, place + 1
    last = place + 1
    while last < len(entries) and entries[last] == entry:
        last += 1
    return last - place, last


@jit
def spread_of_values(
    ranking: Any, entries: Any, n_class_zeros: Any, members: Any, means: Any, rest_zeros: Any, spread: Any
) -> None:
    """Fill sums of third and fourth powers of deviations from the mean, in the class and outside.

    Parameters
    ----------
    ranking, entries, n_class_zeros
        As in `spread_of_ranks`.
    members
        ``(n_labels,)`` whether each label is of the class.
    means
        Mean of the class and of all other items, scaled.
    rest_zeros
        Zeros among the other items.
    spread
        `MEMBER_3`, `MEMBER_4`, `REST_3` and `REST_4` are filled.
    """
    mean, rest_mean = means
    zero_key = np.uint64(ranking.zero_key)
    third = fourth = away_third = away_fourth = 0.0
    for place in range(len(entries)):
        value = value_of(entries[place], ranking.levels, SCALED)
        at_zero = n_class_zeros > 0 and entries[place] >> KEY_SHIFT == zero_key
        m: Any = n_class_zeros if at_zero else 1
        away = value - mean
        third += m * away**3
        fourth += m * away**4
        away = 0.0 if at_zero else value - rest_mean
        away_third += away**3
        away_fourth += away**4
    spread[MEMBER_3], spread[MEMBER_4] = third, fourth
    third, fourth = powers_of_all(ranking.words, ranking.levels, rest_mean)
    if away_fourth < MOST_OF_SUM * fourth:
        third -= away_third
        fourth -= away_fourth
    else:  # too little would be left of the difference
        third, fourth = powers_of_rest(ranking.words, ranking.levels, rest_mean, members)
    spread[REST_3] = third - rest_zeros * rest_mean**3
    spread[REST_4] = fourth + rest_zeros * rest_mean**4


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def powers_of_all(words: Any, levels: Any, middle: Any) -> Any:
    """Return the sums of third and fourth powers of deviations from `middle`; added in any order, eight at a time."""
    third = fourth = 0.0
    if levels.shape[1]:
        for place in range(len(words)):
            away = levels[SCALED, words[place] >> KEY_SHIFT] - middle
            third += away * away * away
            fourth += away * away * away * away
        return third, fourth
    bits = np.empty(PIECE, np.uint32)
    values = bits.view(np.float32)
    for start in range(0, len(words), PIECE):
        n = min(PIECE, len(words) - start)
        for place in range(n):
            bits[place] = bits_of_key(np.uint32(words[start + place] >> KEY_SHIFT))
        for place in range(n):
            away = np.float64(values[place]) - middle
            third += away * away * away
            fourth += away * away * away * away
    return third, fourth


@jit
def powers_of_rest(words: Any, levels: Any, middle: Any, members: Any) -> Any:
    """Return the same sums of the items whose labels are not `members`."""
    third = fourth = 0.0
    for place in range(len(words)):
        if not members[np.int64(words[place] & LABEL_MASK)]:
            away = value_of(words[place], levels, SCALED) - middle
            third += away**3
            fourth += away**4
    return third, fourth
