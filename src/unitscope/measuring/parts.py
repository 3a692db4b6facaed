"""What stands in a run while it is measured: one part for each block of units, until all are there.

The parts of a measurement are in ``tables/.selectivity-DIGEST/``, the digest being that of what was asked for, so that
parts of different measurements never meet. A part is a block's rows of the table (``NNNNNNNN.parquet``, which also
says who made it) and its rows of the class-wise arrays (``NNNNNNNN.npz``). Nobody but the process that gathers the
parts writes into ``classwise.zarr``: blocks of layers whose size is no multiple of 64 share chunks there, and two
processes that write into one chunk lose rows silently. Until then the results of an earlier measurement stay.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError
from ..run import Run, UnitBlock
from ..run.atomic import replacing
from ..run.classwise import create_classwise, digest_of, replace_classwise, write_classwise
from ..run.files import explained, read_parquet, write_json, write_parquet
from ..run.layout import TABLES
from ..run.ledger import this_worker

TABLE = "selectivity"
SETTINGS = "parameters.json"


def parts_of(run: Run, parameters: dict[str, Any]) -> Path:
    """Return where the parts of a measurement stand."""
    return run.directory / TABLES / f".{TABLE}-{digest_of(parameters)}"


def prepare_parts(run: Run, parameters: dict[str, Any], command: str = "") -> Path:
    """Keep the parts of an unfinished measurement with the same parameters; throw away any other.

    What is to be run again if this one is stopped is kept beside them, for ``unitscope status``.
    """
    parts = parts_of(run, parameters)
    for other in (run.directory / TABLES).glob(f".{TABLE}-*"):
        if other != parts:
            shutil.rmtree(other, ignore_errors=True)
    if not (parts / SETTINGS).exists():
        write_json(parts / SETTINGS, parameters | ({"command": command} if command else {}))
    return parts


def is_done(parts: Path, block: UnitBlock) -> bool:
    """Return whether a block has its part, in both files: who removes parts may be stopped between the two."""
    return table_path(parts, block).exists() and rows_path(parts, block).exists()


def table_path(parts: Path, block: UnitBlock) -> Path:
    """Return where a block's rows of the table wait."""
    return parts / f"{block.name}.parquet"


def write_part(run: Run, parts: Path, block: UnitBlock, frame: pd.DataFrame, classwise: dict[str, np.ndarray]) -> None:
    """Write a block's part, the table's rows last: where they are, all of it is."""
    try:
        (parts / SETTINGS).stat()
        with explained(run.directory):
            with replacing(rows_path(parts, block)) as temporary, temporary.open("wb") as file:
                np.savez(file, **classwise)  # type: ignore[arg-type]
            write_parquet(table_path(parts, block), frame, note=json.dumps(this_worker()))
    except FileNotFoundError as error:  # a task may outlive the command that submitted it
        raise UnitscopeError(
            f"this measurement of {run.directory} was finished or given up by another process; "
            f"look with: unitscope status {run.directory}"
        ) from error


def rows_path(parts: Path, block: UnitBlock) -> Path:
    """Return where a block's class-wise rows wait."""
    return parts / f"{block.name}.npz"


def gather_parts(
    run: Run,
    parts: Path,
    blocks: Sequence[UnitBlock],
    classwise: list[Column],
    n_classes: int,
    parameters: dict[str, Any],
) -> pd.DataFrame:
    """Bring the parts together: replace the class-wise arrays of the run, return the whole table."""
    try:
        frame = pd.concat([read_parquet(table_path(parts, block)).to_pandas() for block in blocks], ignore_index=True)
        with explained(run.directory):
            create_classwise(parts, classwise, len(run.units), n_classes, parameters)
            for block in blocks:
                with np.load(rows_path(parts, block)) as rows:
                    write_classwise(parts, block.row, dict(rows))
            replace_classwise(run.directory, parts)
    except FileNotFoundError as error:
        raise UnitscopeError(
            f"the parts in {parts} went away while they were gathered: another process measures {run.directory} too; "
            f"look with: unitscope status {run.directory}"
        ) from error
    return frame
