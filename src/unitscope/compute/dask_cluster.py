"""A running Dask cluster: ``dask:tcp://host:8786``."""

import contextlib
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError, UnitscopeWarning
from ..specs import first_line
from ..version import __version__

PATIENCE = 10
"""Seconds to wait for a scheduler's answer."""


@contextlib.contextmanager
def open_dask(rest: str, logs: Path) -> Iterator["DaskCluster"]:
    """Connect to a scheduler; leaving the context cancels the tasks that are not finished."""
    if not rest:
        raise UnitscopeError("--on dask: names no scheduler; write for instance dask:tcp://host:8786")
    try:
        from distributed import Client
    except ImportError as error:
        raise UnitscopeError("--on dask: needs Dask; run: pip install 'unitscope[dask]'") from error
    try:
        client = Client(rest, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UnitscopeError(
            f"no Dask scheduler answers at {rest} ({first_line(error)}); start one with `dask scheduler`, or check "
            "address and port"
        ) from error
    with client:
        check_versions(client, rest)
        yield DaskCluster(client, rest)


def check_versions(client: Any, address: str) -> None:
    """Refuse a scheduler or workers with another version: a worker that cannot read tasks exits without any message."""
    question = (pkgutil.resolve_name, "unitscope.version:__version__")
    try:
        answers = {f"scheduler {address}": client.run_on_scheduler(*question)}
    except ImportError as error:
        answers = {f"scheduler {address}": error}
    answers |= {f"worker {worker}": answer for worker, answer in client.run(*question, on_error="return").items()}
    for place, answer in answers.items():
        if answer != __version__:
            has = f"has no Unitscope ({first_line(answer)})" if isinstance(answer, Exception) else f"has {answer}"
            raise UnitscopeError(
                f"the Dask {place} {has}; install Unitscope {__version__}, as on this machine, everywhere, and "
                "restart scheduler and workers"
            )


class DaskCluster:
    """A pool of Dask workers.

    The scheduler itself reruns the task of a worker that died on another worker, a limited number of times.
    """

    retries = 0

    def __init__(self, client: Any, address: str):
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        self.lost: tuple[type[BaseException], ...] = (KilledWorker, CommClosedError, CancelledError)
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._address = address
        self._warned = False
        self.width = 4 * max(self._workers(), 4)

    def tick(self) -> None:
        """Warn once if there are no workers, or none are left; Dask itself waits without a message."""
        if self._client.status != "running" or self._workers():
            self._warned = False
        elif not self._warned:
            self._warned = True
            warnings.warn(
                f"the Dask scheduler at {self._address} has no workers; waiting for some to connect (Ctrl-C stops)",
                UnitscopeWarning,
                stacklevel=2,
            )

    def _workers(self) -> int:
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Run a function on the next free worker and return its future."""
        return self._executor.submit(function, *arguments)
