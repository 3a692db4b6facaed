"""Measuring: a run's activations and labels become the table ``selectivity`` and the class-wise arrays."""

from .measure_run import measure_run

__all__ = ["measure_run"]
