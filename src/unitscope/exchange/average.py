"""Average the trials of each stimulus into one item."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ..errors import UnitscopeError, near_names
from ..progress import Progress
from ..run import BLOCK_ITEMS
from .contents import Matrix
from .prepare import PreparedImport

COUNT = "trials"


def average(prepared: PreparedImport, column: str, report: Progress) -> PreparedImport:
    """Average the trials of each stimulus.

    Parameters
    ----------
    prepared
        Items that are trials.
    column
        The column of items that names the stimulus.
    report
        Called with the progress.

    Returns
    -------
    PreparedImport
        One item per stimulus, in the order of first appearance; ``trials`` is the number of trials. Columns that
        differ between the trials of a stimulus are removed. The means are kept in memory, as float64.

    Raises
    ------
    UnitscopeError
        If there is no such column, or trials of one stimulus have different labels or predictions.
    """
    items = prepared.items
    if column not in items:
        known = [str(name) for name in items if name not in ("item_id", "uri", "label", "labels")]
        raise UnitscopeError(
            f"the items have no column {column!r} to average over{near_names(column, known)}; they have: "
            f"{', '.join(known) or 'none'}"
        )
    groups, names = pd.factorize(items[column])
    if (groups < 0).any():
        raise UnitscopeError(
            f"the item {items['item_id'].iloc[int((groups < 0).argmax())]} has no {column}; add it or remove the item"
        )
    counts = np.bincount(groups)
    firsts = np.unique(groups, return_index=True)[1]
    label = "labels" if "labels" in items else "label"
    refuse_mixed(items[label].map(tuple) if label == "labels" else items[label], groups, names, "labels", column)
    predictions = prepared.predictions
    if predictions is not None:
        refuse_mixed(predictions["predicted"], groups, names, "predictions", column)
        chance = predictions["probability"].groupby(groups).mean().to_numpy(np.float32)
        predictions = predictions.iloc[firsts].reset_index(drop=True).assign(probability=chance)
    same = [
        name
        for name in items.columns.drop(["item_id", "uri", label])
        if name != COUNT and items[name].groupby(groups).nunique(dropna=False).max() == 1
    ]
    made = items.iloc[firsts][["item_id", "uri", label, *same]].reset_index(drop=True)
    made["item_id"] = [str(name) for name in names]
    made[COUNT] = counts
    matrices = [
        average_matrix(matrix, groups, counts, items["item_id"].tolist(), report) for matrix in prepared.matrices
    ]
    return replace(prepared, matrices=matrices, items=made, predictions=predictions)


def refuse_mixed(values: pd.Series, groups: np.ndarray, names: pd.Index, what: str, column: str) -> None:
    """Raise if trials of one stimulus have different values."""
    mixed = np.flatnonzero(values.groupby(groups).nunique(dropna=False).to_numpy() > 1)
    if len(mixed):
        raise UnitscopeError(
            f"the trials of {column} {names[mixed[0]]!s} have different {what}; average over a column whose trials "
            "have the same"
        )


def average_matrix(matrix: Matrix, groups: np.ndarray, counts: np.ndarray, ids: list[str], report: Progress) -> Matrix:
    """Average one layer, block by block of trials."""
    sums = np.zeros((len(counts), matrix.layer.units))
    for start in range(0, len(groups), BLOCK_ITEMS):
        rows = slice(start, min(start + BLOCK_ITEMS, len(groups)))
        values = matrix.read_checked(rows, ids)
        # One row per stimulus, with a 1 for each of its trials in this block: the product adds them up as float64.
        places = (groups[rows], np.arange(len(values)))
        sums += csr_array((np.ones(len(values)), places), (len(counts), len(values))) @ values.astype(float)
        report(f"averaging {matrix.layer.name}", rows.stop, len(groups))
    means = sums / counts[:, None]
    return replace(matrix, read=means.__getitem__)
