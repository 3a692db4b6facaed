"""Activations from elsewhere, and to elsewhere: ``import`` makes runs of files, ``export`` files of runs."""

from .export_run import export_run
from .import_file import import_file

__all__ = ["export_run", "import_file"]
