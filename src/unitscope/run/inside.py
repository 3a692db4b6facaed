"""What a run names stays inside of its directory: a received run must not lead to other files of its reader."""

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import UnitscopeError


def is_inside(name: str) -> bool:
    """Return whether a file that a run names by its path from the run's directory is below that directory.

    Examples
    --------
    >>> is_inside("activations.zarr/fc6/c/0/0"), is_inside("../other/items.parquet"), is_inside("/etc/passwd")
    (True, False, False)
    """
    paths = PurePosixPath(name), PureWindowsPath(name)
    return not any(path.anchor or ".." in path.parts for path in paths)


def check_links(directory: Path, leave_out: Collection[str] = ()) -> None:
    """Refuse a run in which a directory is a symbolic link that leads out of the run.

    Commands write into a run's directories and remove what they put there; through such a link they would do so
    elsewhere. Linked files are harmless: they are only read, and replaced when something is written in their place. The
    run itself may be a link.

    Parameters
    ----------
    directory
        The run. Its entries and the entries of these are looked at.
    leave_out
        Names of the run's entries that may be links.

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
                    f"{link.path} is a link that leads out of the run, to {Path(link.path).resolve()}; put the "
                    "directory itself in its place"
                )


def directories(path: str | Path) -> list[os.DirEntry[str]]:
    """List the directories in a directory, links to directories among them."""
    with os.scandir(path) as entries:
        return [entry for entry in entries if entry.is_dir()]
