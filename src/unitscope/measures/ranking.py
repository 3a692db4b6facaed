"""The ranking: one unit's items in falling order of activation, tied values together, zeros as counts only.

Zeros are most of the items of a rectified unit; they tie with each other, so they are counted by class and never
sorted. The rest is packed into 64-bit words, an order-preserving key above the item's label, and sorted: by NumPy where
it has vector instructions for that, by radix elsewhere. Every measure reads this one sort.
"""

import functools
import time
from typing import Any, NamedTuple, Protocol

import numba
import numpy as np

from ..errors import UnitscopeError
from .scratch import Scratch

RADIX_BITS = 11
"""Most bits of a key that one pass sorts by: its counters must stay in the fastest cache."""

ZERO_KEY = np.uint32(0x7FFFFFFF)

KEY_SHIFT = np.uint64(32)
LABEL_MASK = np.uint64(0xFFFFFFFF)
"""A word is ``key << 32 | label``."""

ACTUAL, SCALED = 0, 1
"""Rows of the levels: the values themselves, and divided by a power of two that keeps their squares finite."""

MOST_INTEGER = 2**53
"""Float64 holds every integer up to this one."""

NO_LEVELS = np.empty((2, 0))

jit = numba.njit(cache=True, nogil=True, error_model="numpy")


class Labelled(Protocol):
    """What a ranking needs of `unitscope.measures.classes.Classes` or of `unitscope.measures.halves.Halves`."""

    @property
    def labels(self) -> np.ndarray:
        """``(N,)`` uint32."""

    @property
    def label_sizes(self) -> np.ndarray:
        """Items of each label."""


class Ranking(NamedTuple):
    """One unit's items in falling order; compiled functions take it as it is.

    Attributes
    ----------
    words
        ``(n,)`` the nonzeros as ``key << 32 | label``, rising by key.
    zeros
        ``(C,)`` zeros of each label.
    zero_key
        The key at which the zeros stand.
    levels
        ``(2, distinct)`` the values of the keys, falling, and the same divided by `scale`; empty where keys are bits
        of float32.
    scale
        A power of two, 1 for float32.
    spare
        An array as long as all items and labels, free to use.
    """

    words: np.ndarray
    zeros: np.ndarray
    zero_key: int
    levels: np.ndarray
    scale: float
    spare: np.ndarray


@jit
def key_of_bits(bits: Any) -> Any:
    """Turn the bits of a float32 into a key that rises as the value falls; both zeros give `ZERO_KEY`."""
    key = bits if bits & np.uint32(0x80000000) else ZERO_KEY - bits
    return ZERO_KEY if bits == np.uint32(0x80000000) else key


@jit
def bits_of_key(key: Any) -> Any:
    """Turn a key back into the bits of its float32."""
    return key if key & np.uint32(0x80000000) else ZERO_KEY - key


@jit
def pack_float32(bits: Any, labels: Any, words: Any) -> Any:
    """Pack the nonzeros of a unit into words, without branches: which values are zero cannot be foreseen.

    Returns
    -------
    int
        How many words were written, or -1 if some value is not finite.
    """
    n = 0
    largest = np.uint32(0)
    for item in range(len(bits)):
        size = bits[item] & np.uint32(0x7FFFFFFF)
        largest = max(largest, size)
        words[n] = np.uint64(key_of_bits(bits[item])) << KEY_SHIFT | np.uint64(labels[item])
        n += size != 0
    return n if largest < np.uint32(0x7F800000) else -1


@jit
def pack_levels(keys: Any, labels: Any, zero: Any, words: Any) -> Any:
    """Pack a unit whose values were replaced by their place among the distinct values, falling.

    `zero` is the place of the value zero, or -1. Returns how many words were written.
    """
    n = 0
    for item in range(len(keys)):
        words[n] = np.uint64(keys[item]) << KEY_SHIFT | np.uint64(labels[item])
        n += keys[item] != zero
    return n


@jit
def count_zeros(words: Any, n: Any, sizes: Any, zeros: Any) -> None:
    """Count each class's zeros: its items that were not packed."""
    if n == sizes.sum():
        zeros[:] = 0
        return
    zeros[:] = sizes
    for place in range(n):
        zeros[words[place] & LABEL_MASK] -= 1


@jit
def sort_words(words: Any, spare: Any, n: Any) -> Any:
    """Sort the first `n` words by key, rising, with a radix sort over the range of keys that occurs.

    Words of equal key stay in the order they came in; no measure reads that order. Returns the array (`words` or
    `spare`) that holds the result.
    """
    if n < 2:
        return words
    lowest = highest = words[0] >> KEY_SHIFT
    for place in range(1, n):
        key = words[place] >> KEY_SHIFT
        lowest = min(lowest, key)
        highest = max(highest, key)
    width = 0
    while (highest - lowest) >> np.uint64(width):
        width += 1
    passes = -(-width // RADIX_BITS)
    digit_bits = -(-width // max(passes, 1))
    size = 1 << digit_bits
    mask = np.uint64(size - 1)
    starts = np.zeros((passes, size), np.int64)
    for place in range(n):  # the digits of all passes are counted in one reading
        digits = (words[place] >> KEY_SHIFT) - lowest
        for turn in range(passes):
            starts[turn, digits & mask] += 1
            digits >>= np.uint64(digit_bits)
    for turn in range(passes):
        total = 0
        for digit in range(size):
            count = starts[turn, digit]
            starts[turn, digit] = total
            total += count
        shift = np.uint64(digit_bits * turn)
        begins = starts[turn]
        for place in range(n):
            word = words[place]
            digit = ((word >> KEY_SHIFT) - lowest >> shift) & mask
            spare[begins[digit]] = word
            begins[digit] += 1
        words, spare = spare, words
    return words


@functools.cache
def numpy_sorts_faster() -> bool:
    """Return whether NumPy sorts words faster than `sort_words` here: on some processors it sorts with vectors."""
    words = np.random.default_rng(0).integers(0, 2**63, 2**17, np.uint64)
    spare = np.empty_like(words)
    sort_words(words.copy(), spare, 2)  # compiles
    seconds = []
    for sort in (np.ndarray.sort, lambda copied: sort_words(copied, spare, len(copied))):
        copied = words.copy()
        start = time.perf_counter()
        sort(copied)
        seconds.append(time.perf_counter() - start)
    return seconds[0] < seconds[1]


def levels_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Replace float64 values by their place among the distinct values, falling, which keeps every bit of order.

    Returns
    -------
    levels
        ``(2, distinct)`` float64, falling: the values, and the values divided by `scale`.
    keys
        ``(N,)`` uint32 indices into `levels`.
    zero
        The place of the value zero, or -1.
    scale
        The power of two that brings the largest size to 1 or more and below 2; 1 where all values are zero.

    Examples
    --------
    >>> levels_of(np.array([0.0, 2.5, -1.0, 2.5]))
    (array([[ 2.5 ,  0.  , -1.  ],
           [ 1.25,  0.  , -0.5 ]]), array([1, 0, 2, 0], dtype=uint32), 1, 2.0)
    """
    rising, places = np.unique(values + 0.0, return_inverse=True)  # + 0.0 makes the negative zero a zero
    falling = rising[::-1]
    exponent = int(np.frexp(np.abs(rising[[0, -1]]).max())[1]) - 1 if rising.any() else 0
    # Not divided by the power: its inverse may be beyond float64.
    levels = np.stack([falling, np.ldexp(falling, -exponent)])
    keys = (len(rising) - 1 - places).astype(np.uint32)
    at_zero = np.flatnonzero(falling == 0)
    return levels, keys, int(at_zero[0]) if len(at_zero) else -1, float(np.ldexp(1.0, exponent))


def rank(values: np.ndarray, classes: Labelled, scratch: Scratch, name: str) -> Ranking:
    """Rank one unit's items; the ranking lies in `scratch`.

    Raises
    ------
    UnitscopeError
        If a value is not finite.
    """
    if values.dtype == np.float32:
        levels, zero_key, scale = NO_LEVELS, int(ZERO_KEY), 1.0
        n = pack_float32(np.ascontiguousarray(values).view(np.uint32), classes.labels, scratch.words)
    else:
        if not np.isfinite(values).all():
            refuse(values, name)
        levels, keys, zero_key, scale = levels_of(as_float64(values, name))
        n = pack_levels(keys, classes.labels, zero_key, scratch.words)
    if n < 0:
        refuse(values, name)
    count_zeros(scratch.words, n, classes.label_sizes, scratch.zeros)
    if numpy_sorts_faster():
        words = scratch.words
        words[:n].sort()
    else:
        words = sort_words(scratch.words, scratch.spare, n)
    spare = scratch.spare if words is scratch.words else scratch.words
    return Ranking(words[:n], scratch.zeros, zero_key, levels, scale, spare)


def as_float64(values: np.ndarray, name: str) -> np.ndarray:
    """Return a unit's values as float64, exactly.

    Raises
    ------
    UnitscopeError
        If a value is no float64: an integer beyond 2**53, or a long double with more digits.
    """
    exact = values.astype(np.float64)
    if values.dtype.kind in "iu":  # NumPy would round both sides of a comparison with float64
        rounded = (
            (values > MOST_INTEGER) | (values < -MOST_INTEGER) if values.dtype.itemsize == 8 else np.zeros(1, bool)
        )
    else:
        rounded = exact != values
    if rounded.any():
        item = int(np.flatnonzero(rounded)[0])
        raise UnitscopeError(
            f"unit {name} has the {values.dtype} value {values[item]} for item {item}, which float64 cannot hold "
            "exactly; subtract an offset or divide before measuring, or accept rounding with .astype(float)"
        )
    return exact


def refuse(values: np.ndarray, name: str) -> None:
    """Raise for a value that is not finite."""
    item = int(np.flatnonzero(~np.isfinite(values))[0])
    raise UnitscopeError(
        f"unit {name} has the value {values[item]} for item {item}; leave such items or units out before measuring"
    )
