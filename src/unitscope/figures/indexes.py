"""Colour and class selectivity per layer, both together, and the hues of units and items (Rafegas et al. 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb

from ..errors import UnitscopeError
from ..features import FEATURES
from ..run import Run, find_column
from ..run.lookup import unit_frame
from ..selectivity import SELECTIVITY
from .neuron_features import features_table
from .style import label_layers, thousands

SHADES = ("#d9d9d9", "#7fb0d8", "#08519c")
"""Colours of the bins, from low to high; they differ in brightness."""

COLOUR_CUTS = (0.10, 0.40)
CLASS_CUTS = (0.40, 0.90)
"""Between low, middle and high indexes; a convention of this figure, which no publication prescribes."""

HUE_NAMES = {26.6: "red", 90: "yellow", 153.4: "green", 206.6: "cyan", 270: "blue", 333.4: "magenta"}
"""Names of the hues of the six full colours in opponent space."""


@dataclass(frozen=True)
class Shares:
    """Shares of a layer's units whose index is low, middle and high.

    Attributes
    ----------
    name, title
        Name and title of the index.
    cuts
        The two values between the bins; an index equal to one is in the upper bin.
    table
        One row per layer: ``layer``, ``units`` that have a value, and ``low``, ``middle``, ``high``, shares of these.
    chance
        What the index gives by chance, the median over units; NaN where it is not known.
    """

    name: str
    title: str
    cuts: tuple[float, float]
    table: pd.DataFrame
    chance: float = float("nan")

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 9.0, 3.0

    @property
    def _floor(self) -> str:
        """What chance gives, in words; where it reaches a cut, where to look instead."""
        if not np.isfinite(self.chance):
            return ""
        high = f"; with so few classes, see the box plots of {self.name}_above_chance"
        return f"; {self.chance:.2f} by chance{high if self.chance >= self.cuts[0] else ''}"

    def draw(self, ax: Axes) -> Axes:
        """Draw stacked bars, one for each layer."""
        low, high = self.cuts
        names = (f"below {low:.2f}", f"{low:.2f} to {high:.2f}", f"{high:.2f} and above")
        bottom = np.zeros(len(self.table))
        places = np.arange(len(self.table))
        for column, name, colour in zip(("low", "middle", "high"), names, SHADES, strict=True):
            shares = self.table[column].fillna(0).to_numpy()
            ax.bar(places, shares, 0.7, bottom, color=colour, edgecolor="white", linewidth=0.5, label=name)
            bottom += shares
        labels = label_layers(self.table["layer"])
        counts = zip(self.table["layer"], self.table["units"], strict=True)
        ticks = [f"{labels[layer]} ({thousands(units)})" for layer, units in counts]
        slanted = sum(map(len, ticks)) > 9 * self.size[0] / 2
        ax.set_xticks(places, ticks, rotation=40 * slanted, ha="right" if slanted else "center", rotation_mode="anchor")
        ax.set(ylim=(0, 1), ylabel="share of units", xlabel="layer (units that have a value)")
        ax.set_title(f"{self.title}{self._floor}")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), title=self.title.lower(), title_fontsize=8)
        return ax


@dataclass(frozen=True)
class Joint:
    """Both indexes of every unit.

    Attributes
    ----------
    table
        One row per unit: ``unit``, ``layer``, ``colour_index``, ``class_index``.
    """

    table: pd.DataFrame

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 4.5, 3.6

    def draw(self, ax: Axes) -> Axes:
        """Draw a scatter, the cuts between the bins as lines."""
        known = self.table.dropna()
        layers = list(dict.fromkeys(self.table["layer"]))
        depth = known["layer"].map({layer: place for place, layer in enumerate(layers)})
        drawn = ax.scatter(
            known["class_index"], known["colour_index"], c=depth, s=7, cmap="viridis", linewidths=0, rasterized=True,
            vmin=0, vmax=max(len(layers) - 1, 1),
        )  # fmt: skip
        for cuts, line in ((COLOUR_CUTS, ax.axhline), (CLASS_CUTS, ax.axvline)):
            for cut in cuts:
                line(cut, color="#999999", lw=0.7, ls=":")
        ax.set(xlabel="class index", ylabel="colour index", xlim=(-0.03, 1.03))
        ax.set_title(f"Both indexes of {thousands(len(known))} units")
        if len(layers) > 1:
            bar = ax.figure.colorbar(drawn, ax=ax, ticks=[0, len(layers) - 1])
            bar.set_ticklabels([label_layers(layers)[layer] for layer in (layers[0], layers[-1])], fontsize=7)
        return ax


@dataclass(frozen=True)
class Hues:
    """Hues of neuron features, and of the pixels of the items they are made of.

    Attributes
    ----------
    units
        Hue in degrees of each colour-selective unit.
    items
        ``(bins,)`` share of the items' coloured pixels of each hue, from 0 degrees.
    """

    units: np.ndarray
    items: np.ndarray

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 4.5, 3.6

    def draw(self, ax: Axes) -> Axes:
        """Draw shares of units as bars in their colours, those of the items' pixels as a line."""
        wide = 15
        counts = np.histogram(self.units, np.arange(0, 361, wide))[0]
        shares = counts / max(counts.sum(), 1)
        middles = np.arange(wide / 2, 360, wide)
        ax.bar(middles, shares, wide * 0.9, color=[colour_of(hue) for hue in middles], edgecolor="#555555", lw=0.5,
               label=f"{thousands(len(self.units))} colour-selective units")  # fmt: skip
        items = self.items.reshape(len(middles), -1).sum(1)
        ax.plot(middles, items, color="black", lw=1.2, marker=".", label="coloured pixels of their top items")
        ax.set_xticks(list(HUE_NAMES), list(HUE_NAMES.values()), rotation=40, ha="right", rotation_mode="anchor")
        highest = max(shares.max(), items.max(), 1e-9)
        ax.set(xlim=(0, 360), ylim=(0, 1.35 * highest), ylabel="share", xlabel="hue in opponent space")
        ax.set_title("Hues")
        ax.legend(loc="upper right")
        return ax


@dataclass(frozen=True)
class Indexes:
    """All panels.

    Attributes
    ----------
    panels
        Shares of colour-selective units, of class-selective units, both indexes of every unit, and hues; those of the
        class index are left out where the run was not measured.
    """

    panels: Sequence[Shares | Joint | Hues]
    title: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 9.0, sum(max(self.panels[number].size[1] for number in row) for row in self.rows)

    @property
    def rows(self) -> Sequence[Sequence[int]]:
        """Numbers of the panels row by row."""
        return [[0, 0], [1, 1], [2, 3]] if len(self.panels) == 4 else [[0], [1]]

    def frame(self) -> pd.DataFrame:
        """Return the shares of all layers: ``index``, ``layer``, ``units``, ``low``, ``middle``, ``high``."""
        return pd.concat(
            [panel.table.assign(index=panel.name) for panel in self.panels if isinstance(panel, Shares)],
            ignore_index=True,
        )[["index", "layer", "units", "low", "middle", "high"]]


def colour_of(hue: float) -> tuple[float, ...]:
    """Return a full colour of a hue of opponent space.

    Examples
    --------
    >>> [round(float(part), 2) for part in colour_of(90)]
    [0.95, 0.95, 0.0]
    """
    around = [*HUE_NAMES, min(HUE_NAMES) + 360]
    full = np.interp(hue if hue >= around[0] else hue + 360, around, np.arange(7) / 6)
    return tuple(hsv_to_rgb((full % 1, 1, 0.95)))


def indexes(run: Run) -> Indexes:
    """Compute how many units of each layer are selective for colour and for class.

    Units are divided by a colour index of .10 and .40, and by a class index of .40 and .90. The cuts are conventions.

    Parameters
    ----------
    run
        A run with features; the class index is shown where it was measured too.

    Returns
    -------
    Indexes

    Raises
    ------
    UnitscopeError
        If the run has no features, or no unit has a colour index.

    See Also
    --------
    neuron_features : What the units look at.
    boxplots : Distributions of the indexes.
    """
    table = features_table(run)
    if table["colour_index"].isna().all():
        raise UnitscopeError(f"no unit of {run.directory} has a colour index; its column 'undefined' says why")
    colour = find_column(run, f"{FEATURES}.colour_index")
    frame = unit_frame(run, [colour])
    chosen = table["hue"].notna() & (table["colour_index"] >= COLOUR_CUTS[1])
    counts = run.array(FEATURES, "hues").astype(float)
    hues = Hues(table.loc[chosen, "hue"].to_numpy(), counts / max(counts.sum(), 1))
    panels: list[Shares | Joint | Hues] = [shares_of(frame, "colour_index", "Colour index", COLOUR_CUTS)]
    if SELECTIVITY in run.tables:
        measured = find_column(run, f"{SELECTIVITY}.class_index")
        chance = measured.linked("chance")
        frame = unit_frame(run, [colour, measured])
        by_chance = float("nan") if chance is None else float(chance.by_unit.median())
        panels.append(shares_of(frame, "class_index", "Class index", CLASS_CUTS, by_chance))
        panels.append(Joint(frame))
    return Indexes([*panels, hues])


def shares_of(
    frame: pd.DataFrame, name: str, title: str, cuts: tuple[float, float], chance: float = float("nan")
) -> Shares:
    """Return the shares of an index's bins, layer by layer."""
    rows = []
    for layer, values in frame.groupby("layer", sort=False)[name]:
        known = values.dropna()
        middle, high = ((known >= cut).mean() for cut in cuts)
        rows.append({"layer": layer, "units": len(known), "low": 1 - middle, "middle": middle - high, "high": high})
    return Shares(name, title, cuts, pd.DataFrame(rows), chance)
