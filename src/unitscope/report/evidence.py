"""What claims are judged by: the hidden units of a run, the one unit looked at closely, how they are said."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..columns import Column, own_name
from ..errors import UnitscopeError
from ..figures import class_set
from ..figures.chosen import class_name, measured_items
from ..run import Run

DETECTOR_BY_PRECISION = 0.75
"""Precision above which Zhou et al. (2015) call a unit a detector."""


@dataclass(frozen=True)
class Evidence:
    """A run, as far as the paper's claims are about it.

    Attributes
    ----------
    run
        The run, measured.
    hidden
        The selectivity table without the output layer.
    layers
        Names of the hidden layers, in the network's order.
    output
        Name of the output layer; empty where none was recorded.
    largest
        Items of the largest class or class set.
    unit, name
        The unit that is looked at closely, as the paper looks at fc6.1199, and its class of precision (id); empty where
        no unit has a value.
    """

    run: Run
    hidden: pd.DataFrame
    layers: tuple[str, ...]
    output: str
    largest: int
    unit: str
    name: str

    @property
    def columns(self) -> dict[str, Column]:
        """What the table's columns mean."""
        return self.run.columns("selectivity")

    @property
    def precision(self) -> str:
        """The table's column of precision, ``"precision_60"`` unless the run was measured with another top."""
        return own_name("precision_60", self.hidden)

    @property
    def n_top(self) -> int:
        """How many of the most active items precision is of."""
        return int(self.precision.split("_")[1])

    @property
    def defined(self) -> pd.DataFrame:
        """The hidden units that the measures have a value for: those that are not dead."""
        return self.hidden.dropna(subset=["max_informedness", self.precision])

    @property
    def precise(self) -> pd.DataFrame:
        """The hidden units that precision calls detectors."""
        return self.hidden[self.hidden["zhou_detector"].astype(bool)]


def gather(run: Run) -> Evidence:
    """Gather what the claims are judged by.

    Parameters
    ----------
    run
        A run that was measured.

    Returns
    -------
    Evidence
    """
    table = run.table("selectivity")
    output = output_layer(run)
    hidden = table[table["layer"] != output].reset_index(drop=True)
    unit, name = choose_unit(hidden)
    layers = tuple(layer.name for layer in run.layers if layer.name != output)
    return Evidence(run, hidden, layers, output, largest_class(run), unit, name)


def largest_class(run: Run) -> int:
    """Count the measured items of the largest class or class set."""
    keep, _ = measured_items(run)
    sizes = np.bincount(run.labels[keep]) if not run.multi_label else run.memberships[keep].sum(axis=0)
    return max([int(sizes.max()), *(int(run.members(name)[keep].sum()) for name in run.class_sets)])


def output_layer(run: Run) -> str:
    """Name the layer that gives the network's answers; empty where it was not recorded.

    It is the last layer of a run with predictions, where it has as many units as there are classes and there are layers
    before it: the paper's claims are about hidden layers only.
    """
    last = run.layers[-1]
    is_output = run.manifest.predictions and len(run.layers) > 1 and last.units == len(run.classes)
    return last.name if is_output else ""


def choose_unit(hidden: pd.DataFrame) -> tuple[str, str]:
    """Choose the unit to look at closely, and its class.

    As in the paper's Figure 3 it is one that precision calls most selective though it does not meet the minimal bar of
    a detector; where every unit meets it, the one of highest precision. Of equal ones, that of lowest detector score.
    """
    precision = own_name("precision_60", hidden)
    found = hidden.dropna(subset=[precision, f"{precision}_class", "max_informedness"])
    if found.empty:
        return "", ""
    below = found[~found["detector"].astype(bool)]
    order = (below if len(below) else found).sort_values(
        [precision, "detector_score"], ascending=[False, True], kind="stable"
    )
    best = order.iloc[0]
    return str(best["unit"]), str(best[f"{precision}_class"])


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds in a run (``None``: it cannot be tested), and the numbers that say so."""

    holds: bool | None
    numbers: str


Judge = Callable[[Evidence], Verdict]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper: its section, what it says, when it counts as true, and the function that judges it."""

    section: str
    says: str
    rule: str
    judge: Judge


def claim(section: str, says: str, rule: str) -> Callable[[Judge], Claim]:
    """Make a claim, judged by the function below it; without any defined unit nothing can be tested."""

    def judged_by(judge: Judge) -> Claim:
        def checked(seen: Evidence) -> Verdict:
            if seen.defined.empty:
                return Verdict(None, "No hidden unit has a value of the measures.")
            try:
                return judge(seen)
            except UnitscopeError as error:  # what the claim is judged by was not kept
                return Verdict(None, f"The run does not allow it: {error}.")

        return Claim(section, says, rule, checked)

    return judged_by


NO_CCMAS = Verdict(None, "No hidden unit has a CCMAS: activations are negative.")


def too_few_items(seen: Evidence, least: float) -> str:
    """Say why no unit can reach a precision, if no class has the items for it; else nothing."""
    if seen.largest >= least * seen.n_top:
        return ""
    return f"The largest class has {seen.largest:,} items; a precision of {least:g} needs {least * seen.n_top:.0f}."


def no_precise(seen: Evidence) -> str:
    """Say that no unit is precise, and why where no class has the items for it."""
    highest = f"No hidden unit has a precision above .75; the highest is {seen.defined[seen.precision].max():.2f}."
    return too_few_items(seen, DETECTOR_BY_PRECISION) or highest


def dissected(seen: Evidence) -> pd.DataFrame | None:
    """Gather what the three units of highest IoU do for each class set; ``None`` where no IoU is known."""
    if "dissection" not in seen.run.tables:
        return None
    tables = [class_set(seen.run, name, layers=seen.layers, count=3).rows for name in seen.run.class_sets]
    known = [rows.dropna(subset=["iou"]) for rows in tables if "iou" in rows]
    rows = pd.concat(known) if known else pd.DataFrame()
    return rows if len(rows) else None


def listed(seen: Evidence, rows: pd.DataFrame, measure: str, most: int = 3) -> str:
    """Name units with the class that a measure gives them, the first few."""
    named = [f"{row['unit']} for {class_name(seen.run, row[f'{measure}_class'])}" for row in rows.to_dict("records")]
    return ", ".join(named[:most]) + (f" and {len(named) - most:,} more" if len(named) > most else "")


def units_of(rows: pd.DataFrame, measure: str) -> str:
    """List units with their values."""
    return ", ".join(f"{row['unit']} {row[measure]:.2f}" for row in rows.to_dict("records"))
