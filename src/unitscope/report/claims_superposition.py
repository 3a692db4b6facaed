"""The paper's claims on recurrent networks (sections 1, 3.3 and 4, Figure 1), each with the rule by which it holds.

They need runs of `unitscope.simulate_superposition`: the run itself, or others that are given with it. Every network of
these runs counts, of any list length. These networks recreate the idea of those of the paper, not their settings.
"""

import pandas as pd

from ..figures.superposition import count_localist
from ..run import Run
from ..selectivity import SELECTIVITY
from ..simulations.superposition import ONE_AT_A_TIME, SUPERPOSITION, Simulation
from .observations import Observations
from .verdicts import Claim, Verdict, claim

TITLES = {SUPERPOSITION: "Superposition", ONE_AT_A_TIME: "One word at a time"}


@claim(
    "1",
    "Recurrent networks that hold several words at once learn many localist units (Figure 1, left).",
    "Every network trained under superposition has two localist units or more.",
)
def superposed_are_localist(data: Observations) -> Verdict:
    """Section 1: "many 'localist' or 'grandmother cell' units that were 100% selective"."""
    table = networks(data, SUPERPOSITION)
    if not isinstance(table, pd.DataFrame):
        return table
    return Verdict(bool((table["localist"] >= 2).all()), count_text(table))


@claim(
    "1",
    "They do not when they hold one word at a time (Figure 1, middle).",
    "No network trained on one word at a time has a localist unit.",
)
def controls_are_not(data: Observations) -> Verdict:
    """Section 1: such units "did not emerge when the model was trained on letters or words one-at-a-time"."""
    table = networks(data, ONE_AT_A_TIME)
    if not isinstance(table, pd.DataFrame):
        return table
    return Verdict(not table["localist"].any(), count_text(table))


@claim(
    "3.3",
    "Even the most selective units are far from those of recurrent networks (Figure 1, left).",
    "The highest recall at perfect precision of a hidden unit of this run is less than half of the highest of the "
    "networks trained under superposition.",
)
def far_from_recurrent(data: Observations) -> Verdict:
    """Section 3.3: "far from the selective units observed in recurrent networks as reported in Figure 1a"."""
    if Simulation.of_run(data.run) is not None:
        return Verdict(None, "This run is itself of recurrent networks.")
    runs = simulated(data, SUPERPOSITION)
    if not runs:
        return missing(SUPERPOSITION)
    here = data.defined["recall_at_precision_1"].max()
    there = max(run.table(SELECTIVITY)["recall_at_precision_1"].max() for run in runs)
    return Verdict(bool(here < there / 2), f"It is {here:.2f} in this run and {there:.2f} under superposition.")


@claim(
    "4",
    "Localist units emerge where several things must be held in mind at once.",
    "Every network trained under superposition has more localist units than every network trained on one word at a "
    "time.",
)
def superposition(data: Observations) -> Verdict:
    """Sections 1 and 4, Figure 1: the superposition catastrophe (Bowers et al. 2014)."""
    several, single = networks(data, SUPERPOSITION), networks(data, ONE_AT_A_TIME)
    if not isinstance(several, pd.DataFrame):
        return several
    if not isinstance(single, pd.DataFrame):
        return single
    holds = several["localist"].min() > single["localist"].max()
    return Verdict(bool(holds), f"{count_text(several)} {count_text(single)}")


def simulated(data: Observations, condition: str) -> tuple[Run, ...]:
    """Return the runs of recurrent networks trained under a condition: the run itself and those given with it."""
    runs = []
    for run in (data.run, *data.others):
        settings = Simulation.of_run(run)
        if settings is not None and settings.condition == condition:
            runs.append(run)
    return tuple(runs)


def missing(condition: str) -> Verdict:
    """Return that a claim cannot be tested for lack of a run."""
    return Verdict(
        None,
        f"It needs networks trained on words, {condition}: `unitscope simulate superposition --condition {condition}`, "
        "given by --with.",
    )


def networks(data: Observations, condition: str) -> pd.DataFrame | Verdict:
    """Return the networks trained under a condition with their localist units; a verdict where there are none."""
    runs = simulated(data, condition)
    return count_localist(runs) if runs else missing(condition)


def count_text(table: pd.DataFrame) -> str:
    """Return the numbers of localist units of networks of one condition, by list length, as text."""
    title = TITLES[table["condition"].iloc[0]]
    parts = []
    for length, rows in table.groupby("list_length"):
        counts, off = (", ".join(map(str, rows[column])) for column in ("localist", "localist_off"))
        words = "1 word" if length == 1 else f"{length} words"
        parts.append(
            f"up to {words}: {counts} of {rows['units'].max()} units localist ({off} below all others), at least "
            f"{rows['words_right'].min():.1%} of words recalled"
        )
    return f"{title}, {'; '.join(parts)}."


CLAIMS_ON_INTRODUCTION: list[Claim] = [superposed_are_localist, controls_are_not]
"""Section 1."""
