"""Blocks of units and blocks of items: what an analysis computes, loses and resumes as one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .layout import CHUNK_UNITS
from .manifest import Layer, Manifest


@dataclass(frozen=True)
class UnitBlock:
    """Some units of one layer: a chunk of 64, or a part of one.

    Attributes
    ----------
    layer
        The layer's name.
    first, last
        The units ``first`` to ``last - 1`` of the layer.
    row
        Row of the first unit in the run's table of units.
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

    @classmethod
    def from_name(cls, name: str) -> "ItemBlock":
        """Return the block that has a name.

        Examples
        --------
        >>> ItemBlock.from_name(ItemBlock(0, 8192).name)
        ItemBlock(first=0, last=8192)
        """
        first, last = name.split("-")
        return cls(int(first), int(last))


def unit_blocks(layers: Iterable[Layer], step: int = CHUNK_UNITS) -> Iterator[UnitBlock]:
    """Cut the units of layers into blocks of `step`: chunks of the stored arrays, or even parts of them.

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


def item_blocks(manifest: Manifest) -> list[ItemBlock]:
    """Return the run's items in the blocks in which they were recorded."""
    rows = [manifest.block(number) for number in range(manifest.n_blocks)]
    return [ItemBlock(row.start, row.stop) for row in rows]
