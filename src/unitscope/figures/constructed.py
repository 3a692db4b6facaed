"""Three constructed units for which CCMAS fails, and every measure of them (Gale et al. 2020, Figure 12)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..measures import COLUMNS, measure
from ..simulations import constructed_units
from .jitter import LEGEND, Jitter
from .tabular import Text, number

TITLES = {
    "one_item": "a, on for one item",
    "grandmother": "b, on for all of one class",
    "slightly_higher": "c, one class higher by 0.1",
}
"""Names of the units, in the order of the figure's caption; the text of the appendix swaps b and c."""


class Panel(Jitter):
    """A constructed unit's jitterplot: narrower than a real one's."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 4.2, 4.4

    def draw(self, ax: Axes) -> Axes:
        """Draw as any jitterplot, the legend in one column."""
        super().draw(ax)
        ax.set_title(f"{self.unit}: {len(self.activations):,} items", pad=30)
        ax.legend(**LEGEND, ncols=1)
        return ax


@dataclass(frozen=True)
class Constructed:
    """The three units and every measure of them.

    Attributes
    ----------
    plots
        Their jitterplots.
    columns
        The measures.
    table
        One row per measure: ``measure`` and a column for each unit; yes and no as True and False.

    See Also
    --------
    constructed : Compute it.
    """

    plots: tuple[Jitter, ...]
    columns: tuple[Column, ...]
    table: pd.DataFrame

    title = "Three constructed units, 10 classes of 100 items: where CCMAS fails"
    rows = ((0, 1, 2), (3, 3, 3))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 12.0, 4.6 + self.text.size[1]

    @property
    def panels(self) -> tuple[Any, ...]:
        """The jitterplots, and the table below them."""
        return (*self.plots, self.text)

    @property
    def text(self) -> Text:
        """The table as text."""
        names = list(TITLES)
        rows = [
            [column.title, *(yes_or_number(row[name]) for name in names)]
            for column, row in zip(self.columns, self.table.to_dict("records"), strict=True)
        ]
        return Text(["Measure", *TITLES.values()], rows, (1, 2, 3), "What every measure says of them", least=11.0)

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table


def yes_or_number(value: object) -> str:
    """Return a number as text, or "yes" or "no"."""
    return ("yes" if value else "no") if isinstance(value, bool | np.bool_) else number(value)


def constructed() -> Constructed:
    """Construct the three units and measure them; the only figure that needs no run.

    Returns
    -------
    Constructed

    See Also
    --------
    jitter : The same plot of a unit of a run.

    Examples
    --------
    >>> constructed().table.set_index("measure").loc["ccmas"].astype(float).round(2).tolist()
    [1.0, 1.0, 0.06]
    """
    activations, labels, names = constructed_units()
    found = measure(activations, labels, units=names).set_index("unit")
    columns = tuple(
        column for column in COLUMNS.values() if column.kind in ("measure", "flag") and column.name in found
    )
    table = pd.DataFrame([{"measure": column.name, **found[column.name].to_dict()} for column in columns])
    plots = [
        Panel(
            TITLES[name],
            activations[:, place],
            (labels == 0)[None],
            ("the class",),
            float(found["max_informedness_threshold"][name]),
            float(found["precision_60_threshold"][name]),
            "all",
        )
        for place, name in enumerate(names)
    ]
    return Constructed(tuple(plots), columns, table)
