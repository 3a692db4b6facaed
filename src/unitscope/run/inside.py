"""Reject paths and links in a run that lead out of its directory: a received run must not reach other files."""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import UnitscopeError


def is_inside(name: str) -> bool:
    """Return whether a relative path in a run leads to a file inside the run directory.

    Examples
    --------
    >>> is_inside("activations.zarr/fc6/c/0/0"), is_inside("../other/items.parquet"), is_inside("/etc/passwd")
    (True, False, False)
    """
    paths = PurePosixPath(name), PureWindowsPath(name)
    return not any(path.anchor or ".." in path.parts for path in paths)


def check_links(directory: Path, leave_out: Collection[str] = ()) -> None:
    """Raise if a directory in a run is a symbolic link that leads out of the run.

    Commands write to and remove files in a run's directories; through such a link they would do so elsewhere.
    Linked files are safe: they are only read, or replaced by a new file. The run directory itself may be a link.

    Parameters
    ----------
    directory
        The run. Two levels of directories are checked.
    leave_out
        Names of directories that may be links.

    Raises
    ------
    UnitscopeError
        Naming the first such link.
    """
    top = directory.resolve()
    for entry in directories(directory):
        if entry.name in leave_out:
            continue
        for link in (entry, *(directories(entry.path) if not entry.is_symlink() else ())):
            if link.is_symlink() and not Path(link.path).resolve().is_relative_to(top):
                raise UnitscopeError(
                    f"{link.path} is a link that leads out of the run, to {Path(link.path).resolve()}; replace it by "
                    "the directory itself"
                )


def directories(path: str | Path) -> list[os.DirEntry[str]]:
    """Return the directories in a directory, including links to directories."""
    with os.scandir(path) as entries:
        return [entry for entry in entries if entry.is_dir()]
