"""Where measures disagree: the same units, by one measure and by another."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..run import Run
from .distribution import find_measure
from .style import MARKS

COMPARED = ("precision_60", "ccmas", "recall_at_precision_95", "max_informedness", "average_precision", "auc")
"""Measures whose ranks are compared: the literature's two, and signal detection's."""


@dataclass(frozen=True)
class Disagreement:
    """Two measures of the same units.

    Attributes
    ----------
    x, y
        What the measures are.
    points
        One row per unit: ``unit``, ``layer``, and the two measures.
    labelled
        Units that are named in the picture.
    """

    x: Column
    y: Column
    points: pd.DataFrame
    labelled: tuple[str, ...]

    size = (4.6, 4.2)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn."""
        return self.points

    def draw(self, ax: Axes) -> Axes:
        """Draw a point per unit, layers by colour and marker, the units that disagree most by name."""
        for number, (layer, points) in enumerate(self.points.groupby("layer", sort=False)):
            colour, marker = MARKS[number % len(MARKS)]
            ax.scatter(points[self.x.name], points[self.y.name], s=14, marker=marker, color=colour, alpha=0.55,
                       linewidths=0, label=layer, rasterized=len(self.points) > 2000)  # fmt: skip
        for unit in self.labelled:
            row = self.points.set_index("unit").loc[unit]
            right = row[self.x.name] > self.points[self.x.name].max() * 0.7
            ax.annotate(unit, (row[self.x.name], row[self.y.name]), xytext=(-5 if right else 5, 4),
                        textcoords="offset points", fontsize=7, ha="right" if right else "left")  # fmt: skip
        ax.set_xlabel(self.x.title)
        ax.set_ylabel(self.y.title)
        ax.grid(color="#eeeeee", lw=0.6)
        ax.set_axisbelow(True)
        if self.points["layer"].nunique() <= 12:
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, handletextpad=0.1, columnspacing=1)
        ax.set_title(f"{len(self.points):,} units")
        return ax


def disagreement(run: Run, x: str, y: str, n_labelled: int = 6) -> Disagreement:
    """Compute a scatter of two measures over units; the units whose ranks differ most are named.

    Parameters
    ----------
    run
        A run that was measured.
    x, y
        Names of the measures.
    n_labelled
        How many units to name.

    Returns
    -------
    Disagreement
    """
    columns = find_measure(run, x), find_measure(run, y)
    points = run.table("selectivity")[["unit", "layer", x, y]].dropna().reset_index(drop=True)
    gap = (points[x].rank(pct=True) - points[y].rank(pct=True)).abs()
    named = points.loc[gap.sort_values(ascending=False, kind="stable").index[:n_labelled], "unit"]
    return Disagreement(*columns, points, tuple(named))


def rank_disagreement(table: pd.DataFrame, measures: Sequence[str] = COMPARED) -> pd.DataFrame:
    """Say of every unit how much the measures disagree about it.

    Each measure ranks the units of a layer from 0 (lowest) to 1 (highest). A unit's disagreement is its largest
    rank minus its smallest.

    Parameters
    ----------
    table
        A selectivity table.
    measures
        The measures to compare.

    Returns
    -------
    pandas.DataFrame
        ``unit``, ``layer``, ``disagreement`` (0..1; NaN where fewer than two measures are defined), ``highest_by`` and
        ``lowest_by`` (names of measures), sorted by falling disagreement.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["a:0", "a:1"], "layer": "a", "ccmas": [0.9, 0.1], "auc": [0.6, 0.7]})
    >>> rank_disagreement(table, ["ccmas", "auc"])["disagreement"].tolist()
    [1.0, 1.0]
    """
    defined = table[list(measures)].notna().sum(axis=1) >= 2
    found = table[defined]
    ranks = found.groupby("layer")[list(measures)].rank()
    counts = found.groupby("layer")[list(measures)].transform("count")
    shares = ((ranks - 1) / (counts - 1).clip(lower=1)).where(counts > 1)
    shares = shares[shares.notna().sum(axis=1) >= 2]
    result = pd.DataFrame(
        {
            "unit": found.loc[shares.index, "unit"],
            "layer": found.loc[shares.index, "layer"],
            "disagreement": shares.max(axis=1) - shares.min(axis=1),
            "highest_by": shares.idxmax(axis=1) if len(shares) else pd.Series(dtype=object),
            "lowest_by": shares.idxmin(axis=1) if len(shares) else pd.Series(dtype=object),
        }
    )
    return result.sort_values("disagreement", ascending=False, kind="stable").reset_index(drop=True)
