"""The standard deviation of each unit."""

from dataclasses import dataclass

import pandas as pd

from unitscope.analysis import Part, put_together
from unitscope.columns import Column
from unitscope.run import unit_blocks


@dataclass(frozen=True)
class Spread:
    """The standard deviation of each unit; option: ``ddof``."""

    ddof: int = 0
    table: str = "spread"
    doing: str = "spreading"

    def columns(self, run):
        """Return what the columns mean."""
        return [
            Column("unit", "Unit", "the unit's id", kind="text"),
            Column("sd", "Standard deviation", "of all activations", low=0.0, kind="value"),
        ]

    def arrays(self, run):
        """Return no arrays."""
        return []

    def parameters(self, run):
        """Return the option."""
        return {"ddof": self.ddof}

    def blocks(self, run):
        """Return blocks of two units."""
        return list(unit_blocks(run.layers, 2))

    def open(self, run, threads):
        """Return what computes a block."""
        return SpreadWorker(run, self.ddof)

    def gather(self, run, parts):
        """Put the blocks together."""
        return put_together(parts)


@dataclass
class SpreadWorker:
    """Computes blocks of units."""

    run: object
    ddof: int

    def read(self, block):
        """Read the activations."""
        return self.run.activations(block.layer, block.first, block.last)

    def compute(self, block, data, progress):
        """Return the rows of the table."""
        units = self.run.units["unit"].iloc[block.row : block.row + block.size]
        return Part(pd.DataFrame({"unit": units.to_numpy(), "sd": data.std(1, ddof=self.ddof)}))
