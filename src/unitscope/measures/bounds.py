"""Measures from histograms: the same columns as from activations, and beside each inexact one how far it may be off."""

from collections.abc import Callable

import numpy as np

from ..columns import Column, link_by_name
from .best import at_class
from .block import Measured, measure_tally
from .classes import Classes
from .describe import CLASSWISE, COLUMNS
from .histogram import Histograms
from .histogram_tally import Bounds, tally_histograms
from .means import rest_sizes
from .tally import Tally

BINNED = (
    "recall_at_precision_1", "recall_at_precision_95", "max_informedness", "detector_score", "auc",
    "average_precision",
)  # fmt: skip
"""Measures of a class that depend on the order of items within a bin; all others but the information are exact."""


def describe_error(name: str) -> Column:
    """Describe the column that says how far a measure may be from the exact one."""
    title = COLUMNS[name].title
    return Column(
        f"{name}_error",
        f"{title}: error",
        f"the exact {title[0].lower()}{title[1:]} is at most this far from the value given; 0 where that is exact",
        low=0.0,
        kind="error",
    )


HISTOGRAM_CLASSWISE = CLASSWISE | {f"{name}_error": describe_error(name) for name in BINNED}
"""The class-wise arrays of a run without stored activations."""

HISTOGRAM_COLUMNS = link_by_name(
    COLUMNS
    | {f"{name}_error": describe_error(name) for name in ("top_class_selectivity", *BINNED, "mutual_information")}
)
"""The columns of the selectivity table of such a run."""


def measure_histograms(
    histograms: Histograms,
    classes: Classes,
    *,
    top: int | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Measure units from their histograms, with every measure and its largest error.

    Parameters
    ----------
    histograms
        Histograms of some units.
    classes
        What the items that were counted belong to.
    top, threads, progress
        As in `unitscope.measures.measure`; `top` is at most 100.

    Returns
    -------
    Measured
        Columns as in `HISTOGRAM_COLUMNS` (but the unit's id, layer and index), class-wise arrays as in
        `HISTOGRAM_CLASSWISE`. The exact value of a measure lies within its error of the one given.

    Raises
    ------
    UnitscopeError
        If there are no items, or other items than were counted.

    Examples
    --------
    >>> histograms = Histograms.empty(1, 2, 8)
    >>> x = np.arange(200, dtype=np.float32)
    >>> labels = (x >= 50).astype(int)  # 48 to 51 are in one bin, far below the 100 most active items
    >>> histograms.update(x[None], labels, np.arange(200))
    >>> columns = measure_histograms(histograms, Classes.of_labels(labels, 2)).columns
    >>> columns["auc"].round(4), columns["auc_error"].round(4)
    (array([0.9997]), array([0.0003]))
    """
    counts, bounds = tally_histograms(histograms, classes, top=top, threads=threads, progress=progress)
    measured = measure_tally(counts)
    columns, classwise = measured.columns, measured.classwise
    errors = classwise_errors(counts, bounds, classwise)
    for name in BINNED:
        columns[f"{name}_error"] = best_error(
            columns[name], classwise[name], errors[f"{name}_error"], classes.choose_from
        )
    top_class = columns["recall_at_precision_1_class"]
    unsure = at_class((bounds.precision_1_most - counts.precision_1_k).astype(float), top_class)
    columns["top_class_selectivity_error"] = np.where(top_class < 0, columns["top_class_selectivity"], unsure)
    bits = columns["mutual_information"]
    off = np.maximum(bounds.information_high - bits, bits - bounds.information_low)
    columns["mutual_information_error"] = np.maximum(off, 0.0)  # NaN stays; rounding must not make it negative
    return Measured(columns, classwise | errors)


def classwise_errors(counts: Tally, bounds: Bounds, of: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the largest error of each measure of each class, ``(U, K)``; NaN where the measure is undefined."""
    sizes = np.maximum(counts.sizes, 1)
    pairs = np.maximum(counts.sizes.astype(float) * rest_sizes(counts), 1.0)
    ap = of["average_precision"]
    errors = {
        "recall_at_precision_1": (bounds.precision_1_most - counts.precision_1_k) / sizes,
        "recall_at_precision_95": (bounds.precision_95_most - counts.precision_95_k) / sizes,
        "max_informedness": (bounds.informedness_most - counts.informedness) / pairs,
        "detector_score": np.maximum(bounds.detector_most - of["detector_score"], 0.0),
        "auc": bounds.hidden / 2 / pairs,
        "average_precision": np.maximum(
            np.maximum(bounds.average_precision_high - ap, ap - bounds.average_precision_low), 0.0
        ),
    }
    return {f"{name}_error": np.where(np.isnan(of[name]), np.nan, error) for name, error in errors.items()}


def best_error(best: np.ndarray, values: np.ndarray, errors: np.ndarray, choose_from: int = 0) -> np.ndarray:
    """Return the largest error of the maximum over each unit's classes, ``(U,)``, whichever class that is.

    Examples
    --------
    >>> best_error(np.array([0.5]), np.array([[0.5, 0.25]]), np.array([[0.0, 0.375]]))
    array([0.125])
    """
    undefined = np.isnan(values)
    highest = np.where(undefined, -np.inf, values + errors)[:, choose_from:].max(1)
    lowest = np.where(undefined, -np.inf, values - errors)[:, choose_from:].max(1)
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(best), np.nan, np.maximum(highest - best, best - lowest))
