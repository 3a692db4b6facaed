"""One process at a time: a lock on a run, which the system lets go of when the process dies."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import UnitscopeError
from .files import explained


@contextlib.contextmanager
def alone(directory: Path, does: str) -> Iterator[None]:
    """Keep other processes from doing the same to a run meanwhile.

    Parameters
    ----------
    directory
        The run.
    does
        What this process does, in one word: ``"measures"``.

    Raises
    ------
    UnitscopeError
        If another process does so now.
    """
    with explained(directory):
        place = directory / f".{does.replace(' ', '-')}.lock"
        if place.is_symlink():  # not ours; locking would empty the file that it leads to
            place.unlink()
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UnitscopeError(
                f"another process {does} {directory}; wait until it is done or stop it "
                f"(see: unitscope status {directory})"
            ) from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
