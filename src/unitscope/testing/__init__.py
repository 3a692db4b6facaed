"""Checks for authors of plug-ins: call them in the tests of a package; they raise ``AssertionError`` on a fault.

Each check runs a part as Unitscope does, on made-up or given data, and needs no pytest. See ``docs/extending.md``.
"""

from .check_analysis import check_analysis
from .check_figure import check_figure
from .check_measure import check_measure
from .check_pool import check_pool
from .check_source import check_data_source, check_model_source

__all__ = ["check_analysis", "check_data_source", "check_figure", "check_measure", "check_model_source", "check_pool"]
