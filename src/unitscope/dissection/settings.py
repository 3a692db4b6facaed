"""The options of a dissection."""

from dataclasses import dataclass
from typing import Any

from ..data import Concepts
from ..errors import UnitscopeError
from ..models import LoadedModel, check_workers
from ..models.computing import DEVICES
from ..run import Run
from ..specs import check_choice
from .thresholds import FRACTION

DETECTOR = 0.04
"""A unit is a detector of its concept if intersection over union is larger (Bau et al. 2017)."""


@dataclass(frozen=True, eq=False)
class Settings:
    """Which concepts units are compared with, and how; `unitscope.dissect` describes each option.

    Raises
    ------
    UnitscopeError
        If a value is out of range.
    """

    concepts: Concepts
    centred: bool = False
    network: LoadedModel | str | None = None
    trust: bool = False
    device: str = "auto"
    batch_size: int = 32
    workers: int | None = None

    def __post_init__(self) -> None:
        check_choice("device", self.device, DEVICES)
        check_workers(self.workers)
        if self.batch_size < 1:
            raise UnitscopeError(f"the batch size {self.batch_size} is too small; give at least 1")

    def images(self) -> dict[str, Any]:
        """Return what thresholds depend on besides the run: not on labels, so that these can be corrected meanwhile."""
        return {
            "images_fingerprint": self.concepts.items.fingerprint,
            "n_images": len(self.concepts.items),
            "fraction": FRACTION,
        }

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        return {
            "concepts": self.concepts.spec,
            "concept_options": {name: str(value) for name, value in sorted(self.concepts.items.options.items())},
            "concepts_fingerprint": self.concepts.fingerprint,
            **self.images(),
            "n_concepts": len(self.concepts.table),
            "centred": self.centred,
        }
