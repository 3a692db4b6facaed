"""Selectivity: every measure of every unit of a run, as the table ``selectivity``.

``settings`` holds what is asked for, ``class_sets`` reads unions of classes as people write them, ``worker`` measures
blocks of units, ``analysis`` describes the table that comes of it, ``measure_run`` is the public function; ``compare``
compares two runs.
"""

from .class_sets import gather_class_sets, wnids_of
from .compare import compare_runs
from .measure_run import measure_run

__all__ = ["compare_runs", "gather_class_sets", "measure_run", "wnids_of"]
