"""Ablation of single units as an analysis of a run: items are passed, and counts become the table and its arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..analysis import Result
from ..analysis.analysis import StoredPart
from ..columns import Array, Column, link_by_name
from ..run import ItemBlock, Run
from ..run.arrays import Rows
from .describe import ARRAYS, COLUMNS, CUMULATIVE, UNDEFINED, describe_own
from .orders import STEPS, orders_of
from .settings import Settings, blocks_of
from .sums import Sums
from .table import class_arrays, cumulative_accuracy, empty_frame, layer_frame, own_classes
from .worker import AblationWorker

ABLATION = "ablation"
"""Name of the table."""


@dataclass(frozen=True, eq=False)
class AblationAnalysis:
    """What a network can no longer do without each unit.

    Attributes
    ----------
    settings
        The options.
    """

    settings: Settings
    table: str = ABLATION
    doing: str = "ablating"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return what the columns of the table mean."""
        own = describe_own({name: title for name, (title, _) in own_classes(run).items()})
        columns = (*COLUMNS, *own, UNDEFINED)
        return [*link_by_name({column.name: column for column in columns}).values()]

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return what the arrays mean."""
        return (*ARRAYS, CUMULATIVE) if self.settings.orders else ARRAYS

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return self.settings.parameters(run)

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return blocks of items."""
        return blocks_of(run.manifest.n_items)

    def open(self, run: Run, threads: int | None) -> AblationWorker:
        """Return the worker that passes items through the network in this process."""
        return AblationWorker(run, self.settings, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return the table of all counts."""
        stored = (Sums.from_arrays(part.read_arrays()) for part in parts)
        sums = next(stored)
        for more in stored:
            sums.add(more)
        classes = [*run.classes["class"].astype(str)]
        columns = [column.name for column in self.columns(run)]
        own = {name: places for name, (_, places) in own_classes(run).items()}
        frames, row = [], 0
        for number, layer in enumerate(run.layers):
            rows = slice(row, row := row + layer.units)
            frames.append(
                layer_frame(layer, sums.layers[number], sums.items, classes,
                            {name: places[rows] for name, places in own.items()})
                if number in sums.layers
                else empty_frame(layer, columns)
            )  # fmt: skip
        frame = pd.concat(frames, ignore_index=True)[columns]
        labels = {"class": classes}
        orders = orders_of(run, self.settings.orders)
        if orders:
            labels["layer"] = [layer.name for layer in run.layers]
            labels["order"] = [*orders[0].names]
            labels["share"] = [f"{step / STEPS:g}" for step in range(STEPS + 1)]
        return Result(frame, array_rows(run, sums), labels)


def array_rows(run: Run, sums: Sums) -> Iterator[Rows]:
    """Yield the rows of the arrays, one layer at a time."""
    row = 0
    for number, layer in enumerate(run.layers):
        if number in sums.layers:
            yield row, class_arrays(sums.layers[number], sums.items)
        row += layer.units
    for number, of_layer in sums.layers.items():
        if len(of_layer.cumulative):
            yield number, {"cumulative_accuracy": cumulative_accuracy(of_layer, sums)[None]}
