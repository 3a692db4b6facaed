"""Running tasks in a pool; tasks whose worker died are submitted again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UnitscopeError
from ..specs import first_line
from .pool import Pool, open_pool
from .shards import cut

T = TypeVar("T")


def run_tasks(
    pool: Pool,
    function: Callable[..., Any],
    tasks: Mapping[str, tuple],
    *,
    tick: Callable[[], None] | None = None,
    seconds: float = 1.0,
) -> Iterator[tuple[str, Any]]:
    """Run a function with the arguments of every task; yield each task's name and result as it is done.

    A task whose worker died is submitted again, at most ``pool.retries`` times. If it still fails, the other tasks are
    finished first, and then an error names it.

    Parameters
    ----------
    pool
        Where the tasks run.
    function
        A function that workers can import.
    tasks
        The arguments of each task, by its name for messages.
    tick
        Called at least every `seconds` while waiting, and after every task.
    seconds
        Longest time between two calls of `tick`.

    Yields
    ------
    tuple
        Name and result.

    Raises
    ------
    UnitscopeError
        If workers of a task died too often. An exception of a task itself is raised unchanged, and tasks that have not
        started are cancelled.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as pool:
    ...     dict(run_tasks(pool, pow, {"a square": (3, 2), "a cube": (2, 3)}))
    {'a square': 9, 'a cube': 8}
    """
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError, *getattr(pool, "lost", ()))
    retries = getattr(pool, "retries", 0)
    deaths: Counter[str] = Counter()
    left_out: dict[str, BaseException] = {}
    running: dict[Future, str] = {}

    def submit(name: str) -> None:
        try:
            running[pool.submit(function, *tasks[name])] = name
        except lost as error:
            left_out[name] = error

    try:
        for name in tasks:
            submit(name)
        while running:
            done, _ = wait(running, timeout=seconds, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                try:
                    result = future.result()
                except lost as error:
                    deaths[name] += 1
                    if deaths[name] <= retries:
                        submit(name)
                    else:
                        left_out[name] = error
                else:
                    yield name, result
            for call in (tick, getattr(pool, "tick", None)):
                if call:
                    call()
    finally:
        for future in running:
            future.cancel()
    if left_out:
        name, death = next(iter(left_out.items()))
        more = f" and {len(left_out) - 1} more" if len(left_out) > 1 else ""
        why = " ".join(dict.fromkeys([type(death).__name__, first_line(death)]))
        raise UnitscopeError(
            f"the worker of {name}{more} was lost ({why}); what was finished is kept, and the same command goes on "
            "from there"
        )


def run_shares(
    on: str | Pool,
    logs: Path,
    function: Callable[..., Any],
    blocks: Sequence[T],
    describe: Callable[[Sequence[T]], tuple[str, tuple]],
    tick: Callable[[], None],
) -> Iterator[Sequence[T]]:
    """Run a function on shares of some blocks, one for each worker of a pool; yield each share as it is done.

    Parameters
    ----------
    on
        The pool, or its spec.
    logs
        Where workers of a batch system write.
    function
        A function that workers can import.
    blocks
        What is divided.
    describe
        Return a share's name for messages, and the arguments of the function.
    tick
        See `run_tasks`.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as pool:
    ...     list(run_shares(pool, Path("logs"), sum, [3, 4], lambda share: (f"numbers {share}", (share,)), print))
    <BLANKLINE>
    <BLANKLINE>
    [[3], [4]]
    """
    with open_pool(on, logs) as pool:
        shares = {}
        tasks = {}
        for share in cut(blocks, getattr(pool, "width", len(blocks))):
            name, arguments = describe(share)
            shares[name], tasks[name] = share, arguments
        for name, _ in run_tasks(pool, function, tasks, tick=tick):
            yield shares[name]
