"""Jitterplot of one unit's activation to every item (Gale et al. 2020, Figures 1, 3, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import class_of_unit, items_of_table, values_of_class
from ..selectivity import SELECTIVITY
from .style import CROWD, MARKS, count_items, shorten, thousands
from .unit_data import INFORMEDNESS, held_out_text, top_threshold

DENSITY_FROM = 20_000
"""More unmarked items than this are drawn as a density."""

HOLLOW = (2, 4)
"""Marks that are drawn hollow, so that neighbours differ in black and white as well."""

MANY_MARKED = 400
"""Where more items than this are marked, lines are drawn over the markers."""

SEED = 1_995_167_186
"""Random seed for the heights; nobody is likely to simulate activations with it."""

LEGEND: Any = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 4.6, "handletextpad": 0.4}
"""Position of the legend: below the axes and their labels, whatever their height."""

BAND = 0.16
"""Width of the band of zeros, as a share of the axis of the other values."""


@dataclass(frozen=True)
class Jitter:
    """A unit's activations, the classes and the thresholds that are marked.

    Attributes
    ----------
    unit
        The unit's id.
    activations
        ``(N,)`` of the items used.
    members
        ``(K, N)`` bool: which item belongs to which marked class; the first class is black.
    names
        ``(K,)`` readable names of these classes.
    informed_at
        Threshold of maximum informedness for the first class; NaN where there is none.
    top_at
        Activation of the last of the `n_top` most active items.
    items
        ``"correct"`` or ``"all"``.
    n_top
        Number of the most active items over which precision is computed.
    informedness
        Maximum informedness in words, in sample and held out with its interval; empty where another class is marked.

    See Also
    --------
    jitter : Compute it.
    """

    unit: str
    activations: np.ndarray
    members: np.ndarray
    names: tuple[str, ...]
    informed_at: float
    top_at: float
    items: str
    n_top: int = 60
    informedness: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches; every class after the first takes a line above and half a line below."""
        return 7.5, 3.4 + 0.22 * max(0, len(self.names) - 1)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn: activation of every item, and the names of its classes where they are marked."""
        classes = np.full(len(self.activations), "", dtype=object)
        for name, members in zip(self.names, self.members, strict=True):
            classes[members] = np.where(classes[members] == "", name, classes[members] + f"; {name}")
        return pd.DataFrame({"activation": self.activations, "class": classes})

    @property
    def has_band(self) -> bool:
        """Whether zeros are drawn in a separate band: if there are some, and no negative values."""
        return bool((self.activations == 0).any() and self.activations.min() == 0)

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes: others grey, the class black, both thresholds, zeros in a labelled band on the left."""
        places = self.spread_zeros()
        heights = np.random.default_rng(SEED).uniform(0, 1, len(places))  # arbitrary, and always the same
        others = ~self.members.any(axis=0)
        draw_crowd(ax, places[others], heights[others])
        size = 16 if self.members.sum() <= 1500 else 9
        for number, (members, name) in enumerate(zip(self.members, self.names, strict=True)):
            colour, marker = MARKS[number]
            hollow = number in HOLLOW
            ax.scatter(
                places[members],
                heights[members],
                s=size * (1.8 if marker == "*" else 1),  # a star has less to show
                marker=marker,
                facecolors="white" if hollow else colour,
                edgecolors=colour if hollow else "white",
                linewidths=1.0 if hollow else 0.4,
                rasterized=members.sum() > DENSITY_FROM,
                label=f"{shorten(name)} ({thousands(members.sum())})",
                zorder=3,
            )
        self._draw_thresholds(ax)
        self._draw_band(ax)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_ylim(-0.03, 1.03)
        ax.set_xlabel("activation" + (" (zeros apart, left)" if self.has_band else ""))
        # The counts of zeros stand between the title and the band.
        pad = 12 + 9 * (1 + len(self.names)) if self.has_band else 8
        title = f"Unit {self.unit}: {count_items(len(places), self.items)}"
        ax.set_title(f"{title}\n{self.informedness}" if self.informedness else title, pad=pad)
        ax.legend(**LEGEND, ncols=2)
        return ax

    def _draw_thresholds(self, ax: Axes) -> None:
        """Draw both thresholds: below the markers of the class, or above them where these are many."""
        order = 4 if self.members.sum() > MANY_MARKED else 2
        if np.isfinite(self.informed_at):
            # White below black, so that the line shows on the crowd and on the class alike.
            ax.axvline(self.informed_at, color="white", lw=3, zorder=order)
            text = f"maximum informedness for {shorten(self.names[0], 20)}, {self.informed_at:.4g}"
            ax.axvline(self.informed_at, color="black", lw=1.4, ls=(0, (4, 2)), zorder=order, label=text)
        if np.isfinite(self.top_at):
            text = f"top {self.n_top} items, {self.top_at:.4g}"
            ax.axvline(self.top_at, color="#0072B2", lw=1.4, zorder=order, label=text)

    def spread_zeros(self) -> np.ndarray:
        """Return the position of each item: zeros at random in their band, all others at their activation."""
        if not self.has_band:
            return self.activations.astype(float)
        width = self.band_width()
        zeros = self.activations == 0
        spread = np.random.default_rng(SEED + 1).uniform(-1.06 * width, -0.12 * width, len(zeros))
        return np.where(zeros, spread, self.activations)

    def band_width(self) -> float:
        """Return the width of the band of zeros, in units of activation."""
        return BAND * (float(self.activations.max()) or 1.0)

    def _draw_band(self, ax: Axes) -> None:
        """Draw the band of zeros and write how many are in it."""
        if not self.has_band:
            return
        width = self.band_width()
        ax.axvspan(-1.12 * width, -0.06 * width, color="#f3f0e6", lw=0, zorder=0)
        zeros = self.activations == 0
        lines = [f"at 0: {thousands(zeros.sum())} of {thousands(len(zeros))}"]
        for members, name in zip(self.members, self.names, strict=True):
            lines.append(f"{shorten(name, 16)}: {thousands((zeros & members).sum())} of {thousands(members.sum())}")
        ax.text(
            -1.12 * width,
            1.02,
            "\n".join(lines),
            ha="left",
            va="bottom",
            fontsize=7,
            transform=ax.get_xaxis_transform(),
        )
        ticks = [tick for tick in ax.get_xticks() if 0 < tick <= self.activations.max() * 1.02]
        ax.set_xticks([-0.59 * width, *ticks], ["0", *(f"{tick:g}" for tick in ticks)])
        ax.set_xlim(-1.14 * width, (float(self.activations.max()) or 1.0) * 1.03)


def draw_crowd(ax: Axes, places: np.ndarray, heights: np.ndarray) -> None:
    """Draw the items of no marked class: as points, or as a density where they are many."""
    label = f"all others ({thousands(len(places))})"
    if len(places) <= DENSITY_FROM:
        ax.scatter(places, heights, s=5, color=CROWD, alpha=0.6, linewidths=0, label=label, rasterized=True)
        return
    counts, x_edges, y_edges = np.histogram2d(places, heights, bins=(260, 40))
    ax.pcolormesh(
        x_edges,
        y_edges,
        np.ma.masked_equal(counts.T, 0),
        cmap="Greys",
        norm=LogNorm(0.3, counts.max() * 3),
        rasterized=True,
    )
    ax.scatter([], [], s=16, color=CROWD, marker="s", label=f"{label}, darker where denser")


def jitter(run: Run, unit: str, classes: Sequence[str] | None = None, items: str | None = None) -> Jitter:
    """Compute a jitterplot of a measured run.

    Parameters
    ----------
    run
        A run that was measured.
    unit
        The unit's id, e.g. ``"fc6:1199"``.
    classes
        Classes or class sets to mark, by id or readable name, at most six; default: the class of maximum informedness.
    items
        ``"correct"`` or ``"all"``; default: those that were measured.

    Returns
    -------
    Jitter

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or the run was not measured, or with other items.

    See Also
    --------
    histogram : Counts of the activations.
    examples : The items themselves.

    Examples
    --------
    >>> plot = jitter(run, "fc6:0", ["cat", "pets"])
    >>> plot.names, plot.members.sum(axis=1)
    (('cat', 'pets'), array([20, 40]))
    """
    run.find_unit(unit)
    keep, measured = items_of_table(run, SELECTIVITY, items)
    n_top, top_at = top_threshold(run, unit)
    informed = class_of_unit(run, INFORMEDNESS, unit)
    wanted = list(classes) if classes else [] if informed is None else [informed]
    if len(wanted) > len(MARKS):
        raise UnitscopeError(f"{len(wanted)} classes are too many to tell apart; mark at most {len(MARKS)}")
    members = [run.members(name)[keep] for name in wanted]
    return Jitter(
        unit=unit,
        activations=run.unit_activations(unit)[keep],
        members=np.array(members, bool).reshape(len(wanted), int(keep.sum())),
        names=tuple(run.class_title(name) for name in wanted),
        informed_at=informed_threshold(run, unit, wanted[0]) if wanted else np.nan,
        top_at=top_at,
        items=measured,
        n_top=n_top,
        informedness=held_out_text(run, unit, INFORMEDNESS) if wanted[:1] == [informed] else "",
    )


def informed_threshold(run: Run, unit: str, name: str) -> float:
    """Return the threshold of a unit's maximum informedness for a class; NaN where there is none."""
    return float(values_of_class(run, SELECTIVITY, "informedness_threshold", [unit], name)[0])
