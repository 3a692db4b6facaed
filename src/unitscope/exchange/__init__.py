"""Import activations that other programs recorded, and export runs to files that other programs read."""

from .export_run import export_run
from .import_file import import_file

__all__ = ["export_run", "import_file"]
