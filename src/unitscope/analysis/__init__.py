"""What every analysis of a run shares: a lock, parts that resume, threads, processes, Dask, SLURM, progress.

An analysis says what it computes (``analysis``) block of units by block of units, or block of items by block of items;
``add_table`` computes what is missing (``work``), keeps finished blocks as ``parts``, and adds the table to the run.
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
