"""The style of all figures, and writing them to files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap
from typing import IO, Any, Protocol, runtime_checkable

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from ..errors import UnitscopeError
from ..run.atomic import whole_file
from ..run.files import explain_errors, write_csv
from ..run.own_files import MARK, refuse_foreign

# Okabe and Ito's colours, which colour-blind readers can tell apart. Each has its own marker, so that no information is
# in colour alone.
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
    """The data of a figure, which can draw themselves on axes.

    See Also
    --------
    Sheet : A figure of several panels.

    Examples
    --------
    >>> from unitscope.figures import jitter
    >>> jitter(run, "fc6:0").size
    (7.5, 3.4)
    """

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes and return them."""


@runtime_checkable
class Sheet(Protocol):
    """A figure of several panels, each of which draws itself on its own axes.

    See Also
    --------
    Drawable : A figure of one panel.

    Examples
    --------
    >>> from unitscope.figures import roc
    >>> isinstance(roc(run, "fc6:0"), Sheet)
    True
    """

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @property
    def title(self) -> str:
        """Title above all panels; may be empty."""

    @property
    def panels(self) -> Sequence[Drawable]:
        """The panels."""

    @property
    def rows(self) -> Sequence[Sequence[int]]:
        """Numbers of the panels row by row; -1 for an empty place, the same number twice for a wide panel."""


def make_figure(drawn: Drawable | Sheet) -> Figure:
    """Return a new figure with the drawing on it.

    Parameters
    ----------
    drawn
        What a function of `unitscope.figures` returns.

    Returns
    -------
    matplotlib.figure.Figure

    See Also
    --------
    save_figure : Write the figure to a file.

    Examples
    --------
    >>> from unitscope.figures import jitter
    >>> len(make_figure(jitter(run, "fc6:0")).axes)
    1
    """
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
            lines = [part for line in drawn.title.splitlines() for part in wrap(line, int(drawn.size[0] * 12))]
            figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11)
        else:
            drawn.draw(figure.add_subplot())
    return figure


def in_rows(count: int, per_row: int) -> list[list[int]]:
    """Return the numbers of panels row by row; the last row is filled with -1, an empty place.

    Examples
    --------
    >>> in_rows(5, 3)
    [[0, 1, 2], [3, 4, -1]]
    """
    places = [*range(count), *[-1] * (-count % per_row)]
    return [places[start : start + per_row] for start in range(0, len(places), per_row)]


def save_figure(drawn: Drawable | Sheet, path: str | Path, dpi: int = 150, overwrite: bool = False) -> Path:
    """Write a figure as PNG, SVG or PDF. Equal data give equal bytes.

    Parameters
    ----------
    drawn
        What a function of `unitscope.figures` returns.
    path
        The file; its suffix is the format.
    dpi
        Resolution in dots per inch.
    overwrite
        Replace a file that Unitscope did not write; a picture that it wrote is always replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnitscopeError
        If the suffix is unknown, the file cannot be written, or it exists and Unitscope did not write it.

    See Also
    --------
    save_data : Write the numbers of the figure.

    Examples
    --------
    >>> from unitscope.figures import jitter
    >>> save_figure(jitter(run, "fc6:0"), run.directory / "unit.svg").name
    'unit.svg'
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UnitscopeError(f"{path} has no known kind of picture; choose one of {', '.join(SUFFIXES)}")
    refuse_foreign(path, overwrite)
    with explain_errors(path.parent), whole_file(path) as temporary, temporary.open("wb") as file:
        write_figure(drawn, file, path.suffix.lower()[1:], dpi)
    return path


def write_figure(drawn: Drawable | Sheet, file: IO[bytes], kind: str, dpi: int = 150) -> None:
    """Write a figure into an open file; `kind` is ``"png"``, ``"svg"`` or ``"pdf"``."""
    with rc_context(STYLE):
        figure = make_figure(drawn)
        figure.dpi = dpi
        # The methods of the canvases write the same bytes as savefig, which draws every figure twice.
        if kind == "png":
            FigureCanvasAgg(figure).print_png(file, metadata={"Software": MARK})
        elif kind == "svg":
            FigureCanvasSVG(figure).print_svg(file, metadata={"Creator": MARK, "Date": None})
        else:
            FigureCanvasPdf(figure).print_pdf(file, metadata={"Creator": MARK, "CreationDate": None})


def save_data(drawn: Any, path: str | Path, overwrite: bool = False) -> Path:
    """Write the numbers of a figure as CSV, in full precision.

    Parameters
    ----------
    drawn
        What a function of `unitscope.figures` returns.
    path
        The file.
    overwrite
        Replace any file; one that has the same columns is always replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnitscopeError
        If the file cannot be written, or it exists and has other columns.

    See Also
    --------
    save_figure : Write the picture.

    Examples
    --------
    >>> from unitscope.figures import jitter
    >>> save_data(jitter(run, "fc6:0"), run.directory / "unit.csv").name
    'unit.csv'
    """
    path = Path(path)
    write_csv(path, drawn.frame(), overwrite)
    return path


def thousands(count: float) -> str:
    """Return a number with commas between its thousands.

    Examples
    --------
    >>> thousands(596734)
    '596,734'
    """
    return f"{count:,.0f}"


def count_items(count: int, items: str) -> str:
    """Return how many items there are, and which.

    Parameters
    ----------
    count
        Number of items.
    items
        ``"correct"`` or ``"all"``.

    Examples
    --------
    >>> count_items(721536, "correct"), count_items(1, "all")
    ('721,536 correctly classified items', '1 item')
    """
    return f"{thousands(count)} {'correctly classified ' if items == 'correct' else ''}item{'' if count == 1 else 's'}"


def shorten(text: str, length: int = 28) -> str:
    """Return a name, cut where it is longer than `length`.

    Examples
    --------
    >>> shorten("trolleybus, trolley coach, trackless trolley", 20)
    'trolleybus, trolley…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def label_layers(layers: Iterable[str], length: int = 18) -> dict[str, str]:
    """Return short names of layers: the ends of long ones, as much as is needed to tell them apart.

    Examples
    --------
    >>> labels = label_layers(["features.block4.layer15.conv2", "features.block4.layer16.conv2", "fc"])
    >>> list(labels.values())
    ['…ck4.layer15.conv2', '…ck4.layer16.conv2', 'fc']
    """
    names = list(dict.fromkeys(layers))
    while True:
        labels = {name: name if len(name) <= length else "…" + name[1 - length :] for name in names}
        if len(set(labels.values())) == len(names):
            return labels
        length += 4
