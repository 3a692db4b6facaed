"""What all analyses of a run share: a lock, parts that resume, threads, processes, Dask, SLURM, progress.

An analysis (``analysis``) is computed in blocks of units or in blocks of items; ``add_table`` computes the blocks that
are missing (``work``), keeps finished ones as ``parts``, and adds the table to the run.
"""

from .add_table import add_table
from .analysis import ANALYSES, Analysis, ItemWorker, Part, Result, UnitWorker, put_together
from .work import compute_parts

__all__ = [
    "ANALYSES",
    "Analysis",
    "ItemWorker",
    "Part",
    "Result",
    "UnitWorker",
    "add_table",
    "compute_parts",
    "put_together",
]
