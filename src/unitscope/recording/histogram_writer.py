"""Counting blocks into histograms instead of storing them, with checkpoints from which a recording goes on."""

import time

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..measures import Histograms
from ..run import RunWriter, read_checkpoint, unit_blocks, write_checkpoint
from ..run.writing import predictions_path
from .plan import Plan

PATIENCE = 20
"""A checkpoint is written when counting has gone on this many times as long as the last one took to write."""


class HistogramWriter:
    """Counts the blocks of one run, in order, in one process; stands where a `RunWriter` stands otherwise.

    Parameters
    ----------
    writer
        The run.
    plan
        The recording, settled by `unitscope.recording.memory.plan_histograms`.
    """

    def __init__(self, writer: RunWriter, plan: Plan):
        settings = plan.manifest.histograms or {}
        self.writer = writer
        self.limit = plan.memory_limit
        self.only_correct = settings["items"] == "correct"
        self.labels = plan.data.items["label"].to_numpy()
        self.item_ids = plan.data.items["item_id"].to_numpy()
        self.units = list(unit_blocks(plan.manifest.layers))
        to_do = writer.blocks_to_do(contents=True)
        self.counted = to_do[0] if to_do else plan.manifest.n_blocks
        self.held: dict[int, Histograms] = {}
        for block in self.units if to_do else []:
            if self.counted:
                self.held[block.row] = Histograms.from_arrays(read_checkpoint(writer.directory, block))
            else:
                n_classes = len(plan.data.classes)
                self.held[block.row] = Histograms.empty(
                    block.last - block.first, n_classes, settings["bins_per_octave"]
                )
        self._begun, self._took = time.perf_counter(), 0.0

    def blocks_to_do(self) -> list[int]:
        """List the blocks that are not in the checkpoint."""
        return list(range(self.counted, self.writer.manifest.n_blocks))

    def write_block(
        self, block: int, activations: dict[str, np.ndarray], predictions: pd.DataFrame | None = None
    ) -> None:
        """Count one block of items; the next one after those that were counted.

        Raises
        ------
        UnitscopeError
            If the histograms have outgrown the memory they may take; a checkpoint is written before.
        """
        if block != self.counted:
            raise ValueError(f"block {block} is not the next to be counted, which is {self.counted}")
        rows = self.writer.manifest.block(block)
        keep = np.arange(rows.stop - rows.start)
        if self.only_correct:
            if predictions is None:
                raise ValueError("correct items are known by their predictions only")
            keep = np.flatnonzero(predictions["correct"].to_numpy(bool))
        self.writer.write_predictions(block, predictions)
        labels = self.labels[rows][keep]
        for units in self.units:
            values = activations[units.layer][units.first : units.last]
            names = [f"{units.layer}:{unit}" for unit in range(units.first, units.last)]
            chosen = values if len(keep) == values.shape[1] else values[:, keep]
            self.held[units.row].update(chosen, labels, rows.start + keep, names=names)
        self.counted += 1
        too_much = self.limit is not None and self.nbytes > self.limit
        last = self.counted == self.writer.manifest.n_blocks
        if last or too_much or time.perf_counter() - self._begun >= PATIENCE * self._took:
            self.checkpoint()
        if too_much and not last:
            raise UnitscopeError(
                f"the histograms of {self.writer.directory} take {self.nbytes / 1e6:,.1f} MB after {rows.stop:,} "
                f"items, more than the {(self.limit or 0) / 1e6:,.1f} MB they may; what was counted is kept: go on "
                "with more --memory, or begin anew with fewer layers or a smaller --bins-per-octave"
            )

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        return sum(held.nbytes for held in self.held.values())

    def checkpoint(self) -> None:
        """Write what was counted so far, in place of the checkpoint before."""
        start = time.perf_counter()
        predictions = []
        if self.writer.manifest.predictions:
            predictions = [predictions_path(self.writer.directory, block) for block in range(self.counted)]
        write_checkpoint(
            self.writer.directory, self.counted, self.units, lambda units: self.held[units.row].arrays(), predictions
        )
        self._begun = time.perf_counter()
        self._took = self._begun - start

    def finish(self) -> bool:
        """Bring the predictions into ``items.parquet`` once every block is counted; say whether it was so."""
        return self.writer.finish()
