"""Protect files of the user from being overwritten: only files that Unitscope wrote are replaced."""

from pathlib import Path

from ..errors import UnitscopeError

MARK = "made-by-unitscope"
"""Mark in the metadata of every picture and page that Unitscope writes."""

NEAR = 4096
"""The mark is within this many bytes of the start or the end (PDF) of a file."""


def refuse_foreign(path: Path, overwrite: bool = False, header: str = "") -> None:
    r"""Raise if writing a file would replace one that Unitscope did not write.

    A picture or page is recognized by the mark in its metadata, a table by its header.

    Parameters
    ----------
    path
        The file that is about to be written.
    overwrite
        Allow any file to be replaced.
    header
        The first line of the table that is about to be written, for CSV files.

    Raises
    ------
    UnitscopeError
        If the existing file was not written by Unitscope.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "numbers.csv"
    >>> refuse_foreign(path)  # there is no such file
    >>> _ = path.write_text("unit,auc\nfc6:0,0.9\n")
    >>> refuse_foreign(path, header="unit,auc")
    >>> refuse_foreign(path, header="item,activation")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: ...numbers.csv was not written by Unitscope; choose another path, or ...
    """
    if overwrite or not path.is_file():
        return
    if not (has_header(path, header) if header else has_mark(path)):
        raise UnitscopeError(
            f"{path} was not written by Unitscope; choose another path, or replace it with --overwrite (overwrite=True)"
        )


def refuse_foreign_directory(path: Path, page: str, overwrite: bool = False) -> None:
    """Raise if a directory is not empty and does not contain a page that Unitscope wrote."""
    if overwrite or not path.is_dir() or not any(path.iterdir()):
        return
    if not (path / page).is_file() or not has_mark(path / page):
        raise UnitscopeError(
            f"the directory {path} is not empty and has no {page} written by Unitscope; choose another path, or "
            "write into it with --overwrite (overwrite=True)"
        )


def has_mark(path: Path) -> bool:
    """Return whether a file contains the mark."""
    with path.open("rb") as file:
        start = file.read(NEAR)
        file.seek(max(0, path.stat().st_size - NEAR))
        return MARK.encode() in start or MARK.encode() in file.read()


def has_header(path: Path, header: str) -> bool:
    """Return whether the first line of a file is a table's header."""
    with path.open("rb") as file:
        return file.readline().rstrip(b"\r\n") == header.encode()
