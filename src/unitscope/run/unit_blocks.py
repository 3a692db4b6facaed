"""A block of units: what is read, measured and written together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .layout import CHUNK_UNITS
from .manifest import Layer


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
        Place of the first unit in the run's list of units.
    """

    layer: str
    first: int
    last: int
    row: int

    @property
    def name(self) -> str:
        """Name for files of the block, which sort in the order of units."""
        return f"{self.row:08d}"


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
