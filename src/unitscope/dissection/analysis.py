"""Dissection as an analysis of a run: thresholds first, then counts, which become the table and its arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Result
from ..analysis.analysis import StoredPart
from ..columns import Array, Column
from ..run import ItemBlock, Run
from ..run.arrays import Rows
from .describe import ARRAYS, describe_columns
from .estimates import Estimates, estimate
from .probe import blocks_of
from .settings import Settings
from .sums import Sums
from .table import empty_frame, layer_frame
from .workers import TallyWorker, ThresholdWorker, category_numbers

DISSECTION = "dissection"
"""Name of the table."""


@dataclass(frozen=True, eq=False)
class ThresholdAnalysis:
    """The first pass: the largest activations of every unit. It makes no table.

    Attributes
    ----------
    settings
        The options.
    """

    settings: Settings
    table: str = "thresholds"
    doing: str = "finding thresholds"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return nothing: there is no table."""
        return ()

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return nothing: there is no table."""
        return ()

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the thresholds depend on besides the run."""
        return self.settings.images()

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return blocks of images of the probe set."""
        return blocks_of(len(self.settings.concepts.items))

    def open(self, run: Run, threads: int | None) -> ThresholdWorker:
        """Return the worker that passes images through the network in this process."""
        return ThresholdWorker(run, self.settings, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return nothing: `unitscope.dissection.dissect` reads the parts."""
        return Result(pd.DataFrame())


@dataclass(frozen=True, eq=False)
class DissectionAnalysis:
    """The second pass: intersection over union of every unit and concept.

    Attributes
    ----------
    settings
        The options.
    thresholds
        ``(units,)`` threshold of each unit, by the number of the layer.
    """

    settings: Settings
    thresholds: Mapping[int, np.ndarray]
    table: str = DISSECTION
    doing: str = "dissecting"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return what the columns of the table mean."""
        return describe_columns(self.settings.concepts.categories)

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return what the arrays mean."""
        return ARRAYS

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return self.settings.parameters(run)

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return blocks of images of the probe set."""
        return blocks_of(len(self.settings.concepts.items))

    def open(self, run: Run, threads: int | None) -> TallyWorker:
        """Return the worker that passes images through the network in this process."""
        return TallyWorker(run, self.settings, self.thresholds, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return the table of all counts."""
        stored = (Sums.from_arrays(part.read_arrays()) for part in parts)
        sums = next(stored)
        for more in stored:
            sums.add(more)
        category_of = category_numbers(self.settings)
        found = {number: estimate(groups, sums.nulls[number], category_of) for number, groups in sums.groups.items()}
        columns = [column.name for column in self.columns(run)]
        concepts = self.settings.concepts
        frames = [
            layer_frame(layer, self.thresholds[number], found[number], concepts.table, concepts.categories)
            if number in found
            else empty_frame(layer, columns)
            for number, layer in enumerate(run.layers)
        ]
        frame = pd.concat(frames, ignore_index=True)[columns]
        return Result(frame, array_rows(run, found), {"concept": concept_labels(concepts.table)})


def array_rows(run: Run, found: Mapping[int, Estimates]) -> Iterator[Rows]:
    """Yield the rows of the arrays, one layer at a time."""
    row = 0
    for number, layer in enumerate(run.layers):
        if number in found:
            yield row, {"iou": found[number].iou, "iou_chance": found[number].iou_chance}
        row += layer.units


def concept_labels(concepts: pd.DataFrame) -> list[str]:
    """Return the names of concepts, with the category where several have the same name.

    Examples
    --------
    >>> table = pd.DataFrame({"concept": ["red", "cat", "red"], "category": ["colour", "object", "object"]})
    >>> concept_labels(table)
    ['red (colour)', 'cat', 'red (object)']
    """
    repeated = concepts["concept"].duplicated(keep=False)
    listed = zip(concepts["concept"], concepts["category"], repeated, strict=True)
    return [f"{name} ({category})" if again else name for name, category, again in listed]
