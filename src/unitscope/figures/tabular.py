"""Tables drawn with matplotlib: columns as wide as their text, numbers aligned to the right."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

WIDTH = 0.073
"""Average width of a character, in inches."""

LINE = 0.2
"""Height of a row, in inches."""


@dataclass(frozen=True)
class Text:
    """A table of text, ready to be drawn.

    Attributes
    ----------
    heads
        Titles of the columns.
    rows
        The cells. A row of one cell is a heading across the table.
    numbers
        Columns that are aligned to the right.
    title
        Title above the table.
    notes
        Lines below the table.
    least
        Smallest width in inches, for a table among other panels.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    title: str = ""
    notes: Sequence[str] = ()
    least: float = 0.0

    @property
    def wrapped(self) -> list[list[str]]:
        """Lines of each head, as long as the cells of its column."""
        cells = [[row[place] for row in self.rows if len(row) > 1] for place in range(len(self.heads))]
        return [
            textwrap.wrap(head, max([13, *map(len, column)]), break_long_words=False) or [""]
            for head, column in zip(self.heads, cells, strict=True)
        ]

    @property
    def widths(self) -> list[float]:
        """Widths of the columns, in inches."""
        found = []
        for place, head in enumerate(self.wrapped):
            longest = max([*map(len, head), *(len(row[place]) for row in self.rows if len(row) > 1)])
            found.append(WIDTH * longest + 0.22)
        return found

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        words = max([len(self.title) * WIDTH * 1.2, *(len(note) * WIDTH * 0.9 for note in self.notes)])
        lines = len(self.rows) + max(map(len, self.wrapped)) + len(self.notes)
        return max(sum(self.widths), words, self.least) + 0.2, LINE * (lines + 1) + 0.5

    def draw(self, ax: Axes) -> Axes:
        """Draw the table from the top left of the axes."""
        ax.axis("off")
        n_head = max(map(len, self.wrapped))
        height = n_head + len(self.rows) + len(self.notes) + 1
        ax.set_xlim(0, max(self.size[0] - 0.2, 0.1))
        ax.set_ylim(height, 0)
        ax.set_title(self.title)
        lefts = [sum(self.widths[:place]) for place in range(len(self.widths))]
        for place, (left, width, head) in enumerate(zip(lefts, self.widths, self.wrapped, strict=True)):
            right = place in self.numbers
            x, side = (left + width - 0.2, "right") if right else (left, "left")
            ax.text(x, n_head, "\n".join(head), ha=side, va="bottom", weight="bold", fontsize=8, linespacing=1.25)
            for line, row in enumerate(self.rows):
                if len(row) > 1:
                    ax.text(x, n_head + line + 0.6, row[place], ha=side, va="center", fontsize=8)
        for line, row in enumerate(self.rows):
            if len(row) == 1:
                ax.text(0, n_head + line + 0.65, row[0], va="center", fontsize=8, style="italic")
                ax.plot([0, sum(self.widths)], [n_head + line + 0.05] * 2, color="#999999", lw=0.5)
        ax.plot([0, sum(self.widths)], [n_head + 0.1] * 2, color="black", lw=0.9)
        ax.plot([0, sum(self.widths)], [n_head + len(self.rows) + 0.15] * 2, color="black", lw=0.9)
        for line, note in enumerate(self.notes, 1):
            ax.text(0, n_head + len(self.rows) + line, note, va="center", fontsize=7, color="#444444")
        return ax


def number(value: object) -> str:
    """Return a number as text for a table; a dash for a missing one.

    Examples
    --------
    >>> number(0.98342), number(float("nan")), number(12.0), number(3e-7)
    ('0.983', '–', '12.0', '0.000')
    """
    if value is None or value != value:
        return "–"
    found = float(value)  # type: ignore[arg-type]
    return f"{found:.3f}" if abs(found) < 10 else f"{found:,.1f}"
