"""The options of a localization, and the runs that it can be of."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..models import LoadedModel, check_workers
from ..models.computing import DEVICES
from ..run import ItemBlock, Run
from ..run.lookup import check_predicted
from ..specs import check_choice
from .true_boxes import TrueBoxes

LARGEST_BLOCK, FEWEST_BLOCKS = 512, 16
"""Largest number of items in a block; smaller blocks are made where there would be fewer blocks."""

SHARE = 0.2
"""The box of a map is around what is above this share of its maximum (Zhou et al. 2016)."""

GUESSES = 5
"""Number of classes with the highest scores whose boxes count as guesses, as in ILSVRC."""


@dataclass(frozen=True, eq=False)
class Settings:
    """What class maps are made of and compared with; `unitscope.localize` describes each option.

    Raises
    ------
    UnitscopeError
        If a value is out of range.
    """

    true_boxes: TrueBoxes | None = None
    maps: int = 0
    layer: str | None = None
    centred: bool = False
    network: LoadedModel | str | None = None
    data: LabelledItems | str | None = None
    trust: bool = False
    device: str = "auto"
    batch_size: int = 32
    workers: int | None = None

    def __post_init__(self) -> None:
        check_choice("device", self.device, DEVICES)
        check_workers(self.workers)
        if self.batch_size < 1:
            raise UnitscopeError(f"the batch size {self.batch_size} is too small; give at least 1")
        if self.maps < 0:
            raise UnitscopeError(f"{self.maps} maps cannot be written; give 0 or more")

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run and the head of the network."""
        of = self.true_boxes
        return {
            "items": "all",
            "n_items": run.manifest.n_items,
            "true_boxes": of.source if of else "",
            "true_boxes_sha256": of.sha256 if of else "",
            "maps": self.maps,
            "share": SHARE,
            "centred": self.centred,
        }


def check_run(run: Run) -> None:
    """Refuse a run whose items have several classes or no predictions.

    Raises
    ------
    UnitscopeError
        With what to do.
    """
    check_predicted(run, "localization", "it is not known which class score belongs to which class")


def class_outputs(run: Run) -> np.ndarray:
    """Return the number of the network's score that belongs to each class of a run, ``(classes,)``."""
    outputs = run.manifest.identity["predictions"]["class_outputs"]
    return np.arange(len(run.classes)) if outputs == "by order" else np.array(outputs)


def blocks_of(n: int) -> list[ItemBlock]:
    """Return blocks of n items.

    Examples
    --------
    >>> blocks_of(3), len(blocks_of(400)), len(blocks_of(10_000))
    ([ItemBlock(first=0, last=1), ItemBlock(first=1, last=2), ItemBlock(first=2, last=3)], 16, 20)
    """
    size = max(1, min(LARGEST_BLOCK, n // FEWEST_BLOCKS))
    return [ItemBlock(first, min(first + size, n)) for first in range(0, n, size)]


def shown_items(n: int, count: int) -> list[int]:
    """Return the numbers of the items whose maps are written: evenly spaced, at the middle of equal stretches.

    Examples
    --------
    >>> shown_items(100, 4), shown_items(2, 5)
    ([12, 37, 62, 87], [0, 1])
    """
    count = min(n, count)
    return [(2 * place + 1) * n // (2 * count) for place in range(count)]
