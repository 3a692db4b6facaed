"""What commands print: tables, byte counts, progress bars, the command to run next."""

import contextlib
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from ..progress import Progress

if TYPE_CHECKING:
    from ..run import Status

WIDE = 200
"""Width of output to a file or another program, where tables are not folded."""

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of text."""


class PlainConsole(Console):
    """A console that shows all text as it is: names of classes and units may come from an untrusted run."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, emoji=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Return text in which nothing controls the terminal."""
        return super().render_str(printable(text), **settings | {"markup": False, "emoji": False})


def printable(text: str) -> str:
    r"""Return a text on one line, with escape sequences and other control characters written out.

    Examples
    --------
    >>> print(printable("cat\x1b[2J\ndog"))
    cat\x1b[2J\ndog
    """
    return "".join(
        character if character not in BIDI and unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape").decode()
        for character in text
    )  # fmt: skip


OUT = PlainConsole(width=None if sys.stdout.isatty() else WIDE)
ERRORS = PlainConsole(stderr=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a progress bar for each kind of work on standard error; yields the function to report to."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=ERRORS) as bars, compilation_shown():
        tasks: dict[str, Any] = {}

        def report(doing: str, done: int, total: int) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing, total=total, completed=done)
            bars.update(tasks[doing], completed=done, total=total)

        yield report


@contextlib.contextmanager
def compilation_shown() -> Iterator[None]:
    """Print a line on standard error when Numba begins to compile, which delays the first command on a machine."""
    events = sys.modules.get("numba.core.event")
    if events is None:
        yield
        return

    class Compilation(events.Listener):  # type: ignore[name-defined]
        shown = False

        def on_start(self, event: Any) -> None:
            if not self.shown:
                self.shown = True
                ERRORS.print("compiling, once after installation: up to a minute", style="yellow")

        def on_end(self, event: Any) -> None:
            pass

    with events.install_listener("numba:compile", Compilation()):
        yield


def print_next(run: Path) -> None:
    """Print the command to run next on a run, as ``unitscope status`` does."""
    from ..run import read_status

    print_step(read_status(run))


def print_step(status: "Status") -> None:
    """Print the command to run next on a run, or where its report is if that is up to date."""
    line = f"next: {status.next_step}" if status.next_step else f"report: {status.report}"
    OUT.print(line, soft_wrap=True)


def table(columns: list[str], rows: list[list[str]], numbers: tuple[int, ...] = ()) -> Table:
    """Return a plain table; the columns in `numbers` are aligned to the right."""
    made = Table(box=None, pad_edge=False)
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def in_bytes(count: int) -> str:
    """Return a number of bytes as text.

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
    """Return a time as text.

    Examples
    --------
    >>> in_time(42), in_time(400), in_time(9000)
    ('42 s', '7 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
