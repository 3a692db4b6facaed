"""Blocks of units and blocks of items, which an analysis computes and resumes as a whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .layout import CHUNK_UNITS
from .manifest import Layer, Manifest

BLOCK_BYTES = 400 * 2**20
"""Largest number of bytes that are read at a time; with the next block and a copy, memory stays below 2 GiB."""


@dataclass(frozen=True)
class UnitBlock:
    """Consecutive units of one layer: a chunk of 64, or part of one.

    Attributes
    ----------
    layer
        The layer's name.
    first, last
        The units ``first`` to ``last - 1`` of the layer.
    row
        Row of the first unit in the run's table of units.

    See Also
    --------
    unit_blocks : Split layers into blocks of units.

    Examples
    --------
    >>> UnitBlock("fc6", 64, 128, row=96).size
    64
    """

    layer: str
    first: int
    last: int
    row: int

    @property
    def size(self) -> int:
        """Number of units."""
        return self.last - self.first

    @property
    def name(self) -> str:
        """Name for files of the block; names sort in the order of units."""
        return f"{self.row:08d}"


@dataclass(frozen=True)
class ItemBlock:
    """Consecutive items: a block of the recording, or several of them.

    Attributes
    ----------
    first, last
        The items ``first`` to ``last - 1``.

    See Also
    --------
    item_blocks : The blocks in which a run was recorded.

    Examples
    --------
    >>> ItemBlock(8192, 10_000).size
    1808
    """

    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of items."""
        return self.last - self.first

    @property
    def name(self) -> str:
        """Name for files of the block; names sort in the order of items."""
        return f"{self.first:010d}-{self.last:010d}"

    def covers(self, other: "ItemBlock") -> bool:
        """Return whether all items of another block are in this one."""
        return self.first <= other.first and other.last <= self.last

    @classmethod
    def from_name(cls, name: str) -> "ItemBlock":
        """Return the block with this name.

        Examples
        --------
        >>> ItemBlock.from_name(ItemBlock(0, 8192).name)
        ItemBlock(first=0, last=8192)
        """
        first, last = name.split("-")
        return cls(int(first), int(last))


def unit_blocks(layers: Iterable[Layer], step: int = CHUNK_UNITS) -> Iterator[UnitBlock]:
    """Split the units of layers into blocks of `step` units, by default the chunks of the stored arrays.

    Parameters
    ----------
    layers
        The layers.
    step
        Units per block; to align blocks with chunks, a divisor of 64.

    Yields
    ------
    UnitBlock
        In the order of ``units.parquet``. Blocks never span two layers.

    See Also
    --------
    item_blocks : Blocks of items.

    Examples
    --------
    >>> [(block.layer, block.first, block.last, block.row) for block in unit_blocks([Layer("a", 3), Layer("b", 65)])]
    [('a', 0, 3, 0), ('b', 0, 64, 3), ('b', 64, 65, 67)]
    """
    row = 0
    for layer in layers:
        for first in range(0, layer.units, step):
            last = min(first + step, layer.units)
            yield UnitBlock(layer.name, first, last, row)
            row += last - first


def fitting_blocks(manifest: Manifest) -> Iterator[UnitBlock]:
    """Split the units of a run into blocks whose stored activations fit into memory: chunks, or parts of chunks.

    See Also
    --------
    unit_blocks : Blocks of a given number of units.

    Examples
    --------
    >>> [block.size for block in fitting_blocks(Manifest({}, (Layer("fc", 100),), n_items=10_000))]
    [64, 36]
    >>> next(fitting_blocks(Manifest({}, (Layer("fc", 100),), n_items=10_000_000))).size
    8
    """
    fitting = BLOCK_BYTES // (4 * max(manifest.n_items, 1))
    # A power of two, so it divides a chunk.
    return unit_blocks(manifest.layers, max(1, min(CHUNK_UNITS, 1 << max(fitting.bit_length() - 1, 0))))


def item_blocks(manifest: Manifest) -> list[ItemBlock]:
    """Return the blocks of items in which a run was recorded.

    See Also
    --------
    unit_blocks : Blocks of units.

    Examples
    --------
    >>> item_blocks(Manifest({}, (Layer("fc", 2),), n_items=10_000))
    [ItemBlock(first=0, last=8192), ItemBlock(first=8192, last=10000)]
    """
    rows = [manifest.block(number) for number in range(manifest.n_blocks)]
    return [ItemBlock(row.start, row.stop) for row in rows]
