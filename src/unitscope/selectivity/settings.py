"""Options of a measurement, and the classes that follow from them."""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, UnitscopeWarning, near_names
from ..measures import (
    CLASSWISE,
    COLUMNS,
    HELD_OUT,
    HISTOGRAM_CLASSWISE,
    HISTOGRAM_COLUMNS,
    N_TOP,
    Classes,
    extra_classwise,
    extra_columns,
    extra_versions,
    for_top,
    tested_columns,
    top_sizes,
)
from ..run import Run


@dataclass(frozen=True)
class Settings:
    """Options of a measurement; `Settings.of` checks them against a run.

    Attributes
    ----------
    items
        ``"correct"`` or ``"all"``.
    class_sets
        Unions of classes to measure like any class: name to class ids.
    only_class_sets
        Whether each measure chooses its class among the class sets only.
    top
        Number of the most active items that some measures look at; ``None`` for the usual 60 and 100.
    permutations
        Number of label permutations; 0 for none.
    halves
        A column of the items with two values, by which these are divided; ``None`` for random halves.
    seed
        Random seed for the halves of the items and for permutations.
    histograms
        Whether the run keeps histograms instead of activations, so that measures have errors.
    extra_measures
        Names and versions of the measures of other packages; none where the run keeps histograms.
    """

    items: str
    class_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only_class_sets: bool = False
    top: int | None = None
    permutations: int = 0
    halves: str | None = None
    seed: int = 0
    histograms: bool = False
    extra_measures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, items: str | None, class_sets: Mapping[str, tuple[str, ...]], **others: Any) -> "Settings":
        """Return settings that a run can be measured with.

        Raises
        ------
        UnitscopeError
            If the run cannot be measured with these options.
        """
        run.choose_items(items)
        histograms = run.manifest.histograms is not None
        extra = extra_versions()
        if histograms and extra:
            warnings.warn(
                f"the run {run.directory} keeps histograms, so that the measures of other packages "
                f"({', '.join(extra)}), which need the activation of every item, are left out",
                UnitscopeWarning,
                stacklevel=3,
            )
        settings = cls(
            items or run.default_items,
            dict(class_sets),
            histograms=histograms,
            extra_measures={} if histograms else extra,
            **others,
        )
        for name in ("permutations", "seed"):
            if getattr(settings, name) < 0:
                raise UnitscopeError(f"--{name} must be a number of at least 0, not {getattr(settings, name)}")
            if name != "seed" and getattr(settings, name) and run.manifest.histograms is not None:
                raise UnitscopeError(
                    f"--{name} needs the activation of every item, but the run {run.directory} keeps histograms; "
                    "record its layers without --no-store, or measure without it"
                )
        if settings.halves is not None:
            halves_of(run, run.choose_items(items), settings.halves)
            if histograms:
                raise UnitscopeError(
                    f"--halves needs the activation of every item, but the run {run.directory} keeps histograms; "
                    "record its layers without --no-store, or measure without it"
                )
        if max(top_sizes(settings.top)) > N_TOP and run.manifest.histograms is not None:
            raise UnitscopeError(
                f"--top {settings.top} is more than the {N_TOP} most active items of each unit that the run "
                f"{run.directory} keeps; choose at most {N_TOP}, or record it without --no-store"
            )
        if class_sets and run.multi_label:
            raise UnitscopeError(
                f"items of the run {run.directory} have several classes each: import it with the union as one more "
                "class rather than with --class-set"
            )
        if settings.only_class_sets and not class_sets:
            raise UnitscopeError("--only-class-sets needs class sets; give --class-set, --class-sets or --superclasses")
        return settings

    @property
    def columns(self) -> dict[str, Column]:
        """The columns of the resulting table."""
        if self.histograms:
            return for_top(HISTOGRAM_COLUMNS, self.top)
        own = for_top(COLUMNS | HELD_OUT | tested_columns(self.permutations), self.top)
        return own | extra_columns(self.extra_measures)

    @property
    def classwise(self) -> dict[str, Column]:
        """The resulting class-wise arrays."""
        own = for_top(HISTOGRAM_CLASSWISE if self.histograms else CLASSWISE, self.top)
        return own | extra_classwise(self.extra_measures)

    def parameters(self, n_items: int) -> dict[str, Any]:
        """Return the parameters that are stored with the table."""
        return {**asdict(self), "class_sets": {name: list(ids) for name, ids in self.class_sets.items()},
                "n_items": n_items}  # fmt: skip


def classes_of(run: Run, keep: np.ndarray, settings: Settings) -> tuple[Classes, np.ndarray]:
    """Return the classes of a run's items that are used.

    Returns
    -------
    classes : Classes
    names : numpy.ndarray
        The ids of the classes, in order; if items have several classes, first ``""`` for each label that represents a
        combination of classes.
    """
    ids = run.classes["class"].astype(str).tolist()
    if run.multi_label:
        classes = Classes.of_memberships(run.memberships[keep])
        return classes, np.array([*[""] * classes.n_labels, *ids], object)
    sets = np.zeros((len(settings.class_sets), len(ids)), bool)
    for row, members in enumerate(settings.class_sets.values()):
        sets[row] = np.isin(ids, members)
    start = len(ids) if settings.only_class_sets else 0
    return Classes.of_labels(run.labels[keep], len(ids), sets, start), np.array([*ids, *settings.class_sets], object)


def halves_of(run: Run, keep: np.ndarray, name: str) -> pd.Series:
    """Return the values of the column of items by which those that are used are divided.

    Raises
    ------
    UnitscopeError
        If there is no such column.
    """
    if not run.has_item_column(name):
        raise UnitscopeError(
            f"the items of the run {run.directory} have no column {name}{near_names(name, run.items.columns)}; "
            f"they have {', '.join(map(str, run.items.columns))}"
        )
    return run.item_column(name)[keep]
