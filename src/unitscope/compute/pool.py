"""From a text such as ``dask:tcp://host:8786`` to something that runs tasks."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from ..specs import split_spec
from .dask_cluster import open_dask
from .local import open_local
from .slurm import open_slurm


class Pool(Protocol):
    """Anything that runs tasks, for instance any executor of ``concurrent.futures``.

    A pool may also say, as attributes, into how many tasks work should be cut for it (``width``), which exceptions mean
    that a worker died rather than that the task is at fault (``lost``), how often such a task should be submitted again
    (``retries``), and what to call every second while tasks run (``tick``).
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Run a function somewhere, some time."""
        ...


SCHEMES: dict[str, Callable[[str, Path], contextlib.AbstractContextManager[Pool]]] = {
    "local": open_local,
    "dask": open_dask,
    "slurm": open_slurm,
}
"""What opens each kind of place."""


@contextlib.contextmanager
def open_pool(on: str | Pool, logs: Path = Path("unitscope-logs")) -> Iterator[Pool]:
    """Open a place where tasks run; leaving the context ends what was started for it, and what still runs there.

    Parameters
    ----------
    on
        ``local:4`` for four processes of this machine (``local`` for one per core), ``dask:tcp://HOST:8786`` for a Dask
        cluster, ``slurm`` or ``slurm:key=value,...`` for jobs of SLURM; or an open pool, which stays open.
    logs
        Directory for the files of a batch system, seen by all machines.

    Yields
    ------
    Pool

    Raises
    ------
    UnitscopeError
        If the place is unknown or does not answer.

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
    scheme, rest = split_spec(f"{on}:" if on in SCHEMES else on, SCHEMES, "--on")
    with SCHEMES[scheme](rest, logs) as pool:
        yield pool
