"""Correlations between measures over units, Pearson as in the paper, and Spearman (Gale et al. 2020, Table 3)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import find_columns, unit_frame
from .style import thousands
from .unit_data import measures_of_paper

PAPER = ("precision_60", "ccmas", "recall_at_precision_95", "max_informedness", "n_classes_top_100")
"""The measures of Table 3."""


@dataclass(frozen=True)
class Correlations:
    """Correlations between measures over the units of all layers.

    Attributes
    ----------
    columns
        What the measures are.
    pairs
        One row per pair: ``first``, ``second``, ``pearson``, ``pearson_p``, ``spearman``, ``spearman_p`` and
        ``n_units``, those for which both are defined.
    n_units
        Units of the run, or of the layers that count.

    See Also
    --------
    correlations : Compute them.
    """

    columns: tuple[Column, ...]
    pairs: pd.DataFrame
    n_units: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 2.2 + 0.85 * len(self.columns), 1.7 + 0.62 * len(self.columns)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn."""
        return self.pairs

    def matrix(self) -> np.ndarray:
        """Arrange the correlations: Spearman below the diagonal, Pearson above, NaN on it."""
        places = {column.name: place for place, column in enumerate(self.columns)}
        found = np.full((len(places), len(places)), np.nan)
        for pair in self.pairs.to_dict("records"):
            found[places[pair["first"]], places[pair["second"]]] = pair["pearson"]
            found[places[pair["second"]], places[pair["first"]]] = pair["spearman"]
        return found

    def draw(self, ax: Axes) -> Axes:
        """Draw a heat map with its numbers: Pearson's above the diagonal, Spearman's below and slanted."""
        matrix = self.matrix()
        ax.imshow(matrix, cmap="PuOr_r", vmin=-1.6, vmax=1.6, aspect="auto")
        chance = {
            (pair["first"], pair["second"]): (pair["pearson_p"], pair["spearman_p"])
            for pair in self.pairs.to_dict("records")
        }
        names = [column.name for column in self.columns]
        for row, column in np.argwhere(np.isfinite(matrix)):
            below = row > column
            p = chance[names[min(row, column)], names[max(row, column)]][int(below)]
            text = f"{matrix[row, column]:.2f}" + ("" if p < 0.001 else "\nn.s." if p >= 0.05 else f"\np {p:.2g}")
            ax.text(column, row, text, ha="center", va="center", fontsize=8, linespacing=1.25,
                    style="italic" if below else "normal")  # fmt: skip
        for row, column in np.argwhere(np.isnan(matrix)):
            if row != column:
                ax.text(column, row, "undefined", ha="center", va="center", fontsize=7, color="#777777")
        titles = ["\n".join(textwrap.wrap(column.title, 14)) for column in self.columns]
        ax.set_xticks(range(len(titles)), titles, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
        ax.set_yticks(range(len(titles)), titles, fontsize=8)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        counts = self.pairs["n_units"]
        least, most = int(counts.min()), int(counts.max())
        units = thousands(most) if least == most else f"{thousands(least)} to {thousands(most)}"
        ax.set_title(
            f"Above the diagonal Pearson, below (slanted) Spearman\n{units} of {thousands(self.n_units)} units; "
            "p < .001 unless said"
        )
        return ax


def correlations(run: Run, measures: Sequence[str] | None = None, layers: Sequence[str] | None = None) -> Correlations:
    """Compute the correlations between measures over all units that have a value of both.

    Parameters
    ----------
    run
        A run that was measured.
    measures
        Names of two columns or more, ``"auc"`` or ``"dissection.iou"``; default: the measures of the paper's Table 3.
    layers
        Layers whose units count; default: all.

    Returns
    -------
    Correlations
        NaN where fewer than three units have both, or a measure does not vary.

    Raises
    ------
    UnitscopeError
        If there is no such column, or only one is named.

    See Also
    --------
    disagreement : A scatter of two measures.

    Examples
    --------
    >>> correlations(run, ["auc", "average_precision"]).frame()[["first", "second", "n_units"]]
      first             second  n_units
    0   auc  average_precision        4
    """
    found = find_columns(run, measures or measures_of_paper(PAPER))
    columns = tuple(column.column for column in found)
    if len(columns) < 2:
        raise UnitscopeError(f"{columns[0].title} alone has no correlation; name two measures or more")
    from scipy import stats  # takes a second to import, and most figures do not need it

    table = unit_frame(run, found)
    if layers is not None:
        table = table[table["layer"].isin(layers)]
    rows = []
    for first, second in combinations(columns, 2):
        both = table[[first.name, second.name]].dropna().astype(float)
        row = {"first": first.name, "second": second.name, "n_units": len(both)}
        for name, test in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
            varied = len(both) > 2 and all(_varies(both[column].to_numpy()) for column in both)
            row[name], row[f"{name}_p"] = test(both[first.name], both[second.name]) if varied else (np.nan, np.nan)
        rows.append(row)
    order = ["first", "second", "pearson", "pearson_p", "spearman", "spearman_p", "n_units"]
    return Correlations(columns, pd.DataFrame(rows)[order], len(table))


def _varies(values: np.ndarray) -> bool:
    """Return whether values differ by more than rounding."""
    return bool(np.ptp(values) > 1e-9 * np.abs(values).max())
