"""The interface of an analysis: settings -> blocks -> parts -> a table of units, with arrays and images.

An analysis of *unit blocks* computes each block by itself, usually from stored activations. An analysis of *item
blocks* passes items through the network and adds up. Both kinds run the same way: missing blocks are computed, in this
process or in others, each result is kept as a part, and when all parts exist they become the table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ..columns import Array, Column
from ..plugins import Registry
from ..run import ItemBlock, Run, UnitBlock
from ..run.arrays import Rows
from ..run.files import read_npz, read_parquet

DAMAGED_PART = "delete it and run the same command again"


@dataclass(frozen=True)
class Part:
    """The result of one block.

    Attributes
    ----------
    frame
        For a block of units, its rows of the table; for a block of items, a row for each item, or nothing.
    arrays
        For a block of units, its rows of the arrays; for a block of items, anything that can be added up.
    images
        Files to add to the run's images: name, such as ``"conv1-17.png"``, and content.
    """

    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    images: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredPart:
    """A part on disk, read when its contents are used.

    Attributes
    ----------
    block
        The block it was computed from; for items, this may span several blocks that were added up.
    path
        The file with its rows of the table.
    """

    block: UnitBlock | ItemBlock
    path: Path

    @property
    def frame(self) -> pd.DataFrame:
        """Rows of the table."""
        return read_parquet(self.path, DAMAGED_PART).to_pandas()

    def read_arrays(self, prefix: str = "") -> dict[str, np.ndarray]:
        """Read the arrays, or those whose names begin with `prefix`, by what follows it."""
        return read_npz(self.path.with_suffix(".npz"), DAMAGED_PART, prefix)


@dataclass(frozen=True)
class Result:
    """A finished analysis.

    Attributes
    ----------
    frame
        The table: one row per unit, its columns those that the analysis describes.
    arrays
        Rows of its arrays, a few at a time, so that large arrays need no memory.
    labels
        Names along the axes of the arrays, for instance the ids of classes, by axis.
    images
        Files to add to the run's images, beside those of the parts: name and content, one at a time.
    """

    frame: pd.DataFrame
    arrays: Iterable[Rows] = ()
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    images: Iterable[tuple[str, bytes]] = ()


class UnitWorker(Protocol):
    """Computes blocks of units; one for each process, or for each share of the work."""

    def read(self, block: UnitBlock) -> Any:
        """Read what a block needs; called in a thread while another block is computed."""
        ...

    def compute(self, block: UnitBlock, data: Any, progress: Callable[[int], None]) -> Part:
        """Compute a block; `progress` takes the number of its units that are done."""
        ...


class ItemWorker(Protocol):
    """Adds up blocks of items; one for each process, or for each share of the work."""

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add blocks of items to the sum, in order; yield each once its items are in the sum.

        `progress` takes the number of items of these blocks that are done.
        """
        ...

    def start(self, stored: StoredPart | None) -> None:
        """Set the sum to a stored one, or to zero."""
        ...

    def sum(self) -> Part:
        """Return the sum of what `start` set and what was added since."""
        ...

    def is_full(self) -> bool:
        """Return whether the sum takes so much memory that it should be stored, and the next one start from zero."""
        ...


class Analysis(Protocol):
    """An analysis of a run: frozen settings that can be pickled, so that they travel to other processes.

    Attributes
    ----------
    table
        The name of its table, for instance ``"selectivity"``, and of its lock, parts and images.
    doing
        What progress bars show, for instance ``"measuring"``.
    """

    @property
    def table(self) -> str:
        """The name of its table."""
        ...

    @property
    def doing(self) -> str:
        """What progress bars show."""
        ...

    def columns(self, run: Run) -> Sequence[Column]:
        """Return what the columns of the table mean, in order."""
        ...

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return what the arrays mean."""
        ...

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return everything that the result depends on besides the run, as JSON; other values are another analysis."""
        ...

    def blocks(self, run: Run) -> Sequence[UnitBlock] | Sequence[ItemBlock]:
        """Return the blocks that cover the run, all of units or all of items."""
        ...

    def open(self, run: Run, threads: int | None) -> UnitWorker | ItemWorker:
        """Return what computes blocks in this process."""
        ...

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Make the result of the parts, which are in the order of their blocks."""
        ...


ANALYSES: Registry[Callable[..., Analysis]] = Registry("unitscope.analyses")
"""Analyses that installed packages and scripts have added: classes or functions that return one, given its options.

The name is that of the table and of the command, ``unitscope NAME RUN``.
"""


def put_together(parts: Sequence[StoredPart], labels: Mapping[str, Sequence[str]] | None = None) -> Result:
    """Return the result of parts that are blocks of units: their rows, concatenated."""
    frame = pd.concat([part.frame for part in parts], ignore_index=True) if parts else pd.DataFrame()
    rows = ((part.block.row, part.read_arrays()) for part in parts if isinstance(part.block, UnitBlock))
    return Result(frame, rows, labels or {})
