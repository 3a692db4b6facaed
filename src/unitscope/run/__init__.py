"""The run directory: activations of one network on one set of items, and every table derived from them.

This room knows the written format (its contract is ``docs/run-format.md``) and nothing of networks or measures.
"""

from .layout import BLOCK_ITEMS, FORMAT_VERSION
from .manifest import Layer, Manifest
from .run import Run, open_run
from .status import Status, read_status
from .writing import RunWriter, create_run

__all__ = [
    "BLOCK_ITEMS",
    "FORMAT_VERSION",
    "Layer",
    "Manifest",
    "Run",
    "RunWriter",
    "Status",
    "create_run",
    "open_run",
    "read_status",
]
