"""The paper's claims, and by which rule each holds in a run or does not (Gale et al. 2020; sections are the paper's).

All but the correlations are about hidden units. The minimal bar is section 3.1's: some class and threshold with more
hits than misses and more hits than false alarms (the column ``detector``).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..figures import constructed, correlations, fits, histogram
from .evidence import (
    DETECTOR_BY_PRECISION,
    Claim,
    Evidence,
    Judge,
    Verdict,
    dissected,
    listed,
    no_precise,
    too_few_items,
    units_of,
)

NO_CCMAS = Verdict(None, "No hidden unit has a CCMAS: activations are negative.")
BAR = "more hits than misses and more hits than false alarms"


CLAIMS: list[Claim] = []


def claim(section: str, says: str, rule: str) -> Callable[[Judge], Claim]:
    """Add a claim to the list, judged by the function below it; without any defined unit nothing can be tested."""

    def add(judge: Judge) -> Claim:
        def checked(seen: Evidence) -> Verdict:
            return judge(seen) if len(seen.defined) else Verdict(None, "No hidden unit has a value of the measures.")

        CLAIMS.append(Claim(section, says, rule, checked))
        return CLAIMS[-1]

    return add


@claim("3.1", "No unit is localist.", "No hidden unit is active to all items of some class more than to any other.")
def no_localist(seen: Evidence) -> Verdict:
    """Section 3.1: "there were no localist 'grandmother units'"; none among 5,210 units of AlexNet."""
    found = seen.hidden[seen.hidden["localist"].astype(bool)]
    named = "" if found.empty else f": {listed(seen, found, 'localist')}"
    return Verdict(found.empty, f"{len(found):,} of {len(seen.hidden):,} hidden units are localist{named}.")


@claim("3.1", "Multiple units have near 100 % precision.", "Two hidden units or more have a precision of at least .95.")
def near_perfect_precision(seen: Evidence) -> Verdict:
    """Section 3.1: "multiple units in the fc6 and fc7 layers had near 100% precision scores"."""
    if reason := too_few_items(seen, 0.95):
        return Verdict(None, reason)
    values = seen.defined["precision_60"]
    many = int((values >= 0.95).sum())
    return Verdict(many >= 2, f"{many:,} of {len(values):,} units have at least .95; the highest has "
                   f"{values.max():.2f}, the median is {values.median():.2f}.")  # fmt: skip


@claim("3.1", "Multiple units have CCMAS scores approaching 1.", "Two hidden units or more have a CCMAS above .9.")
def high_ccmas(seen: Evidence) -> Verdict:
    """Section 3.1: "multiple units had CCMAS scores approaching 1"; 1,487 units of fc7 above .9."""
    values = seen.hidden["ccmas"].dropna()
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
def low_recall(seen: Evidence) -> Verdict:
    """Section 3.1, Figure 2: "the highest recall with a perfect precision score was only .08"."""
    if seen.precise.empty:
        return Verdict(None, no_precise(seen))
    recall = seen.precise["recall_at_precision_1"]
    best = seen.precise.nlargest(1, "recall_at_precision_1")
    numbers = (
        f"Of {len(recall):,} such units, {int((recall >= 0.5).sum()):,} reach .5; the median recall is "
        f"{recall.median():.2f}, the highest {recall.max():.2f} ({listed(seen, best, 'recall_at_precision_1')}; "
        "in the paper .08)."
    )
    return Verdict(bool(recall.max() < 0.5), numbers)


@claim(
    "3.1",
    "Precision overstates selectivity relative to signal-detection measures.",
    f"More than half of the hidden units with precision above .75 have no threshold with {BAR}.",
)
def precision_overstates(seen: Evidence) -> Verdict:
    """Sections 3.1 and 4: precision is "misleadingly high"; unit fc6.1199 has 98 % and is no detector."""
    return overstates(seen, "precision_60", "precision") if len(seen.precise) else Verdict(None, no_precise(seen))


@claim(
    "3.1",
    "CCMAS overstates selectivity relative to signal-detection measures.",
    f"More than half of the hidden units with CCMAS above .75 have no threshold with {BAR}.",
)
def ccmas_overstates(seen: Evidence) -> Verdict:
    """Sections 3.1 and 4: CCMAS is "misleadingly high"."""
    if seen.hidden["ccmas"].isna().all():
        return NO_CCMAS
    if not (seen.hidden["ccmas"] > DETECTOR_BY_PRECISION).any():
        return Verdict(None, f"No hidden unit has a CCMAS above .75; the highest is {seen.hidden['ccmas'].max():.2f}.")
    return overstates(seen, "ccmas", "CCMAS")


@claim("3.1", "No unit meets the minimal bar of an object detector.",
       f"No hidden unit has a class and a threshold with {BAR}.")  # fmt: skip
def none_meets_the_bar(seen: Evidence) -> Verdict:
    """Section 3.1: "the most selective units do not even come close to this low bar"."""
    found = seen.hidden[seen.hidden["detector"].astype(bool)]
    best = seen.defined.nlargest(1, "detector_score")
    numbers = (
        f"{len(found):,} of {len(seen.hidden):,} hidden units meet it ({len(found) / len(seen.hidden):.0%}). The "
        f"highest detector score, which must exceed .5, is {best['detector_score'].iloc[0]:.2f} "
        f"({listed(seen, best, 'detector_score')})."
    )
    return Verdict(found.empty, numbers)


@claim(
    "3.1",
    "The most selective units have a poor hit-rate or many false alarms, or both.",
    "The unit highest on precision, on CCMAS and on maximum informedness, at its threshold of maximum informedness, "
    "misses half of the class or more, or has as many false alarms as hits or more: each of the three.",
)
def poor_at_best(seen: Evidence) -> Verdict:
    """Abstract and section 4: "the most selective units had a poor hit-rate or a high false-alarm rate (or both)"."""
    parts, poor = [], []
    for measure in ("precision_60", "ccmas", "max_informedness"):
        if seen.defined[measure].isna().all():
            continue
        best = seen.defined.nlargest(1, measure).iloc[0]
        recall, false = best["max_informedness_recall"], best["max_informedness_false_discovery_rate"]
        poor.append(recall <= 0.5 or false >= 0.5)
        parts.append(
            f"{seen.columns[measure].title} {best[measure]:.2f}, {best['unit']}: hit-rate {recall:.2f}, "
            f"and {false:.0%} of what is above the threshold is of other classes"
        )
    return Verdict(all(poor), "; ".join(parts) + ".")


@claim(
    "3.1",
    "At maximum informedness, nearly all items above the threshold are of other classes (the paper's “false alarm rate”"
    " of at least .96).",
    "The false discovery rate FP / (FP + TP) at maximum informedness is at least .96 in every hidden unit.",
)
def false_alarms(seen: Evidence) -> Verdict:
    """Section 3.1: "a false alarm rate above its optimal threshold > 99% (indeed the minimum ... was 0.96)"."""
    table = seen.defined
    discovery, alarm = (table[f"max_informedness_false_{kind}_rate"] for kind in ("discovery", "alarm"))
    numbers = (
        f"False discovery rate: {discovery.min():.2f} to {discovery.max():.2f}, median {discovery.median():.2f}. "
        f"False-alarm rate as defined, FP / (FP + TN): {alarm.min():.2f} to {alarm.max():.2f}, median "
        f"{alarm.median():.2f}. The first depends on how rare the class is: here there are "
        f"{int(table['n_classes'].max()):,} classes to choose from, in the paper 1,000."
    )
    return Verdict(bool(discovery.min() >= 0.96), numbers)


@claim(
    "3.1",
    "The modal response of a precise unit to its own class is zero (Figure 3, fc6.1199).",
    "In the histogram of the unit looked at, no bin of the class holds more items than activation 0 does.",
)
def mode_is_zero(seen: Evidence) -> Verdict:
    """Section 3.1, Figure 3: "the modal response to Monarch butterflies was zero"."""
    found = histogram(seen.run, seen.unit, seen.name)
    total = int(found.in_class.sum()) + found.zeros_in_class
    numbers = (
        f"Unit {seen.unit}, {found.name}: {found.zeros_in_class:,} of {total:,} items of the class at 0; the fullest "
        f"bin, {found.edges[1] - found.edges[0]:g} wide, holds {found.in_class.max():,}."
    )
    return Verdict(bool(found.zeros_in_class and found.zeros_in_class >= found.in_class.max()), numbers)


@claim("3.2", "Units with interpretable activation-maximisation images are not highly selective.",
       "Needs what people said of such images.")  # fmt: skip
def interpretable(seen: Evidence) -> Verdict:
    """Section 3.2, Table 1."""
    return Verdict(None, "This run holds no images made for its units that people have judged.")


@claim(
    "3.3",
    "Units that Network Dissection calls detectors are no detectors by precision (Figure 5, Tables 4 to 6).",
    "The three units of highest IoU for each class set have precision of at most .75 for it.",
)
def dissection_misleads(seen: Evidence) -> Verdict:
    """Section 3.3: "none of the units having a precision of .75"."""
    rows = dissected(seen)
    if rows is None:
        return Verdict(None, "It needs class sets and Network Dissection of the run for the concepts of their names.")
    precise = int((rows["precision_60"] > DETECTOR_BY_PRECISION).sum())
    return Verdict(precise == 0, f"{precise:,} of {len(rows):,} units have more; {units_of(rows, 'precision_60')}.")


@claim(
    "3.3",
    "Dissected units are more active to their category than to others, on average and in how often they are active.",
    "The three units of highest IoU for each class set have a higher mean and a higher share above 0 in the set.",
)
def dissection_has_something(seen: Evidence) -> Verdict:
    """Section 3.3: "the BUS images more active on average ... and the percentage of nonzero activations higher"."""
    rows = dissected(seen)
    if rows is None:
        return Verdict(None, "It needs class sets and Network Dissection of the run for the concepts of their names.")
    mean = rows["mean_in_class"] > rows["mean_not_in_class"]
    share = rows["active_in_class"] > rows["active_elsewhere"]
    return Verdict(bool((mean & share).all()), f"Higher mean in {mean.sum():,}, higher share above 0 in "
                   f"{share.sum():,} of {len(rows):,} units.")  # fmt: skip


@claim(
    "4",
    "Different measures support very different conclusions about the same units.",
    "Of the hidden units that precision above .75 or the minimal bar calls selective, most are not called so by both.",
)
def conclusions_differ(seen: Evidence) -> Verdict:
    """Section 4: "different measures ... support very different conclusions when applied to the same units"."""
    precise, bar = (seen.hidden[name].astype(bool) for name in ("zhou_detector", "detector"))
    some, both = int((precise | bar).sum()), int((precise & bar).sum())
    if not some:
        return Verdict(None, f"Neither criterion calls any of {len(seen.hidden):,} hidden units selective.")
    numbers = (
        f"Precision above .75: {precise.sum():,} units; the minimal bar: {bar.sum():,}; both: {both:,}; either: "
        f"{some:,} of {len(seen.hidden):,}. Localist: {seen.hidden['localist'].astype(bool).sum():,}."
    )
    return Verdict(both < some / 2, numbers)


@claim("4", "Localist units emerge where several things must be held in mind at once.",
       "Needs networks trained with and without that demand.")  # fmt: skip
def superposition(seen: Evidence) -> Verdict:
    """Sections 1 and 4, Figure 1: the superposition catastrophe (Bowers et al. 2014)."""
    return Verdict(None, "One network on one set of items cannot tell; compare runs of networks so trained.")


@claim("6", "Units of the highest CCMAS have low precision (Table 2).",
       "In every hidden layer, the unit of highest CCMAS has a precision of at most .75.")  # fmt: skip
def highest_ccmas_imprecise(seen: Evidence) -> Verdict:
    """Appendix 6, Table 2: 11 %, 1 % and 5 % in fc7, fc6 and conv5."""
    table = seen.defined.dropna(subset=["ccmas"])
    if table.empty:
        return NO_CCMAS
    best = table.sort_values("ccmas", ascending=False, kind="stable").groupby("layer", sort=False).head(1).sort_index()
    return Verdict(bool((best["precision_60"] <= DETECTOR_BY_PRECISION).all()),
                   f"Precision of these units: {units_of(best, 'precision_60')}.")  # fmt: skip


@claim("6", "Measures of selectivity go together weakly over units (Table 3).",
       "No two of precision, CCMAS, recall at 95 % precision and maximum informedness have a Pearson correlation above "
       ".5 over all units; the paper's highest is .38.")  # fmt: skip
def weak_correlations(seen: Evidence) -> Verdict:
    """Appendix 6.1, Table 3: .09 to .38."""
    pairs = correlations(seen.run, ["precision_60", "ccmas", "recall_at_precision_95", "max_informedness"]).pairs
    pairs = pairs.dropna(subset=["pearson"])
    if pairs.empty:
        return Verdict(None, "Fewer than three units have values of two of these measures that vary.")
    ranked = pairs.sort_values("pearson", kind="stable")
    least, best = ranked.iloc[0], ranked.iloc[-1]
    numbers = " to ".join(
        f"{row['pearson']:.2f} ({seen.columns[row['first']].title} and {seen.columns[row['second']].title})"
        for row in (least, best)
    )
    return Verdict(bool(best["pearson"] <= 0.5), f"From {numbers}, over {int(best['n_units']):,} units.")


@claim("6", "The more classes are among the 100 most active items, the lower the precision (Table 3).",
       "Their Pearson correlation over all units is negative, with p < .001; in the paper it is -.68.")  # fmt: skip
def classes_against_precision(seen: Evidence) -> Verdict:
    """Appendix 6.1, Table 3: -.68, p < .001."""
    pair = correlations(seen.run, ["precision_60", "n_classes_top_100"]).pairs.iloc[0]
    if pd.isna(pair["pearson"]):
        return Verdict(None, "Fewer than three units have both, or one of them does not vary.")
    p = "p < .001" if pair["pearson_p"] < 0.001 else f"p = {pair['pearson_p']:.3f}"
    return Verdict(bool(pair["pearson"] < 0 and pair["pearson_p"] < 0.001),
                   f"Pearson {pair['pearson']:.2f}, {p}; Spearman {pair['spearman']:.2f}; {int(pair['n_units']):,} "
                   "units.")  # fmt: skip


@claim("7", "The majority of items do not activate a unit at all.", "More than half of the hidden units are 0 to more "
       "than half of the items.")  # fmt: skip
def mostly_zero(seen: Evidence) -> Verdict:
    """Appendix 7.1, Figure 10: 82.8 % of images leave fc6.1199 at 0."""
    shares = seen.hidden["zero_share"].dropna()
    most = int((shares > 0.5).sum())
    return Verdict(most > len(shares) / 2, f"{most:,} of {len(shares):,} units; the median share of zeros is "
                   f"{shares.median():.1%}.")  # fmt: skip


@claim("7", "Non-zero activations of all items follow an exponential-type curve, those of the class a normal-type one.",
       "For the unit looked at, the best fit by AIC is of the exponential type (exponential, Weibull, gamma) for all "
       "items and of the normal type (normal, half-normal, log-normal) for the class.")  # fmt: skip
def fitted_curves(seen: Evidence) -> Verdict:
    """Appendix 7.1, Figure 11."""
    try:
        found = fits(seen.run, seen.unit, seen.name)
    except UnitscopeError as error:
        return Verdict(None, f"There is no fit: {error}.")
    if found.everything.table.empty or found.in_class.table.empty or np.min(found.everything.values) < 0:
        return Verdict(None, f"Unit {seen.unit} has too few activations that differ from 0, or negative ones.")
    every, ours = found.everything.table.iloc[0], found.in_class.table.iloc[0]
    numbers = (
        f"Unit {seen.unit}: all items {every['fit']} ({every['type']}, Kolmogorov-Smirnov distance {every['ks']:.3f}, "
        f"{int(every['n']):,} activations); {found.name} {ours['fit']} ({ours['type']}, {ours['ks']:.3f}, "
        f"{int(ours['n']):,})."
    )
    return Verdict(every["type"] == "exponential type" and ours["type"] == "normal type", numbers)


@claim(
    "7",
    "CCMAS is the highest possible for a unit that is on for one item only, and near 0 for one that parts a class from "
    "all others (Figure 12).",
    "Judged on the paper's three constructed units; it does not depend on the run.",
)
def ccmas_fails(seen: Evidence) -> Verdict:
    """Appendix 7.1, Figure 12: CCMAS 1, 1 and .06."""
    table = constructed().table.set_index("measure").astype(float)
    one, grandmother, higher = (table[name] for name in ("one_item", "grandmother", "slightly_higher"))
    numbers = (
        f"CCMAS {one['ccmas']:.2f} for one item, {grandmother['ccmas']:.2f} for a grandmother unit and "
        f"{higher['ccmas']:.2f} for a class higher by 0.1, whose maximum informedness is "
        f"{higher['max_informedness']:.2f}; that of the first is {one['max_informedness']:.2f}."
    )
    return Verdict(bool(one["ccmas"] > 0.99 and higher["ccmas"] < 0.1), numbers)


def overstates(seen: Evidence, measure: str, title: str) -> Verdict:
    """Say how many of the units above .75 on a measure miss the minimal bar (section 3.1)."""
    high = seen.hidden[seen.hidden[measure] > DETECTOR_BY_PRECISION]
    missed = int((~high["detector"].astype(bool)).sum())
    both = seen.defined.dropna(subset=[measure])
    numbers = (
        f"{missed:,} of {len(high):,} units with {title} above .75 miss the bar. Over all, the median {title} is "
        f"{both[measure].median():.2f} and the median detector score {both['detector_score'].median():.2f}; "
        f"{title} is the higher of the two in {(both[measure] > both['detector_score']).mean():.0%} of the units."
    )
    return Verdict(missed > len(high) / 2, numbers)
