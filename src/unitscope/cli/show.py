"""What commands print: tables, byte counts, progress bars."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from ..progress import Progress

WIDE = 160
"""Width of what is printed into a file or another program: tables are not folded there."""

OUT = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
ERRORS = Console(stderr=True, highlight=False)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show one bar per kind of work on standard error; yields the function to report to."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=ERRORS) as bars:
        tasks: dict[str, Any] = {}

        def report(doing: str, done: int, total: int) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing, total=total, completed=done)
            bars.update(tasks[doing], completed=done, total=total)

        yield report


def table(columns: list[str], rows: list[list[str]], numbers: tuple[int, ...] = ()) -> Table:
    """Make a plain table; the columns in `numbers` are set to the right."""
    made = Table(box=None, pad_edge=False)
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def in_bytes(count: int) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> in_bytes(512), in_bytes(11_800_000_000)
    ('512 B', '11.8 GB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def in_time(seconds: float) -> str:
    """Write a time for people.

    Examples
    --------
    >>> in_time(42), in_time(400), in_time(9000)
    ('42 s', '7 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
