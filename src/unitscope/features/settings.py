"""The options of an analysis of features."""

from dataclasses import dataclass
from typing import Any

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..models import LoadedModel, check_workers
from ..models.computing import DEVICES
from ..run import Run
from ..specs import check_choice
from .opponent import GREYS

MOST = 1000
"""Largest number of top items."""


@dataclass(frozen=True, eq=False)
class Settings:
    """Which items features are made from, and how; `unitscope.find_features` describes each option.

    Raises
    ------
    UnitscopeError
        If a value is out of range.
    """

    items: str | None = None
    count: int = 100
    grey: str = "pca"
    network: LoadedModel | str | None = None
    data: LabelledItems | str | None = None
    trust: bool = False
    device: str = "auto"
    batch_size: int = 32
    workers: int | None = None
    turned: int = 0

    def __post_init__(self) -> None:
        check_choice("grey", self.grey, GREYS)
        check_choice("device", self.device, DEVICES)
        check_workers(self.workers)
        if not 1 <= self.count <= MOST:
            raise UnitscopeError(f"{self.count} top items are out of range; give 1 to {MOST:,}")
        if not 0 <= self.turned <= self.count:
            raise UnitscopeError(f"{self.turned} turned items are out of range; give 0 to {self.count}, the top items")
        if self.batch_size < 1:
            raise UnitscopeError(f"the batch size {self.batch_size} is too small; give at least 1")

    def parameters(self, run: Run, n_items: int) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return {
            "items": self.items or run.default_items,
            "n_items": n_items,
            "count": self.count,
            "grey": self.grey,
            "turned": self.turned,
        }
