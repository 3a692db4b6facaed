"""The paper's claims about Network Dissection (section 3.3), each with the rule by which it holds in a run.

The paper looks at units that detect buses, and at classes that are buses. Here these are hidden units whose concept has
the name of a class or class set, with an intersection over union above .04.
"""

import pandas as pd

from ..dissection import DETECTOR, DISSECTION
from ..figures import class_set
from ..figures.concept_names import SAME, concepts_of, match_names
from ..run.lookup import title_of_class, values_of_class
from ..selectivity import SELECTIVITY
from .claims_units import BAR
from .observations import Observations, with_values
from .verdicts import DETECTOR_BY_PRECISION, NO_CCMAS, Claim, Verdict, claim

SHOWN = 3
"""Number of units that the paper's Figure 5 shows for a class set."""

SIMILAR = 0.1
"""How much higher a mean CCMAS may be that is "roughly similar"."""

NO_DISSECTION = Verdict(None, "It needs the run's dissection: `unitscope dissect`.")

NO_DETECTOR = Verdict(
    None,
    f"No hidden unit detects, with an IoU above {DETECTOR:.2f}, a concept that has the name of a class or class set "
    "that was measured.",
)


@claim(
    "3.3",
    "Units that Network Dissection calls detectors are not detectors by precision (Figure 5, Tables 4 to 6).",
    f"The {SHOWN} detectors of highest IoU for each class or class set that is large enough have a precision of at "
    "most .75 for it.",
)
def dissection_misleads(data: Observations) -> Verdict:
    """Section 3.3: "none of the units having a precision of .75"."""
    rows = responses(data)
    if not isinstance(rows, pd.DataFrame):
        return rows
    needed = DETECTOR_BY_PRECISION * data.n_top
    rows = rows[rows["n_members"] >= needed]
    if rows.empty:
        return Verdict(None, f"No class or class set that units detect has the {needed:.0f} items that a precision of "
                       "0.75 needs.")  # fmt: skip
    precise = int((rows[data.precision] > DETECTOR_BY_PRECISION).sum())
    best = rows.nlargest(SHOWN, data.precision)
    return Verdict(precise == 0, f"{precise:,} of {len(rows):,} units have more; the highest precision: "
                   f"{named(data, best, data.precision)}.")  # fmt: skip


@claim(
    "3.3",
    "Network Dissection overstates selectivity relative to signal-detection measures.",
    f"More than half of the hidden units with an IoU above .04 for a class or class set have no threshold with {BAR} "
    "for it.",
)
def dissection_overstates(data: Observations) -> Verdict:
    """Sections 1, 3.3 and 4: dissection "provides a misleading measure for 'object detectors'"."""
    rows = detectors_of_classes(data)
    if not isinstance(rows, pd.DataFrame):
        return rows
    missed = int((~(rows["detector_score"] > 0.5)).sum())
    best = rows.nlargest(1, "iou")
    numbers = (
        f"{missed:,} of {len(rows):,} detectors of {rows['name'].nunique():,} classes or class sets miss the bar in "
        f"sample. The median detector score, which must exceed .5, is {rows['detector_score'].median():.2f}. The "
        f"highest IoU has {named(data, best, 'iou')}, whose detector score is {best['detector_score'].iloc[0]:.2f}."
    )
    return Verdict(missed > len(rows) / 2, numbers)


@claim(
    "3.3",
    "Dissected units are more active to their category than to others, on average and in how often they are active.",
    f"The {SHOWN} detectors of highest IoU for each class or class set have a higher mean, and a higher share above 0, "
    "in it.",
)
def dissection_has_something(data: Observations) -> Verdict:
    """Section 3.3: "the BUS images more active on average ... and the percentage of nonzero activations higher"."""
    rows = responses(data)
    if not isinstance(rows, pd.DataFrame):
        return rows
    mean = rows["mean_in_class"] > rows["mean_not_in_class"]
    share = rows["active_in_class"] > rows["active_elsewhere"]
    return Verdict(bool((mean & share).all()), f"Higher mean in {mean.sum():,}, higher share above 0 in "
                   f"{share.sum():,} of {len(rows):,} units.")  # fmt: skip


@claim(
    "3.3",
    "By CCMAS, dissected units are about as selective as convolutional units in general, and less than dense ones.",
    f"The mean CCMAS of the {SHOWN} detectors of highest IoU for each class or class set, for it, is at most {SIMILAR} "
    "above the mean of all hidden units with maps, and below that of each hidden layer without maps, if there are any.",
)
def dissected_ccmas(data: Observations) -> Verdict:
    """Section 3.3: "CCMAS scores for first two units were roughly similar to the mean CCMAS for ... conv5"."""
    rows = responses(data)
    if not isinstance(rows, pd.DataFrame):
        return rows
    own = rows["ccmas"].mean()
    if pd.isna(own):
        return NO_CCMAS
    units = data.run.units.set_index("unit")
    wide = (units["map_height"] * units["map_width"] > 1).reindex(data.hidden["unit"]).to_numpy()
    if not wide.any():
        return Verdict(None, "No hidden layer has maps.")
    everywhere = data.hidden["ccmas"][wide].mean()
    dense = data.hidden[~wide].groupby("layer", sort=False)["ccmas"].mean()
    means = [f"units with maps {everywhere:.2f}", *(f"{layer} {mean:.2f}" for layer, mean in dense.items())]
    holds = own <= everywhere + SIMILAR and (own < dense).all()
    return Verdict(bool(holds), f"Mean of {len(rows):,} detectors {own:.2f}; {', '.join(means)}.")


def detectors_of_classes(data: Observations) -> pd.DataFrame | Verdict:
    """Return the hidden units whose concept is a class or class set; a verdict that says why where there are none.

    Returns
    -------
    pandas.DataFrame or Verdict
        ``name`` (of the class or class set), ``unit``, ``iou`` and ``detector_score`` (for this class), for each name
        the highest IoU first.
    """
    run = data.run
    if DISSECTION not in run.tables:
        return NO_DISSECTION
    stored = run.stored_table(DISSECTION)
    table = stored.frame[stored.frame["unit"].isin(data.hidden["unit"]) & (stored.frame["iou"] > DETECTOR)]
    matches = match_names(run, concepts_of(stored))[SAME]
    found = []
    for name in map(str, matches.index[matches.any(axis=1)]):
        of_class = table[table["concept"].isin(matches.columns[matches.loc[name].to_numpy()])]
        of_class = of_class[["unit", "iou"]].sort_values("iou", ascending=False, kind="stable")
        scores = values_of_class(run, SELECTIVITY, "detector_score", of_class["unit"].tolist(), name)
        found.append(of_class.assign(name=name, detector_score=scores).dropna())
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    return rows if len(rows) else NO_DETECTOR


def responses(data: Observations) -> pd.DataFrame | Verdict:
    """Return how the units of highest IoU for each class or class set respond to it; a verdict where there are none."""
    rows = detectors_of_classes(data)
    if not isinstance(rows, pd.DataFrame):
        return rows
    tables = []
    for name, of_class in rows.groupby("name", sort=False):
        found = class_set(data.run, str(name), of_class["unit"].head(SHOWN).tolist())
        tables.append(found.rows.assign(name=str(name), n_members=found.n_members))
    return pd.concat(tables, ignore_index=True)


def named(data: Observations, rows: pd.DataFrame, measure: str) -> str:
    """Return units with the classes that they detect and their values of a measure, as text."""
    units = [f"{row['unit']} for {title_of_class(data.run, row['name'])}" for row in rows.to_dict("records")]
    return with_values(rows.assign(unit=units), measure)


CLAIMS_ON_DISSECTION: list[Claim] = [
    dissection_misleads,
    dissection_overstates,
    dissection_has_something,
    dissected_ccmas,
]
"""Section 3.3."""
