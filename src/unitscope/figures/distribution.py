"""The distribution of one measure per layer, as box plots: one panel of Gale et al. 2020, Figure 2."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..run import Run
from ..run.lookup import TableColumn, find_column, unit_frame
from .style import label_layers, thousands
from .unit_data import standard_error


@dataclass(frozen=True)
class Distribution:
    """One measure's values of all units, layer by layer.

    Attributes
    ----------
    column
        What the measure is.
    layers
        Names of the layers, in the network's order.
    points
        ``unit``, ``layer`` and the measure, of the units that have a value.
    undefined
        For each layer how many units have none.
    chance
        For each layer the median over units of what chance gives; empty where it is not known.

    See Also
    --------
    distribution : Compute it.
    """

    column: Column
    layers: tuple[str, ...]
    points: pd.DataFrame
    undefined: tuple[int, ...]
    chance: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return max(2.7, 0.9 + 0.42 * min(len(self.layers), 6) + 0.2 * max(len(self.layers) - 6, 0)), 2.9

    @property
    def values(self) -> list[np.ndarray]:
        """For each layer the values."""
        return [self.points.loc[self.points["layer"] == layer, self.column.name].to_numpy() for layer in self.layers]

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn, one row per unit."""
        return self.points

    def draw(self, ax: Axes) -> Axes:
        """Draw boxes: median, quartiles, whiskers at 1.5 times the box, outliers; the mean with its standard error.

        Layers are named with the number of their units that have a value.
        """
        ax.boxplot(
            [values if len(values) else [np.nan] for values in self.values],
            widths=0.55,
            medianprops={"color": "#D55E00", "lw": 1.6},
            boxprops={"lw": 0.9},
            whiskerprops={"lw": 0.9},
            flierprops={"marker": "x", "markersize": 3, "markeredgecolor": "#777777", "markeredgewidth": 0.6},
        )
        for line in ax.lines:
            line.set_rasterized(line.get_marker() == "x" and len(self.points) > 2000)
        for place, values in enumerate(self.values, 1):
            if len(values):
                error = np.nan_to_num(standard_error(values))  # a single value has none
                ax.errorbar(place, values.mean(), error, fmt="o", ms=4, color="#009E73", mec="black", mew=0.5,
                            elinewidth=1.2, capsize=2.5, zorder=4)  # fmt: skip
            else:
                ax.text(place, 0.5, "undefined", rotation=90, ha="center", va="center", color="#777777",
                        transform=ax.get_xaxis_transform(), fontsize=7)  # fmt: skip
        self._draw_chance(ax)
        self._name_layers(ax)
        ax.set_title("\n".join(textwrap.wrap(self.column.title, int(self.size[0] * 12))))
        self._set_limits(ax)
        ax.ticklabel_format(axis="y", useOffset=False)
        ax.grid(axis="y", color="#e5e5e5", lw=0.6)
        ax.set_axisbelow(True)
        if sum(self.undefined):
            total = len(self.points) + sum(self.undefined)
            ax.set_xlabel(f"{thousands(sum(self.undefined))} of {thousands(total)} units undefined", fontsize=7)
        return ax

    def _draw_chance(self, ax: Axes) -> None:
        """Draw for each layer what chance gives, the median over its units, as a dotted line."""
        for place, layer in enumerate(self.layers, 1):
            found = self.chance.get(layer, np.nan)
            if np.isfinite(found):
                ax.plot([place - 0.42, place + 0.42], [found] * 2, color="#0072B2", lw=1.6, ls=(0, (1, 1)), zorder=3)

    def _set_limits(self, ax: Axes) -> None:
        """Show the whole range of a share; give values that are all equal some room, so that ticks are numbers."""
        values = self.points[self.column.name]
        if self.column.low == 0 and self.column.high == 1:
            ax.set_ylim(min(-0.03, values.min() - 0.03) if len(values) else -0.03, 1.03)
        elif len(values) and np.ptp(values) < 1e-6:
            ax.set_ylim(values.mean() - 1, values.mean() + 1)

    def _name_layers(self, ax: Axes) -> None:
        """Name the layers below their boxes: level where there is room, then slanted, then upright."""
        labels = label_layers(self.layers)
        names = [f"{labels[layer]} ({len(values):,})" for layer, values in zip(self.layers, self.values, strict=True)]
        places = range(1, len(names) + 1)
        if sum(map(len, names)) <= 9 * self.size[0]:
            ax.set_xticks(places, names)
        elif len(names) <= 12:
            ax.set_xticks(places, names, rotation=40, ha="right", rotation_mode="anchor")
        else:
            ax.set_xticks(places, names, rotation=90, fontsize=7)


def distribution(run: Run, measure: str) -> Distribution:
    """Compute the distribution of a measure per layer.

    Parameters
    ----------
    run
        A run with tables.
    measure
        Name of a column of numbers, ``"auc"`` or ``"dissection.iou"``.

    Returns
    -------
    Distribution

    Raises
    ------
    UnitscopeError
        If there is no such column.

    See Also
    --------
    boxplots : The distributions of several measures.

    Examples
    --------
    >>> distribution(run, "auc").frame().round(2).head(1)
        unit layer   auc
    0  fc6:0   fc6  0.95
    """
    return distribution_of(run, find_column(run, measure))


def distribution_of(run: Run, found: TableColumn) -> Distribution:
    """Return the distribution of a column that was looked up."""
    table = unit_frame(run, [found])
    layers = tuple(layer.name for layer in run.layers)
    missing = table.loc[table[found.name].isna(), "layer"]
    points = table.dropna().reset_index(drop=True)
    by_chance = {}
    chance = found.linked("chance")
    if chance is not None:
        medians = chance.by_unit.reindex(table["unit"]).groupby(table["layer"].to_numpy()).median()
        by_chance = {str(layer): float(value) for layer, value in medians.items()}
    undefined = tuple(int((missing == layer).sum()) for layer in layers)
    return Distribution(found.column, layers, points, undefined, by_chance)
