"""What the single numbers hide: hits against false alarms, and precision against recall, at every threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..run import Run
from .chosen import answers, class_name, counted, of_class, top_threshold, unit_row
from .style import MARKS, shorten


@dataclass(frozen=True)
class Curve:
    """One of the two panels: a rate against another, with chosen thresholds marked."""

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
        """Draw the curve, a marker for each chosen threshold, and chance as a dotted line."""
        # Between two thresholds hits and false alarms may be had in proportion, which is a straight line on the left;
        # precision falls below one, so the curve on the right promises no more than its next threshold gives.
        is_roc = self.x == "false_alarm_rate"
        style = "default" if is_roc else "steps-pre"
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
    """Every threshold of a unit for a class.

    Attributes
    ----------
    unit, name
        The unit's id, and the readable name of the class.
    points
        One row per threshold that matters, falling: ``threshold`` (items at or above it are called members), ``hits``,
        ``false_alarms``, ``recall``, ``false_alarm_rate``, ``precision``. The first calls nothing a member.
        Where nothing but false alarms is added for a while, the thresholds between are left out.
    marks
        Chosen thresholds by their readable names; NaN for those that this unit does not have.
    n_members, n_items
        Items of the class, and all items.
    items
        ``"correct"`` or ``"all"``.
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
        """What stands above both panels."""
        counts = f"{counted(self.n_items, self.items)}, {self.n_members:,} of the class"
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
    """
    seen = answers(run, unit, name, items)
    row, members = unit_row(run, unit), seen.members
    title, (n_top, top_at) = run.columns("selectivity"), top_threshold(row)
    marks = {
        title["max_informedness"].title: float(of_class(run, "informedness_threshold", [unit], seen.wanted)[0]),
        f"Top {n_top} items": top_at,
    }
    # These two thresholds are known for the class of the best value only.
    for measure in ("recall_at_precision_95", "detector_score"):
        if class_name(run, row[f"{measure}_class"]) == seen.title:
            marks[title[measure].title] = float(row[f"{measure}_threshold"])
    points = count_at_thresholds(seen.activations, members, list(marks.values()))
    return Roc(unit, seen.title, points, marks, int(members.sum()), len(members), seen.items)


def count_at_thresholds(activations: np.ndarray, members: np.ndarray, marked: Sequence[float] = ()) -> pd.DataFrame:
    """Count hits and false alarms at every value that occurs; equal values are never parted.

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
    # Where only false alarms come before and after, both curves run straight on: such thresholds are left out.
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
    # Nothing is above the first threshold: its precision is that of the next, so that the curve starts at the axis.
    points.loc[0, "precision"] = points["precision"].iloc[1] if len(points) > 1 else np.nan
    return points
