"""Sums that keep what float64 rounds off, and the means and spreads that follow from them.

A sum is a pair (high, low): `high` is the float64 nearest to the sum, `low` what is missing. Classes whose means are
equal then have the same float64 as their mean, and one huge value does not blur the others.
"""

from typing import Any

import numpy as np

from .ranking import jit

SPLITTER = 134217729.0
"""2**27 + 1: multiplying by it cuts a float64 into two halves of 26 bits (Dekker 1971)."""


@jit
def add_exactly(a: Any, b: Any) -> Any:
    """Return ``a + b`` as a float64, and exactly what it is rounded by (Knuth 1969)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@jit
def multiply_exactly(a: Any, b: Any) -> Any:
    """Return ``a * b`` as a float64, and exactly what it is rounded by (Dekker 1971)."""
    product = a * b
    long = SPLITTER * a
    a_high = long - (long - a)
    long = SPLITTER * b
    b_high = long - (long - b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@jit
def add_sums(high: Any, low: Any, other_high: Any, other_low: Any) -> Any:
    """Return the sum of two sums."""
    total, rest = add_exactly(high, other_high)
    return add_exactly(total, rest + (low + other_low))


@jit
def mean_of(high: Any, low: Any, n: Any) -> Any:
    """Return the float64 nearest to a sum divided by `n`; NaN where `n` is 0."""
    if n == 0:
        return np.nan
    quotient = high / n
    product, rest = multiply_exactly(quotient, np.float64(n))
    return quotient + ((high - product) - rest + low) / n


@jit
def means_of(sums: Any, sizes: Any) -> Any:
    """Return the mean of each class, ``(K,)``, from ``(2, K)`` sums and ``(K,)`` sizes; NaN for empty classes."""
    means = np.empty(len(sizes))
    for c in range(len(sizes)):
        means[c] = mean_of(sums[0, c], sums[1, c], sizes[c])
    return means


@jit
def squares_about_mean(high: Any, low: Any, n: Any, about: Any, squares: Any) -> Any:
    """Return the sum of squared deviations from the mean, given their sum and the `squares` of deviations from `about`.

    Little cancels where `about` is near the mean, measured in standard deviations. Equal values give exactly 0.
    """
    if n == 0:
        return 0.0
    product, rest = multiply_exactly(np.float64(n), about)
    deviation, _ = add_sums(high, low, -product, -rest)
    return max(squares - deviation * deviation / n, 0.0)


@jit
def means_of_others(sums: Any, sizes: Any, n_labels: Any, rest_mean: Any) -> Any:
    """Fill the mean of all items not of each class.

    Parameters
    ----------
    sums, sizes
        ``(2, K)`` sum and ``(K,)`` number of each class's items.
    n_labels
        The first so many classes are the labels, of which each item has one.
    rest_mean
        ``(K,)`` to fill; NaN where there are no other items.

    Returns
    -------
    float
        The mean of all items.
    """
    high, low, n_items = 0.0, 0.0, 0
    for label in range(n_labels):
        high, low = add_sums(high, low, sums[0, label], sums[1, label])
        n_items += sizes[label]
    for c in range(len(sizes)):
        rest_high, rest_low = add_sums(high, low, -sums[0, c], -sums[1, c])
        rest_mean[c] = mean_of(rest_high, rest_low, n_items - sizes[c])
    return mean_of(high, low, n_items)


@jit
def merge_others(sizes: Any, mean: Any, squares: Any, largest: Any, smallest: Any, out: Any) -> Any:
    """Fill the squared deviations, largest and smallest value of all items not of each label.

    The others are merged label by label from both sides (Chan et al. 1983), never subtracted from the total, so
    that constant values give exactly zero deviation.

    Parameters
    ----------
    sizes, mean, squares, largest, smallest
        ``(C,)`` of each label's own items.
    out
        Squared deviations, largest and smallest value of the others, to fill.

    Returns
    -------
    squares, largest, smallest
        Those of all items.
    """
    rest_squares, rest_largest, rest_smallest = out
    rest_mean = np.empty(len(sizes))
    n, mu, ss, high, low = 0, 0.0, 0.0, -np.inf, np.inf
    for c in range(len(sizes)):
        rest_mean[c], rest_squares[c], rest_largest[c], rest_smallest[c] = mu, ss, high, low
        if sizes[c]:
            n, mu, ss = merge(n, mu, ss, sizes[c], mean[c], squares[c])
            high, low = max(high, largest[c]), min(low, smallest[c])
    total = ss, high, low
    before = n
    n, mu, ss, high, low = 0, 0.0, 0.0, -np.inf, np.inf
    for c in range(len(sizes) - 1, -1, -1):
        before -= sizes[c]
        _, _, rest_squares[c] = merge(before, rest_mean[c], rest_squares[c], n, mu, ss)
        rest_largest[c], rest_smallest[c] = max(rest_largest[c], high), min(rest_smallest[c], low)
        if sizes[c]:
            n, mu, ss = merge(n, mu, ss, sizes[c], mean[c], squares[c])
            high, low = max(high, largest[c]), min(low, smallest[c])
    return total


@jit
def merge_outside(members: Any, sizes: Any, mean: Any, squares: Any, largest: Any, smallest: Any, out: Any) -> None:
    """Fill the same as `merge_others` for class sets: of all items whose label the set does not unite.

    `members` is ``(S, C)``; `out` begins at the first set, the other arrays are the labels'.
    """
    rest_squares, rest_largest, rest_smallest = out
    for s in range(len(members)):
        n, mu, ss, high, low = 0, 0.0, 0.0, -np.inf, np.inf
        for c in range(members.shape[1]):
            if sizes[c] and not members[s, c]:
                n, mu, ss = merge(n, mu, ss, sizes[c], mean[c], squares[c])
                high, low = max(high, largest[c]), min(low, smallest[c])
        rest_squares[s], rest_largest[s], rest_smallest[s] = ss, high, low


@jit
def fill_rest(sums: Any, sets: Any, tally: Any, row: Any) -> None:
    """Fill one row of a tally: mean, squares, largest and smallest of all items, and of all items not of each class.

    Parameters
    ----------
    sums
        ``(2, K)`` sum of each class's items.
    sets
        ``(S, C)`` bool, the labels that each class set unites.
    tally, row
        Sizes, means, squares and extremes of the classes are read.
    """
    n_labels = sets.shape[1]
    label_sizes, mean, squares = tally.label_sizes[row], tally.mean[row, :n_labels], tally.squares[row, :n_labels]
    largest, smallest = tally.largest[row, :n_labels], tally.smallest[row, :n_labels]
    rest = (tally.rest_squares[row], tally.rest_largest[row], tally.rest_smallest[row])
    tally.total_mean[row] = means_of_others(sums, tally.sizes[row], n_labels, tally.rest_mean[row])
    total = merge_others(label_sizes, mean, squares, largest, smallest, rest)
    tally.total_squares[row], tally.total_largest[row], tally.total_smallest[row] = total
    rest_of_sets = (rest[0][n_labels:], rest[1][n_labels:], rest[2][n_labels:])
    merge_outside(sets, label_sizes, mean, squares, largest, smallest, rest_of_sets)


@jit
def merge(n_a: Any, mu_a: Any, ss_a: Any, n_b: Any, mu_b: Any, ss_b: Any) -> Any:
    """Merge number, mean and sum of squared deviations of two groups."""
    if n_a == 0:
        return n_b, mu_b, ss_b
    if n_b == 0:
        return n_a, mu_a, ss_a
    n = n_a + n_b
    delta = mu_b - mu_a
    return n, mu_a + delta * n_b / n, ss_a + ss_b + delta * delta * n_a * n_b / n
