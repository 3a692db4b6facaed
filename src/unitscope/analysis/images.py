"""The images of an analysis in the run: those of the earlier analysis are replaced, other files are left alone.

``images/TABLE/.written.json`` lists the files that the analysis wrote, with their sha256, so that a file which a user
has put there, or has edited, is known from one that can be written again.
"""

import contextlib
import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..errors import UnitscopeError
from ..run.files import read_json, write_json
from ..run.own_files import MARK

WRITTEN = ".written.json"


def replace_images(made: Path, place: Path) -> None:
    """Copy all files of a directory into another, and remove those that an earlier call wrote there.

    If it is stopped, the same call does the rest.

    Parameters
    ----------
    made
        The directory of the new files.
    place
        The directory in the run.

    Raises
    ------
    UnitscopeError
        If a file of the user has the name of a new one; nothing has been changed then.
    """
    new = digests_of(made)
    before = read_written(place)
    found = digests_of(place)
    known = before | {(name, digest) for name, digest in new.items()}
    for name in new.keys() & found.keys():
        if (name, found[name]) not in known:
            raise UnitscopeError(
                f"{place / name} was not written by Unitscope, or was changed since; move it elsewhere and run the "
                "same command again"
            )
    if not known:
        return
    write_written(place, known)  # before the files, so that they are known if this is stopped
    temporary = made.parent / "image"
    for name in new:
        shutil.copyfile(made / name, temporary)
        (place / name).parent.mkdir(exist_ok=True)
        temporary.replace(place / name)
    for name, digest in found.items():
        if name not in new and (name, digest) in before:
            (place / name).unlink()
            with contextlib.suppress(OSError):  # of a directory that is not empty
                (place / name).parent.rmdir()
    write_written(place, set(new.items()))


def digests_of(directory: Path) -> dict[str, str]:
    """Return the sha256 of every file in a directory and below it, by its relative path."""
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != WRITTEN
    }


def read_written(place: Path) -> set[tuple[str, str]]:
    """Return the name and sha256 of each file that was written to a directory."""
    path = place / WRITTEN
    if not path.exists():
        return set()
    content = read_json(path, f"delete it, move {place} elsewhere, and run the same command again")
    return {(name, digest) for name, digests in content.items() for digest in digests}


def write_written(place: Path, written: set[tuple[str, str]]) -> None:
    """Write down the name and sha256 of each file; a file may have an old and a new one."""
    content: dict[str, list[str]] = {}
    for name, digest in sorted(written):
        content.setdefault(name, []).append(digest)
    write_json(place / WRITTEN, content)


def as_png(pixels: np.ndarray) -> bytes:
    """Return pixels as a PNG file that says that Unitscope made it."""
    buffer, info = io.BytesIO(), PngInfo()
    info.add_text("Software", MARK)
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info, compress_level=1)
    return buffer.getvalue()
