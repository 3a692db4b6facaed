"""An HDF5 file for writing that ends in one error where the disk is full.

HDF5 crashes the process when it cannot write what it holds in memory while it closes a file. So it writes through a
Python object that never fails: the first error is kept and raised between two steps of the work, and what did not get
to the disk is held in memory until then.
"""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def create_hdf5(h5py: Any, path: Path) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Create an HDF5 file.

    Parameters
    ----------
    h5py
        The module.
    path
        The file; one that is there is overwritten.

    Yields
    ------
    file : h5py.File
        The file, open for writing.
    check : callable
        Raises the `OSError` of an earlier write, if there was one. To be called after every large write; the end of
        the context calls it too.
    """
    with path.open("w+b", buffering=0) as raw:
        patient = PatientFile(raw)
        with h5py.File(patient, "w") as file:
            yield file, patient.check
        patient.check()


class PatientFile(io.RawIOBase):
    """A file whose writes never fail; `check` raises the first error.

    Parameters
    ----------
    raw
        The file on disk, unbuffered, open for reading and writing.
    """

    def __init__(self, raw: io.FileIO):
        self.raw = raw
        self.error: BaseException | None = None
        self.place = 0
        self.size = 0
        self.unwritten: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the first error of a write, if there was one."""
        if self.error is not None:
            raise self.error

    def write(self, data: Any) -> int:
        """Write at the present place; after an error keep the data in memory."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.error is None and done < len(view):
                done += os.pwrite(self.raw.fileno(), view[done:], self.place + done)
        except BaseException as error:  # Ctrl-C, too, would be a failed write to HDF5
            self.error = error
        if done < len(view):
            self.unwritten.append((self.place + done, bytes(view[done:])))
        self.place += len(view)
        self.size = max(self.size, self.place)
        return len(view)

    def readinto(self, buffer: Any) -> int:
        """Read at the present place what was written there, in whatever way; zeros where nothing was."""
        view = memoryview(buffer).cast("B")
        done = os.preadv(self.raw.fileno(), [view], self.place)
        view[done:] = bytes(len(view) - done)
        for place, data in self.unwritten:
            first, last = max(place, self.place), min(place + len(data), self.place + len(view))
            if first < last:
                view[first - self.place : last - self.place] = data[first - place : last - place]
        self.place += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        self.place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.place, os.SEEK_END: self.size}[whence]
        return self.place

    def tell(self) -> int:
        """Return the present place."""
        return self.place

    def truncate(self, size: int | None = None) -> int:
        """Set the file's size."""
        self.size = self.place if size is None else size
        try:
            os.ftruncate(self.raw.fileno(), self.size)
        except OSError as error:
            self.error = self.error or error
        return self.size

    def flush(self) -> None:
        """Do nothing: nothing is buffered, and whoever renames the file flushes it to disk."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True
