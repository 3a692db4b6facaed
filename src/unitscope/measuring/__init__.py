"""Measuring runs: the measures of every unit of a run, as a table; two runs side by side.

``settings`` says what is asked for, ``class_sets`` reads unions of classes as people write them, ``blocks`` measures
some units, ``measure_run`` all of them; ``compare`` sets two runs side by side.
"""

from .class_sets import gather_class_sets, wnids_of
from .compare import compare_runs
from .measure_run import measure_run

__all__ = ["compare_runs", "gather_class_sets", "measure_run", "wnids_of"]
