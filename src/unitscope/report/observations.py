"""The part of a run that the paper's claims are about: its hidden units, and one unit that is examined closely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..columns import Column
from ..figures.unit_data import count_top
from ..run import Run
from ..run.lookup import items_of_table, name_in, title_of_class
from ..selectivity import SELECTIVITY


@dataclass(frozen=True)
class Observations:
    """The part of a run that the paper's claims are about.

    Attributes
    ----------
    run
        The run, measured.
    hidden
        The table of measures without the output layer.
    layers
        Names of the hidden layers, in the network's order.
    output
        Name of the output layer; empty if none was recorded.
    largest
        Items of the largest class or class set.
    unit, name
        The unit that is examined closely, as the paper examines fc6.1199, and its class of precision (id); empty if no
        unit has a value.
    others
        Runs of `unitscope.simulate_superposition`, measured, for the claims on recurrent networks.
    """

    run: Run
    hidden: pd.DataFrame
    layers: tuple[str, ...]
    output: str
    largest: int
    unit: str
    name: str
    others: tuple[Run, ...] = ()

    @property
    def columns(self) -> dict[str, Column]:
        """What the columns of the table mean."""
        return self.run.columns(SELECTIVITY)

    @property
    def precision(self) -> str:
        """The table's column of precision, ``"precision_60"`` unless the run was measured with another `top`."""
        return name_of_precision(self.run)

    def held_out(self, name: str) -> str:
        """Return the column of a measure on items that did not choose; the measure's own where there is none.

        Runs that keep histograms have none, nor tables of earlier versions.
        """
        return self.columns[name].links.get("held_out", name)

    @property
    def n_top(self) -> int:
        """Number of the most active items over which precision is computed."""
        return count_top(self.run)

    @property
    def defined(self) -> pd.DataFrame:
        """The hidden units that have values of the measures: those that are not dead."""
        return self.hidden.dropna(subset=["max_informedness", self.precision])

    @property
    def precise(self) -> pd.DataFrame:
        """The hidden units that precision calls detectors."""
        return self.hidden[self.hidden["zhou_detector"].astype(bool)]


def gather(run: Run, others: Sequence[Run] = ()) -> Observations:
    """Return the part of a measured run that the claims are about, with runs of recurrent networks to compare."""
    table = run.table(SELECTIVITY)
    output = output_layer(run)
    hidden = table[table["layer"] != output].reset_index(drop=True)
    unit, name = choose_unit(hidden, name_of_precision(run))
    layers = tuple(layer.name for layer in run.layers if layer.name != output)
    return Observations(run, hidden, layers, output, largest_class(run), unit, name, tuple(others))


def name_of_precision(run: Run) -> str:
    """Return the name of the column of precision, which depends on the `top` of the measurement."""
    return name_in(run.stored_table(SELECTIVITY), "precision_60")


def largest_class(run: Run) -> int:
    """Return the number of measured items of the largest class or class set."""
    keep, _ = items_of_table(run, SELECTIVITY)
    sizes = np.bincount(run.labels[keep]) if not run.multi_label else run.memberships[keep].sum(axis=0)
    return max([int(sizes.max()), *(int(run.members(name)[keep].sum()) for name in run.class_sets)])


def output_layer(run: Run) -> str:
    """Return the name of the layer of the network's outputs; empty if it was not recorded.

    It is the last layer of a run with predictions, if it has as many units as there are classes and is not the only
    layer: the paper's claims are about hidden layers only.
    """
    last = run.layers[-1]
    is_output = run.manifest.predictions and len(run.layers) > 1 and last.units == len(run.classes)
    return last.name if is_output else ""


def choose_unit(hidden: pd.DataFrame, precision: str) -> tuple[str, str]:
    """Return the unit to examine closely, and its class of precision.

    As in the paper's Figure 3 it is the unit of highest precision among those that do not meet the minimal bar of a
    detector; if every unit meets it, the unit of highest precision. Of equal ones, that of lowest detector score.
    """
    found = hidden.dropna(subset=[precision, f"{precision}_class", "max_informedness"])
    if found.empty:
        return "", ""
    below = found[~found["detector"].astype(bool)]
    order = (below if len(below) else found).sort_values(
        [precision, "detector_score"], ascending=[False, True], kind="stable"
    )
    best = order.iloc[0]
    return str(best["unit"]), str(best[f"{precision}_class"])


def with_classes(data: Observations, rows: pd.DataFrame, measure: str, most: int = 3) -> str:
    """Return the first few units with the classes that a measure picks for them, as text."""
    picked = data.columns[measure].links["class"]
    named = [f"{row['unit']} for {title_of_class(data.run, row[picked])}" for row in rows.to_dict("records")]
    return ", ".join(named[:most]) + (f" and {len(named) - most:,} more" if len(named) > most else "")


def with_values(rows: pd.DataFrame, measure: str) -> str:
    """Return units with their values of a measure, as text."""
    return ", ".join(f"{row['unit']} {row[measure]:.2f}" for row in rows.to_dict("records"))
