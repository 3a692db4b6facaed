"""Read and measure blocks of units of a run."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Part
from ..columns import top_name
from ..errors import UnitscopeWarning
from ..measures import (
    Halves,
    Histograms,
    compare_with_chance,
    find_extra,
    measure_block,
    measure_histograms,
    names_at,
)
from ..run import Run, UnitBlock, read_checkpoint
from .settings import Settings, classes_of, halves_of


class SelectivityWorker:
    """Measures blocks of units of a run.

    Parameters
    ----------
    run
        An open run.
    settings
        The options.
    threads
        Threads to use; ``None`` for one per core.
    """

    def __init__(self, run: Run, settings: Settings, threads: int | None):
        self.run = run
        self.settings = settings
        self.threads = threads
        self.keep = run.choose_items(settings.items)
        self.classes, self.names = classes_of(run, self.keep, settings)
        self.halves = self.divide()
        self.extra = find_extra(settings.extra_measures)

    def divide(self) -> Halves | None:
        """Return the items that are used in two halves; ``None`` where there are only histograms of all."""
        name = self.settings.halves
        if self.settings.histograms:
            return None
        if name is None:
            return Halves.draw(self.classes, self.settings.seed)
        return Halves.of_values(self.classes, halves_of(self.run, self.keep, name), f"the column {name} of the items")

    def read(self, block: UnitBlock) -> np.ndarray | Histograms:
        """Return a block's activations to the items that are used, ``(units, items)``, or its histograms."""
        if self.run.manifest.histograms is not None:
            return Histograms.from_arrays(read_checkpoint(self.run.directory, block))
        values = self.run.activations(block.layer, block.first, block.last)
        return values if self.keep.all() else np.ascontiguousarray(values[:, self.keep])

    def compute(self, block: UnitBlock, data: np.ndarray | Histograms, progress: Callable[[int], None]) -> Part:
        """Return the measures of a block of units."""
        units = self.run.units.iloc[block.row : block.row + block.size]
        ids = units["unit"].tolist()
        found, classwise = (
            {top_name(name, self.settings.top): array for name, array in arrays.items()}
            for arrays in self.measure(data, ids, progress)
        )
        columns: dict[str, Any] = {}
        for name, column in self.settings.columns.items():
            if name in units and name not in found:  # imported files may have any columns of units
                columns[name] = units[name].to_numpy()
            elif column.kind == "class":
                columns[name] = names_at(found[name], self.names)
            elif name in found:  # q follows from all units of a layer, later
                columns[name] = found[name]
        # Labels that represent combinations of classes have no name and no column in the arrays.
        anonymous = 0 if self.classes.labels_are_classes else self.classes.n_labels
        return Part(pd.DataFrame(columns), {name: array[:, anonymous:] for name, array in classwise.items()})

    def measure(
        self, values: np.ndarray | Histograms, ids: list[str], progress: Callable[[int], None]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the values of all columns for some units, classes as indices, and the class-wise arrays."""
        settings = self.settings
        passes = 1 + (settings.permutations > 0)

        def count(number: int, done: int) -> None:
            progress((number * len(ids) + done) // passes)

        report = functools.partial(count, 0)
        if isinstance(values, Histograms):
            result = measure_histograms(values, self.classes, top=settings.top, threads=self.threads, progress=report)
            return dict(result.columns), result.classwise
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitscopeWarning)  # one warning for the run comes at the end
            result = measure_block(
                values, self.classes, halves=self.halves, units=ids, top=settings.top, threads=self.threads,
                extra=self.extra, progress=report,
            )  # fmt: skip
        found: dict[str, np.ndarray] = dict(result.columns)
        if settings.permutations:
            found |= compare_with_chance(
                values, self.classes, result.columns, settings.permutations, top=settings.top, seed=settings.seed,
                threads=self.threads, names=ids, progress=functools.partial(count, 1),
            )  # fmt: skip
        return found, result.classwise
