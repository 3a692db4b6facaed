"""The options of an ablation, and the order in which items are passed."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..data import LabelledItems
from ..errors import UnitscopeError, near_names
from ..models import LoadedModel, NetworkLayer, check_workers, choose_layers
from ..models.computing import DEVICES
from ..run import ItemBlock, Run
from ..run.lookup import check_predicted
from ..specs import check_choice
from .orders import digest_of, orders_of

VALUES = ("zero", "mean", "resample")
"""What a silenced unit may give."""

SEED = 1803_06959
"""Random seed of the order of the items."""

MOST_ORDERS = 100
"""Largest number of random orders."""

MEAN_ITEMS = 512
"""Largest number of items, drawn at random, over which a unit's mean is taken."""

LARGEST_BLOCK, SMALLEST_BLOCK, FEWEST_BLOCKS = 256, 32, 16
"""Numbers of items in a block, and the number of blocks that is made as long as they are not smaller."""


@dataclass(frozen=True, eq=False)
class Settings:
    """Which units are silenced, and how; `unitscope.ablate` describes each option.

    Raises
    ------
    UnitscopeError
        If a value is out of range.
    """

    layers: str | None = None
    value: str = "zero"
    network: LoadedModel | str | None = None
    data: LabelledItems | str | None = None
    trust: bool = False
    device: str = "auto"
    batch_size: int = 64
    workers: int | None = None
    orders: int = 0

    def __post_init__(self) -> None:
        check_choice("value", self.value, VALUES)
        check_choice("device", self.device, DEVICES)
        check_workers(self.workers)
        if self.batch_size < 2:
            raise UnitscopeError(f"the batch size {self.batch_size} is too small; give at least 2")
        if not 0 <= self.orders <= MOST_ORDERS:
            raise UnitscopeError(f"{self.orders} random orders are out of range; give 0 to {MOST_ORDERS}")

    def parameters(self, run: Run) -> dict[str, Any]:
        """Return what the result depends on besides the run."""
        names = [run.layers[number].name for number in self.chosen(run)]
        # Where units take their values from another item of the batch, batches matter.
        batches = {"batch_size": self.batch_size} if self.value == "resample" else {}
        ordered = (
            {"orders": self.orders, "orders_sha256": digest_of(orders_of(run, self.orders))} if self.orders else {}
        )
        return {
            "layers": names,
            "value": self.value,
            "items": "all",
            "n_items": run.manifest.n_items,
            **batches,
            **ordered,
        }

    def chosen(self, run: Run) -> list[int]:
        """Return the numbers of the layers whose units are silenced, in the run's order."""
        if self.layers is None:
            return [*range(len(run.layers))]
        layers = [NetworkLayer(layer.name, "", units=layer.units) for layer in run.layers]
        names = [layer.name for layer in layers]
        for pattern in filter(None, (part.strip() for part in self.layers.split(","))):
            try:
                choose_layers(layers, pattern)
            except UnitscopeError as error:
                raise UnitscopeError(
                    f"no layer of {run.directory} matches {pattern!r}{near_names(pattern, names)}; it has: "
                    f"{', '.join(names)}"
                ) from error
        found = {layer.name for layer in choose_layers(layers, self.layers)}
        return [number for number, name in enumerate(names) if name in found]


def check_run(run: Run) -> None:
    """Refuse a run whose items have several classes or no predictions, or that has a single item.

    Raises
    ------
    UnitscopeError
        With what to do.
    """
    check_predicted(run, "accuracy", "it has no accuracy to lose")
    if run.manifest.n_items < 2:
        raise UnitscopeError(f"the run {run.directory} has a single item; ablation needs at least 2")


def pass_order(n: int) -> np.ndarray:
    """Return the numbers of n items in the order in which they are passed, ``(n,)``: neighbours have no class alike."""
    return np.random.default_rng(SEED).permutation(n)


def blocks_of(n: int) -> list[ItemBlock]:
    """Return blocks of places in an order of n items; the last has up to one and a half times as many as the others.

    Examples
    --------
    >>> blocks_of(70), len(blocks_of(10_000))
    ([ItemBlock(first=0, last=32), ItemBlock(first=32, last=70)], 39)
    """
    size = max(SMALLEST_BLOCK, min(LARGEST_BLOCK, n // FEWEST_BLOCKS))
    starts = [*range(0, max(n - size // 2, 1), size), n]
    return [ItemBlock(first, last) for first, last in pairwise(starts)]


def batches_of(block: ItemBlock, size: int) -> list[range]:
    """Cut a block into batches of equal size, of at least `size` items and less than twice as many, or all there are.

    Examples
    --------
    >>> batches_of(ItemBlock(10, 17), 3)
    [range(10, 14), range(14, 17)]
    """
    cuts = np.array_split(np.arange(block.first, block.last), max(1, block.size // size))
    return [range(int(cut[0]), int(cut[-1]) + 1) for cut in cuts]
