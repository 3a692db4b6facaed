"""Histogram of the activations to a class, with all items in an inset (Gale et al. 2020, Figures 3 and 10)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..run import Run
from .style import CROWD, count_items, shorten, thousands
from .unit_data import read_unit, standard_error

BINS = 60
"""Approximate number of bins; their width is a round number."""


@dataclass(frozen=True)
class Histogram:
    """Counts of a unit's activations, zeros apart.

    Attributes
    ----------
    unit
        The unit's id.
    name
        Readable name of the class.
    edges
        ``(B + 1,)`` edges of the bins; a bin holds its left edge and not its right.
    in_class, in_all
        ``(B,)`` numbers of items of the class, and of all items, whose activation is not 0.
    zeros_in_class, zeros_in_all
        Numbers of items with activation 0.
    mean, mean_se
        Mean activation of the class, zeros included, and its standard error.
    items
        ``"correct"`` or ``"all"``.
    log
        Whether counts are drawn on a logarithmic axis.

    See Also
    --------
    histogram : Compute it.
    """

    unit: str
    name: str
    edges: np.ndarray
    in_class: np.ndarray
    in_all: np.ndarray
    zeros_in_class: int
    zeros_in_all: int
    mean: float
    mean_se: float
    items: str
    log: bool = False

    size = (5.4, 3.6)

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn; the first row is the zeros, from 0 to 0."""
        return pd.DataFrame(
            {
                "from": [0.0, *self.edges[:-1]],
                "to": [0.0, *self.edges[1:]],
                "in_class": [self.zeros_in_class, *self.in_class],
                "in_all": [self.zeros_in_all, *self.in_all],
            }
        )

    def draw(self, ax: Axes) -> Axes:
        """Draw the class's bars, a hatched one for its zeros, and all items in an inset."""
        self._draw_bars(ax, self.in_class, self.zeros_in_class, "black", self.log)
        n, n_all = self.in_class.sum() + self.zeros_in_class, self.in_all.sum() + self.zeros_in_all
        ax.set_xlabel(f"activation (bins of {self.edges[1] - self.edges[0]:g}; hatched: exactly 0)")
        ax.set_ylabel("items of the class")
        zeros = f"{thousands(self.zeros_in_class)} ({self.zeros_in_class / n:.1%}) at 0"
        mean = f"dashed: mean {self.mean:.4g}" + (
            f" ± {self.mean_se:.2g} (standard error)" if np.isfinite(self.mean_se) else ""
        )
        ax.set_title(f"Unit {self.unit}, {shorten(self.name)}\n{count_items(n, self.items)}, {zeros}\n{mean}")
        # Room above the bars for the inset, so that it hides nothing.
        low, high = ax.get_ylim()
        ax.plot([self.mean] * 2, [low, high], color="#0072B2", lw=1.4, ls=(0, (4, 2)))
        ax.set_ylim(low, high**2.1 / max(low, 0.5) ** 1.1 if self.log else high * 1.9)
        inset = ax.inset_axes((0.42, 0.57, 0.57, 0.33))
        self._draw_bars(inset, self.in_all, 0, CROWD, self.log)
        inset.tick_params(labelsize=6)
        inset.set_title(
            f"all classes, not 0: {thousands(self.in_all.sum())}\n"
            f"(at 0: {thousands(self.zeros_in_all)}, {self.zeros_in_all / n_all:.1%})",
            fontsize=7,
        )
        return ax

    def _draw_bars(self, ax: Axes, counts: np.ndarray, zeros: int, colour: str, log: bool) -> None:
        """Draw one set of bars; the bar of the zeros is one bin wide and ends at 0."""
        width = self.edges[1] - self.edges[0]
        ax.stairs(counts, self.edges, fill=True, color=colour)
        if zeros:
            ax.bar(-width / 2, zeros, width, color="white", edgecolor="black", hatch="/////", linewidth=0.6)
        if log:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter("{x:,g}")
            ax.set_ylim(bottom=0.5)
        else:
            ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def histogram(
    run: Run, unit: str, name: str | None = None, items: str | None = None, *, log: bool = False
) -> Histogram:
    """Count a unit's activations in bins.

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
    log
        Draw counts on a logarithmic axis.

    Returns
    -------
    Histogram

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or no class was named for a unit that has none.

    See Also
    --------
    fits : Curves fitted to the activations.

    Examples
    --------
    >>> found = histogram(run, "fc6:0", "cat")
    >>> int(found.in_class.sum()), found.zeros_in_class
    (20, 0)
    """
    data = read_unit(run, unit, name, items)
    values, members = data.activations.astype(float), data.members
    edges = round_edges(values)
    active = values != 0
    ours = values[members]
    return Histogram(
        unit,
        data.title,
        edges,
        np.histogram(values[members & active], edges)[0],
        np.histogram(values[active], edges)[0],
        int((~active & members).sum()),
        int((~active).sum()),
        float(ours.mean()) if len(ours) else np.nan,
        standard_error(ours),
        data.items,
        log,
    )


def round_edges(values: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return the edges of bins over the range of values, 0 included; their width is 1, 2 or 5 times a power of ten.

    The largest value lies below the last edge.

    Examples
    --------
    >>> round_edges(np.array([0.0, 95.0]), 60)[[0, 1, -1]]
    array([ 0.,  2., 96.])
    """
    low, high = min(float(values.min(initial=0)), 0.0), max(float(values.max(initial=0)), 0.0)
    rough = (high - low) / bins or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)
    first, last = np.floor(low / width), np.floor(high / width) + 1
    return np.arange(first, last + 1) * width
