"""Checks of a pool: every task is done once, errors arrive as they are, and a dead worker takes only its task along."""

import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from ..compute import Pool, open_pool, run_tasks
from ..errors import UnitscopeError

TASKS = 12


def check_pool(on: str | Pool, /, *, seconds: float = 60) -> None:
    """Check that a pool runs tasks as Unitscope needs it.

    - ``width``, ``lost`` and ``retries`` are of the right types, if the pool has them.
    - Every task is run, and its result is that of its own arguments.
    - An exception of a task arrives with its type and message.
    - A worker that is killed is reported, and the other tasks are done. Workers in the same process, such as threads,
      are not killed.

    Parameters
    ----------
    on
        What a user writes after ``--on``, or an open pool.
    seconds
        How long a killed worker may go unnoticed.

    Raises
    ------
    AssertionError
        Saying what differs.
    UnitscopeError
        If the pool cannot be opened.

    See Also
    --------
    unitscope.compute.POOLS : The pools of Unitscope and of installed packages.
    unitscope.compute.Pool : What a pool has.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     check_pool(pool)
    """
    with tempfile.TemporaryDirectory() as logs, open_pool(on, Path(logs)) as pool:
        check_attributes(pool)
        check_results(pool)
        check_errors(pool)
        check_death(pool, seconds)


def check_attributes(pool: Pool) -> None:
    """Check the attributes that a pool may have."""
    width, retries, lost = (getattr(pool, name, None) for name in ("width", "retries", "lost"))
    assert width is None or (isinstance(width, int) and width > 0), f"width is {width!r}, not a positive whole number"
    assert retries is None or (isinstance(retries, int) and retries >= 0), f"retries is {retries!r}, not 0 or more"
    assert lost is None or (isinstance(lost, tuple) and all(issubclass(error, BaseException) for error in lost)), (
        f"lost is {lost!r}, not a tuple of exceptions"
    )


def check_results(pool: Pool) -> None:
    """Check that every task is done once, with its own arguments."""
    tasks = {f"task {number}": (number, 1000 - number) for number in range(TASKS)}
    found = list(run_tasks(pool, product, tasks))
    assert Counter(name for name, _ in found) == Counter(tasks.keys()), "not every task is done once"
    for name, result in found:
        assert result == product(*tasks[name]), f"{name} gives {result!r} instead of {product(*tasks[name])!r}"


def check_errors(pool: Pool) -> None:
    """Check that the exception of a task arrives as it is."""
    try:
        list(run_tasks(pool, fail, {"a task that fails": ("the file is not there",)}))
    except UnitscopeError as error:
        assert str(error) == "the file is not there", f"the message of a task's error arrives as {str(error)!r}"
    except Exception as error:
        raise AssertionError(f"an error of a task arrives as {type(error).__name__}, not as UnitscopeError") from error
    else:
        raise AssertionError("an error of a task is lost")


def check_death(pool: Pool, seconds: float) -> None:
    """Check that a worker that is killed is reported, and that other tasks are done all the same."""
    if os.getpid() in dict(run_tasks(pool, process_of, {"a task": ()})).values():
        return
    tasks = {"a task that is killed": (True,), **{f"task {number}": (False,) for number in range(4)}}
    done: list[str] = []
    start = time.monotonic()
    try:
        for name, _ in run_tasks(pool, die_if, tasks, tick=lambda: in_time(start, seconds)):
            done.append(name)
    except UnitscopeError as error:
        others = sorted(name for name, (killed,) in tasks.items() if not killed)
        assert sorted(done) == others, (
            f"after a worker was killed, only {len(done)} of {len(others)} other tasks were done"
        )
        assert "the worker of a task that is killed" in str(error), f"a killed worker is reported as: {error}"
    except Exception as error:
        if isinstance(error, AssertionError):
            raise
        raise AssertionError(
            f"a killed worker ends everything with {type(error).__name__}; add it to the pool's `lost`"
        ) from error
    else:
        raise AssertionError("a task whose worker is killed is counted as done")


def in_time(start: float, seconds: float) -> None:
    """Raise if more time has passed."""
    assert time.monotonic() - start < seconds, f"a killed worker was not noticed within {seconds:g} seconds"


# What the tasks do


def product(a: int, b: int) -> int:
    """Return the product of two numbers, after a moment that differs between tasks."""
    time.sleep((a * 7 % 5) / 200)
    return a * b


def fail(message: str) -> None:
    """Raise an error."""
    raise UnitscopeError(message)


def process_of() -> int:
    """Return the number of the process that runs this."""
    return os.getpid()


def die_if(killed: bool) -> None:
    """Kill the process that runs this."""
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
