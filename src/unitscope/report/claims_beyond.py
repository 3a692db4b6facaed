"""The paper's claims beyond section 3.1, each with the rule by which it holds in a run.

They are about pictures of units (section 3.2), conclusions (4), correlations of measures over units (6) and
distributions of activations (7).
"""

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..figures import constructed, correlations, fits
from ..figures.unit_data import measures_of_paper
from .claims_dissection import CLAIMS_ON_DISSECTION
from .claims_superposition import far_from_recurrent, superposition
from .observations import Observations, with_values
from .verdicts import DETECTOR_BY_PRECISION, NO_CCMAS, Claim, Verdict, claim, raise_if_replaced, too_few_items


@claim("3.2", "Units with interpretable activation-maximisation images are not highly selective.",
       "Needs people's judgements of such images.")  # fmt: skip
def interpretable(data: Observations) -> Verdict:
    """Section 3.2, Table 1."""
    return Verdict(None, "This run holds no images made for its units that people have judged.")


@claim(
    "4",
    "Different measures support very different conclusions about the same units.",
    "Of the hidden units that precision above .75 or the minimal bar calls selective, most are not called so by both.",
)
def conclusions_differ(data: Observations) -> Verdict:
    """Section 4: "different measures ... support very different conclusions when applied to the same units"."""
    precise, bar = (data.hidden[name].astype(bool) for name in ("zhou_detector", "detector"))
    some, both = int((precise | bar).sum()), int((precise & bar).sum())
    if reason := too_few_items(data, DETECTOR_BY_PRECISION):
        return Verdict(None, reason)
    if not some:
        return Verdict(None, f"Neither criterion calls any of {len(data.hidden):,} hidden units selective.")
    numbers = (
        f"Precision above .75: {precise.sum():,} units; the minimal bar: {bar.sum():,}; both: {both:,}; either: "
        f"{some:,} of {len(data.hidden):,}. Localist: {data.hidden['localist'].astype(bool).sum():,}."
    )
    return Verdict(both < some / 2, numbers)


@claim("6", "Units of the highest CCMAS have low precision (Table 2).",
       "In every hidden layer, the unit of highest CCMAS has a precision of at most .75.")  # fmt: skip
def highest_ccmas_imprecise(data: Observations) -> Verdict:
    """Appendix 6, Table 2: 11 %, 1 % and 5 % in fc7, fc6 and conv5."""
    table = data.defined.dropna(subset=["ccmas"])
    if table.empty:
        return NO_CCMAS
    best = table.sort_values("ccmas", ascending=False, kind="stable").groupby("layer", sort=False).head(1).sort_index()
    return Verdict(bool((best[data.precision] <= DETECTOR_BY_PRECISION).all()),
                   f"Precision of these units: {with_values(best, data.precision)}.")  # fmt: skip


@claim("6", "Measures of selectivity go together weakly over units (Table 3).",
       "No two of precision, CCMAS, recall at 95 % precision and maximum informedness have a Pearson correlation above "
       ".5 over the hidden units; the paper's highest is .38.")  # fmt: skip
def weak_correlations(data: Observations) -> Verdict:
    """Appendix 6.1, Table 3: .09 to .38."""
    measures = measures_of_paper(("precision_60", "ccmas", "recall_at_precision_95", "max_informedness"))
    pairs = correlations(data.run, measures, data.layers).pairs
    pairs = pairs.dropna(subset=["pearson"])
    if pairs.empty:
        return Verdict(None, "Fewer than three units have values of two of these measures that vary.")
    ranked = pairs.sort_values("pearson", kind="stable")
    least, best = ranked.iloc[0], ranked.iloc[-1]
    numbers = " to ".join(
        f"{row['pearson']:.2f} ({data.columns[row['first']].title} and {data.columns[row['second']].title})"
        for row in (least, best)
    )
    return Verdict(bool(best["pearson"] <= 0.5), f"From {numbers}, over {int(best['n_units']):,} units.")


@claim("6", "The more classes are among the 100 most active items, the lower the precision (Table 3).",
       "Their Pearson correlation over hidden units is negative, with p < .001; in the paper it is -.68.")  # fmt: skip
def classes_against_precision(data: Observations) -> Verdict:
    """Appendix 6.1, Table 3: -.68, p < .001."""
    measures = measures_of_paper(("precision_60", "n_classes_top_100"))
    pair = correlations(data.run, measures, data.layers).pairs.iloc[0]
    if pd.isna(pair["pearson"]):
        return Verdict(None, "Fewer than three units have both, or one of them does not vary.")
    p = "p < .001" if pair["pearson_p"] < 0.001 else f"p = {pair['pearson_p']:.3f}"
    return Verdict(bool(pair["pearson"] < 0 and pair["pearson_p"] < 0.001),
                   f"Pearson {pair['pearson']:.2f}, {p}; Spearman {pair['spearman']:.2f}; {int(pair['n_units']):,} "
                   "units.")  # fmt: skip


@claim("7", "The majority of items do not activate a unit at all.", "More than half of the hidden units are 0 to more "
       "than half of the items.")  # fmt: skip
def mostly_zero(data: Observations) -> Verdict:
    """Appendix 7.1, Figure 10: 82.8 % of images leave fc6.1199 at 0."""
    shares = data.hidden["zero_share"].dropna()
    most = int((shares > 0.5).sum())
    return Verdict(most > len(shares) / 2, f"{most:,} of {len(shares):,} units; the median share of zeros is "
                   f"{shares.median():.1%}.")  # fmt: skip


@claim("7", "Non-zero activations of all items follow an exponential-type curve, those of the class a normal-type one.",
       "For the unit examined closely, the best fit by AIC is of the exponential type (exponential, Weibull, gamma) "
       "for all items and of the normal type (normal, half-normal, log-normal) for the class.")  # fmt: skip
def fitted_curves(data: Observations) -> Verdict:
    """Appendix 7.1, Figure 11."""
    try:
        found = fits(data.run, data.unit, data.name)
    except UnitscopeError as error:
        raise_if_replaced(data.run, error)
        return Verdict(None, f"There is no fit: {error}.")
    if found.everything.table.empty or found.in_class.table.empty or np.min(found.everything.values) < 0:
        return Verdict(None, f"Unit {data.unit} has too few activations that differ from 0, or negative ones.")
    every, ours = found.everything.table.iloc[0], found.in_class.table.iloc[0]
    numbers = (
        f"Unit {data.unit}: all items {every['fit']} ({every['type']}, Kolmogorov-Smirnov distance {every['ks']:.3f}, "
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
def ccmas_fails(data: Observations) -> Verdict:
    """Appendix 7.1, Figure 12: CCMAS 1, 1 and .06."""
    table = constructed().table.set_index("measure").astype(float)
    one, grandmother, higher = (table[name] for name in ("one_item", "grandmother", "slightly_higher"))
    numbers = (
        f"CCMAS {one['ccmas']:.2f} for one item, {grandmother['ccmas']:.2f} for a grandmother unit and "
        f"{higher['ccmas']:.2f} for a class higher by 0.1, whose maximum informedness is "
        f"{higher['max_informedness']:.2f}; that of the first is {one['max_informedness']:.2f}."
    )
    return Verdict(bool(one["ccmas"] > 0.99 and higher["ccmas"] < 0.1), numbers)


CLAIMS_BEYOND: list[Claim] = [
    interpretable,
    *CLAIMS_ON_DISSECTION,
    far_from_recurrent,
    conclusions_differ,
    superposition,
    highest_ccmas_imprecise,
    weak_correlations,
    classes_against_precision,
    mostly_zero,
    fitted_curves,
    ccmas_fails,
]
"""Sections 3.2 to 7, in their order."""
