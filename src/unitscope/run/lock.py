"""Locks on a run, which the operating system releases when a process ends, however it ends."""

import contextlib
import errno
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from ..errors import UnitscopeError, UnitscopeWarning
from .files import explained

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def alone(directory: Path, doing: str) -> Iterator[None]:
    """Keep other processes from doing the same to a run meanwhile.

    Parameters
    ----------
    directory
        The run.
    doing
        What this process is doing, in one word: ``"measuring"``.

    Raises
    ------
    UnitscopeError
        If another process does so now.
    """
    with explained(directory):
        place = directory / f".{doing.replace(' ', '-')}.lock"
        if place.is_symlink():  # not ours; locking would empty the file that it leads to
            place.unlink()
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UnitscopeError(
                f"another process is {doing} {directory}; wait until it is done or stop it "
                f"(see: unitscope status {directory})"
            ) from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def claim(path: Path, numbers: Iterable[int]) -> Iterator[list[int]]:
    """Claim some of the things that several processes share out among themselves, as blocks of a recording.

    Each number is one byte of the lock file, locked by ``fcntl``. Such locks also work on network file systems, belong
    to the process alone (a forked child does not inherit them), and end with it, also after ``kill -9``. They keep
    processes apart, not threads of one process.

    Parameters
    ----------
    path
        The lock file. It stays, empty.
    numbers
        What to claim.

    Yields
    ------
    list of int
        The numbers that no other process has claimed, claimed until the context is left.

    Warns
    -----
    UnitscopeWarning
        If the file system has no locks: all numbers are then yielded.
    """
    with explained(path.parent):
        file = path.open("ab")
    with file:
        yield [number for number in numbers if lock_byte(file, number)]


def lock_byte(file: IO[bytes], number: int) -> bool:
    """Lock one byte of a file; return false if another process has locked it. It need not exist."""
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, "this system has no fcntl")
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        warnings.warn(
            f"{file.name} cannot be locked ({error.strerror}): see to it that no other command records the same blocks",
            UnitscopeWarning,
            stacklevel=2,
        )
    return True
