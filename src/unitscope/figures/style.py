"""How all figures look, and how they are written."""

from pathlib import Path
from typing import Any, Protocol

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UnitscopeError
from ..run.files import explained, replacing

# Okabe and Ito's colours, which colour-blind readers can tell apart; each goes with a marker of its own.
MARKS = (("black", "D"), ("#0072B2", "s"), ("#D55E00", "p"), ("#009E73", "*"), ("#CC79A7", "^"), ("#E69F00", "v"))
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
    "svg.hashsalt": "unitscope",  # the same figure gives the same bytes
}


class Drawable(Protocol):
    """A figure's data, which can draw themselves on axes."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes and return them."""


def make_figure(drawable: Drawable) -> Figure:
    """Draw something on a figure of its own."""
    with rc_context(STYLE):
        figure = Figure(figsize=drawable.size, layout="constrained")
        drawable.draw(figure.add_subplot())
    return figure


def save_figure(drawable: Drawable, path: str | Path, dpi: int = 150) -> Path:
    """Write a figure as PNG, SVG or PDF; the suffix says which. Equal data give equal bytes.

    Raises
    ------
    UnitscopeError
        If the suffix is another, or the place cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UnitscopeError(f"{path} ends with no known kind of picture; choose one of {', '.join(SUFFIXES)}")
    figure = make_figure(drawable)
    with rc_context(STYLE), explained(path.parent), replacing(path) as temporary:
        kind = path.suffix.lower()[1:]
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=dates[kind])
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
