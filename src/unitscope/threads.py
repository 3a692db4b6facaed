"""Threads over units: each takes the next unit when it is free, so that none waits for the slowest."""

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import UnitscopeError

Scratch = TypeVar("Scratch")

SCRATCH_BYTES = 400 * 2**20
"""The arrays that threads work in take at most this much, unless the number of threads is given."""


def run_threads(
    work: Callable[[int, Scratch], None],
    n_units: int,
    make_scratch: Callable[[], Scratch],
    threads: int | None,
    progress: Callable[[int], None] | None,
) -> None:
    """Do every unit's work in some threads, each with arrays of its own to work in."""
    if threads is not None and threads < 1:
        raise UnitscopeError(f"{threads} threads can do no work; give at least 1, or none for one per core")
    threads = min(threads or n_cores(), max(n_units, 1))
    units = iter(range(n_units))
    done = itertools.count(1)
    stop = threading.Event()

    def take_units() -> None:
        scratch = make_scratch()
        for unit in units:  # a range iterator hands out each number once, whichever thread asks
            if stop.is_set():
                return
            work(unit, scratch)
            if progress:
                progress(next(done))

    if threads == 1:
        take_units()
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(take_units) for _ in range(threads)]:
                future.result()
        finally:
            stop.set()  # after Ctrl-C or an error the others finish their unit and no more


def fitting_threads(threads: int | None, bytes_each: int) -> int:
    """Return the number of threads to use: as given, or one for each core as far as their arrays fit into memory.

    Examples
    --------
    >>> fitting_threads(8, 2**30), fitting_threads(None, 2**30)
    (8, 1)
    """
    return threads if threads is not None else max(1, min(n_cores(), SCRATCH_BYTES // bytes_each))


def n_cores() -> int:
    """Count the cores this process may use; where the system cannot tell (macOS, Windows), all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
