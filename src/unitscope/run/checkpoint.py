"""The histograms of a run that stores no activations, one file per block of units.

They are in a folder named by the number of blocks of items that they hold, and are valid once the ledger's entry names
it; other folders are removed, so that no item is ever counted twice.
"""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..errors import UnitscopeError
from . import layout
from .blocks import UnitBlock
from .files import explain_errors, read_npz, write_npz
from .ledger import checkpoint_path, enter, read_entry
from .manifest import Manifest
from .repair import repair_step

Arrays = dict[str, np.ndarray]


def write_checkpoint(
    directory: Path,
    blocks: int,
    units: list[UnitBlock],
    arrays_of: Callable[[UnitBlock], Arrays],
    others: list[Path],
    threads: int = 2,
) -> None:
    """Write the histograms of all units after `blocks` blocks of items, then remove earlier ones.

    Parameters
    ----------
    directory
        The run.
    blocks
        Blocks of items that the histograms hold, from the first on.
    units
        The blocks of units.
    arrays_of
        Gives the histograms of a block of units as named arrays; called from several threads.
    others
        More files that belong to these blocks of items: their predictions.
    threads
        Files to compress at a time.
    """
    start = time.perf_counter()
    folder = directory / layout.HISTOGRAMS / f"{blocks:06d}"
    with explain_errors(directory):
        clear(directory)
        folder.mkdir(parents=True, exist_ok=True)

        def write(block: UnitBlock) -> Path:
            path = folder / f"{block.name}.npz"
            write_npz(path, arrays_of(block), compress=True)
            return path

        with ThreadPoolExecutor(threads) as pool:
            files = list(pool.map(write, units))
        enter(directory, checkpoint_path(directory), {"blocks": blocks}, files + others, time.perf_counter() - start)
        clear(directory)


def clear(directory: Path) -> None:
    """Remove every folder of histograms except the one that the ledger names."""
    for folder in (directory / layout.HISTOGRAMS).glob("*"):
        if folder.name != f"{counted_blocks(directory):06d}":
            shutil.rmtree(folder)


def counted_blocks(directory: Path) -> int:
    """Return how many blocks of items the histograms of a run hold; 0 if there are none, or their entry is damaged."""
    try:
        return int(read_entry(checkpoint_path(directory))["blocks"])
    except (FileNotFoundError, UnitscopeError):
        return 0


def read_checkpoint(directory: Path, block: UnitBlock) -> Arrays:
    """Read the histograms of a block of units as named arrays, see ``docs/run-format.md``."""
    path = directory / layout.HISTOGRAMS / f"{counted_blocks(directory):06d}" / f"{block.name}.npz"
    remedy = repair_step(directory, Manifest.read(directory))
    try:
        return read_npz(path, remedy)
    except FileNotFoundError as error:
        raise UnitscopeError(f"{path} is missing; {remedy}") from error
