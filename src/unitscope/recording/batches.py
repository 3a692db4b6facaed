"""Items on their way to the network: loaded and preprocessed by worker processes while the network computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..models import Preprocess
from ..run import Manifest

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Failure:
    """Why an item could not be loaded, carried out of a worker process."""

    reason: str


@dataclass(frozen=True)
class Inputs:
    """The items as a map-style data set of tensors, in the shape that PyTorch's DataLoader wants."""

    data: LabelledItems
    preprocess: Preprocess

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> "torch.Tensor | Failure":
        try:
            return self.preprocess(self.data.load(index))
        except UnitscopeError as error:
            return Failure(str(error))


def batch_slices(manifest: Manifest, blocks: list[int], batch_size: int) -> list[tuple[int, slice]]:
    """Cut blocks into batches that never cross a block's edge, so that resuming repeats the very same batches.

    Examples
    --------
    >>> manifest = Manifest(identity={}, layers=(), n_items=10, block_items=4)
    >>> batch_slices(manifest, [1, 2], 3)
    [(1, slice(4, 7, None)), (1, slice(7, 8, None)), (2, slice(8, 10, None))]
    """
    return [
        (block, slice(start, min(start + batch_size, rows.stop)))
        for block in blocks
        for rows in [manifest.block(block)]
        for start in range(rows.start, rows.stop, batch_size)
    ]


def stack(samples: "list[torch.Tensor | Failure]") -> "torch.Tensor | Failure":
    """Put loaded items together into one batch."""
    import torch

    for sample in samples:
        if isinstance(sample, Failure):
            return sample
    shapes = sorted({tuple(sample.shape) for sample in samples})  # type: ignore[union-attr]
    if len(shapes) > 1:
        return Failure(
            f"items have different shapes after preprocessing ({shapes[0]} and {shapes[-1]}); "
            "bring them to one size with -M resize=... -M crop=..., or -M size=..."
        )
    return torch.stack(samples)  # type: ignore[arg-type]


def load_batches(inputs: Inputs, batches: list[slice], workers: int, pin: bool = False) -> Iterator["torch.Tensor"]:
    """Yield batches in order, loaded ahead by worker processes.

    Raises
    ------
    UnitscopeError
        If an item cannot be loaded, naming its file.
    """
    loader = make_loader(inputs, batches, workers, pin)
    for batch in loader:
        if isinstance(batch, Failure):
            raise UnitscopeError(batch.reason)
        yield batch


def make_loader(inputs: Inputs, batches: list[slice], workers: int, pin: bool) -> Any:
    """Make the DataLoader; items are never shuffled, nor repeated to fill a batch."""
    from torch.utils.data import DataLoader

    return DataLoader(
        inputs,  # type: ignore[arg-type]
        batch_sampler=[list(range(batch.start, batch.stop)) for batch in batches],
        collate_fn=stack,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
    )
