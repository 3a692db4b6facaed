"""Selectivity: one sort per unit, counts from it, and the measures as functions of these counts.

``classes`` maps items to classes; ``ranking`` sorts the items of a unit; ``thresholds``, ``count_top`` and ``sums``
count, and ``counting`` does it for many units in ``threads``, into a ``tally``. ``localist``, ``means``,
``signal_detection`` and ``top_items`` compute the measures from a tally, ``gather`` collects them for a ``block`` of
units, and ``describe`` documents each. ``halves`` divides the items, ``choosing`` chooses on one half,
``held_out_counts`` and ``held_out_spread`` count on the other, and ``held_out`` and ``intervals`` compute measures
from ``held_out_estimates``. ``chance`` repeats the measures on rankings from ``resampling``. For activations
that are not stored, ``histogram`` counts them, ``histogram_tally`` makes the same tally from the counts, and ``bounds``
computes the measures and their errors. ``extra`` holds the measures that other packages add.
NumPy and Numba only, no PyTorch.
"""

from .best import rounding_of
from .block import Measured, measure_block
from .bounds import HISTOGRAM_CLASSWISE, HISTOGRAM_COLUMNS, measure_histograms
from .chance import compare_with_chance
from .classes import Classes
from .counting import tally
from .describe import CLASSWISE, COLUMNS, for_top, tested_columns
from .extra import (
    EXTRA_MEASURES,
    ExtraMeasure,
    class_members,
    extra_classwise,
    extra_columns,
    extra_versions,
    find_extra,
)
from .halves import Halves
from .held_out import HELD_OUT
from .histogram import BINS_PER_OCTAVE, N_TOP, Histograms
from .measure import measure, names_at
from .tally import Tally, top_sizes

__all__ = [
    "BINS_PER_OCTAVE",
    "CLASSWISE",
    "COLUMNS",
    "EXTRA_MEASURES",
    "HELD_OUT",
    "HISTOGRAM_CLASSWISE",
    "HISTOGRAM_COLUMNS",
    "N_TOP",
    "Classes",
    "ExtraMeasure",
    "Halves",
    "Histograms",
    "Measured",
    "Tally",
    "class_members",
    "compare_with_chance",
    "extra_classwise",
    "extra_columns",
    "extra_versions",
    "find_extra",
    "for_top",
    "measure",
    "measure_block",
    "measure_histograms",
    "names_at",
    "rounding_of",
    "tally",
    "tested_columns",
    "top_sizes",
]
