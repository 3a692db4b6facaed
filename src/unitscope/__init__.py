"""How selective are the single units of a neural network? Every measure the literature uses, side by side.

`measure` works on any array. `record` makes a run of a network and labelled items, `import_file` one of
activations recorded elsewhere; `open_run` opens a `Run`, `open_items` its items, `open_network` its network.
`simulate_superposition` makes a run of recurrent networks that it trains. `measure_run` measures a run,
`find_features` finds what its units look at, `dissect` compares them with concepts, `ablate` finds what the network
cannot do without them (`ablated` silences some), `compare_runs` compares two runs, `figures` draws, `write_report`
writes a page, `reproduce` judges a paper's claims, and `export_run` writes a run for other programs. `COLUMNS`
describes every measure. `analysis` and `testing` are for authors of analyses and plug-ins.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .errors import UnitscopeError, UnitscopeWarning
from .version import __version__

if TYPE_CHECKING:
    from . import analysis, figures, testing
    from .ablation import ablate, ablated
    from .data import load_data, open_items
    from .dissection import dissect
    from .exchange import export_run, import_file
    from .features import find_features
    from .measures import COLUMNS, measure
    from .models import load_model, open_network
    from .recording import record
    from .report import reproduce, write_report
    from .run import Run, open_run
    from .selectivity import compare_runs, measure_run
    from .simulations import simulate_superposition

__all__ = [
    "COLUMNS",
    "Run",
    "UnitscopeError",
    "UnitscopeWarning",
    "__version__",
    "ablate",
    "ablated",
    "analysis",
    "compare_runs",
    "dissect",
    "export_run",
    "figures",
    "find_features",
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
    "simulate_superposition",
    "testing",
    "write_report",
]

MODULES = ("analysis", "figures", "testing")

ROOMS = {
    "COLUMNS": "measures",
    "Run": "run",
    "ablate": "ablation",
    "ablated": "ablation",
    "compare_runs": "selectivity",
    "dissect": "dissection",
    "export_run": "exchange",
    "find_features": "features",
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
    "simulate_superposition": "simulations",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import unitscope`` is quick and needs no PyTorch."""
    if name in MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{ROOMS[name]}", __name__), name)


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted({*globals(), *__all__})
