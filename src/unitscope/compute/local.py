"""Processes of this machine, each on its own cores; if one is killed, only its own task is lost."""

import contextlib
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError
from ..threads import n_cores
from .parent import end_with_parent


@contextlib.contextmanager
def open_local(rest: str, logs: Path) -> Iterator["LocalProcesses"]:
    """Open a pool of `rest` processes, or of one per core."""
    if rest and not (rest.isdecimal() and int(rest) > 0):
        raise UnitscopeError(f"--on local:{rest} must end with a number of processes, for instance local:4")
    pool = LocalProcesses(int(rest) if rest else n_cores())
    try:
        yield pool
    finally:
        pool.stop()


class LocalProcesses:
    """A pool of processes.

    Every process has an executor of its own, because a ``ProcessPoolExecutor`` abandons all its tasks when one of its
    processes dies. One thread per process waits for results.
    """

    lost = (BrokenProcessPool,)
    retries = 2

    def __init__(self, n: int):
        self.width = 4 * n
        self._workers = [LocalWorker(number, n) for number in range(n)]
        self._idle: queue.SimpleQueue[LocalWorker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(n, thread_name_prefix="unitscope-local")

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Run a function in the next free process and return its future."""
        return self._threads.submit(self._run, function, arguments)

    def stop(self) -> None:
        """End all processes, even in the middle of a task."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown()

    def _run(self, function: Callable[..., Any], arguments: tuple) -> Any:
        worker = self._idle.get()
        try:
            return worker.run(function, arguments)
        finally:
            self._idle.put(worker)


class LocalWorker:
    """One process, started when it is first needed and restarted after it died."""

    def __init__(self, number: int, count: int):
        self._place = (number, count)
        self._executor: ProcessPoolExecutor | None = None
        self._process = 0
        self._stopped = False

    def run(self, function: Callable[..., Any], arguments: tuple) -> Any:
        """Run a task and return its result."""
        if self._stopped:
            raise CancelledError
        try:
            if self._executor is None:
                # Spawned, not forked: threads of PyTorch and Numba do not survive a fork.
                self._executor = ProcessPoolExecutor(
                    1, multiprocessing.get_context("spawn"), initializer=prepare_process, initargs=self._place
                )
                self._process = self._executor.submit(os.getpid).result()
            return self._executor.submit(function, *arguments).result()
        except BrokenProcessPool:
            self._process, self._executor = 0, None
            raise

    def stop(self) -> None:
        """End the process."""
        self._stopped = True
        executor, process = self._executor, self._process
        if executor is None:
            return
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        executor.shutdown(cancel_futures=True)


def prepare_process(number: int, count: int) -> None:
    """Give a new process its share of the cores and its GPU, and let it end with the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent process, which ends this one
    if hasattr(os, "sched_setaffinity"):
        # Libraries that count the available cores then start the right number of threads.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[number::count] or [cores[number % len(cores)]])
    os.environ["LOCAL_RANK"] = str(number)
    end_with_parent()
