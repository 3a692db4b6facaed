"""A network over items, in batches: loaded by worker processes while the network computes."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..threads import n_cores
from .computing import on_device
from .forward import Replace, Take, capture
from .layers import NetworkLayer
from .load import LoadedModel
from .preprocess import Preprocess, stack_inputs

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Failure:
    """Why an item could not be loaded, as it travels from a worker process."""

    reason: str


@dataclass(frozen=True)
class Inputs:
    """The items as a map-style data set of tensors, as PyTorch's DataLoader expects it."""

    data: LabelledItems
    preprocess: Preprocess

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> "torch.Tensor | Failure":
        try:
            return self.preprocess(self.data.load(index))
        except UnitscopeError as error:
            return Failure(str(error))


def cut_batches(items: Sequence[int], size: int) -> list[Sequence[int]]:
    """Cut item numbers into batches of at most `size`.

    Examples
    --------
    >>> cut_batches(range(10, 15), 3)
    [range(10, 13), range(13, 15)]
    >>> cut_batches([7, 2, 9], 2)
    [[7, 2], [9]]
    """
    return [items[start : start + size] for start in range(0, len(items), size)]


def stack(samples: "list[torch.Tensor | Failure]") -> "torch.Tensor | Failure":
    """Stack loaded items into one batch."""
    for sample in samples:
        if isinstance(sample, Failure):
            return sample
    try:
        return stack_inputs(samples)  # type: ignore[arg-type]
    except UnitscopeError as error:
        return Failure(str(error))


def load_batches(
    inputs: Inputs, batches: Sequence[Sequence[int]], workers: int | None = None, pin: bool = False
) -> Iterator["torch.Tensor"]:
    """Yield batches in order, loaded ahead by worker processes.

    Parameters
    ----------
    inputs
        The items and their preprocessing.
    batches
        The item numbers of each batch.
    workers
        Processes that load items; 0 loads them in this process; default: one per core, at most 8.
    pin
        Load into page-locked memory, from which copies to a GPU are faster.

    Raises
    ------
    UnitscopeError
        If an item cannot be loaded, naming its file.
    """
    for batch in make_loader(inputs, batches, default_workers() if workers is None else workers, pin):
        if isinstance(batch, Failure):
            raise UnitscopeError(batch.reason)
        yield batch


def make_loader(inputs: Inputs, batches: Sequence[Sequence[int]], workers: int, pin: bool) -> Any:
    """Return the DataLoader; it neither shuffles items nor repeats any to fill a batch."""
    from torch.utils.data import DataLoader

    return DataLoader(
        inputs,  # type: ignore[arg-type]
        batch_sampler=[[int(item) for item in batch] for batch in batches],
        collate_fn=stack,
        num_workers=workers,
        pin_memory=pin,
        prefetch_factor=4 if workers else None,
    )


def default_workers() -> int:
    """Return how many processes load items by default: one per available core, at most 8."""
    return min(n_cores(), 8)


def check_workers(workers: int | None) -> None:
    """Raise if a number of processes is negative."""
    if workers is not None and workers < 0:
        raise UnitscopeError(f"{workers} workers can load nothing; give at least 0, which loads items in this process")


@dataclass(frozen=True)
class BatchOutputs:
    """What a network gave for a batch of items.

    Attributes
    ----------
    items
        The numbers of the items.
    taken
        What was taken of each layer, by its name, on the device of the network.
    output
        The network's output; None where the pass ended early.
    """

    items: Sequence[int]
    taken: dict[str, Any]
    output: Any


def run_batches(
    model: LoadedModel,
    data: LabelledItems,
    batches: Sequence[Sequence[int]],
    layers: Sequence[NetworkLayer],
    *,
    take: Take | Mapping[str, Take] | None = None,
    replace: Mapping[str, Replace] | None = None,
    stop: bool = False,
    device: str = "cpu",
    precision: str = "float32",
    workers: int | None = None,
) -> Generator[BatchOutputs, None, None]:
    """Run a network over batches of items, loaded ahead by worker processes; yield what was taken of each.

    Between batches, and afterwards, nothing of it is left on the network: no hooks, no changed modes or settings. Only
    its move to another device lasts until the iterator ends or is closed.

    Parameters
    ----------
    model, data
        The network and the items.
    batches
        The item numbers of each batch; see `cut_batches`.
    layers, take, replace, stop, precision
        See `capture`.
    device
        ``"cpu"`` or ``"cuda"``; see `choose_device`.
    workers
        Processes that load items; default: one per core, at most 8.

    Yields
    ------
    BatchOutputs

    Raises
    ------
    UnitscopeError
        If an item cannot be loaded, a layer was not reached, or what was taken of it is not finite.

    Examples
    --------
    >>> from unitscope.data import load_data
    >>> from unitscope.models import choose_layers, cut_batches, example_batch, list_layers, load_model
    >>> model, data = load_model("demo:"), load_data("demo:", n=8)
    >>> layers = choose_layers(list_layers(model, example_batch(model, data)), "conv5")
    >>> for batch in run_batches(model, data, cut_batches(range(8), 4), layers, take=lambda maps: maps, workers=0):
    ...     print(batch.items, *batch.taken["conv5"].shape)
    range(0, 4) 4 64 8 8
    range(4, 8) 4 64 8 8
    """
    loaded = load_batches(Inputs(data, model.preprocess), batches, workers, pin=device == "cuda")
    names = data.items["item_id"].to_numpy()
    with on_device(model.module, device):
        for items, batch in zip(batches, loaded, strict=True):
            with capture(model.module, layers, take=take, replace=replace, stop=stop, precision=precision) as network:
                output = network(batch.to(device, non_blocking=True))
            check_taken(network.taken, network.take, names[list(items)])
            yield BatchOutputs(items, network.taken, output)


def check_taken(taken: Mapping[str, Any], layers: Iterable[str], item_ids: np.ndarray) -> None:
    """Refuse layers that were not reached, and values that are not finite.

    Raises
    ------
    UnitscopeError
        Naming the layer, the unit and the item.
    """
    for name in layers:
        if name not in taken:
            raise UnitscopeError(
                f"layer {name} was not reached in the forward pass for item {item_ids[0]}; "
                "choose layers that every item passes through"
            )
        for value in taken[name] if isinstance(taken[name], tuple) else (taken[name],):
            if value.sum().isfinite():  # in one pass; a sum of large finite values is looked at more closely below
                continue
            faults = (~value.isfinite()).nonzero()
            if len(faults):
                place = tuple(faults[0].tolist())
                unit = f", unit {place[1]}" if len(place) > 1 else ""
                raise UnitscopeError(
                    f"layer {name}{unit} gave {value[place].item()} for item {item_ids[place[0]]}; "
                    "check the preprocessing (-M mean, std) and the weights, or leave the layer out"
                )
