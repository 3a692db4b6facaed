"""Box plots of every measure per layer on one sheet (Gale et al. 2020, Figure 2 a-i)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import TableColumn, find_columns, items_of_table, list_columns, tell_apart
from ..selectivity import SELECTIVITY
from .distribution import Distribution, distribution_of
from .style import count_items, in_rows, thousands
from .unit_data import measures_of_paper

PAPER = ("precision_60", "ccmas", "n_classes_top_100", "recall_at_precision_1", "recall_at_precision_95",
         "max_informedness", "max_informedness_recall", "max_informedness_specificity",
         "max_informedness_false_alarm_rate")  # fmt: skip
"""The measures of Figure 2, which come first by default."""

ADDED = ("max_informedness_false_discovery_rate",)
"""What the paper's "false alarm rate > 99 %" probably is; drawn after the false-alarm rate."""


@dataclass(frozen=True)
class Boxplots:
    """Distributions of several measures over the same units.

    Attributes
    ----------
    panels
        One distribution for each measure.
    title
        How many units and items, and what the boxes mean.

    See Also
    --------
    boxplots : Compute them.
    """

    panels: tuple[Distribution, ...]
    title: str

    @property
    def rows(self) -> list[list[int]]:
        """Numbers of the panels row by row: as many in a row as a page is wide."""
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


def boxplots(run: Run, measures: Sequence[str] | None = None) -> Boxplots:
    """Compute the distributions of measures per layer.

    Parameters
    ----------
    run
        A run that was measured.
    measures
        Names of columns, ``"auc"`` or ``"dissection.iou"``; default: the measures of the paper's Figure 2, then every
        other measure of every table.

    Returns
    -------
    Boxplots

    Raises
    ------
    UnitscopeError
        If there is no such column, or no unit has a value of any.

    See Also
    --------
    distribution : One of the panels.
    top_units : The units with the highest values.

    Examples
    --------
    >>> figure = boxplots(run, ["ccmas", "auc"])
    >>> figure.frame().groupby("measure")["value"].max().round(2).to_dict()
    {'auc': 0.95, 'ccmas': 0.67}
    """
    columns = default_measures(run) if measures is None else find_columns(run, measures)
    if not columns:
        raise UnitscopeError(
            f"no unit of {run.directory} has a value of any measure; the table says why in 'undefined'"
        )
    panels = tuple(distribution_of(run, found) for found in columns)
    title = (
        f"{thousands(len(run.units))} units in {len(run.layers)} layers{describe_items(run, columns)}.\nLine: median; "
        "box: quartiles; whiskers: 1.5 boxes; crosses: outliers; dot: mean with standard error. "
        "In brackets: units with a value."
        + (" Dotted: median by chance, where it is known." if any(panel.chance for panel in panels) else "")
    )
    return Boxplots(panels, title)


def default_measures(run: Run) -> list[TableColumn]:
    """Return the columns of the paper's Figure 2, then every other measure that has a value for some unit."""
    only_others = run.tables and SELECTIVITY not in run.tables
    paper = [] if only_others else find_columns(run, measures_of_paper((*PAPER, *ADDED)))
    return [found for found in tell_apart([*paper, *list_columns(run)]) if found.by_unit.notna().any()]


def describe_items(run: Run, columns: Sequence[TableColumn]) -> str:
    """Return how many items the columns were computed from, if all from the same; else nothing."""
    parameters = [found.table.parameters.get("items") for found in columns]
    if parameters[0] is None or len(set(parameters)) > 1:
        return ""
    keep, items = items_of_table(run, columns[0].table.name)
    return f", {count_items(int(keep.sum()), items)}"
