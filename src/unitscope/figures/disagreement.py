"""Where measures disagree: the same units, by one measure and by another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from ..columns import Column
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import find_column, find_columns, tell_apart, titles_of_classes, unit_frame
from .style import MARKS, label_layers
from .unit_data import INFORMEDNESS, PRECISION, measures_of_paper

COMPARED = ("precision_60", "ccmas", "recall_at_precision_95", "max_informedness", "average_precision", "auc")
"""Measures whose ranks are compared: the literature's two, and signal detection's."""

LOOKS: list[dict[str, Any]] = [
    {
        "facecolors": colour if filled else "none",
        "edgecolors": colour,
        "linewidths": 0 if filled else 0.9,
        "marker": marker,
    }
    for filled in (True, False)
    for colour, marker in MARKS
]
"""Twelve looks that can be told apart in black and white: six markers, full and hollow."""


@dataclass(frozen=True)
class Disagreement:
    """Two measures of the same units.

    Attributes
    ----------
    x, y
        What the measures are.
    points
        One row per unit: ``unit``, ``layer``, and the two measures, each followed by the readable name of its class.
    labelled
        Units that are named in the picture.

    See Also
    --------
    disagreement : Compute it.
    """

    x: Column
    y: Column
    points: pd.DataFrame
    labelled: tuple[str, ...]

    size = (5.4, 5.0)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn."""
        return self.points

    def draw(self, ax: Axes) -> Axes:
        """Draw a point per unit, layers by colour and marker, the units that disagree most by name.

        More than twelve layers, which no markers tell apart, go from light to dark with depth.
        """
        labels = label_layers(self.points["layer"])
        layers = list(labels)
        rasterized = len(self.points) > 2000
        if len(layers) <= len(LOOKS):
            for look, layer in zip(LOOKS, layers, strict=False):
                points = self.points[self.points["layer"] == layer]
                ax.scatter(points[self.x.name], points[self.y.name], s=18, alpha=0.7, rasterized=rasterized,
                           label=f"{labels[layer]} ({len(points):,})", **look)  # fmt: skip
            columns = max(1, 60 // (max(map(len, labels.values())) + 10))
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4.6, ncols=columns, handletextpad=0.1,
                      columnspacing=1)  # fmt: skip
        else:
            depth = self.points["layer"].map({layer: place for place, layer in enumerate(layers)})
            drawn = ax.scatter(self.points[self.x.name], self.points[self.y.name], s=12, c=depth, cmap="cividis_r",
                               linewidths=0, rasterized=rasterized)  # fmt: skip
            bar = ax.get_figure().colorbar(drawn, ax=ax, location="bottom", shrink=0.7, aspect=40)  # type: ignore[union-attr]
            bar.set_ticks([0, len(layers) - 1], labels=[labels[layers[0]], labels[layers[-1]]])
            bar.set_label(f"{len(layers)} layers, from the first to the last")
        self._name_units(ax, labels)
        ax.set_xlabel(self.x.title)
        ax.set_ylabel(self.y.title)
        ax.grid(color="#eeeeee", lw=0.6)
        ax.set_axisbelow(True)
        ax.set_title(f"{len(self.points):,} units; named: those whose ranks differ most")
        return ax

    def _name_units(self, ax: Axes, labels: Mapping[str, str]) -> None:
        """Write the units' names near their points, where no other name and as few points as possible are."""
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        wide, high = 72 * (self.size[0] - 0.9), 72 * (self.size[1] - 1.4)  # of the axes, about, in points
        at_x = (self.points[self.x.name].to_numpy(float) - left) / (right - left) * wide
        at_y = (self.points[self.y.name].to_numpy(float) - bottom) / (top - bottom) * high
        places = dict(zip(self.points["unit"], range(len(self.points)), strict=True))
        taken: list[tuple[float, float, float]] = []
        for unit in self.labelled:
            point = places[unit]
            layer, _, index = unit.rpartition(":")
            text = f"{labels[layer]}:{index}"
            length = 4.3 * len(text)
            # Used if no candidate position is free.
            best, least = (float(at_x[point] + 8), float(at_y[point]), length), np.inf
            for aside, up in product((8, -8 - length), np.arange(-20, 21) * 9):
                name = float(at_x[point] + aside), float(at_y[point] + up), length
                inside = 0 <= name[0] <= wide - length and 0 <= name[1] <= high
                if not inside or any(_overlap(name, other) for other in taken):
                    continue
                covered = (np.abs(at_y - name[1]) < 7) & (at_x > name[0] - 3) & (at_x < name[0] + length + 3)
                cost = covered.sum() + abs(up) / 36  # a point hidden is as bad as a name four lines away
                if cost < least:
                    best, least = name, cost
            taken.append(best)
            offset = best[0] - at_x[point], best[1] - at_y[point]
            ax.annotate(text, (self.points[self.x.name].iloc[point], self.points[self.y.name].iloc[point]),
                        xytext=offset, textcoords="offset points", fontsize=7, va="center",
                        path_effects=[withStroke(linewidth=2.5, foreground="white")], zorder=5,
                        arrowprops={"arrowstyle": "-", "lw": 0.6, "color": "black", "shrinkA": 0})  # fmt: skip


def _overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Return whether two names, given by position and length in points, would touch."""
    apart = one[0] > other[0] + other[2] + 3 or other[0] > one[0] + one[2] + 3
    return not apart and abs(one[1] - other[1]) < 9


def disagreement(run: Run, x: str = PRECISION, y: str = INFORMEDNESS, n_labelled: int = 6) -> Disagreement:
    """Compute a scatter of two measures over units; the units whose ranks differ most are named.

    Parameters
    ----------
    run
        A run with tables.
    x, y
        Names of columns of numbers, ``"auc"`` or ``"dissection.iou"``.
    n_labelled
        How many units to name.

    Returns
    -------
    Disagreement

    Raises
    ------
    UnitscopeError
        If there is no such column, or no unit has a value of both.

    See Also
    --------
    rank_disagreement : How much several measures disagree about each unit.
    correlations : Correlations between measures.

    Examples
    --------
    >>> disagreement(run, "ccmas", "auc").frame().round(2).head(1)
        unit layer  ccmas ccmas_class   auc auc_class
    0  fc6:0   fc6   0.67         cat  0.95       cat
    """
    pair = find_column(run, x), find_column(run, y)
    columns = tell_apart(pair)
    first, last = columns[0], columns[-1]  # the same one where x and y are
    table = unit_frame(run, columns).dropna(subset=[first.name, last.name]).reset_index(drop=True)
    if table.empty:
        raise UnitscopeError(
            f"no unit of {run.directory} has both {first.title} and {last.title}; choose other measures"
        )
    points = table[["unit", "layer"]].copy()
    for found in columns:
        points[found.name] = table[found.name]
        if found.linked("class"):
            points[f"{found.name}_class"] = titles_of_classes(run, found, table["unit"])
    gap = (points[first.name].rank(pct=True) - points[last.name].rank(pct=True)).abs()
    named = points.loc[gap.sort_values(ascending=False, kind="stable").index[:n_labelled], "unit"]
    return Disagreement(first.column, last.column, points, tuple(named))


def rank_disagreement(run: Run, measures: Sequence[str] | None = None) -> pd.DataFrame:
    """Return how much measures disagree about each unit.

    Each measure ranks the units of a layer from 0 (lowest) to 1 (highest). A unit's disagreement is its largest
    rank minus its smallest.

    Parameters
    ----------
    run
        A run that was measured.
    measures
        Names of columns, ``"auc"`` or ``"dissection.iou"``; default: `COMPARED`.

    Returns
    -------
    pandas.DataFrame
        ``unit``, ``layer``, ``disagreement`` (0 to 1), ``highest_by`` and ``lowest_by`` (names of measures), sorted by
        falling disagreement, without units for which fewer than two measures are defined.

    See Also
    --------
    disagreement : A scatter of two measures.

    Examples
    --------
    >>> rank_disagreement(run, ["ccmas", "auc"])[["unit", "disagreement", "highest_by"]].round(2).head(1)
        unit  disagreement highest_by
    0  fc6:2          0.33        auc
    """
    columns = find_columns(run, measures or measures_of_paper(COMPARED))
    return compare_ranks(unit_frame(run, columns), [found.name for found in columns])


def compare_ranks(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the disagreement of the columns `names` of a table about each of its units; see `rank_disagreement`.

    Examples
    --------
    >>> table = pd.DataFrame({"unit": ["a:0", "a:1"], "layer": "a", "ccmas": [0.9, 0.1], "auc": [0.6, 0.7]})
    >>> compare_ranks(table, ["ccmas", "auc"])["disagreement"].tolist()
    [1.0, 1.0]
    """
    names = list(names)
    defined = table[names].notna().sum(axis=1) >= 2
    found = table[defined]
    ranks = found.groupby("layer")[names].rank()
    counts = found.groupby("layer")[names].transform("count")
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
