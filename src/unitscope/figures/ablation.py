"""Accuracy while units are removed one after the other, at random or by a measure (Morcos et al. 2018)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..ablation import ABLATION
from ..errors import UnitscopeError, near_names
from ..run import Run
from ..run.repair import make_first
from .style import thousands

SHOWN = ("selectivity.precision_60", "selectivity.class_selectivity", "selectivity.max_informedness", "dissection.iou")
"""Measures that are drawn by default, where units were removed by them."""

NAME = "cumulative_accuracy"


@dataclass(frozen=True)
class CumulativeAblation:
    """Accuracy while units of a layer are removed.

    Attributes
    ----------
    layer, n_units
        The layer, and the number of its units.
    orders
        Names of the orders.
    shares
        ``(steps,)`` share of the units that are removed.
    accuracy
        ``(orders, steps)``.
    shown
        Measures to draw.

    See Also
    --------
    ablation : Look them up.
    """

    layer: str
    n_units: int
    orders: tuple[str, ...]
    shares: np.ndarray
    accuracy: np.ndarray
    shown: tuple[str, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 7.5, 4.0

    @property
    def areas(self) -> dict[str, float]:
        """The area under each order's curve: its mean accuracy while all units are removed."""
        areas = np.trapezoid(self.accuracy, self.shares, axis=1)
        return dict(zip(self.orders, areas.tolist(), strict=True))

    def frame(self) -> pd.DataFrame:
        """Return the numbers: one row per order and step, with the area under the order's curve."""
        n = len(self.shares)
        return pd.DataFrame(
            {
                "order": np.repeat(self.orders, n),
                "share": np.tile(self.shares, len(self.orders)),
                "accuracy": self.accuracy.ravel(),
                "area": np.repeat([*self.areas.values()], n),
            }
        )

    def draw(self, ax: Axes) -> Axes:
        """Draw the random orders as a band, and two lines for each measure."""
        rows = dict(zip(self.orders, self.accuracy, strict=True))
        areas = self.areas
        random = [name for name in self.orders if name.startswith("random ")]
        drawn = np.array([rows[name] for name in random])
        area = np.mean([areas[name] for name in random])
        ax.fill_between(self.shares, drawn.min(0), drawn.max(0), color="#cccccc", linewidth=0)
        ax.plot(self.shares, drawn.mean(0), color="#666666", label=f"at random, {len(random)} orders: area {area:.2f}")
        for place, measure in enumerate(self.shown):
            for which, style in (("highest", "-"), ("lowest", "--")):
                name = f"{measure}, {which} first"
                ax.plot(self.shares, rows[name], style, color=f"C{place}", label=f"{name}: area {areas[name]:.2f}")
        ax.set(xlabel="share of units removed", ylabel="accuracy", xlim=(0, 1), ylim=(0, None))
        ax.set_title(f"Layer {self.layer}: {thousands(self.n_units)} units removed one after the other")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7)
        return ax


def ablation(run: Run, layer: str, measures: Sequence[str] | None = None) -> CumulativeAblation:
    """Look up the accuracy while units of a layer are removed one after the other.

    Parameters
    ----------
    run
        A run that was ablated with random orders, ``ablate(run, orders=5)``.
    layer
        The layer.
    measures
        Measures to draw, such as ``"selectivity.auc"``; default: a few that the literature discusses.

    Returns
    -------
    CumulativeAblation

    Raises
    ------
    UnitscopeError
        If no orders were computed, or the layer or a measure was left out.

    See Also
    --------
    unitscope.ablate : Compute them.
    ablation_by_measure : How well each measure predicts what is lost without single units.
    """
    found = run.layer(layer)
    if ABLATION not in run.tables:
        raise UnitscopeError(f"the run {run.directory} was not ablated; {make_first(run.directory, ABLATION)}")
    stored = run.stored_table(ABLATION)
    if NAME not in stored.array_names:
        raise UnitscopeError(
            f"no units of {run.directory} were removed one after the other; run `unitscope ablate` with --orders 5"
        )
    if layer not in stored.parameters["layers"]:
        raise UnitscopeError(
            f"layer {layer} was not ablated; choose {' or '.join(stored.parameters['layers'])}, or ablate it too"
        )
    orders = tuple(stored.labels["order"])
    place = stored.labels["layer"].index(layer)
    accuracy = stored.array(NAME, slice(place, place + 1))[0]
    known = [name.removesuffix(", highest first") for name in orders if name.endswith(", highest first")]
    for name in measures or ():
        if name not in known:
            raise UnitscopeError(f"no units were removed by {name}{near_names(name, known)}; choose one of: "
                                 f"{', '.join(known)}")  # fmt: skip
    shown = tuple(measures or (name for name in SHOWN if name in known))
    shares = np.array(stored.labels["share"], float)
    return CumulativeAblation(layer, found.units, orders, shares, accuracy, shown)
