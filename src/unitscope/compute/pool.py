"""From a text such as ``dask:tcp://host:8786`` to a pool that runs tasks; the registry of pools."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from ..plugins import Registry
from ..specs import split_spec
from .dask_cluster import open_dask
from .local import open_local
from .slurm import open_slurm


class Pool(Protocol):
    """Anything that runs tasks, for instance any executor of ``concurrent.futures``.

    A pool may have more attributes: ``width``, the number of tasks to cut work into; ``lost``, a tuple of exceptions
    which mean that a worker died rather than that the task failed; ``retries``, how often to submit such a task again;
    and ``tick``, a function that is called every second while tasks run.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Schedule a call of a function and return its future."""
        ...


POOLS: Registry[Callable[[str, Path], contextlib.AbstractContextManager[Pool]]] = Registry(
    "unitscope.pools", {"local": open_local, "dask": open_dask, "slurm": open_slurm}
)
"""The function that opens each kind of pool, given the rest of the text and a directory for logs."""


@contextlib.contextmanager
def open_pool(on: str | Pool, logs: Path = Path("unitscope-logs")) -> Iterator[Pool]:
    """Open a pool; leaving the context ends the processes or jobs that were started for it, finished or not.

    Parameters
    ----------
    on
        ``local:4`` for four processes of this machine (``local`` for one per core), ``dask:tcp://HOST:8786`` for a Dask
        cluster, ``slurm`` or ``slurm:key=value,...`` for SLURM jobs, or a scheme of an installed package; or an open
        pool, which stays open.
    logs
        Directory for the log files of a batch system, on a disk that all machines share.

    Yields
    ------
    Pool

    Raises
    ------
    UnitscopeError
        If there is no such pool, or it does not answer.

    Examples
    --------
    >>> with open_pool("local:1") as pool:
    ...     pool.submit(max, 3, 5).result()
    5
    >>> with open_pool("dsk:tcp://host:8786") as pool:
    ...     pass
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: there is no --on scheme 'dsk' (did you mean 'dask'?); ... local:, dask:, slurm:
    """
    if not isinstance(on, str):
        yield on
        return
    scheme, rest = split_spec(f"{on}:" if on in POOLS else on, POOLS, "--on")
    with POOLS[scheme](rest, logs) as pool:
        yield pool
