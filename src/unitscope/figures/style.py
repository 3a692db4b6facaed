"""How all figures look, and how they are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UnitscopeError
from ..run.atomic import replacing
from ..run.files import explained, write_csv
from ..run.own_files import MARK, refuse_foreign

# Okabe and Ito's colours, which colour-blind readers can tell apart; each goes with a marker of its own, so that
# nothing is said by colour alone.
MARKS = (("black", "D"), ("#0072B2", "s"), ("#D55E00", "p"), ("#009E73", "*"), ("#CC79A7", "^"), ("#E69F00", "v"))
LINES: Any = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (5, 1.5, 1, 1.5)), (0, (8, 3)), (0, (3, 1.2, 1, 1.2, 1, 1.2)))
CROWD = "#9a9a9a"
SUFFIXES = (".png", ".svg", ".pdf")

STYLE: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,  # a class may be called $5
    "svg.hashsalt": "unitscope",  # the same figure gives the same bytes
}


class Drawable(Protocol):
    """A figure's data, which can draw themselves on axes."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes and return them."""


@runtime_checkable
class Sheet(Protocol):
    """A figure of several panels, each of which draws itself on axes of its own."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @property
    def title(self) -> str:
        """What stands above all panels; may be empty."""

    @property
    def panels(self) -> Sequence[Drawable]:
        """The panels."""

    @property
    def rows(self) -> Sequence[Sequence[int]]:
        """Which panel stands where, row by row; -1 for an empty place, the same number twice for a wide panel."""


def make_figure(drawn: Drawable | Sheet) -> Figure:
    """Draw something on a figure of its own."""
    with rc_context(STYLE):
        figure = Figure(figsize=drawn.size, layout="constrained")
        if isinstance(drawn, Sheet):
            heights = [max(drawn.panels[number].size[1] for number in row if number >= 0) for row in drawn.rows]
            axes: Any = figure.subplot_mosaic(
                [list(row) for row in drawn.rows],
                empty_sentinel=-1,
                height_ratios=heights,
            )
            for number, panel in enumerate(drawn.panels):
                panel.draw(axes[number])
            figure.suptitle(drawn.title, x=0.01, ha="left", fontsize=11)
        else:
            drawn.draw(figure.add_subplot())
    return figure


def in_rows(count: int, per_row: int) -> list[list[int]]:
    """Place panels in rows; the last is filled up with empty places.

    Examples
    --------
    >>> in_rows(5, 3)
    [[0, 1, 2], [3, 4, -1]]
    """
    places = [*range(count), *[-1] * (-count % per_row)]
    return [places[start : start + per_row] for start in range(0, len(places), per_row)]


def save_figure(drawn: Drawable | Sheet, path: str | Path, dpi: int = 150, overwrite: bool = False) -> Path:
    """Write a figure as PNG, SVG or PDF; the suffix says which. Equal data give equal bytes.

    A picture that Unitscope wrote is replaced; any other file only with `overwrite`.

    Raises
    ------
    UnitscopeError
        If the suffix is another, the place cannot be written to, or another's file is there.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UnitscopeError(f"{path} ends with no known kind of picture; choose one of {', '.join(SUFFIXES)}")
    refuse_foreign(path, overwrite)
    figure = make_figure(drawn)
    with rc_context(STYLE), explained(path.parent), replacing(path) as temporary:
        kind = path.suffix.lower()[1:]
        metadata: dict[str, Any] = {
            "svg": {"Creator": MARK, "Date": None},
            "pdf": {"Creator": MARK, "CreationDate": None},
            "png": {"Software": MARK},
        }
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata[kind])
    return path


def save_data(drawn: Any, path: str | Path, overwrite: bool = False) -> Path:
    """Write the numbers of a figure as CSV, in full precision.

    A table of the same columns is replaced; any other file only with `overwrite`.

    Raises
    ------
    UnitscopeError
        If the place cannot be written to, or another's file is there.
    """
    path = Path(path)
    write_csv(path, drawn.frame(), overwrite)
    return path


def thousands(count: float) -> str:
    """Write a number of things.

    Examples
    --------
    >>> thousands(596734)
    '596,734'
    """
    return f"{count:,.0f}"


def shorten(text: str, length: int = 28) -> str:
    """Cut a long name.

    Examples
    --------
    >>> shorten("trolleybus, trolley coach, trackless trolley", 20)
    'trolleybus, trolley…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
