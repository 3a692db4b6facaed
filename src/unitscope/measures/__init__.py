"""Selectivity: one sort per unit, counts from it, and the measures as functions of these counts.

``ranking`` sorts, ``sweep`` and ``head`` count, ``tally`` does it for many units in ``threads``; ``localist``,
``precision``, ``means``, ``signal_detection`` and ``top_items`` are the measures, ``gather`` puts them
together, ``describe`` says what each means.
NumPy and Numba only, no PyTorch.
"""

from .describe import CLASSWISE, COLUMNS
from .measure import Measured, class_names, measure, measure_block
from .tally import Tally, tally

__all__ = ["CLASSWISE", "COLUMNS", "Measured", "Tally", "class_names", "measure", "measure_block", "tally"]
