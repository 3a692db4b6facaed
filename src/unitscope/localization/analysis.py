"""Localization as an analysis of a run: items are passed, and sums become the table, the summary and the boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Result
from ..analysis.analysis import StoredPart
from ..columns import Array, Column
from ..run import ItemBlock, Layer, Run
from ..run.arrays import Rows
from .boxes import Centres
from .describe import BOX, COLUMNS, SIDES, SUMMARY, UNIT_EVIDENCE
from .evidence import class_evidence, evidence_table, held_out_evidence
from .head import Head
from .settings import Settings, blocks_of, class_outputs
from .summary import LOCALIZATION, NAMES, summarize
from .sums import Sums
from .worker import LocalizationWorker


@dataclass(frozen=True, eq=False)
class LocalizationAnalysis:
    """Where class maps see the classes of items, and how much of it each unit carries.

    Attributes
    ----------
    settings
        The options.
    head
        How the network ends.
    centres
        Where the cells of maps lie; ``None`` if maps are stretched over the input.
    """

    settings: Settings
    head: Head
    centres: Centres | None = None
    table: str = LOCALIZATION
    doing: str = "localizing"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return what the columns of the table mean."""
        return COLUMNS

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return what the arrays mean."""
        return (UNIT_EVIDENCE, SUMMARY, BOX)

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return {**self.settings.parameters(run), "method": self.head.method, "layer": self.head.layer.name}

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return blocks of items."""
        return blocks_of(run.manifest.n_items)

    def open(self, run: Run, threads: int | None) -> LocalizationWorker:
        """Return the worker that passes items through the network in this process."""
        return LocalizationWorker(run, self.settings, self.head, self.centres, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return the table of all sums."""
        stored = (Sums.from_arrays(part.read_arrays()) for part in parts)
        sums = next(stored)
        for more in stored:
            sums.add(more)
        frames = [self._rows(run, layer, sums) for layer in run.layers]
        frame = pd.concat(frames, ignore_index=True)[[column.name for column in COLUMNS]]
        labels = {"class": [*run.classes["class"].astype(str)], "quantity": NAMES, "side": SIDES}
        return Result(frame, self._arrays(run, sums), labels)

    def _rows(self, run: Run, layer: Layer, sums: Sums) -> pd.DataFrame:
        """Return the rows of the table for the units of a layer."""
        if layer.name != self.head.layer.name or self.head.linear is None:
            return empty_rows(layer, self._why_not(run))
        found = evidence_table(self.head, sums.halves[0].plus(sums.halves[1]))
        names = {int(output): name for output, name in zip(class_outputs(run), run.classes["class"], strict=True)}
        return found.assign(
            layer=layer.name,
            evidence_class=found["evidence_class"].map(names),
            evidence_held_out=held_out_evidence(self.head, sums.halves),
            undefined=np.where(found["evidence"].isna(), "it adds nothing to any score", ""),
        )

    def _why_not(self, run: Run) -> str:
        """Return why units have no evidence."""
        if self.head.linear is None:
            return "class scores are not sums over units, so that class maps are made by Grad-CAM"
        return f"evidence is of the units of {self.head.layer.name}, whose maps the network averages"

    def _arrays(self, run: Run, sums: Sums) -> Iterator[Rows]:
        """Yield the rows of the arrays."""
        row = 0
        for layer in run.layers:
            if self.head.linear is not None and layer.name == self.head.layer.name:
                both = sums.halves[0].plus(sums.halves[1])
                yield row, {"evidence": class_evidence(self.head, both)[:, class_outputs(run)]}
            row += layer.units
        yield 0, {"summary": np.array([*summarize(sums).values()])}
        yield 0, {"box": sums.boxes}


def empty_rows(layer: Layer, reason: str) -> pd.DataFrame:
    """Return the rows of the table for the units of a layer without evidence."""
    units = [f"{layer.name}:{unit}" for unit in range(layer.units)]
    known = {"unit": units, "layer": layer.name, "evidence_class": None, "undefined": reason}
    return pd.DataFrame({column.name: known.get(column.name, np.nan) for column in COLUMNS})
