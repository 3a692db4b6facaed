"""The order in which the images of a probe set are passed through the network: which are compared, and with which.

Images are passed in a random order, so that neighbours have nothing in common, in *chunks*. Within a chunk, masks of
each image are also compared with the labels of others, for a null, and every tenth image belongs to the same *group*,
for held-out numbers and intervals. Chunks and groups depend on nothing but the number of images.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..run import ItemBlock

SEED = 2017
"""Random seed of the order."""

CHUNK = 32
"""Number of images whose labels are exchanged among each other; the last chunk may have up to 63."""

NULLS = 19
"""Largest number of rotations, each of which compares every mask with the labels of another image."""

GROUPS = 10
"""Number of groups of images: the even ones are one half, the odd ones the other."""

BLOCK_CHUNKS = 8
"""Largest number of chunks in a block."""

FEWEST_BLOCKS = 16
"""Smaller blocks are made where there would be fewer, so that a short dissection that was stopped goes on, too."""


def pass_order(n: int) -> np.ndarray:
    """Return the numbers of the images in the order in which they are passed, ``(n,)``."""
    return np.random.default_rng(SEED).permutation(n)


def chunks_of(n: int) -> list[range]:
    """Return the chunks of an order of n images, as ranges of places in it.

    Examples
    --------
    >>> chunks_of(70), chunks_of(3)
    ([range(0, 32), range(32, 70)], [range(0, 3)])
    """
    starts = [*range(0, max(n - CHUNK, 0) + 1, CHUNK), n]
    return [range(first, last) for first, last in pairwise(starts)]


def blocks_of(n: int) -> list[ItemBlock]:
    """Return blocks of whole chunks of n images."""
    chunks = chunks_of(n)
    size = max(1, min(BLOCK_CHUNKS, len(chunks) // FEWEST_BLOCKS))
    groups = [chunks[first : first + size] for first in range(0, len(chunks), size)]
    return [ItemBlock(of[0].start, of[-1].stop) for of in groups]


def batches_of(chunk: range, size: int) -> list[range]:
    """Cut a chunk into batches of at most `size` images.

    Examples
    --------
    >>> batches_of(range(32, 70), 16)
    [range(32, 48), range(48, 64), range(64, 70)]
    """
    return [chunk[start : start + size] for start in range(0, len(chunk), size)]


def n_nulls(n: int) -> int:
    """Return the number of rotations for n images.

    Examples
    --------
    >>> n_nulls(1000), n_nulls(5), n_nulls(1)
    (19, 4, 0)
    """
    return min(NULLS, n - 1)


def rotations(chunk: range, place: int, count: int) -> Iterator[int]:
    """Yield the places in a chunk whose labels an image is compared with: its own, then one for each rotation.

    Examples
    --------
    >>> [*rotations(range(32, 36), 34, 3)]
    [34, 35, 32, 33]
    """
    for rotation in range(count + 1):
        yield chunk.start + (place - chunk.start + rotation) % len(chunk)
