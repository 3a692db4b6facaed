"""The paper's claims on the selectivity of single units (section 3.1), each with the rule by which it holds in a run.

They are about hidden units. The minimal bar is the paper's: some class and threshold with more hits than misses and
more hits than false alarms (the column ``detector``). What a unit can do is judged on items that had no part in the
choice of class and threshold; the value on all items, as in the paper, stands beside it.
"""

from ..figures import histogram
from .observations import Observations, with_classes
from .verdicts import DETECTOR_BY_PRECISION, NO_CCMAS, Claim, Verdict, claim, no_precise, too_few_items

BAR = "more hits than misses and more hits than false alarms"


@claim("3.1", "No unit is localist.", "No hidden unit is active to all items of some class more than to any other.")
def no_localist(data: Observations) -> Verdict:
    """Section 3.1: "there were no localist 'grandmother units'"; none among 5,210 units of AlexNet."""
    found = data.hidden[data.hidden["localist"].astype(bool)]
    named = "" if found.empty else f": {with_classes(data, found, 'localist')}"
    return Verdict(found.empty, f"{len(found):,} of {len(data.hidden):,} hidden units are localist{named}.")


@claim("3.1", "Multiple units have near 100 % precision.", "Two hidden units or more have a precision of at least .95.")
def near_perfect_precision(data: Observations) -> Verdict:
    """Section 3.1: "multiple units in the fc6 and fc7 layers had near 100% precision scores"."""
    if reason := too_few_items(data, 0.95):
        return Verdict(None, reason)
    values = data.defined[data.precision]
    many = int((values >= 0.95).sum())
    return Verdict(many >= 2, f"{many:,} of {len(values):,} units have at least .95; the highest has "
                   f"{values.max():.2f}, the median is {values.median():.2f}.")  # fmt: skip


@claim("3.1", "Multiple units have CCMAS scores approaching 1.", "Two hidden units or more have a CCMAS above .9.")
def high_ccmas(data: Observations) -> Verdict:
    """Section 3.1: "multiple units had CCMAS scores approaching 1"; 1,487 units of fc7 above .9."""
    values = data.hidden["ccmas"].dropna()
    if values.empty:
        return NO_CCMAS
    many = int((values > 0.9).sum())
    return Verdict(many >= 2, f"{many:,} of {len(values):,} units have more than .9; the highest has "
                   f"{values.max():.2f}, the median is {values.median():.2f}.")  # fmt: skip


@claim(
    "3.1",
    "Units with a precision above .75 have low recall at perfect precision.",
    "Every hidden unit with precision above .75 has a recall at perfect precision below .5.",
)
def low_recall(data: Observations) -> Verdict:
    """Section 3.1, Figure 2: "the highest recall with a perfect precision score was only .08"."""
    if data.precise.empty:
        return Verdict(None, no_precise(data))
    recall = data.precise[data.held_out("recall_at_precision_1")]
    in_sample = data.precise["recall_at_precision_1"]
    best = data.precise.nlargest(1, "recall_at_precision_1")
    precision = data.precise.get("recall_at_precision_1_held_out_precision")
    kept = "" if precision is None else f", where the median precision is {precision.median():.2f}"
    numbers = (
        f"Of {len(recall):,} such units, {int((recall >= 0.5).sum()):,} reach .5{how(data, 'detector')}; the median "
        f"recall is {recall.median():.2f}, the highest {recall.max():.2f}{kept}. In sample the median is "
        f"{in_sample.median():.2f}, the highest {in_sample.max():.2f} "
        f"({with_classes(data, best, 'recall_at_precision_1')}; in the paper .08)."
    )
    return Verdict(bool(recall.max() < 0.5), numbers)


@claim(
    "3.1",
    "Precision overstates selectivity relative to signal-detection measures.",
    f"More than half of the hidden units with precision above .75 have no threshold with {BAR}.",
)
def precision_overstates(data: Observations) -> Verdict:
    """Sections 3.1 and 4: precision is "misleadingly high"; unit fc6.1199 has 98 % and is not a detector."""
    return overstates(data, data.precision, "precision") if len(data.precise) else Verdict(None, no_precise(data))


@claim(
    "3.1",
    "CCMAS overstates selectivity relative to signal-detection measures.",
    f"More than half of the hidden units with CCMAS above .75 have no threshold with {BAR}.",
)
def ccmas_overstates(data: Observations) -> Verdict:
    """Sections 3.1 and 4: CCMAS is "misleadingly high"."""
    if data.hidden["ccmas"].isna().all():
        return NO_CCMAS
    if not (data.hidden["ccmas"] > DETECTOR_BY_PRECISION).any():
        return Verdict(None, f"No hidden unit has a CCMAS above .75; the highest is {data.hidden['ccmas'].max():.2f}.")
    return overstates(data, "ccmas", "CCMAS")


@claim("3.1", "No unit meets the minimal bar of an object detector.",
       f"No hidden unit has a class and a threshold with {BAR}.")  # fmt: skip
def none_meets_the_bar(data: Observations) -> Verdict:
    """Section 3.1: "the most selective units do not even come close to this low bar"."""
    found = data.hidden[data.hidden[data.held_out("detector")].astype(bool)]
    in_sample = int(data.hidden["detector"].astype(bool).sum())
    score = data.held_out("detector_score")
    best = data.defined.nlargest(1, score)
    held_out = how(data, "detector")
    numbers = (
        f"{len(found):,} of {len(data.hidden):,} hidden units meet it{held_out} "
        f"({len(found) / len(data.hidden):.0%}), {in_sample:,} in sample. The highest detector score{held_out}, which "
        f"must exceed .5, is {best[score].iloc[0]:.2f} ({with_classes(data, best, 'detector_score')})."
    )
    return Verdict(found.empty, numbers)


@claim(
    "3.1",
    "The most selective units have a poor hit-rate or many false alarms, or both.",
    "The unit highest on precision, on CCMAS and on maximum informedness, at its threshold of maximum informedness, "
    "misses half of the class or more, or has as many false alarms as hits or more: each of the three.",
)
def poor_at_best(data: Observations) -> Verdict:
    """Abstract and section 4: "the most selective units had a poor hit-rate or a high false-alarm rate (or both)"."""
    parts, poor = [], []
    for measure in (data.precision, "ccmas", "max_informedness"):
        if data.defined[measure].isna().all():
            continue
        best = data.defined.nlargest(1, measure).iloc[0]
        recall, false = best["max_informedness_recall"], best["max_informedness_false_discovery_rate"]
        said = f"hit-rate {recall:.2f}, and {false:.0%} of what is above the threshold is of other classes"
        if "max_informedness_held_out_recall" in best:
            recall, false = best["max_informedness_held_out_recall"], 1 - best["max_informedness_held_out_precision"]
            said = f"held out hit-rate {recall:.2f} and {false:.0%} of other classes, in sample {said}"
        poor.append(not (recall > 0.5 and false < 0.5))
        parts.append(f"{data.columns[measure].title} {best[measure]:.2f}, {best['unit']}: {said}")
    return Verdict(all(poor), "; ".join(parts) + ".")


@claim(
    "3.1",
    "At maximum informedness, nearly all items above the threshold are of other classes (the paper's “false alarm rate”"
    " of at least .96).",
    "The false discovery rate FP / (FP + TP) at maximum informedness is at least .96 in every hidden unit.",
)
def false_alarms(data: Observations) -> Verdict:
    """Section 3.1: "a false alarm rate above its optimal threshold > 99% (indeed the minimum ... was 0.96)"."""
    table = data.defined
    discovery, alarm = (table[f"max_informedness_false_{kind}_rate"] for kind in ("discovery", "alarm"))
    said = ""
    if "max_informedness_held_out_precision" in table:
        said = f"False discovery rate in sample: {discovery.min():.2f} to {discovery.max():.2f}. "
        discovery = 1 - table["max_informedness_held_out_precision"].dropna()
    numbers = (
        f"False discovery rate{how(data, 'max_informedness')}: {discovery.min():.2f} to {discovery.max():.2f}, median "
        f"{discovery.median():.2f}. {said}"
        f"False-alarm rate as defined, FP / (FP + TN): {alarm.min():.2f} to {alarm.max():.2f}, median "
        f"{alarm.median():.2f}. The first depends on how rare the class is: here there are "
        f"{int(table['n_classes'].max()):,} classes to choose from, in the paper 1,000."
    )
    return Verdict(bool(discovery.min() >= 0.96), numbers)


@claim(
    "3.1",
    "The modal response of a precise unit to its own class is zero (Figure 3, fc6.1199).",
    "In the histogram of the unit examined closely, no bin of the class holds more items than activation 0 does.",
)
def mode_is_zero(data: Observations) -> Verdict:
    """Section 3.1, Figure 3: "the modal response to Monarch butterflies was zero"."""
    found = histogram(data.run, data.unit, data.name)
    total = int(found.in_class.sum()) + found.zeros_in_class
    numbers = (
        f"Unit {data.unit}, {found.name}: {found.zeros_in_class:,} of {total:,} items of the class at 0; the fullest "
        f"bin, {found.edges[1] - found.edges[0]:g} wide, holds {found.in_class.max():,}."
    )
    return Verdict(bool(found.zeros_in_class and found.zeros_in_class >= found.in_class.max()), numbers)


def overstates(data: Observations, measure: str, title: str) -> Verdict:
    """Return how many of the units above .75 on a measure miss the minimal bar (section 3.1)."""
    high = data.hidden[data.hidden[measure] > DETECTOR_BY_PRECISION]
    missed = int((~high[data.held_out("detector")].astype(bool)).sum())
    in_sample = int((~high["detector"].astype(bool)).sum())
    both = data.defined.dropna(subset=[measure])
    numbers = (
        f"{missed:,} of {len(high):,} units with {title} above .75 miss the bar{how(data, 'detector')}, "
        f"{in_sample:,} in sample. Over all, the median {title} is "
        f"{both[measure].median():.2f} and the median detector score {both['detector_score'].median():.2f}; "
        f"{title} is the higher of the two in {(both[measure] > both['detector_score']).mean():.0%} of the units."
    )
    return Verdict(missed > len(high) / 2, numbers)


def how(data: Observations, measure: str) -> str:
    """Return that a measure was held out; empty where the run has only its value in sample."""
    return " held out" if data.held_out(measure) != measure else ""


CLAIMS_ON_UNITS: list[Claim] = [
    no_localist,
    near_perfect_precision,
    high_ccmas,
    low_recall,
    precision_overstates,
    ccmas_overstates,
    none_meets_the_bar,
    poor_at_best,
    false_alarms,
    mode_is_zero,
]
"""Section 3.1, in its order."""
