"""Selectivity: every measure of every unit of a run, as the table ``selectivity``.

``settings`` holds the options of a measurement, ``class_sets`` reads unions of classes as people write them, ``worker``
measures blocks of units, ``analysis`` describes the resulting table, ``measure_run`` is the public function;
``compare`` compares two runs.
"""

from .analysis import SELECTIVITY
from .class_sets import gather_class_sets, wnids_of
from .compare import compare_runs
from .measure_run import measure_run

__all__ = ["SELECTIVITY", "compare_runs", "gather_class_sets", "measure_run", "wnids_of"]
