"""Box plots of every measure per layer on one sheet (Gale et al. 2020, Figure 2 a-i)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..columns import Column, own_name
from ..errors import UnitscopeError
from ..run import Run
from .chosen import counted, measured_items
from .distribution import Distribution, distribution
from .style import in_rows, thousands

PAPER = ("precision_60", "ccmas", "n_classes_top_100", "recall_at_precision_1", "recall_at_precision_95",
         "max_informedness", "max_informedness_recall", "max_informedness_specificity",
         "max_informedness_false_alarm_rate")  # fmt: skip
"""The measures of Figure 2, which here come first."""

BESIDE = ("max_informedness_false_discovery_rate",)
"""What the paper's "false alarm rate > 99 %" must be a kind of; drawn beside the false-alarm rate."""


@dataclass(frozen=True)
class Boxplots:
    """Distributions of several measures over the same units.

    Attributes
    ----------
    panels
        One distribution for each measure.
    title
        How many units, items and classes, and what the boxes mean.
    """

    panels: tuple[Distribution, ...]
    title: str

    @property
    def rows(self) -> list[list[int]]:
        """Which panel stands where: as many in a row as a page is wide."""
        return in_rows(len(self.panels), max(1, min(len(self.panels), int(14 / self.panels[0].size[0]), 5)))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        width, height = self.panels[0].size
        return max(width * len(self.rows[0]), 6.5), height * len(self.rows) + 0.5

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn, one row per measure and unit."""
        return pd.concat(
            [
                panel.points.rename(columns={panel.column.name: "value"}).assign(measure=panel.column.name)
                for panel in self.panels
            ],
            ignore_index=True,
        )[["measure", "unit", "layer", "value"]]


def measures_of(run: Run) -> list[Column]:
    """List the measures that have a value for some unit, in the table's order."""
    table = run.table("selectivity")
    return [
        column
        for column in run.columns("selectivity").values()
        if column.kind == "measure" and table[column.name].notna().any()
    ]


def boxplots(run: Run, measures: Sequence[str] | None = None) -> Boxplots:
    """Compute the distributions of measures per layer.

    Parameters
    ----------
    run
        A run that was measured.
    measures
        Names of measures; default: those of the paper's Figure 2, then every other.

    Returns
    -------
    Boxplots

    Raises
    ------
    UnitscopeError
        If there is no such measure, or no unit has a value of any.
    """
    table = run.table("selectivity")
    if measures is None:
        paper = (own_name(name, table) for name in (*PAPER, *BESIDE))
        every = [*paper, *(column.name for column in measures_of(run))]
        measures = [name for name in dict.fromkeys(every) if name in table and table[name].notna().any()]
    if not measures:
        raise UnitscopeError(
            f"no unit of {run.directory} has a value of any measure; the table says why in 'undefined'"
        )
    keep, items = measured_items(run)
    panels = tuple(distribution(run, name) for name in measures)
    title = (
        f"{thousands(len(table))} units in {len(run.layers)} layers, {counted(int(keep.sum()), items)}. Line: median; "
        "box: quartiles; whiskers: 1.5 boxes; crosses: outliers;\ndot: mean with standard error. "
        "In brackets: units with a value."
        + (" Dotted: median by chance (permuted labels)." if any(panel.chance for panel in panels) else "")
    )
    return Boxplots(panels, title)
