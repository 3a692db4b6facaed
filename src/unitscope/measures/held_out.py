"""Held-out measures: class and threshold chosen on one half of the items, the measure taken on the other, both ways.

A measure that picks the best of many classes and thresholds flatters the unit; held out it says what the unit does on
items that had no part in the choice.
"""

from collections.abc import Mapping

import numpy as np

from ..columns import Column
from . import held_out_estimates as estimates
from .best import is_constant
from .choosing import CHOSEN, N_THRESHOLDS
from .describe import COLUMNS
from .gather import join_reasons
from .held_out_counts import HalvesTally
from .held_out_estimates import PRIOR_ITEMS, Chosen
from .intervals import Form, Method, interval, too_few
from .localist import ZHOU_DETECTOR

HALF, ONE, NONE = (0.5, 1.0), (1.0, 2.0), (0.0, 0.0)
"""Agresti & Caffo add one item of each kind, and two for a single proportion; each half adds half of that."""

METHODS: Mapping[str, Method] = {
    "recall_at_precision_1": Method(estimates.recall, ()),
    "precision_60": Method(estimates.precision_60, (Form(HALF), Form(ONE)), least=20),
    "ccmas": Method(estimates.ccmas, (Form(ONE), Form(NONE, "fisher")), least=10, student=True, low=-1.0),
    "class_selectivity": Method(
        estimates.class_selectivity, (Form(ONE), Form(NONE, "fisher")), least=10, student=True, low=-1.0
    ),
    "recall_at_precision_95": Method(estimates.recall, (Form(ONE),)),
    "max_informedness": Method(estimates.max_informedness, (Form(HALF), Form(ONE)), low=-1.0),
    "detector_score": Method(estimates.detector_score, (Form(HALF), Form(ONE))),
    "auc": Method(estimates.auc, (Form((0.25, 0.5)), Form(NONE, "logit"))),
    "average_precision": Method(
        estimates.average_precision, (Form(ONE), Form(NONE, "logit")), least=50, student=True
    ),
    "d_prime": Method(
        estimates.d_prime, (Form((PRIOR_ITEMS, PRIOR_ITEMS)),), least=20, student=True, low=-np.inf, high=np.inf
    ),
}  # fmt: skip
"""Every measure that chooses a class, in the order of `unitscope.measures.describe.COLUMNS`."""

RATES = {
    "recall_at_precision_1": ("precision",),
    "recall_at_precision_95": ("precision",),
    "max_informedness": ("recall", "precision"),
}
"""Rates at the thresholds of measures: a precision on the half that chose it may not be kept on the other."""

FLAGS = {"zhou_detector": ("precision_60", ZHOU_DETECTOR), "detector": ("detector_score", 0.5)}
"""Yes-or-no columns, the measure they follow from, and what it must exceed."""


def held_out_columns(tallies: HalvesTally) -> dict[str, np.ndarray]:
    """Return ``NAME_held_out``, ``NAME_low`` and ``NAME_high`` of every measure that chooses, ``(U,)`` each.

    Where there is only one class, measures that choose no threshold have nothing to choose: they are of all items.

    Returns
    -------
    dict
        NaN where a half has no value, or where there is no interval. ``no_interval`` says why.
    """
    columns: dict[str, np.ndarray] = {}
    for name, method in METHODS.items():
        chosen = chosen_of(tallies, name)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            estimate = method.estimate(chosen)
            columns[f"{name}_held_out"] = estimate.value.mean(1)
            if method.forms:
                low, high = interval(method, chosen, estimate, fixed=is_fixed(tallies))
                columns[f"{name}_low"], columns[f"{name}_high"] = low, high
    for name, rates in RATES.items():
        chosen = chosen_of(tallies, name)
        hits, called, members = chosen.hits.sum(1), (chosen.hits + chosen.false_alarms).sum(1), chosen.n.sum(1)
        found = {"recall": hits / members, "precision": np.where(called > 0, hits / np.maximum(called, 1), np.nan)}
        columns |= {f"{name}_held_out_{rate}": found[rate] for rate in rates}
    for name, (measure, least) in FLAGS.items():
        columns[f"{name}_held_out"] = columns[f"{measure}_held_out"] > least
    columns["no_interval"] = join_reasons(why_not(tallies))
    return columns


def is_fixed(tallies: HalvesTally) -> bool:
    """Return whether there is only one class to choose."""
    return len(tallies.plain.k) > 0


def chosen_of(tallies: HalvesTally, name: str) -> Chosen:
    """Return what was counted of a measure's chosen class: in each half, or in all items where nothing is chosen."""
    if is_fixed(tallies) and CHOSEN.index(name) >= N_THRESHOLDS:
        return Chosen(tallies.plain, (tallies.whole,), name)
    return Chosen(tallies.counts, (tallies.first, tallies.second), name)


def describe(name: str) -> list[Column]:
    """Describe the columns that are held out of a measure or a yes-or-no column."""
    of = COLUMNS[name]
    value = Column(
        f"{name}_held_out",
        f"{of.title}: held out",
        "class and threshold chosen on one half of the items and measured on the other, both ways, averaged",
        low=METHODS[name].low if name in METHODS and np.isfinite(METHODS[name].low) else of.low,
        high=of.high,
        source=of.source,
        kind="flag" if of.kind == "flag" else "held_out",
    )
    described = [value]
    at = "the thresholds that the other half chose"
    rates = {
        "recall": Column(f"{name}_held_out_recall", f"{of.title}: recall held out",
                         f"share of members at or above {at}", "TP / (TP + FN)", 0.0, 1.0, kind="share"),
        "precision": Column(f"{name}_held_out_precision", f"{of.title}: precision held out",
                            f"share of members among the items at or above {at}", "TP / (TP + FP)", 0.0, 1.0,
                            kind="share"),
    }  # fmt: skip
    described += [rates[rate] for rate in RATES.get(name, ())]
    if name not in METHODS or not METHODS[name].forms:
        return described
    described += [
        Column(f"{name}_{end}", f"{of.title}: {called} limit",
               f"{called} end of the 95 % interval of the held-out value", low=value.low, high=value.high, kind="limit")
        for end, called in (("low", "lower"), ("high", "upper"))
    ]  # fmt: skip
    return described


NO_INTERVAL = Column(
    "no_interval",
    "No interval",
    "why some measures have no held-out value or no interval; empty where all have",
    kind="text",
)

HELD_OUT = {
    column.name: column
    for column in [
        NO_INTERVAL,
        *(column for name in COLUMNS if name in METHODS or name in FLAGS for column in describe(name)),
    ]
}
"""The columns that are held out, in order."""


def why_not(tallies: HalvesTally) -> dict[str, np.ndarray]:
    """Return why measures of each unit have no held-out value or no interval: text to ``(U,)`` bool.

    Units without any value need no more reasons. Recall at perfect precision hangs on one item and never has an
    interval, which is no reason of a unit.
    """
    whole = tallies.whole
    measurable = whole.comparable[:, whole.choose_from :].any(1) & ~is_constant(whole)
    none = np.any(np.all(tallies.counts.chosen < 0, axis=2), axis=1)
    reasons = {"constant in one half, or no class with items in both: no held-out values": none}
    for least in sorted({method.least for method in METHODS.values()}):
        names = [name for name, method in METHODS.items() if method.forms and method.least == least]
        few = np.any([too_few(METHODS[name], chosen_of(tallies, name)) for name in names], axis=0)
        titles = ", ".join(COLUMNS[name].title for name in names)
        reasons[f"a class of fewer than {least} items: no interval of {titles}"] = few
    return {text: holds & measurable for text, holds in reasons.items()}
