"""The options of a recording."""

from dataclasses import dataclass

from ..errors import UnitscopeError
from ..measures import BINS_PER_OCTAVE
from ..models import check_reduction, check_workers
from ..models.computing import DEVICES, PRECISIONS
from ..run import BLOCK_ITEMS
from ..specs import check_choice


@dataclass(frozen=True)
class RecordingSettings:
    """What of a network is recorded, and how; `unitscope.record` describes each option.

    Raises
    ------
    UnitscopeError
        If a value is out of range, or options exclude each other.

    Examples
    --------
    >>> RecordingSettings(layers="fc6").batch_size
    64
    >>> RecordingSettings(layers="fc6", items="all")
    Traceback (most recent call last):
    ...
    unitscope.errors.UnitscopeError: --bins-per-octave, --items and --memory are about histograms; give them with ...
    """

    layers: str
    reduction: str = "max"
    batch_size: int = 64
    device: str = "auto"
    precision: str = "float32"
    dtype: str = "float32"
    predictions: bool = True
    label_map: str | None = None
    skip_unreadable: bool = False
    workers: int | None = None
    block_items: int = BLOCK_ITEMS
    store: bool = True
    bins_per_octave: int | None = None
    items: str | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        check_reduction(self.reduction)
        check_choice("device", self.device, DEVICES)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("dtype", self.dtype, ("float32", "float16"))
        check_workers(self.workers)
        if self.batch_size < 1:
            raise UnitscopeError(f"the batch size {self.batch_size} is too small; give at least 1")
        if self.store:
            self._check_no_histograms()
        else:
            self._check_histograms()

    def _check_no_histograms(self) -> None:
        if (self.bins_per_octave, self.items, self.memory) != (None, None, None):
            raise UnitscopeError(
                "--bins-per-octave, --items and --memory are about histograms; give them with --no-store, or leave "
                "them out"
            )

    def _check_histograms(self) -> None:
        if self.items not in (None, "correct", "all"):
            raise UnitscopeError(f"items must be 'correct' or 'all', not {self.items!r}")
        if self.items == "correct" and not self.predictions:
            raise UnitscopeError("without predictions no item is known to be correct; count all items (--items all)")
        if self.bins_per_octave not in (None, *BINS_PER_OCTAVE):
            raise UnitscopeError(f"--bins-per-octave {self.bins_per_octave} is not offered; choose one of 128, 32 or 8")
        if self.dtype != "float32":
            raise UnitscopeError(
                "--dtype says how activations are stored; leave it out where they are not (--no-store)"
            )
