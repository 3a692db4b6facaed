"""Files and directories that are either whole or absent: written beside their place, flushed, then renamed.

A process that is killed leaves its temporary file or directory behind. Whoever writes the same path next removes it:
each temporary is locked while its process lives, so that one without a lock is a leftover.
"""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks; leftovers stay there
    fcntl = None  # type: ignore[assignment]

LOCKED, HELD, NO_LOCKS = "locked", "held by another process", "no locks"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`; on success flush it to disk and rename it to `path`.

    Several processes may write the same file: each has a temporary file of its own, and the last one to finish wins.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with whole_file(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('whole', 1)
    """
    with temporary_of(path, directory=False) as temporary:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def whole_directory(directory: Path) -> Iterator[Path]:
    """Yield a temporary directory beside `directory`; on success rename it to `directory`, which must be free.

    Raises
    ------
    OSError
        If something other than an empty directory is in the place by then.
    """
    with temporary_of(directory, directory=True) as temporary:
        yield temporary
        temporary.rename(directory)


@contextlib.contextmanager
def temporary_of(path: Path, *, directory: bool) -> Iterator[Path]:
    """Yield a new, locked file or directory beside `path`; afterwards remove it, if it is still there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary, descriptor = make_temporary(path, directory)
    try:
        yield temporary
    finally:
        remove(temporary)
        if descriptor is not None:
            os.close(descriptor)


def make_temporary(path: Path, directory: bool) -> tuple[Path, int | None]:
    """Make a temporary file or directory of a name that no other process has; return it with its lock."""
    while True:
        # Machines share disks, so the number of a process is not enough.
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
        if directory:
            temporary.mkdir()
        else:
            temporary.touch(exist_ok=False)
        if fcntl is None:
            return temporary, None
        with contextlib.suppress(FileNotFoundError):
            descriptor = open_for_lock(temporary)
            if lock(descriptor) is not HELD and temporary.exists():
                return temporary, descriptor
            os.close(descriptor)  # another process takes, or took, it for a leftover before it was locked


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left behind while they wrote `path`."""
    if fcntl is None:
        return
    leftover_name = re.compile(rf"\.{re.escape(path.name)}\.\d+-[0-9a-f]{{8}}\.tmp")
    # Not Path.iterdir, which is slow: this is done for every file that is written.
    for name in filter(leftover_name.fullmatch, os.listdir(path.parent)):  # noqa: PTH208
        with contextlib.suppress(OSError):  # another process removes it too, or may and we may not
            descriptor = open_for_lock(path.with_name(name))
            try:
                if lock(descriptor) is LOCKED:
                    remove(path.with_name(name))
            finally:
                os.close(descriptor)


def open_for_lock(path: Path) -> int:
    """Open a file or directory; over a network only what is open for writing can be locked."""
    return os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)


def lock(descriptor: int) -> str:
    """Lock an open file or directory until it is closed; return whether that was possible.

    Returns
    -------
    str
        ``LOCKED``, or ``HELD`` where another process has it, or ``NO_LOCKS`` where the file system has none.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return HELD
    except OSError:
        return NO_LOCKS
    return LOCKED


def remove(path: Path) -> None:
    """Remove a file or a whole directory, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
