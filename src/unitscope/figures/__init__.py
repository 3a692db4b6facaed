"""The paper's plots: one module per figure, a function that computes its data from a run and an object that draws them.

Figures read runs and never compute a measure. Matplotlib only, no global state.
"""

from .disagreement import Disagreement, disagreement, rank_disagreement
from .distribution import Distribution, distribution
from .jitter import Jitter, jitter
from .style import save_figure

__all__ = [
    "Disagreement",
    "Distribution",
    "Jitter",
    "disagreement",
    "distribution",
    "jitter",
    "rank_disagreement",
    "save_figure",
]
