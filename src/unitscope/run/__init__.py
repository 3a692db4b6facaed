"""The run directory: activations of one network for one set of items, and all tables derived from them.

This package implements the format in ``docs/run-format.md``. It does not depend on networks or measures.
"""

from .blocks import ItemBlock, UnitBlock, fitting_blocks, item_blocks, unit_blocks
from .checkpoint import read_checkpoint, write_checkpoint
from .layout import BLOCK_ITEMS, FORMAT_VERSION
from .lookup import find_column
from .manifest import Layer, Manifest
from .run import Run, open_run
from .status import Status, read_status
from .tables import StoredTable
from .writing import RunWriter, create_run

__all__ = [
    "BLOCK_ITEMS",
    "FORMAT_VERSION",
    "ItemBlock",
    "Layer",
    "Manifest",
    "Run",
    "RunWriter",
    "Status",
    "StoredTable",
    "UnitBlock",
    "create_run",
    "find_column",
    "fitting_blocks",
    "item_blocks",
    "open_run",
    "read_checkpoint",
    "read_status",
    "unit_blocks",
    "write_checkpoint",
]
