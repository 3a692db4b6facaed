"""Counting a block of items into a unit's histogram, sums and most active items, without keeping the block.

Values are counted by their *order*, a whole number that rises with the value: ``2**31`` plus the bits of a positive
float32, ``2**31`` minus those of a negative one's size, ``2**31`` for both zeros. Its highest bits are the bin: 9 of
them say the octave (512 in all, half of them for negative values), the next ones where in it. A bin is therefore
every value from its lower edge up to, not including, the next edge, and zero is counted apart.
"""

from typing import Any, NamedTuple

import numpy as np

from .ranking import jit
from .sums import add_exactly, add_sums, mean_of, merge, squares_about_mean

OCTAVE_BITS = 23
"""Bits of an order below its octave: the bits of a float32's fraction."""

N_OCTAVES = 512
ZERO = 1 << 31
"""The order of zero."""

LAST = 0xFFFFFFFF
SIGN = np.uint32(0x80000000)
SIZE = np.uint32(0x7FFFFFFF)
INFINITE = np.uint32(0x7F800000)


@jit
def order_of_bits(bits: Any) -> Any:
    """Turn the bits of a float32 into its order."""
    size = np.int64(bits & SIZE)
    return ZERO - size if bits & SIGN else ZERO + size


@jit
def value_of_order(order: Any) -> Any:
    """Return the smallest value of an order or above it; beyond the finite ones, minus infinity."""
    bits = np.empty(1, np.uint32)
    bits[0] = np.uint32(order - ZERO) if order >= ZERO else np.uint32(ZERO - order) | SIGN
    return np.float64(bits.view(np.float32)[0])


@jit
def mark_octaves(bits: Any, used: Any) -> Any:
    """Mark the octaves of a unit's nonzero values in `used`, ``(512,)``; return whether all values are finite."""
    largest = np.uint32(0)
    for place in range(len(bits)):
        size = bits[place] & SIZE
        largest = max(largest, size)
        if size:
            used[order_of_bits(bits[place]) >> OCTAVE_BITS] = True
    return largest < INFINITE


class Block(NamedTuple):
    """A block of items to count.

    Attributes
    ----------
    labels, items
        ``(n,)`` class and number of each item.
    sizes, first
        ``(C,)`` items of each class in the block, and the place of the first of them.
    """

    labels: np.ndarray
    items: np.ndarray
    sizes: np.ndarray
    first: np.ndarray


class UnitCounts(NamedTuple):
    """The counts of one unit, as views, see `unitscope.measures.histogram.Histograms`.

    Attributes
    ----------
    pages
        ``(512,)`` where in `counts` an octave's page stands.
    shift
        Bits of an order below its bin.
    counts
        ``(pages, bins, C)``.
    zeros, sums, squares, smallest, largest
        ``(C,)``, sums ``(2, C)``.
    """

    pages: np.ndarray
    shift: int
    counts: np.ndarray
    zeros: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray


class TopList(NamedTuple):
    """One unit's list of most active items, as views.

    The list holds the items above the *edge*, the value at the last place; the items at the edge are counts by class,
    since any number of them may tie.

    Attributes
    ----------
    words, labels
        ``(LAST - order) << 32 | item`` and class of the items in the list.
    state
        ``(2,)`` how many items are in the list, and the order of the edge, -1 while there are fewer items than places.
    edge_counts
        ``(C,)`` items at the edge.
    """

    words: np.ndarray
    labels: np.ndarray
    state: np.ndarray
    edge_counts: np.ndarray


@jit
def count_unit(values: Any, bits: Any, block: Any, sizes: Any, unit: Any, top: Any, n_top: Any, offsets: Any) -> None:
    """Count one unit's values of a block.

    Parameters
    ----------
    values, bits
        ``(n,)`` float32 and the same as uint32.
    block
        `Block`.
    sizes
        ``(C,)`` items of each class before it.
    unit, top
        `UnitCounts` and `TopList` to bring up to date.
    n_top
        How many of the most active items are kept.
    offsets
        ``(4, C)`` to work in.
    """
    counts, zeros, sums, squares = unit.counts, unit.zeros, unit.sums, unit.squares
    smallest, largest, pages, shift = unit.smallest, unit.largest, unit.pages, unit.shift
    labels = block.labels
    mask = (1 << (OCTAVE_BITS - shift)) - 1
    from_here, high, low, square_sums = offsets
    for c in range(len(sizes)):
        # Offsets from the mean so far keep the squares small, and are exactly zero where a class is constant.
        before = mean_of(sums[0, c], sums[1, c], sizes[c])
        from_here[c] = before if sizes[c] else (np.float64(values[block.first[c]]) if block.sizes[c] else 0.0)
        high[c] = low[c] = square_sums[c] = 0.0
    filled, edge = top.state
    for place in range(len(values)):
        c = labels[place]
        value = values[place]
        order = order_of_bits(bits[place])
        if order == ZERO:
            zeros[c] += np.uint32(1)
        else:
            counts[pages[order >> OCTAVE_BITS], (order >> shift) & mask, c] += np.uint32(1)
        high[c], rest = add_exactly(high[c], np.float64(value))
        low[c] += rest
        offset = np.float64(value) - from_here[c]
        square_sums[c] += offset * offset
        smallest[c] = min(smallest[c], value)
        largest[c] = max(largest[c], value)
        if order > edge:
            top.words[filled] = np.uint64(LAST - order) << np.uint64(32) | np.uint64(block.items[place])
            top.labels[filled] = c
            filled += 1
            if filled == len(top.words):
                filled, edge = keep_top(top, filled, edge, n_top)
        elif order == edge:
            top.edge_counts[c] += np.uint32(1)
    top.state[0], top.state[1] = filled, edge
    for c in range(len(sizes)):
        n = block.sizes[c]
        if n:
            spread = squares_about_mean(high[c], low[c], n, from_here[c], square_sums[c])
            before, here = mean_of(sums[0, c], sums[1, c], sizes[c]), mean_of(high[c], low[c], n)
            _, _, squares[c] = merge(sizes[c], before, squares[c], n, here, spread)
            sums[0, c], sums[1, c] = add_sums(sums[0, c], sums[1, c], high[c], low[c])


@jit
def keep_top(top: Any, filled: Any, edge: Any, n_top: Any) -> Any:
    """Sort a unit's list of most active items, and drop what is below its `n_top`-th place.

    The list and the counts at the edge are then the same whatever order the items came in.

    Parameters
    ----------
    top
        `TopList`; its state is neither read nor changed.
    filled, edge
        How many items are in the list, and the order of the edge.
    n_top
        Which place is the edge.

    Returns
    -------
    filled, edge
    """
    words, labels, edge_counts = top.words, top.labels, top.edge_counts
    order = np.argsort(words[:filled])
    sorted_words, sorted_labels = words[order], labels[order]
    words[:filled], labels[:filled] = sorted_words, sorted_labels
    if filled < n_top:
        return filled, edge
    edge = LAST - np.int64(words[n_top - 1] >> np.uint64(32))
    edge_counts[:] = 0
    above = 0
    for place in range(filled):
        here = LAST - np.int64(words[place] >> np.uint64(32))
        if here > edge:
            above += 1
        elif here == edge:
            edge_counts[labels[place]] += np.uint32(1)
    return above, edge


@jit
def merge_top(top: Any, other: Any, n_top: Any) -> None:
    """Add the items of another `TopList` to a unit's own."""
    words, labels, state, edge_counts = top.words, top.labels, top.state, top.edge_counts
    edge = max(state[1], other.state[1])
    if state[1] < edge:
        edge_counts[:] = 0
    if other.state[1] == edge and edge >= 0:
        edge_counts += other.edge_counts
    kept = 0
    own = state[0]
    for place in range(own + other.state[0]):
        word = words[place] if place < own else other.words[place - own]
        c = labels[place] if place < own else other.labels[place - own]
        order = LAST - np.int64(word >> np.uint64(32))
        if order > edge:  # `kept` never overtakes `place`, so nothing is overwritten before it is read
            words[kept], labels[kept] = word, c
            kept += 1
        elif order == edge:
            edge_counts[c] += np.uint32(1)
    state[0], state[1] = keep_top(top, kept, edge, n_top)
