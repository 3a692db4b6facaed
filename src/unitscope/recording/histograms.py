"""Recording without storing activations: an analysis of blocks of items that counts them into histograms."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Part, Result, compute_parts
from ..analysis.analysis import StoredPart
from ..analysis.parts import Parts
from ..columns import Array, Column
from ..measures import Histograms
from ..progress import Progress
from ..run import ItemBlock, Run, RunWriter, UnitBlock, item_blocks, unit_blocks, write_checkpoint
from ..run.files import explain_errors
from ..run.lock import locked
from .blocks import record_blocks
from .plan import Plan


def count_histograms(plan: Plan, writer: RunWriter, command: str, progress: Progress) -> None:
    """Count all items of a run into histograms, or continue to do so; nothing happens if all are counted.

    Parameters
    ----------
    plan
        The recording, from `unitscope.recording.memory.plan_histograms`.
    writer
        The run.
    command
        The command that continues the recording if it is stopped, for ``unitscope status``.
    progress
        Called with the number of items done.
    """
    directory, manifest = writer.directory, writer.manifest
    run, analysis = Run(directory, manifest), HistogramAnalysis(plan)
    with locked(directory, "counting"):
        if not writer.blocks_to_do(contents=True):
            return
        parts = Parts(run, analysis.table, analysis.parameters(run))
        with explain_errors(directory):
            parts.prepare(command, analysis.blocks(run))
        sums = parts.read(compute_parts(run, analysis, parts, progress=progress))
        predictions: list[Any] = []
        if manifest.predictions:
            found = pd.concat([part.frame for part in sums], ignore_index=True)
            for number in range(manifest.n_blocks):
                rows = manifest.block(number)
                predictions += writer.write_predictions(number, found.iloc[rows].reset_index(drop=True))
        units = list(unit_blocks(manifest.layers))
        write_checkpoint(directory, manifest.n_blocks, units, lambda block: merge_sums(sums, block), predictions)
        parts.remove()


def merge_sums(sums: Sequence[StoredPart], units: UnitBlock) -> dict[str, np.ndarray]:
    """Return the histograms of some units over all items, as named arrays."""
    total, *others = (Histograms.from_arrays(part.read_arrays(f"{units.name}-")) for part in sums)
    for other in others:
        total.add(other)
    return total.arrays()


@dataclass(frozen=True)
class HistogramAnalysis:
    """Counting activations into histograms. It makes no table: the histograms take the place of the activations.

    Attributes
    ----------
    plan
        The recording.
    """

    plan: Plan
    table: str = "histograms"
    doing: str = "recording"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return nothing: there is no table."""
        return ()

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return nothing: there is no table."""
        return ()

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return the kind of histograms."""
        return dict(run.manifest.histograms or {})

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return the items in blocks."""
        return item_blocks(run.manifest)

    def open(self, run: Run, threads: int | None) -> "HistogramWorker":
        """Return what counts items in this process."""
        return HistogramWorker(self.plan)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return nothing: `count_histograms` adds up a block of units at a time."""
        return Result(pd.DataFrame())


class HistogramWorker:
    """Counts blocks of items; while one is counted, the network computes the next.

    Parameters
    ----------
    plan
        The recording.
    """

    def __init__(self, plan: Plan):
        settings = plan.manifest.histograms or {}
        self.plan = plan
        self.only_correct = settings["items"] == "correct"
        self.bins_per_octave = settings["bins_per_octave"]
        self.labels = plan.data.items["label"].to_numpy()
        self.units = list(unit_blocks(plan.manifest.layers))
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the histograms to stored ones, or to empty ones."""
        n_classes = len(self.plan.data.classes)
        self.predictions = [stored.frame] if stored and self.plan.manifest.predictions else []
        self.histograms = {
            block: Histograms.from_arrays(stored.read_arrays(f"{block.name}-"))
            if stored
            else Histograms.empty(block.size, n_classes, self.bins_per_octave)
            for block in self.units
        }

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Run the network over blocks of items and count them; yield each block once it is counted."""
        manifest = self.plan.manifest
        numbers = [block.first // manifest.block_items for block in blocks]
        before = manifest.n_items - sum(block.size for block in blocks)
        recorded = record_blocks(self.plan, numbers, lambda doing, done, total: progress(done - before))
        with ThreadPoolExecutor(1) as beside:
            counting: tuple[ItemBlock, Future[None]] | None = None
            for block, (_, activations, predictions) in zip(blocks, recorded, strict=True):
                if counting:
                    counting[1].result()
                    yield counting[0]
                counting = block, beside.submit(self.count, block, activations, predictions)
            if counting:
                counting[1].result()
                yield counting[0]

    def count(self, items: ItemBlock, activations: dict[str, np.ndarray], predictions: pd.DataFrame | None) -> None:
        """Count a block of items."""
        keep = np.arange(items.size)
        if predictions is not None:
            self.predictions.append(predictions)
            if self.only_correct:
                keep = np.flatnonzero(predictions["correct"].to_numpy(bool))
        labels = self.labels[items.first : items.last][keep]
        for block, histograms in self.histograms.items():
            values = activations[block.layer][block.first : block.last]
            names = [f"{block.layer}:{unit}" for unit in range(block.first, block.last)]
            chosen = values if len(keep) == items.size else values[:, keep]
            histograms.update(chosen, labels, items.first + keep, names=names)

    def sum(self) -> Part:
        """Return the histograms as arrays named ``UNITS-NAME``, and the predictions of the items."""
        frame = pd.concat(self.predictions, ignore_index=True) if self.predictions else pd.DataFrame()
        arrays = {
            f"{block.name}-{name}": array
            for block, histograms in self.histograms.items()
            for name, array in histograms.arrays().items()
        }
        return Part(frame, arrays)

    def is_full(self) -> bool:
        """Return whether the histograms take more memory than they may."""
        limit = self.plan.memory_limit
        return limit is not None and sum(histograms.nbytes for histograms in self.histograms.values()) > limit
