"""Which concepts have detectors: how many in each layer, or how many units of one layer for each (Bau et al. 2017)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..dissection import DETECTOR, DISSECTION, count_detectors
from ..errors import UnitscopeError
from ..run import Run
from ..run.repair import make_first
from .style import label_layers, thousands

MOST_BARS = 60
"""Largest number of concepts with a bar of their own."""


@dataclass(frozen=True)
class Detectors:
    """How many concepts have a detector in each layer, by category.

    Attributes
    ----------
    table
        See `unitscope.dissection.count_detectors`.
    units
        Number of units of each layer.

    See Also
    --------
    dissection : Count them.
    """

    table: pd.DataFrame
    units: dict[str, int]

    def frame(self) -> pd.DataFrame:
        """Return the counts, one row per layer and category."""
        return self.table

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return max(5.0, 2.5 + 0.7 * len(self.units)), 3.6

    def draw(self, ax: Axes) -> Axes:
        """Draw stacked bars, one for each layer."""
        places, bottom = np.arange(len(self.units)), np.zeros(len(self.units))
        for category, colour in colours_of(self.table["category"]).items():
            counts = self.table[self.table["category"] == category].set_index("layer")["concepts"]
            heights = counts.reindex([*self.units]).to_numpy(float)
            ax.bar(places, heights, 0.7, bottom, color=colour, edgecolor="white", linewidth=0.5, label=category)
            bottom += heights
        labels = label_layers(self.units)
        ticks = [f"{labels[layer]} ({thousands(count)})" for layer, count in self.units.items()]
        ax.set_xticks(places, ticks, rotation=40, ha="right", rotation_mode="anchor")
        ax.set(xlabel="layer (units)", ylabel="concepts that have a detector")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_title(f"Concepts detected at an intersection over union above {DETECTOR:.2f}")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), title="category", title_fontsize=8)
        return ax


@dataclass(frozen=True)
class LayerDetectors:
    """How many units of a layer detect each concept.

    Attributes
    ----------
    layer
        The layer.
    table
        One row per concept that has a detector: ``category``, ``concept``, ``units``; most frequent first within each
        category.
    n_units
        Number of the layer's units.
    categories
        All categories.

    See Also
    --------
    dissection : Count them.
    """

    layer: str
    table: pd.DataFrame
    n_units: int
    categories: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the counts, one row per concept."""
        return self.table

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return max(5.0, 2.0 + 0.17 * min(len(self.table), MOST_BARS)), 3.6

    def draw(self, ax: Axes) -> Axes:
        """Draw a bar for each concept, the most frequent of each category first."""
        shown = self.table.nlargest(MOST_BARS, "units", keep="first").sort_index()
        for category, colour in colours_of(pd.Series(self.categories)).items():
            of = np.flatnonzero(shown["category"] == category)
            if not len(of):
                continue
            counts = self.table[self.table["category"] == category]["units"]
            label = f"{category}: {thousands(counts.sum())} of {thousands(len(counts))}"
            ax.bar(of, shown["units"].iloc[of], color=colour, label=label)
        ax.set_xticks(np.arange(len(shown)), shown["concept"], rotation=90, fontsize=7)
        ax.set(ylabel="units", xlim=(-0.7, max(len(shown), 1) - 0.3))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        left_out = len(self.table) - len(shown)
        more = f"; {left_out} rarer ones are not shown" if left_out else ""
        ax.set_title(
            f"Layer {self.layer}: {self.table['units'].sum():,} of {self.n_units:,} units are detectors, of "
            f"{len(self.table):,} concepts{more}"
        )
        if len(shown):
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1), title="category: units of concepts", title_fontsize=8)
        return ax


def colours_of(categories: pd.Series) -> dict[str, tuple[float, ...]]:
    """Return a colour for each category, in order of appearance."""
    return {name: colormaps["tab10"](place % 10) for place, name in enumerate(categories.unique())}


def dissection(run: Run, layer: str | None = None) -> Detectors | LayerDetectors:
    """Count the concepts that have detectors.

    Parameters
    ----------
    run
        A run with a dissection.
    layer
        A layer, to count its units for each concept; default: count the concepts of each layer.

    Returns
    -------
    Detectors or LayerDetectors

    Raises
    ------
    UnitscopeError
        If the layer does not exist, or the run has no dissection.

    See Also
    --------
    unitscope.dissect : Compare units with concepts.
    """
    table = dissection_table(run)
    counts = count_detectors(table)
    if layer is None:
        return Detectors(counts, {found.name: found.units for found in run.layers})
    found = run.layer(layer)
    categories = tuple(counts["category"].unique())
    detectors = table[(table["layer"] == found.name) & table["is_detector"]]
    sizes = detectors.groupby(["category", "concept"]).size().rename("units").reset_index()
    order = sizes["category"].map({name: place for place, name in enumerate(categories)})
    sizes = sizes.assign(order=order).sort_values(["order", "units"], ascending=[True, False], kind="stable")
    return LayerDetectors(found.name, sizes.drop(columns="order").reset_index(drop=True), found.units, categories)


def dissection_table(run: Run) -> pd.DataFrame:
    """Return the table of dissection.

    Raises
    ------
    UnitscopeError
        If the run has none.
    """
    if DISSECTION not in run.tables:
        raise UnitscopeError(f"the run {run.directory} has no dissection; {make_first(run.directory, DISSECTION)}")
    return run.stored_table(DISSECTION).frame
