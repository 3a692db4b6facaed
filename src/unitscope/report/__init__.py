"""The report: one self-contained HTML file about a run, for reading and for passing on."""

from .render import write_report

__all__ = ["write_report"]
