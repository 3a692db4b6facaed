"""Hits against false alarms, and precision against recall, at every threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..run import Run
from ..run.lookup import find_column, titles_of_classes
from ..selectivity import SELECTIVITY
from .jitter import informed_threshold
from .style import MARKS, count_items, shorten
from .unit_data import INFORMEDNESS, read_unit, top_threshold

NORMAL_QUANTILE = 1.959963984540054
"""97.5th percentile of the normal distribution."""

BAND = "#cfd8dc"


@dataclass(frozen=True)
class Curve:
    """One of the two panels: one rate against another, with some thresholds marked."""

    points: pd.DataFrame
    marks: Mapping[str, float]
    x: str
    y: str
    titles: tuple[str, str]
    level: float
    """The height of the chance line at the right end."""
    chance: str

    size = (4.2, 5.4)

    def draw(self, ax: Axes) -> Axes:
        """Draw the curve, a marker for each marked threshold, and chance as a dotted line."""
        # Choosing at random between two thresholds gives any point on the straight line between them (left). Precision
        # would lie below that line, so the curve on the right is a step to the next threshold.
        is_roc = self.x == "false_alarm_rate"
        style = "default" if is_roc else "steps-pre"
        low, high = (self.points[f"{self.y}_{end}"] for end in ("low", "high"))
        step: Any = None if is_roc else "pre"
        ax.fill_between(self.points[self.x], low, high, color=BAND, lw=0, step=step, label="95 % at each threshold")
        ax.plot(self.points[self.x], self.points[self.y], color="black", lw=1.2, drawstyle=style)
        start = 0.0 if is_roc else self.level
        ax.plot([0, 1], [start, self.level], color="#777777", lw=1, ls=":", label=self.chance)
        for (name, threshold), (colour, marker) in zip(self.marks.items(), MARKS[1:], strict=False):
            at = self.points[self.points["threshold"] >= threshold]
            if np.isfinite(threshold) and len(at):
                row = at.iloc[-1]
                ax.plot(row[self.x], row[self.y], marker, ms=9, color=colour, mec="black", mew=0.7, ls="",
                        label=f"{name}: {threshold:.4g}", zorder=4, clip_on=False)  # fmt: skip
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=self.titles[0], ylabel=self.titles[1])
        ax.set_box_aspect(1)
        ax.set_anchor("S")  # the layout makes room for the legend below the axes' own place
        ax.grid(color="#eeeeee", lw=0.6)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4.6, handletextpad=0.5)
        return ax


@dataclass(frozen=True)
class Roc:
    """Rates of a unit for a class at every threshold.

    Attributes
    ----------
    unit, name
        The unit's id, and the readable name of the class.
    points
        One row per threshold that matters, falling: ``threshold`` (items at or above it are called members), ``hits``,
        ``false_alarms``, ``recall``, ``false_alarm_rate``, ``precision``, and ``recall_low``, ``recall_high``,
        ``precision_low``, ``precision_high``: the 95 % interval of each rate at that threshold alone (Wilson 1927). The
        first calls nothing a member.
        Thresholds between others at which only false alarms are added are left out.
    marks
        Thresholds of measures by their readable names; NaN for those that this unit does not have.
    n_members, n_items
        Items of the class, and all items.
    items
        ``"correct"`` or ``"all"``.

    See Also
    --------
    roc : Compute it.
    """

    unit: str
    name: str
    points: pd.DataFrame
    marks: Mapping[str, float]
    n_members: int
    n_items: int
    items: str

    size = (8.8, 5.8)
    rows = ((0, 1),)

    @property
    def title(self) -> str:
        """Title above both panels."""
        counts = f"{count_items(self.n_items, self.items)}, {self.n_members:,} of the class"
        return f"Unit {self.unit}, {shorten(self.name, 40)}\n{counts}"

    @property
    def panels(self) -> tuple[Curve, Curve]:
        """Hits against false alarms, and precision against recall."""
        share = self.n_members / self.n_items
        return (
            Curve(self.points, self.marks, "false_alarm_rate", "recall",
                  ("false-alarm rate, FP / (FP + TN)", "hit rate (recall), TP / (TP + FN)"), 1.0, "chance"),
            Curve(self.points, self.marks, "recall", "precision", ("recall, TP / (TP + FN)",
                  "precision, TP / (TP + FP)"), share, f"chance: {share:.3g}"),
        )  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn."""
        return self.points


def roc(run: Run, unit: str, name: str | None = None, items: str | None = None) -> Roc:
    """Count hits and false alarms of a unit for a class at every threshold.

    Parameters
    ----------
    run
        A run that was measured.
    unit
        The unit's id.
    name
        A class or class set; default: the class of maximum informedness.
    items
        ``"correct"`` or ``"all"``; default: those that were measured.

    Returns
    -------
    Roc

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or no class was named for a unit that has none.

    See Also
    --------
    jitter : The activations and the same thresholds.

    Examples
    --------
    >>> figure = roc(run, "fc6:0", "cat")
    >>> figure.marks["Maximum informedness"]
    3.0
    """
    data = read_unit(run, unit, name, items)
    n_top, top_at = top_threshold(run, unit)
    marks = {
        find_column(run, INFORMEDNESS).title: informed_threshold(run, unit, data.wanted),
        f"Top {n_top} items": top_at,
    }
    # These two thresholds are known for the class of the best value only.
    for measure in ("recall_at_precision_95", "detector_score"):
        found, threshold = (find_column(run, f"{SELECTIVITY}.{measure}{end}") for end in ("", "_threshold"))
        if titles_of_classes(run, found, [unit]) == [data.title]:
            marks[found.title] = float(threshold.by_unit[unit])
    points = count_at_thresholds(data.activations, data.members, list(marks.values()))
    return Roc(unit, data.title, points, marks, int(data.members.sum()), len(data.members), data.items)


def count_at_thresholds(activations: np.ndarray, members: np.ndarray, marked: Sequence[float] = ()) -> pd.DataFrame:
    """Count hits and false alarms at every value that occurs; equal values are never separated.

    Parameters
    ----------
    activations
        ``(N,)``.
    members
        ``(N,)`` bool.
    marked
        Thresholds to keep in any case.

    Returns
    -------
    pandas.DataFrame
        As in `Roc`.

    Examples
    --------
    >>> points = count_at_thresholds(np.array([3.0, 2, 2, 1]), np.array([True, True, False, False]))
    >>> points["precision"].round(2).tolist()
    [1.0, 1.0, 0.67, 0.5]
    """
    values, places = np.unique(-activations.astype(float), return_inverse=True)
    hits = np.cumsum(np.bincount(places[members], minlength=len(values)))
    alarms = np.cumsum(np.bincount(places[~members], minlength=len(values)))
    hits, alarms, values = np.r_[0, hits], np.r_[0, alarms], np.r_[np.inf, -values]
    # Where only false alarms come before and after a threshold, both curves are straight: it is left out.
    up = np.diff(hits) > 0
    matters = np.r_[True, up[:-1] | up[1:], True] | np.isin(values, marked)
    hits, alarms, values = hits[matters], alarms[matters], values[matters]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = hits / (hits + alarms)
        points = pd.DataFrame(
            {
                "threshold": values,
                "hits": hits,
                "false_alarms": alarms,
                "recall": hits / members.sum(),
                "false_alarm_rate": alarms / (~members).sum(),
                "precision": precision,
            }
        )
    for name, n in (("recall", members.sum()), ("precision", hits + alarms)):
        points[f"{name}_low"], points[f"{name}_high"] = wilson(hits, np.broadcast_to(n, len(hits)))
    # Nothing is above the first threshold: its precision is that of the next, so that the curve starts at the axis.
    points.loc[0, "precision"] = points["precision"].iloc[1] if len(points) > 1 else np.nan
    return points


def wilson(hits: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % interval of a share, ``hits`` of ``n`` (Wilson 1927); 0 and 1 where `n` is 0.

    Examples
    --------
    >>> low, high = wilson(np.array([8]), np.array([10]))
    >>> low.round(3), high.round(3)
    (array([0.49]), array([0.943]))
    """
    square = NORMAL_QUANTILE**2
    centre = (hits + square / 2) / (n + square)
    with np.errstate(invalid="ignore", divide="ignore"):
        half_width = NORMAL_QUANTILE / (n + square) * np.sqrt(np.where(n > 0, hits * (n - hits) / n, 0) + square / 4)
    return np.clip(centre - half_width, 0, 1), np.clip(centre + half_width, 0, 1)
