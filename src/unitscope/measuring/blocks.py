"""A block of units, read and measured."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..columns import top_name
from ..errors import UnitscopeWarning
from ..measures import (
    Classes,
    Histograms,
    bootstrap,
    compare_with_chance,
    measure_block,
    measure_histograms,
    named,
)
from ..run import Run, UnitBlock, read_checkpoint, unit_blocks
from ..run.layout import CHUNK_UNITS
from .settings import Settings

BLOCK_BYTES = 400 * 2**20
"""At most so many bytes are read at a time; with the next block and a copy, memory stays below 2 GiB."""

RESAMPLED_UNITS = 8
"""Units in a block where each takes long: what a stopped measurement has to do over again is little then."""


def blocks_of(run: Run, settings: Settings) -> list[UnitBlock]:
    """Cut the run's units into blocks that follow the chunks of the stored arrays, or its histograms.

    Where there are so many items that a chunk's units would not fit into memory, they are read a part at a time.
    """
    if run.manifest.histograms is not None:
        return list(unit_blocks(run.layers))
    fitting = BLOCK_BYTES // (4 * max(run.manifest.n_items, 1))
    most = RESAMPLED_UNITS if settings.permutations or settings.bootstrap else CHUNK_UNITS
    # A power of two, so it divides a chunk.
    return list(unit_blocks(run.layers, max(1, min(most, 1 << max(fitting.bit_length() - 1, 0)))))


def read_block(run: Run, block: UnitBlock, keep: np.ndarray) -> np.ndarray | Histograms:
    """Read a block's activations to the chosen items, ``(units, items)``, or what was kept of them."""
    if run.manifest.histograms is not None:
        return Histograms.from_arrays(read_checkpoint(run.directory, block))
    values = run.activations(block.layer, block.first, block.last)
    return values if keep.all() else np.ascontiguousarray(values[:, keep])


def measure_units(
    run: Run,
    block: UnitBlock,
    values: np.ndarray | Histograms,
    classes: Classes,
    names: np.ndarray,
    settings: Settings,
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Measure a block of units; return its rows of the table and of the class-wise arrays.

    `progress` is called with how many of the block's units are done.
    """
    units = run.units.iloc[block.row : block.row + block.last - block.first]
    ids = units["unit"].tolist()
    turns = 1 + (settings.permutations > 0) + (settings.bootstrap > 0)

    def count(turn: int, done: int) -> None:
        if progress:
            progress((turn * len(ids) + done) // turns)

    report = functools.partial(count, 0)
    if isinstance(values, Histograms):
        result = measure_histograms(values, classes, top=settings.top, threads=threads, progress=report)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitscopeWarning)  # said once, at the end
            result = measure_block(values, classes, units=ids, top=settings.top, threads=threads, progress=report)
    found: dict[str, np.ndarray] = dict(result.columns)
    turn = 0
    for resample, samples in ((compare_with_chance, settings.permutations), (bootstrap, settings.bootstrap)):
        if samples and not isinstance(values, Histograms):  # settings refuse it for histograms
            turn += 1
            found |= resample(
                values, classes, result.columns, samples, top=settings.top, seed=settings.seed, threads=threads,
                names=ids, progress=functools.partial(count, turn),
            )  # fmt: skip
    found = {top_name(name, settings.top): array for name, array in found.items()}
    columns: dict[str, Any] = {}
    for name, column in settings.columns.items():
        if name in units and name not in found:  # an imported file may say anything of units
            columns[name] = units[name].to_numpy()
        elif column.kind == "class":
            columns[name] = named(found[name], names)
        elif name in found:  # q follows from all units of a layer, later
            columns[name] = found[name]
    anonymous = 0 if classes.labels_are_classes else classes.n_labels
    classwise = {top_name(name, settings.top): array[:, anonymous:] for name, array in result.classwise.items()}
    return pd.DataFrame(columns), classwise
