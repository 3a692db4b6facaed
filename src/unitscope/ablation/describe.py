"""What the columns and arrays of the table of ablation mean."""

from collections.abc import Iterator, Mapping

from ..columns import Array, Column

MORCOS = "Morcos et al. 2018"
ZHOU = "Zhou et al. 2018"
DROP = "(lost - gained) / n"
BOUNDS = (-1.0, 1.0)

COLUMNS = (
    Column("unit", "Unit", "the unit's id", kind="text"),
    Column("layer", "Layer", "the unit's layer", kind="text"),
    Column("accuracy_drop", "Accuracy drop", "how much the accuracy over all items falls without the unit", DROP,
           *BOUNDS, MORCOS),
    Column("accuracy_drop_low", "Accuracy drop: low", "lower end of its 95 % interval for matched pairs",
           source="Agresti & Min 2005", kind="limit"),
    Column("accuracy_drop_high", "Accuracy drop: high", "upper end of its 95 % interval for matched pairs",
           source="Agresti & Min 2005", kind="limit"),
    Column("accuracy_drop_p", "Accuracy drop: p", "McNemar's exact test of items lost against items gained",
           source="McNemar 1947", kind="probability"),
    Column("log_probability_drop", "Log-probability drop",
           "how much the natural logarithm of the label's probability falls without the unit, mean over all items",
           "mean(log p - log p without the unit)"),
    Column("log_probability_drop_low", "Log-probability drop: low", "lower end of its 95 % interval", kind="limit"),
    Column("log_probability_drop_high", "Log-probability drop: high", "upper end of its 95 % interval", kind="limit"),
    Column("class_drop", "Class drop", "how much the accuracy over items of the class that falls most falls", DROP,
           *BOUNDS, ZHOU),
    Column("class_drop_class", "Class drop: class", "the class whose accuracy falls most; none if no class falls",
           source=ZHOU, kind="class"),
    Column("class_drop_held_out", "Class drop: held out",
           "drop on each half of the items of the class that falls most on the other half, averaged", kind="held_out"),
    Column("class_drop_low", "Class drop: low", "lower end of the 95 % interval of the held-out drop", kind="limit"),
    Column("class_drop_high", "Class drop: high", "upper end of the 95 % interval of the held-out drop", kind="limit"),
    Column("class_drop_p", "Class drop: p",
           "McNemar's exact test for the class that falls most, times the number of classes",
           source="McNemar 1947", kind="probability"),
)  # fmt: skip
"""The columns of the table, before those of each measure of selectivity."""

UNDEFINED = Column("undefined", "Undefined because", "why the numbers are missing", kind="text")

ARRAYS = (
    Array(Column("drop", "Drop", "how much the accuracy over items of each class falls without the unit", DROP, *BOUNDS,
                 ZHOU)),
    Array(Column("log_probability", "Log-probability drop: classes",
                 "how much the logarithm of the label's probability falls without the unit, mean over its items")),
)  # fmt: skip
"""The arrays of the table."""


CUMULATIVE = Array(
    Column("cumulative_accuracy", "Accuracy without several units",
           "accuracy over all items after each tenth of the layer's units is removed, in some order", low=0.0, high=1.0,
           source=MORCOS, kind="share"),
    ("layer", "order", "share"),
)  # fmt: skip
"""The array of cumulative ablation; removed units are zero, whatever single units give."""


def describe_own(measures: Mapping[str, str]) -> Iterator[Column]:
    """Yield the columns about the class that each measure of selectivity picks, given the measures' titles by name."""
    for name, title in measures.items():
        yield Column(own_name(name), f"Drop of the class of: {title}",
                     f"how much the accuracy over items of the class that {name} picks falls without the unit", DROP,
                     *BOUNDS, kind="difference")  # fmt: skip
        yield Column(f"{own_name(name)}_low", f"Drop of the class of: {title}: low",
                     "lower end of its 95 % interval for matched pairs", kind="limit")  # fmt: skip
        yield Column(f"{own_name(name)}_high", f"Drop of the class of: {title}: high",
                     "upper end of its 95 % interval for matched pairs", kind="limit")  # fmt: skip
        yield Column(f"{own_name(name)}_p", f"Drop of the class of: {title}: p",
                     "McNemar's exact test for this class", kind="probability")  # fmt: skip


def own_name(measure: str) -> str:
    """Return the name of the column about the class that a measure picks.

    Examples
    --------
    >>> own_name("auc")
    'drop_of_auc_class'
    """
    return f"drop_of_{measure}_class"
