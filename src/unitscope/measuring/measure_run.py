"""Measure every unit of a run, block of units by block of units, resumable."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeWarning
from ..measures import CLASSWISE, COLUMNS, class_names, measure_block
from ..run import Run
from ..run.classwise import create_classwise, write_classwise
from ..run.files import explained, read_json, read_parquet, write_json, write_parquet
from ..run.layout import CHUNK_UNITS, TABLES

TABLE = "selectivity"


@dataclass(frozen=True)
class UnitBlock:
    """Some 64 units of one layer: what is read, measured and written together.

    Attributes
    ----------
    layer
        The layer's name.
    first, last
        The units ``first`` to ``last - 1`` of the layer.
    row
        Place of the first unit in the run's list of units.
    """

    layer: str
    first: int
    last: int
    row: int

    @property
    def file(self) -> str:
        """Name of the file that holds the block's part of the table until all are done."""
        return f"{self.row:08d}.parquet"


def measure_run(
    run: Run,
    *,
    items: str | None = None,
    threads: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> pd.DataFrame:
    """Measure how selective every unit of a run is, with every measure.

    Writes ``tables/selectivity.parquet`` and the class-wise arrays. The same call goes on with an unfinished
    measurement; a finished one is made anew.

    Parameters
    ----------
    run
        An open run.
    items
        ``"correct"`` or ``"all"``; see `Run.choose_items`.
    threads
        Threads to use; default: one per core.
    progress
        Called as the work goes on, with units done and units in all.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("selectivity")`` says what the columns mean.

    Raises
    ------
    UnitscopeError
        If no items are left, or values are not finite.
    """
    report = progress or (lambda doing, done, total: None)
    keep = run.choose_items(items)
    parameters = {
        "items": items or ("correct" if run.manifest.predictions else "all"),
        "n_items": int(keep.sum()),
    }
    parts = run.directory / TABLES / f".{TABLE}"
    with explained(run.directory):
        prepare_parts(run, parts, parameters)
    blocks = list(unit_blocks(run))
    todo = [block for block in blocks if not (parts / block.file).exists()]
    labels = np.ascontiguousarray(run.labels[keep])
    done = sum(block.last - block.first for block in blocks if block not in todo)
    report("measuring", done, len(run.units))
    # The next block is read and decoded while this one is measured.
    with ThreadPoolExecutor(1) as reader:
        pending = [reader.submit(read_block, run, block, keep) for block in todo[:1]]
        for place, block in enumerate(todo):
            values = pending.pop().result()
            pending = [reader.submit(read_block, run, after, keep) for after in todo[place + 1 : place + 2]]
            frame, classwise = measure_units(run, block, values, labels, threads)
            with explained(run.directory):
                write_classwise(run.directory, block.row, classwise)
                write_parquet(parts / block.file, frame)
            done += block.last - block.first
            report("measuring", done, len(run.units))
    frame = pd.concat([read_parquet(parts / block.file).to_pandas() for block in blocks], ignore_index=True)
    run.add_table(TABLE, frame, COLUMNS.values(), parameters)
    shutil.rmtree(parts)
    warn_of_negatives(frame)
    return frame


def unit_blocks(run: Run) -> Iterator[UnitBlock]:
    """Cut the run's units into blocks that follow the chunks of the stored arrays."""
    row = 0
    for layer in run.layers:
        for first in range(0, layer.units, CHUNK_UNITS):
            last = min(first + CHUNK_UNITS, layer.units)
            yield UnitBlock(layer.name, first, last, row)
            row += last - first


def read_block(run: Run, block: UnitBlock, keep: np.ndarray) -> np.ndarray:
    """Read a block's activations to the chosen items, ``(units, items)``."""
    values = run.activations(block.layer, block.first, block.last)
    return values if keep.all() else np.ascontiguousarray(values[:, keep])


def measure_units(
    run: Run, block: UnitBlock, values: np.ndarray, labels: np.ndarray, threads: int | None
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Measure a block of units; return its rows of the table and of the class-wise arrays."""
    units = run.units.iloc[block.row : block.row + len(values)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitscopeWarning)  # said once, at the end
        result = measure_block(values, labels, len(run.classes), units=units["unit"].tolist(), threads=threads)
    names = run.classes["class"].to_numpy(object)
    columns: dict[str, Any] = {}
    for name, column in COLUMNS.items():
        if name in units:
            columns[name] = units[name].to_numpy()
        elif column.kind == "class":
            columns[name] = class_names(result.columns[name], names)
        else:
            columns[name] = result.columns[name]
    return pd.DataFrame(columns), result.classwise


def prepare_parts(run: Run, parts: Path, parameters: dict[str, Any]) -> None:
    """Keep the parts of an unfinished measurement with the same parameters; throw away any other."""
    settings = parts / "parameters.json"
    if settings.exists() and read_json(settings) == parameters:
        return
    shutil.rmtree(parts, ignore_errors=True)
    create_classwise(run.directory, list(CLASSWISE.values()), len(run.units), len(run.classes))
    write_json(settings, parameters)


def warn_of_negatives(frame: pd.DataFrame) -> None:
    """Name the layers in which ratio measures are undefined because activations are negative."""
    negative = frame["undefined"].str.startswith("negative")
    if negative.any():
        layers = ", ".join(frame.loc[negative, "layer"].unique())
        warnings.warn(
            f"{negative.sum()} units of {layers} have negative activations: CCMAS, class selectivity and lifetime "
            "sparseness are undefined for them",
            UnitscopeWarning,
            stacklevel=2,
        )
