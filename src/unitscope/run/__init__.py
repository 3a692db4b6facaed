"""The run directory: activations of one network on one set of items, and every table derived from them.

This room knows the written format (its contract is ``docs/run-format.md``) and nothing of networks or measures.
"""

from .checkpoint import read_checkpoint, write_checkpoint
from .layout import BLOCK_ITEMS, FORMAT_VERSION
from .manifest import Layer, Manifest
from .run import Run, open_run
from .status import Status, read_status
from .unit_blocks import UnitBlock, unit_blocks
from .writing import RunWriter, create_run

__all__ = [
    "BLOCK_ITEMS",
    "FORMAT_VERSION",
    "Layer",
    "Manifest",
    "Run",
    "RunWriter",
    "Status",
    "UnitBlock",
    "create_run",
    "open_run",
    "read_checkpoint",
    "read_status",
    "unit_blocks",
    "write_checkpoint",
]
