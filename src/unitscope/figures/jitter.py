"""The jitterplot: one unit's activation to every item (Gale et al. 2020, Figures 1, 3, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ..errors import UnitscopeError, near_names
from ..run import Run
from .style import CROWD, MARKS, shorten, thousands

DENSITY_FROM = 20_000
"""Crowds of more items than this are drawn as a density."""

SEED = 1_995_167_186
"""Of the arbitrary heights; a number that nobody's simulated activations are likely to be drawn with."""

BAND = 0.16
"""Width of the band of zeros, as a share of the axis of the other values."""


@dataclass(frozen=True)
class Jitter:
    """A unit's activations, and what a jitterplot marks in them.

    Attributes
    ----------
    unit
        The unit's id.
    activations
        ``(N,)`` of the items used.
    labels
        ``(N,)`` their class indices.
    classes
        Class indices to mark; the first is black.
    names
        Readable names of these classes.
    informed_at
        Threshold of maximum informedness for the first class; NaN where there is none.
    top_at
        Activation of the 60th most active item.
    items
        ``"correct"`` or ``"all"``.
    """

    unit: str
    activations: np.ndarray
    labels: np.ndarray
    classes: tuple[int, ...]
    names: tuple[str, ...]
    informed_at: float
    top_at: float
    items: str

    size = (7.5, 3.4)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn: activation of every item, and the name of its class where it is marked."""
        marked = dict(zip(self.classes, self.names, strict=True))
        return pd.DataFrame(
            {"activation": self.activations, "class": [marked.get(int(label), "") for label in self.labels]}
        )

    @property
    def has_band(self) -> bool:
        """Whether zeros get a band of their own: where there are some, and nothing lies below them."""
        return bool((self.activations == 0).any() and self.activations.min() == 0)

    def draw(self, ax: Axes) -> Axes:
        """Draw on axes: others grey, the class black, both thresholds, zeros in a labelled band on the left."""
        places = self.spread_zeros()
        heights = np.random.default_rng(SEED).uniform(0, 1, len(places))  # arbitrary, and always the same
        others = ~np.isin(self.labels, self.classes)
        draw_crowd(ax, places[others], heights[others])
        for (colour, marker), label, name in zip(MARKS, self.classes, self.names, strict=False):
            members = self.labels == label
            ax.scatter(
                places[members],
                heights[members],
                s=16,
                marker=marker,
                color=colour,
                edgecolors="white",
                linewidths=0.4,
                rasterized=members.sum() > DENSITY_FROM,
                label=f"{shorten(name)} ({thousands(members.sum())})",
                zorder=3,
            )
        if np.isfinite(self.informed_at):
            # White below black, so that the line shows on the crowd and on the class alike.
            ax.axvline(self.informed_at, color="white", lw=3, zorder=4)
            text = f"maximum informedness for {shorten(self.names[0], 20)}, {self.informed_at:.4g}"
            ax.axvline(self.informed_at, color="black", lw=1.4, ls=(0, (4, 2)), zorder=5, label=text)
        if np.isfinite(self.top_at):
            ax.axvline(self.top_at, color="#0072B2", lw=1.4, zorder=5, label=f"top 60 items, {self.top_at:.4g}")
        self._draw_band(ax)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_ylim(-0.03, 1.03)
        ax.set_xlabel("activation" + (" (zeros apart, left)" if self.has_band else ""))
        kind = "correctly classified items" if self.items == "correct" else "items"
        # The counts of zeros stand between the title and the band.
        pad = 12 + 9 * (1 + len(self.classes)) if self.has_band else 8
        ax.set_title(f"Unit {self.unit}: {thousands(len(places))} {kind}", pad=pad)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, handletextpad=0.4)
        return ax

    def spread_zeros(self) -> np.ndarray:
        """Place zeros across their band, left of the other values; all others where they are."""
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
        """Mark off the band of zeros and say how many are in it."""
        if not self.has_band:
            return
        width = self.band_width()
        ax.axvspan(-1.12 * width, -0.06 * width, color="#f3f0e6", lw=0, zorder=0)
        zeros = self.activations == 0
        lines = [f"at 0: {thousands(zeros.sum())} of {thousands(len(zeros))}"]
        for label, name in zip(self.classes, self.names, strict=True):
            members = self.labels == label
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
    """Draw the items of no marked class: points where they are few, else a density on a grey scale."""
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
        Classes to mark, by id or readable name; default: the class of maximum informedness.
    items
        ``"correct"`` or ``"all"``; default: those that were measured.

    Returns
    -------
    Jitter

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or the run was not measured, or with other items.
    """
    run.find_unit(unit)
    table = run.table("selectivity").set_index("unit")
    measured = run.parameters("selectivity")["items"]
    if items is not None and items != measured:
        raise UnitscopeError(
            f"the run {run.directory} was measured with {measured} items; "
            f"run `unitscope measure {run.directory} --items {items}` first"
        )
    keep = run.choose_items(measured)
    row: Any = table.loc[unit]
    wanted = list(classes) if classes else [row["max_informedness_class"]]
    places = tuple(find_class(run, name) for name in wanted if pd.notna(name))
    if len(places) > len(MARKS):
        raise UnitscopeError(f"{len(places)} classes are too many to tell apart; mark at most {len(MARKS)}")
    thresholds = run.unit_classwise("informedness_threshold", unit)
    return Jitter(
        unit=unit,
        activations=run.unit_activations(unit)[keep],
        labels=run.labels[keep],
        classes=places,
        names=tuple(str(run.classes["name"].iloc[place]) for place in places),
        informed_at=float(thresholds[places[0]]) if places else np.nan,
        top_at=float(row["precision_60_threshold"]),
        items=measured,
    )


def find_class(run: Run, name: str) -> int:
    """Find a class by its id or readable name."""
    for key in ("class", "name"):
        found = np.flatnonzero((run.classes[key] == name).to_numpy())
        if len(found):
            return int(found[0])
    known = [*run.classes["class"], *run.classes["name"]]
    raise UnitscopeError(f"the run {run.directory} has no class {name}{near_names(name, known)}")
