"""Selectivity: one sort per unit, counts from it, and the measures as functions of these counts.

``classes`` says what items belong to; ``ranking`` sorts, ``sweep``, ``sums``, ``head`` and ``counting`` count,
``tally`` does it for many units in ``threads``; ``localist``, ``precision``, ``means``, ``signal_detection`` and
``top_items`` are the measures, ``gather`` puts them together in a ``block``, ``describe`` says what each means;
``chance`` measures over again what ``resampling`` makes of a ranking. Where activations are too many to keep,
``histogram`` counts them, ``histogram_tally`` makes the same tally of that, and ``bounds`` measures it, each measure
with its error.
NumPy and Numba only, no PyTorch.
"""

from .block import Measured, measure_block
from .bounds import HISTOGRAM_CLASSWISE, HISTOGRAM_COLUMNS, measure_histograms
from .chance import bootstrap, compare_with_chance
from .classes import Classes
from .counting import tally
from .describe import CLASSWISE, COLUMNS, for_top, tested_columns
from .histogram import BINS_PER_OCTAVE, N_TOP, Histograms
from .measure import measure, named
from .tally import Tally, head_sizes

__all__ = [
    "BINS_PER_OCTAVE",
    "CLASSWISE",
    "COLUMNS",
    "HISTOGRAM_CLASSWISE",
    "HISTOGRAM_COLUMNS",
    "N_TOP",
    "Classes",
    "Histograms",
    "Measured",
    "Tally",
    "bootstrap",
    "compare_with_chance",
    "for_top",
    "head_sizes",
    "measure",
    "measure_block",
    "measure_histograms",
    "named",
    "tally",
    "tested_columns",
]
