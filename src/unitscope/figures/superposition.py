"""Localist units of networks that hold several words at once, and of controls (Gale et al. 2020, Figure 1, top)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import UnitscopeError
from ..run import Run
from ..selectivity import SELECTIVITY
from ..simulations.superposition import ONE_AT_A_TIME, SUPERPOSITION, read_outcomes
from .jitter import LEGEND, Jitter, jitter
from .style import CROWD, LINES, MARKS

SERIES = (
    (SUPERPOSITION, "localist", "superposition"),
    (SUPERPOSITION, "localist_off", "superposition, off"),
    (ONE_AT_A_TIME, "localist", "one at a time"),
    (ONE_AT_A_TIME, "localist_off", "one at a time, off"),
)
"""Condition, column and title of each series of counts."""

APART = 0.16
"""Distance between two series at one list length, as a share of the distance between two lengths."""


class Panel(Jitter):
    """A unit's jitterplot, half as wide as others."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 4.2, 3.4

    def draw(self, ax: Axes) -> Axes:
        """Draw as any jitterplot, under a title of its own."""
        super().draw(ax)
        ax.set_title(self.unit)
        return ax


@dataclass(frozen=True)
class Counts:
    """Numbers of localist units against list length, a point for each network and a line through the means.

    Attributes
    ----------
    table
        As `count_localist` returns it.
    """

    table: pd.DataFrame
    size = (8.4, 3.8)

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes: each series its own marker, side by side."""
        for number, (condition, column, title) in enumerate(SERIES):
            rows = self.table[self.table["condition"] == condition]
            if rows.empty:
                continue
            colour, marker = MARKS[number]
            lengths = rows.groupby("list_length")
            centre = APART * (number - (len(SERIES) - 1) / 2)
            means = lengths[column].mean()
            ax.plot(means.index + centre, means, color=colour, lw=1, ls=LINES[number], zorder=1)
            # Networks side by side, in the order of their seeds, so that equal counts show.
            step = 0.6 * APART / max(lengths.size().max() - 1, 1)
            places = rows["list_length"] + centre + step * lengths.cumcount() - 0.3 * APART
            ax.scatter(
                places, rows[column], s=26, marker=marker, facecolors="white" if "off" in column else colour,
                edgecolors=colour, linewidths=1, label=title, zorder=2,
            )  # fmt: skip
        ticks = sorted(self.table["list_length"].unique())
        ax.set_xticks(ticks)
        ax.set_xlim(ticks[0] - 0.5, ticks[-1] + 0.5)
        ax.set_ylim(bottom=-0.5)
        ax.axhline(0, color=CROWD, lw=0.5, zorder=0)
        ax.set_xlabel("most words in a list")
        ax.set_ylabel(f"localist units of {self.table['units'].max()}")
        ax.set_title("A point is a network, a line joins the means")
        ax.legend(**LEGEND, ncols=len(SERIES))
        return ax


@dataclass(frozen=True)
class Superposition:
    """A unit under superposition, one of the control, and the numbers of localist units of all networks.

    Attributes
    ----------
    plots
        Jitterplots of the two units.
    counts
        The numbers of localist units.

    See Also
    --------
    superposition : Compute it.
    """

    plots: tuple[Jitter, Jitter]
    counts: Counts

    title = "Recurrent networks that recall lists of words"
    rows = ((0, 1), (2, 2))
    size = (8.4, 7.6)

    @property
    def panels(self) -> tuple[Any, ...]:
        """The jitterplots, and the counts below them."""
        return (*self.plots, self.counts)

    def frame(self) -> pd.DataFrame:
        """Return the counts of each network, and how well it recalls."""
        return self.counts.table


def superposition(run: Run, *others: Run) -> Superposition:
    """Choose a unit of each condition, and count the localist units of all networks.

    Under superposition the unit is the most selective one: of those of highest maximum informedness, the one whose
    class is furthest above all other items. Of the control it is the median unit by maximum informedness. Both are of
    the first run of their condition.

    Parameters
    ----------
    run, *others
        Runs that `unitscope.simulate_superposition` made, of both conditions, measured.

    Returns
    -------
    Superposition

    Raises
    ------
    UnitscopeError
        If a run was not made by `unitscope.simulate_superposition` or was not measured, or a condition has no run.

    See Also
    --------
    jitter : The same plot of any unit.
    unitscope.simulate_superposition : Trains the networks.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import measure_run, simulate_superposition
    >>> runs = []
    >>> for condition in ("superposition", "one-at-a-time"):
    ...     runs.append(simulate_superposition(tempfile.mkdtemp(), condition=condition, seeds=1, updates=10))
    ...     _ = measure_run(runs[-1], threads=1)
    >>> superposition(*runs).frame()[["condition", "list_length", "layer", "units"]].values.tolist()
    [['superposition', 3, 'seed0', 50], ['one-at-a-time', 3, 'seed0', 50]]
    """
    runs = (run, *others)
    table = count_localist(runs)
    first = {}
    for condition in (SUPERPOSITION, ONE_AT_A_TIME):
        if condition not in set(table["condition"]):
            raise UnitscopeError(
                f"no run is of the condition {condition}; make one with `unitscope simulate superposition --condition "
                f"{condition} RUN`, measure it, and name it too"
            )
        first[condition] = runs[int(table.index[table["condition"] == condition][0])]
    most, middle = first[SUPERPOSITION], first[ONE_AT_A_TIME]
    plots = (
        draw_unit(most, most_selective(most), "Superposition"),
        draw_unit(middle, median_unit(middle), "One at a time"),
    )
    return Superposition(plots, Counts(table.reset_index(drop=True)))


def count_localist(runs: tuple[Run, ...]) -> pd.DataFrame:
    """Count the localist units of simulated networks.

    Parameters
    ----------
    runs
        Runs that `unitscope.simulate_superposition` made, measured.

    Returns
    -------
    pandas.DataFrame
        A row for each network, with the number of its run as index: ``run``, ``condition``, ``list_length``,
        ``updates``, ``layer``, ``words_right``, ``lists_right``, ``units``, ``localist``, ``localist_off`` and
        ``median_informedness``.
    """
    frames = []
    for number, run in enumerate(runs):
        outcomes = read_outcomes(run)
        units = run.table(SELECTIVITY).groupby("layer")
        counts = units[["localist", "localist_off"]].sum().astype(int)
        counts.insert(0, "units", units.size())
        counts["median_informedness"] = units["max_informedness"].median()
        frame = outcomes.join(counts, on="layer").set_axis([number] * len(outcomes))
        frame.insert(0, "run", run.name)
        frames.append(frame)
    return pd.concat(frames)


def most_selective(run: Run) -> str:
    """Return the unit of highest maximum informedness; of several, the one with the widest gap below its class."""
    table = run.table(SELECTIVITY)
    best = table[table["max_informedness"] == table["max_informedness"].max()]
    gaps = {}
    for unit, name in zip(best["unit"], best["max_informedness_class"], strict=True):
        values, members = run.unit_activations(unit), run.members(name)
        gaps[unit] = values[members].min() - values[~members].max()
    return max(gaps, key=gaps.__getitem__)


def median_unit(run: Run) -> str:
    """Return the median unit by maximum informedness; of an even number, the lower of the two in the middle."""
    values = run.table(SELECTIVITY).dropna(subset=["max_informedness"]).sort_values("max_informedness", kind="stable")
    return str(values["unit"].iloc[(len(values) - 1) // 2])


def draw_unit(run: Run, unit: str, title: str) -> Panel:
    """Return the jitterplot of a unit, with the letter of its highest informedness marked."""
    plot = jitter(run, unit)
    informedness = float(run.table(SELECTIVITY).set_index("unit")["max_informedness"][unit])
    name = f"{title}: unit {unit}, informedness {informedness:.2f}"
    letters = tuple(f"words with {letter}" for letter in plot.names)
    return Panel(**vars(replace(plot, unit=name, names=letters, informed_at=np.nan, top_at=np.nan)))
