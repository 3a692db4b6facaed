"""How selective are the single units of a neural network? Every measure the literature uses, side by side.

`measure` works on any array. `record` makes a run of a network and labelled items, `import_file` one of
activations recorded elsewhere; `open_run` opens one, `open_items` its items, `measure_run` measures it, `write_report`
shows it, `reproduce` judges a paper's claims in it, and `export_run` writes it for other programs.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .errors import UnitscopeError, UnitscopeWarning
from .version import __version__

if TYPE_CHECKING:
    from .data import load_data, open_items
    from .exchange import export_run, import_file
    from .measures import measure
    from .models import load_model, open_network
    from .recording import record
    from .report import reproduce, write_report
    from .run import open_run
    from .selectivity import measure_run

__all__ = [
    "UnitscopeError",
    "UnitscopeWarning",
    "__version__",
    "export_run",
    "import_file",
    "load_data",
    "load_model",
    "measure",
    "measure_run",
    "open_items",
    "open_network",
    "open_run",
    "record",
    "reproduce",
    "write_report",
]

ROOMS = {
    "export_run": "exchange",
    "import_file": "exchange",
    "load_data": "data",
    "load_model": "models",
    "measure": "measures",
    "measure_run": "selectivity",
    "open_items": "data",
    "open_network": "models",
    "open_run": "run",
    "record": "recording",
    "reproduce": "report",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    """Import a public function when it is first used, so that ``import unitscope`` is quick and needs no PyTorch."""
    if name not in ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{ROOMS[name]}", __name__), name)
