"""The distribution of one measure per layer, as box plots (Gale et al. 2020, Figure 2)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..errors import UnitscopeError, near_names
from ..run import Run
from .style import thousands


@dataclass(frozen=True)
class Distribution:
    """One measure's values of all units, layer by layer.

    Attributes
    ----------
    column
        What the measure is.
    layers
        Names of the layers, in the network's order.
    values
        For each layer the units' values, undefined ones left out.
    undefined
        For each layer how many units have no value.
    """

    column: Column
    layers: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    undefined: tuple[int, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return max(2.6, 0.9 + 0.55 * len(self.layers)), 2.9

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn, one row per unit."""
        return pd.DataFrame(
            [(layer, value) for layer, values in zip(self.layers, self.values, strict=True) for value in values],
            columns=["layer", self.column.name],
        )

    def draw(self, ax: Axes) -> Axes:
        """Draw boxes: median, quartiles, whiskers at 1.5 times the box, outliers; the mean with its standard error."""
        ax.boxplot(
            [values if len(values) else [np.nan] for values in self.values],
            widths=0.55,
            medianprops={"color": "#D55E00", "lw": 1.6},
            boxprops={"lw": 0.9},
            whiskerprops={"lw": 0.9},
            flierprops={"marker": "x", "markersize": 3, "markeredgecolor": "#777777", "markeredgewidth": 0.6},
        )
        for place, values in enumerate(self.values, 1):
            if len(values):
                error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0
                ax.errorbar(place, values.mean(), error, fmt="o", ms=4, color="#009E73", mec="black", mew=0.5, zorder=4)
            else:
                ax.text(place, 0.5, "undefined", rotation=90, ha="center", va="center", color="#777777",
                        transform=ax.get_xaxis_transform(), fontsize=7)  # fmt: skip
        slanted = len(self.layers) > 4 or max(map(len, self.layers)) > 8
        names = [f"{layer}" for layer in self.layers]
        ax.set_xticks(
            range(1, len(names) + 1), names, rotation=40 if slanted else 0, ha="right" if slanted else "center"
        )
        ax.set_title(self.column.title)
        if self.column.low == 0 and self.column.high == 1:
            ax.set_ylim(-0.03, 1.03)
        ax.grid(axis="y", color="#e5e5e5", lw=0.6)
        ax.set_axisbelow(True)
        if sum(self.undefined):
            total = sum(len(values) for values in self.values) + sum(self.undefined)
            ax.set_xlabel(f"{thousands(sum(self.undefined))} of {thousands(total)} units undefined", fontsize=7)
        return ax


def distribution(run: Run, measure: str) -> Distribution:
    """Compute the distribution of a measure per layer.

    Parameters
    ----------
    run
        A run that was measured.
    measure
        A column of the selectivity table of kind ``measure``, ``share`` or ``count``.

    Returns
    -------
    Distribution
    """
    column = find_measure(run, measure)
    table = run.table("selectivity")
    layers = tuple(layer.name for layer in run.layers)
    values = [table.loc[table["layer"] == layer, measure].to_numpy(float) for layer in layers]
    return Distribution(
        column,
        layers,
        tuple(found[~np.isnan(found)] for found in values),
        tuple(int(np.isnan(found).sum()) for found in values),
    )


def find_measure(run: Run, name: str) -> Column:
    """Find a measured column that can be drawn."""
    columns = {key: column for key, column in run.columns("selectivity").items()
               if column.kind in ("measure", "share", "count")}  # fmt: skip
    if name not in columns:
        raise UnitscopeError(f"there is no measure {name}{near_names(name, columns)}; see docs or the report for names")
    return columns[name]
