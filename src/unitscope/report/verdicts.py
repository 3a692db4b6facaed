"""Claims of the paper, and verdicts on them: a claim holds in a run, does not hold, or cannot be tested."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UnitscopeError
from ..run import Run
from ..selectivity import SELECTIVITY
from .observations import Observations

DETECTOR_BY_PRECISION = 0.75
"""Precision above which Zhou et al. (2015) call a unit a detector."""


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds in a run (``None``: it cannot be tested), and the numbers that show it."""

    holds: bool | None
    numbers: str


Judge = Callable[[Observations], Verdict]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper: its section, its text, the rule by which it holds, and the function that judges it."""

    section: str
    says: str
    rule: str
    judge: Judge


def claim(section: str, says: str, rule: str) -> Callable[[Judge], Claim]:
    """Return a decorator that makes a claim of the function that judges it.

    If no unit has a value of the measures, or the run lacks what the function needs, the claim cannot be tested.
    """

    def judged_by(judge: Judge) -> Claim:
        def checked(data: Observations) -> Verdict:
            if data.defined.empty:
                return Verdict(None, "No hidden unit has a value of the measures.")
            try:
                return judge(data)
            except UnitscopeError as error:  # for instance a run of histograms, without the activation to each item
                raise_if_replaced(data.run, error)
                return Verdict(None, f"The run does not allow it: {error}.")

        return Claim(section, says, rule, checked)

    return judged_by


def raise_if_replaced(run: Run, error: UnitscopeError) -> None:
    """Raise the error if the run was measured again since its table was read: no page mixes two measurements."""
    if run.stored_table(SELECTIVITY).is_replaced():
        raise error


NO_CCMAS = Verdict(None, "No hidden unit has a CCMAS: activations are negative.")


def too_few_items(data: Observations, least: float) -> str:
    """Return why no unit can reach a precision if no class has enough items for it; else nothing."""
    if data.largest >= least * data.n_top:
        return ""
    return f"The largest class has {data.largest:,} items; a precision of {least:g} needs {least * data.n_top:.0f}."


def no_precise(data: Observations) -> str:
    """Return that no unit is precise, and why if no class has enough items for it."""
    highest = f"No hidden unit has a precision above .75; the highest is {data.defined[data.precision].max():.2f}."
    return too_few_items(data, DETECTOR_BY_PRECISION) or highest
