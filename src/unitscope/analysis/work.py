"""Computing the blocks of an analysis, in this process or as tasks of a pool, and writing their parts."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any, cast

from ..compute import Pool, run_shares
from ..errors import UnitscopeError
from ..progress import Progress
from ..run import ItemBlock, Run, UnitBlock, open_run
from .analysis import Analysis, ItemWorker, UnitWorker
from .parts import Parts

PATIENCE = 20
"""A sum of items is stored when adding has taken this many times as long as storing the previous sum."""

Blocks = Sequence[UnitBlock | ItemBlock]


def compute_parts(
    run: Run,
    analysis: Analysis,
    parts: Parts,
    *,
    on: str | Pool | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Blocks:
    """Compute the parts of an analysis that are missing; return all of its blocks.

    If it fails before any block is done, such as when the network cannot be opened, nothing is left to be continued.

    Parameters
    ----------
    run, analysis
        The run and the analysis.
    parts
        Its parts, prepared.
    on, threads, progress
        See `add_table`.
    """
    blocks: Blocks = analysis.blocks(run)
    missing = parts.missing(blocks)
    total = sum(block.size for block in blocks)
    done = total - sum(block.size for block in missing)

    def report(more: int) -> None:
        if progress:
            progress(analysis.doing, done + more, total)

    report(0)
    if not missing:
        return blocks
    try:
        if on is None:
            compute_blocks(run, analysis, parts, missing, threads, report, resume=True)
        else:
            compute_elsewhere(run, analysis, parts, missing, threads, on, report)
    except UnitscopeError:
        if len(parts.missing(blocks)) == len(blocks):
            parts.remove()
        raise
    return blocks


def compute_blocks(
    run: Run,
    analysis: Analysis,
    parts: Parts,
    blocks: Blocks,
    threads: int | None,
    report: Callable[[int], None],
    *,
    resume: bool,
) -> None:
    """Compute some blocks in this process and write their parts.

    With `resume`, sums continue from the part before, so that a sum that was stopped ends with the same bits. Processes
    that share the items sum up each its own, so that the result does not depend on which of them is faster.
    """
    worker = analysis.open(run, threads)
    if isinstance(blocks[0], UnitBlock):
        compute_units(cast(UnitWorker, worker), parts, cast(Sequence[UnitBlock], blocks), report)
    else:
        add_items(cast(ItemWorker, worker), parts, cast(Sequence[ItemBlock], blocks), report, resume)


def compute_units(worker: UnitWorker, parts: Parts, blocks: Sequence[UnitBlock], report: Callable[[int], None]) -> None:
    """Compute blocks of units; while one is computed, the next is read and the previous one written."""
    done = 0
    with ThreadPoolExecutor(2) as beside:
        reading = beside.submit(worker.read, blocks[0])
        writing: Future[None] | None = None
        for place, block in enumerate(blocks):
            data = reading.result()
            if place + 1 < len(blocks):
                reading = beside.submit(worker.read, blocks[place + 1])
            before = done
            part = worker.compute(block, data, lambda more, before=before: report(before + more))  # type: ignore[misc]
            del data
            if writing:
                writing.result()
            writing = beside.submit(parts.write, block, part)
            done += block.size
            report(done)
        if writing:
            writing.result()


def add_items(
    worker: ItemWorker, parts: Parts, blocks: Sequence[ItemBlock], report: Callable[[int], None], resume: bool
) -> None:
    """Add up blocks of items, each consecutive sequence of blocks separately, and store the sum from time to time."""
    done = 0
    for row in unbroken_rows(blocks):
        first, since, took = start_sum(worker, parts, row[0].first, resume), time.perf_counter(), 0.0
        before = done
        for block in worker.add(row, lambda more, before=before: report(before + more)):  # type: ignore[misc]
            done += block.size
            full = worker.is_full()
            if full or block == row[-1] or time.perf_counter() - since >= PATIENCE * took:
                start = time.perf_counter()
                parts.write(ItemBlock(first, block.last), worker.sum())
                since = time.perf_counter()
                took = since - start
            if full:
                worker.start(None)
                first = block.last
        report(done)


def start_sum(worker: ItemWorker, parts: Parts, item: int, resume: bool) -> int:
    """Set a worker's sum to what should precede an item; return the first item of the sum."""
    stored = parts.ending_at(item) if resume else None
    worker.start(stored)
    if stored and not worker.is_full():
        return cast(ItemBlock, stored.block).first
    if stored:
        worker.start(None)
    return item


def unbroken_rows(blocks: Sequence[ItemBlock]) -> list[list[ItemBlock]]:
    """Split blocks of items into sequences in which each block starts where the previous one ends.

    Examples
    --------
    >>> [len(row) for row in unbroken_rows([ItemBlock(0, 8), ItemBlock(8, 16), ItemBlock(24, 32)])]
    [2, 1]
    """
    rows = [[blocks[0]]]
    for before, block in pairwise(blocks):
        if block.first == before.last:
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def compute_elsewhere(
    run: Run,
    analysis: Analysis,
    parts: Parts,
    blocks: Blocks,
    threads: int | None,
    on: str | Pool,
    report: Callable[[int], None],
) -> None:
    """Compute blocks as tasks of a pool; progress is read from the parts on disk."""

    def tick() -> None:
        report(sum(block.size for block in blocks) - sum(block.size for block in parts.missing(blocks)))

    def describe(share: Blocks) -> tuple[str, tuple]:
        return name_share(run, share), (str(run.directory.absolute()), analysis, list(share), threads)

    for _ in run_shares(on, run.directory / "logs", compute_share, blocks, describe, tick):
        tick()


def name_share(run: Run, share: Blocks) -> str:
    """Return a name of some blocks for messages."""
    first = share[0]
    if isinstance(first, UnitBlock):
        return f"units {run.units['unit'].iloc[first.row]} and following"
    return f"items {first.first:,} to {cast(ItemBlock, share[-1]).last - 1:,}"


def compute_share(directory: str, analysis: Analysis, blocks: list[Any], threads: int | None) -> None:
    """Compute the missing ones of some blocks. This is the task that runs in a process of a pool."""
    run = open_run(directory)
    parts = Parts(run, analysis.table, analysis.parameters(run))
    missing = parts.missing(blocks)
    if missing:
        compute_blocks(run, analysis, parts, missing, threads, lambda done: None, resume=False)
