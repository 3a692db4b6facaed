"""Selectivity: one sort per unit, counts from it, and the measures as functions of these counts.

``classes`` says what items belong to; ``ranking`` sorts, ``sweep``, ``head`` and ``counting`` count, ``tally`` does it
for many units in ``threads``; ``localist``, ``precision``, ``means``, ``signal_detection`` and ``top_items`` are the
measures, ``gather`` puts them together in a ``block``, ``describe`` says what each means; ``chance`` measures over
again what ``resampling`` makes of a ranking.
NumPy and Numba only, no PyTorch.
"""

from .block import Measured, measure_block
from .chance import bootstrap, compare_with_chance
from .classes import Classes
from .describe import CLASSWISE, COLUMNS, tested_columns
from .measure import measure, named
from .tally import Tally, tally

__all__ = [
    "CLASSWISE",
    "COLUMNS",
    "Classes",
    "Measured",
    "Tally",
    "bootstrap",
    "compare_with_chance",
    "measure",
    "measure_block",
    "named",
    "tally",
    "tested_columns",
]
