"""What is said of all items together: localization error, MaxBoxAcc."""

import pandas as pd
from scipy.stats import binomtest

from ..errors import UnitscopeError
from ..run import Run
from ..run.repair import command_for
from .max_box import OVERLAPS, THRESHOLDS
from .sums import COUNTS, Sums

LOCALIZATION = "localization"
"""Name of the table."""

QUANTITIES = {
    "n_items": "items with true boxes",
    "top_1_error": "top-1 localization error",
    "top_5_error": "top-5 localization error",
    "known_class_error": "localization error of the label",
    "top_1_class_error": "top-1 classification error",
    "top_5_class_error": "top-5 classification error",
    "whole_image_error": "error of the whole image as box",
    "max_box_acc": "MaxBoxAcc",
    "max_box_acc_threshold": "threshold of MaxBoxAcc",
    "max_box_acc_v2": "MaxBoxAccV2",
}
"""What each number is called. Errors are shares of the items with true boxes: those of which the best class, or all of
the five best, is wrong in class or box; whose box for the label is wrong; of which the best class, or all of the five
best, is wrong; for which the whole image is a wrong box. Each is followed by the ends of its 95 % interval,
``NAME_low`` and ``NAME_high``."""

HITS = {
    "top_1_error": "top_1_hits",
    "top_5_error": "top_5_hits",
    "known_class_error": "known_class_hits",
    "top_1_class_error": "top_1_correct",
    "top_5_class_error": "top_5_correct",
    "whole_image_error": "whole_image_hits",
}
"""The count of right items that each error is of."""

NAMES = tuple(
    f"{quantity}{end}" for quantity in QUANTITIES for end in (("", "_low", "_high") if quantity in HITS else ("",))
)
"""Names of all numbers, in order."""


def summarize(sums: Sums) -> dict[str, float]:
    """Return all numbers by their names; NaN if no item has true boxes."""
    counts = dict(zip(COUNTS, sums.counts.tolist(), strict=True))
    n = counts["items"]
    found = dict.fromkeys(NAMES, float("nan")) | {"n_items": float(n)}
    if not n:
        return found
    for error, hits in HITS.items():
        wrong = n - counts[hits]
        ends = binomtest(wrong, n).proportion_ci(method="wilson")
        found |= {error: wrong / n, f"{error}_low": ends.low, f"{error}_high": ends.high}
    largest, best = sums.right / n
    of_half = largest[OVERLAPS.index(0.5)]
    found["max_box_acc"], found["max_box_acc_threshold"] = of_half.max(), THRESHOLDS[of_half.argmax()]
    found["max_box_acc_v2"] = best.max(1).mean()
    return {name: float(value) for name, value in found.items()}


def read_summary(run: Run) -> pd.Series:
    """Return localization errors and accuracies of a run.

    Parameters
    ----------
    run
        A run with a localization.

    Returns
    -------
    pandas.Series
        By name: `QUANTITIES` says what each is, and after each error come the ends of its 95 % interval (Wilson),
        ``NAME_low`` and ``NAME_high``. NaN, except ``n_items``, where no item has true boxes.

    Raises
    ------
    UnitscopeError
        If the run has no localization.

    See Also
    --------
    unitscope.localize : Makes it.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, localize, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> table = localize(run, concepts="demo:", n=32, workers=0)
    >>> int(read_summary(run)["n_items"])
    32
    """
    if LOCALIZATION not in run.tables:
        raise UnitscopeError(
            f"the run {run.directory} has no localization; run `{command_for(run.directory, LOCALIZATION)}` first"
        )
    stored = run.stored_table(LOCALIZATION)
    return pd.Series(stored.array("summary"), index=stored.labels["quantity"], name="summary")
