"""How far the highest mean of a class is above the mean of all other items, as a share of the unit's range."""

import numpy as np

from unitscope.columns import Column
from unitscope.measures import ExtraMeasure, class_members


def mean_contrast(values, classes):
    """Measure a block of units."""
    values = values.astype(np.float64)
    every = np.full((len(values), len(classes.sizes)), np.nan)
    spread = np.ptp(values, axis=1)
    for number, size in enumerate(classes.sizes):
        if 0 < size < values.shape[1]:
            members = class_members(classes, number)
            difference = values[:, members].mean(1) - values[:, ~members].mean(1)
            every[:, number] = np.divide(difference, spread, out=np.full(len(values), np.nan), where=spread > 0)
    choice = np.where(np.isnan(every), -np.inf, every)[:, classes.choose_from :]
    best = choice.argmax(1) + classes.choose_from
    highest = np.where(spread > 0, choice.max(1), -np.inf)
    defined = np.isfinite(highest)
    return {
        "mean_contrast": np.where(defined, highest, np.nan),
        "mean_contrast_class": np.where(defined, best, -1),
        "class_contrast": every,
    }


MEAN_CONTRAST = ExtraMeasure(
    mean_contrast,
    columns=[
        Column("mean_contrast", "Mean contrast", "difference of means as a share of the range; best class",
               "max_A (mu_A - mu_notA) / (max - min)", low=-1.0, high=1.0),
        Column("mean_contrast_class", "Mean contrast: class", "class of the highest mean contrast", kind="class"),
    ],
    version="1.0",
    classwise=[Column("class_contrast", "Mean contrast", "difference of means as a share of the range", low=-1,
                      high=1)],
)  # fmt: skip
