"""Pages about a run: the report, one self-contained HTML file; the paper's figures and claims, section by section."""

from .render import write_report
from .reproduction import reproduce

__all__ = ["reproduce", "write_report"]
