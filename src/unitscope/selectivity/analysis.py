"""Selectivity as an analysis of a run: its blocks of units, its table and its arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Result, put_together
from ..analysis.analysis import StoredPart
from ..columns import Array, Column
from ..run import Run, UnitBlock, fitting_blocks, unit_blocks
from .settings import Settings
from .worker import SelectivityWorker

SELECTIVITY = "selectivity"
"""Name of the table of measures. The paper's own figures and claims are about its columns."""


@dataclass(frozen=True)
class Selectivity:
    """Every measure of every unit.

    Attributes
    ----------
    settings
        The options.
    """

    settings: Settings
    table: str = SELECTIVITY
    doing: str = "measuring"

    def columns(self, run: Run) -> list[Column]:
        """Return what the columns of the table mean."""
        return list(self.settings.columns.values())

    def arrays(self, run: Run) -> list[Array]:
        """Return what the class-wise arrays mean."""
        return [Array(column) for column in self.settings.classwise.values()]

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return self.settings.parameters(int(run.choose_items(self.settings.items).sum()))

    def blocks(self, run: Run) -> list[UnitBlock]:
        """Return blocks of units that follow the chunks of the stored arrays, or the run's histograms.

        If the units of a chunk would not fit into memory, a block is a part of a chunk.
        """
        if run.manifest.histograms is not None:
            return list(unit_blocks(run.layers))
        return list(fitting_blocks(run.manifest))

    def open(self, run: Run, threads: int | None) -> SelectivityWorker:
        """Return the worker that measures blocks in this process."""
        return SelectivityWorker(run, self.settings, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return the table of all blocks; adjusted p-values follow from all units of a layer."""
        result = put_together(parts, {"class": [*run.classes["class"].astype(str), *self.settings.class_sets]})
        return replace(result, frame=with_q(result.frame)[list(self.settings.columns)])


def with_q(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ``NAME_q`` for each ``NAME_p``, adjusted by Benjamini and Hochberg over each layer's units.

    Examples
    --------
    >>> with_q(pd.DataFrame({"layer": ["a", "a", "b"], "auc_p": [0.01, 0.04, 0.04]}))["auc_q"].tolist()
    [0.02, 0.04, 0.04]
    """
    added = {
        name.removesuffix("_p") + "_q": frame.groupby("layer", sort=False)[name].transform(adjust)
        for name in map(str, frame)
        if name.endswith("_p")
    }
    return frame.assign(**added)


def adjust(p: pd.Series) -> np.ndarray:
    """Return the adjusted p-values of one layer; units without a p-value are left out."""
    from scipy.stats import false_discovery_control  # takes a second to import, and is rarely needed

    q = np.full(len(p), np.nan)
    known = p.notna().to_numpy()
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q
