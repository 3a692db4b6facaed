"""The units with the highest value of a measure, and their values of others (Gale et al. 2020, Table 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..run import Run
from ..run.lookup import find_columns, titles_of_classes, unit_frame
from ..selectivity import SELECTIVITY
from .style import shorten, thousands
from .tabular import Text, number
from .unit_data import measures_of_paper

PAPER = ("ccmas", "precision_60")
"""The measures of Table 2."""

BESIDE = ("precision_60", "ccmas", "recall_at_precision_1", "recall_at_precision_95", "max_informedness",
          "detector_score", "average_precision", "auc")  # fmt: skip
"""Measures that are shown of every unit."""


@dataclass(frozen=True)
class TopUnits:
    """Units with the highest score per measure.

    Attributes
    ----------
    ranked_by
        The measures that units are chosen by.
    beside
        The measures shown of each.
    rows
        One row per choice: ``ranked_by`` (a measure), ``unit``, ``layer``, ``class`` (that of the measure), its
        ``held_out`` value with the interval from ``low`` to ``high`` where a measure has them, ``p`` where permutations
        were made, and the measures shown.
    per_layer
        Whether each layer gives its own highest units.
    n_units
        Units of the run.

    See Also
    --------
    top_units : Compute it.
    """

    ranked_by: tuple[Column, ...]
    beside: tuple[Column, ...]
    rows: pd.DataFrame
    per_layer: bool
    n_units: int

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.rows

    @property
    def text(self) -> Text:
        """The table in words, a heading for each measure."""
        has_p, has_interval = "p" in self.rows, "held_out" in self.rows
        lines: list[list[str]] = []
        for column in self.ranked_by:
            lines.append([f"Highest by: {column.title}"])
            for row in self.rows[self.rows["ranked_by"] == column.name].to_dict("records"):
                held_out = [number(row["held_out"]), interval_text(row)] if has_interval else []
                chance = [number(row["p"])] if has_p else []
                numbers = [number(row[shown.name]) for shown in self.beside]
                lines.append([row["unit"], shorten(row["class"], 22), *held_out, *chance, *numbers])
        added = [*(["Held out", "95 % interval"] if has_interval else []), *(["p"] if has_p else [])]
        heads = ["Unit", "Class", *added, *(column.title for column in self.beside)]
        which = "of each layer" if self.per_layer else "of all layers"
        title = f"Highest units {which}, {thousands(self.n_units)} units in all"
        notes = ["The class is that of the measure in the heading; the other measures may be of other classes."]
        if has_interval:
            notes.append(
                "Held out: the measure in the heading, on items that had no part in choosing class and threshold."
            )
        if has_p:
            notes.append("p: share of label permutations that reach the value in the heading.")
        return Text(heads, lines, range(2, len(heads)), title, notes)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return self.text.size

    def draw(self, ax: Axes) -> Axes:
        """Draw the table."""
        return self.text.draw(ax)


def interval_text(row: Mapping[Any, Any]) -> str:
    """Return the interval of a row as text; a dash where there is none."""
    low, high = row.get("low", np.nan), row.get("high", np.nan)
    return f"{low:.3f} to {high:.3f}" if np.isfinite([low, high]).all() else "–"


def top_units(run: Run, measures: Sequence[str] | None = None, count: int = 1, *, per_layer: bool = True) -> TopUnits:
    """Choose the units with the highest value of each measure; of equal ones the first.

    Parameters
    ----------
    run
        A run with tables.
    measures
        Names of the columns to choose by, ``"auc"`` or ``"dissection.iou"``; default: the measures of the paper's
        Table 2.
    count
        How many units for each measure (and layer).
    per_layer
        Whether to choose within each layer, as the paper does, or among all units.

    Returns
    -------
    TopUnits
        Falling by measure, without units that have no value.

    Raises
    ------
    UnitscopeError
        If there is no such column.

    See Also
    --------
    boxplots : The distributions of the measures.

    Examples
    --------
    >>> top_units(run, ["ccmas"]).frame()[["ranked_by", "unit", "class"]]
      ranked_by   unit class
    0     ccmas  fc6:0   cat
    """
    names = list(measures or measures_of_paper(PAPER))
    shown = measures_of_paper(BESIDE) if SELECTIVITY in run.tables else []
    columns = {found.full_name: found for found in find_columns(run, [*shown, *names])}
    ranked_by = [columns[found.full_name] for found in find_columns(run, names)]
    table = unit_frame(run, columns.values())
    parts = []
    for column in ranked_by:
        found = table.dropna(subset=[column.name]).sort_values(column.name, ascending=False, kind="stable")
        found = found.groupby("layer", sort=False).head(count) if per_layer else found.head(count)
        part = found.copy()
        part.insert(0, "ranked_by", column.name)
        part.insert(3, "class", titles_of_classes(run, column, found["unit"]))
        for place, role in enumerate(("held_out", "low", "high", "p"), 4):
            if linked := column.linked(role):
                part.insert(min(place, part.shape[1]), role, linked.by_unit.reindex(found["unit"]).to_numpy())
        parts.append(part)
    described, beside = (tuple(found.column for found in some) for some in (ranked_by, columns.values()))
    return TopUnits(described, beside, pd.concat(parts, ignore_index=True), per_layer, len(table))
