"""Measuring blocks of units: here, or as tasks somewhere else. Either way each block leaves a part in the run."""

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..compute import Pool, cut, open_pool, run_tasks
from ..run import Run, UnitBlock, open_run
from .blocks import measure_units, read_block
from .parts import is_done, parts_of, write_part
from .settings import Settings, classes_of

Progress = Callable[[int], None]
"""Called with how many units of the blocks are done."""


def measure_blocks(
    run: Run, blocks: Sequence[UnitBlock], settings: Settings, threads: int | None, progress: Progress
) -> None:
    """Measure those of some blocks that are missing, in threads of this process."""
    keep = run.choose_items(settings.items)
    classes, names = classes_of(run, keep, settings)
    parts = parts_of(run, settings.parameters(int(keep.sum())))
    todo = [block for block in blocks if not is_done(parts, block)]
    done = 0
    # While a block is measured, the next one is read and decoded and the last one written.
    with ThreadPoolExecutor(2) as beside:
        reading = [beside.submit(read_block, run, block, keep) for block in todo[:1]]
        writing: list[Future[None]] = []
        for place, block in enumerate(todo):
            values = reading.pop().result()
            reading = [beside.submit(read_block, run, after, keep) for after in todo[place + 1 : place + 2]]
            frame, classwise = measure_units(
                run, block, values, classes, names, settings,
                threads=threads, progress=functools.partial(add, progress, done),
            )  # fmt: skip
            if writing:
                writing.pop().result()
            writing = [beside.submit(write_part, run, parts, block, frame, classwise)]
            done += block.last - block.first
            progress(done)
        if writing:
            writing.pop().result()


def add(progress: Progress, before: int, more: int) -> None:
    """Report the units of a block that are done, after those of the blocks before it."""
    progress(before + more)


def measure_elsewhere(
    run: Run,
    parts: Path,
    blocks: Sequence[UnitBlock],
    settings: Settings,
    threads: int | None,
    on: str | Pool,
    progress: Progress,
) -> None:
    """Measure blocks of units as tasks of a pool; how many are done is seen by their parts."""
    if not blocks:
        return

    def tick() -> None:
        progress(sum(block.last - block.first for block in blocks if is_done(parts, block)))

    with open_pool(on, run.directory / "logs") as pool:
        shares = cut(blocks, getattr(pool, "width", len(blocks)))
        tasks = {
            f"{run.units['unit'].iloc[share[0].row]} and after": (
                str(run.directory.absolute()), list(share), settings, threads,
            )
            for share in shares
        }  # fmt: skip
        for _ in run_tasks(pool, measure_share, tasks, tick=tick):
            tick()


def measure_share(directory: str, blocks: list[UnitBlock], settings: Settings, threads: int | None) -> None:
    """Measure some blocks of units. This is the task: it runs in a process of a pool."""
    measure_blocks(open_run(directory), blocks, settings, threads, lambda done: None)
