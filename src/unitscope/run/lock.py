"""Locks on a run. The operating system releases them when the process ends, even if it is killed."""

import contextlib
import errno
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from ..errors import UnitscopeError, UnitscopeWarning
from .files import explain_errors

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(directory: Path, doing: str) -> Iterator[None]:
    """Lock a run, so that no other process does the same at the same time.

    Parameters
    ----------
    directory
        The run.
    doing
        What this process is doing, such as ``"measuring"``; other work on the run is not blocked.

    Raises
    ------
    UnitscopeError
        If another process holds the lock.
    """
    with explain_errors(directory):
        place = directory / f".{doing.replace(' ', '-')}.lock"
        if place.is_symlink():  # locking would empty the file that the link leads to
            place.unlink()
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UnitscopeError(
                f"another process works on {directory} ({doing}); wait until it is done or stop it "
                f"(see: unitscope status {directory})"
            ) from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def claim(path: Path, numbers: Iterable[int]) -> Iterator[list[int]]:
    """Claim numbers, such as blocks of a recording, that several processes divide among themselves.

    Each number is one byte of the lock file, locked by ``fcntl``. Such locks work on network file systems, are not
    inherited by forked processes, and end with the process, even after ``kill -9``. They do not separate threads of one
    process.

    Parameters
    ----------
    path
        The lock file; it is created if needed, stays empty and is not removed.
    numbers
        The numbers to claim.

    Yields
    ------
    list of int
        The numbers that no other process has claimed; they are released when the context exits.

    Warns
    -----
    UnitscopeWarning
        If the file system does not support locks; all numbers are then yielded.
    """
    with explain_errors(path.parent):
        file = path.open("ab")
    with file:
        yield [number for number in numbers if lock_byte(file, number)]


def lock_byte(file: IO[bytes], number: int) -> bool:
    """Lock one byte of a file, which may be beyond its end; return false if another process has locked it."""
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, "this system has no fcntl")
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        warnings.warn(
            f"{file.name} cannot be locked ({error.strerror}); make sure that no other command records the same blocks",
            UnitscopeWarning,
            stacklevel=2,
        )
    return True
