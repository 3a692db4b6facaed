"""Features as an analysis of a run: its blocks of items, its table, its arrays and its images."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import Result
from ..analysis.analysis import StoredPart
from ..columns import Array, Column
from ..errors import UnitscopeWarning
from ..models.receptive_fields import about_unknown
from ..run import ItemBlock, Run
from ..run.arrays import Rows
from .crops import SIDE
from .describe import ARRAYS, COLUMNS
from .opponent import HUES
from .pictures import layer_images
from .settings import Settings
from .sums import Sums, add_up
from .table import ClassNames, Features, features_of, layer_frame
from .top import Top
from .turns import ANGLES, AXES, orientation_curve, symmetry_curve
from .worker import FeaturesWorker

FEATURES = "features"
"""Name of the table."""

BLOCK_ITEMS = 256
"""Largest number of top items in a block."""

FEWEST_BLOCKS = 16
"""Smaller blocks are made where there would be fewer, so that a short analysis that was stopped goes on, too."""


@dataclass(frozen=True, eq=False)
class FeatureAnalysis:
    """What the top items of every unit show.

    Attributes
    ----------
    settings
        The options.
    top
        The top items of every unit.
    """

    settings: Settings
    top: Top
    table: str = FEATURES
    doing: str = "showing top items"

    def columns(self, run: Run) -> Sequence[Column]:
        """Return what the columns of the table mean."""
        return COLUMNS

    def arrays(self, run: Run) -> Sequence[Array]:
        """Return what the arrays mean."""
        return ARRAYS

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return self.settings.parameters(run, self.top.n_items)

    def blocks(self, run: Run) -> list[ItemBlock]:
        """Return blocks of items, each with as many top items."""
        union = self.top.union
        size = min(BLOCK_ITEMS, -(-len(union) // FEWEST_BLOCKS)) or 1
        ends = [*union[size::size].tolist(), run.manifest.n_items]
        return [ItemBlock(first, last) for first, last in zip([0, *ends[:-1]], ends, strict=True)]

    def open(self, run: Run, threads: int | None) -> FeaturesWorker:
        """Return the worker that shows items to the network in this process."""
        return FeaturesWorker(run, self.settings, self.top, threads)

    def gather(self, run: Run, parts: Sequence[StoredPart]) -> Result:
        """Return the table of all sums."""
        sums = add_up(part.read_arrays() for part in parts)
        if sums.unknown:
            warnings.warn(about_unknown(sums.unknown), UnitscopeWarning, stacklevel=4)
        gathered = Gathered(run, self.top, sums)
        longest = max(layer.units for layer in run.layers)
        axes = {"row": SIDE, "column": SIDE, "rank": self.settings.count, "other": longest}
        labels = {axis: [str(place) for place in range(length)] for axis, length in axes.items()}
        labels |= {
            "colour": ["red", "green", "blue"],
            "axis": ["row", "column"],
            "side": ["top", "left", "bottom", "right"],
            "version": ["colour", "grey"],
            "angle": [*map(str, ANGLES)],
            "mirror": [*map(str, AXES)],
            "hue": [str(360 // HUES * place) for place in range(HUES)],
        }
        return Result(gathered.frame(), gathered.rows(), labels, gathered.images())


class Gathered:
    """The rows of the table, of its arrays and its images, one layer after the other.

    Parameters
    ----------
    run, top, sums
        The run, the top items and the sums over all of them.
    """

    def __init__(self, run: Run, top: Top, sums: Sums):
        self.run, self.top, self.sums = run, top, sums
        self.first_rows = np.cumsum([0, *(layer.units for layer in run.layers)]).tolist()

    def _top(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the top items of a layer's units, and their activations."""
        rows = slice(self.first_rows[number], self.first_rows[number + 1])
        return self.top.items[rows], self.top.activations[rows]

    def _features(self, number: int) -> Features:
        """Return the features of a layer; made anew by each call, since those of all layers would take much memory."""
        return features_of(self.sums.layers[number], self._top(number)[1])

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        names = ClassNames.of(self.run)
        frames = [
            layer_frame(names, layer, sums, *self._top(number), self._features(number))
            for number, (layer, sums) in enumerate(zip(self.run.layers, self.sums.layers, strict=True))
        ]
        return pd.concat(frames, ignore_index=True)

    def images(self) -> Iterator[tuple[str, bytes]]:
        """Yield the images of every layer."""
        for number, layer in enumerate(self.run.layers):
            yield from layer_images(layer, self._features(number))

    def rows(self) -> Iterator[Rows]:
        """Yield the rows of the arrays."""
        yield 0, {"hues": self.sums.hues}
        longest = max(layer.units for layer in self.run.layers)
        for number, sums in enumerate(self.sums.layers):
            items, _ = self._top(number)
            found = self._features(number)
            as_is = sums.responses[:, : sums.turned.shape[1], 0]
            yield (
                self.first_rows[number],
                {
                    "neuron_feature": widened(found.images, (len(items), SIDE, SIDE, 3)),
                    "coverage": widened(found.coverage, (len(items), SIDE, SIDE)),
                    "top_item": items,
                    "top_position": sums.positions,
                    "top_box": sums.boxes,
                    "response": sums.responses,
                    "orientation": orientation_curve(as_is, sums.turned),
                    "symmetry": symmetry_curve(as_is, sums.turned),
                    "similarity": widened(found.similarity, (len(items), longest)),
                },
            )


def widened(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of a larger shape, NaN beyond the values.

    Examples
    --------
    >>> widened(np.ones((1, 2), np.float32), (1, 3))
    array([[ 1.,  1., nan]], dtype=float32)
    """
    wide = np.full(shape, np.nan, values.dtype)
    wide[tuple(slice(size) for size in values.shape)] = values
    return wide
