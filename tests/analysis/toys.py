"""Two small analyses: the mean activation of each unit, by blocks of units; the same by adding up blocks of items."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitscope.analysis import Part, Result, put_together
from unitscope.columns import Array, Column
from unitscope.run import item_blocks, unit_blocks

MEAN = Column("mean_activation", "Mean activation", "mean over all items", kind="value")
SQUARES = Array(Column("powers", "Powers", "mean of the first and second power"), ("unit", "power"))


@dataclass(frozen=True)
class Means:
    """By blocks of units."""

    table: str = "means"
    doing: str = "averaging"
    step: int = 2
    fail_at: str = ""

    def columns(self, run):
        return [Column("unit", "Unit", "the unit's id", kind="text"), MEAN]

    def arrays(self, run):
        return [SQUARES]

    def parameters(self, run):
        return {"step": self.step}

    def blocks(self, run):
        return list(unit_blocks(run.layers, self.step))

    def open(self, run, threads):
        return UnitMeans(run, self.fail_at)

    def gather(self, run, parts):
        return put_together(parts, {"power": ["1", "2"]})


class UnitMeans:
    def __init__(self, run, fail_at):
        self.run, self.fail_at = run, fail_at

    def read(self, block):
        return self.run.activations(block.layer, block.first, block.last)

    def compute(self, block, data, progress):
        if self.fail_at == block.name:
            raise KeyboardInterrupt
        ids = self.run.units["unit"].iloc[block.row : block.row + block.size]
        powers = np.stack([data.mean(1), (data.astype(float) ** 2).mean(1)], 1)
        frame = pd.DataFrame({"unit": ids.to_numpy(), "mean_activation": data.mean(1)})
        return Part(frame, {"powers": powers}, {f"{block.name}.txt": block.name.encode()})


@dataclass(frozen=True)
class Sums:
    """By blocks of items; sums of integers do not depend on how the items are shared."""

    table: str = "sums"
    doing: str = "adding"
    fail_at: int = -1
    room: int = 10**9

    def columns(self, run):
        return [Column("unit", "Unit", "the unit's id", kind="text"), Column("total", "Total", "sum", kind="count")]

    def arrays(self, run):
        return []

    def parameters(self, run):
        return {}

    def blocks(self, run):
        return item_blocks(run.manifest)

    def open(self, run, threads):
        return ItemSums(run, self)

    def gather(self, run, parts):
        total = sum(part.read_arrays()["total"] for part in parts)
        assert sum(part.block.size for part in parts) == run.manifest.n_items
        return Result(pd.DataFrame({"unit": run.units["unit"], "total": total}))


class ItemSums:
    def __init__(self, run, settings):
        self.run, self.settings = run, settings
        self.start(None)

    def add(self, blocks, progress):
        done = 0
        for block in blocks:
            if block.first == self.settings.fail_at:
                raise KeyboardInterrupt
            rows = slice(block.first, block.last)
            found = [self.run.item_activations(layer.name, rows).astype(np.int64).sum(0) for layer in self.run.layers]
            self.total = self.total + np.concatenate(found)
            self.blocks += 1
            done += block.size
            progress(done)
            yield block

    def sum(self):
        return Part(arrays={"total": self.total})

    def start(self, stored):
        self.total, self.blocks = np.zeros(len(self.run.units), np.int64), 0
        if stored:
            self.total, self.blocks = stored.read_arrays()["total"], stored.block.size // 8

    def is_full(self):
        return self.blocks >= self.settings.room
