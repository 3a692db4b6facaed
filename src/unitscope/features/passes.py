"""Passes of top items through the network, and what is taken of them: positions, activations there."""

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..models import LoadedModel, NetworkLayer, capture
from ..models.batches import check_taken
from .pairs import Pairs

if TYPE_CHECKING:
    import torch


class Seen(NamedTuple):
    """What a pass gives for the pairs of a layer.

    Attributes
    ----------
    places
        ``(pairs,)`` position of the maximum in the unit's map, counted row by row.
    there
        ``(pairs,)`` the unit's activation there.
    reduced
        ``(pairs,)`` the number that a recording makes of the map.
    rows
        ``(rows, units)`` activation of all units of the layer at each position of an item that is some pair's place.
    row_of
        ``(pairs,)`` which of the rows is that of the pair's place.
    """

    places: np.ndarray
    there: np.ndarray
    reduced: np.ndarray
    rows: np.ndarray
    row_of: np.ndarray


class Passes:
    """Passes batches through the network.

    Parameters
    ----------
    network
        The network, on the device.
    layers
        The run's layers.
    reductions
        How each layer's map is reduced to one number.
    item_ids
        Names of the items, for messages.
    device, precision
        Where and how exactly to compute; see `unitscope.models.capture`.
    """

    def __init__(
        self,
        network: LoadedModel,
        layers: Sequence[NetworkLayer],
        reductions: Sequence[str],
        item_ids: np.ndarray,
        device: str,
        precision: str,
    ):
        self.network, self.layers = network, layers
        self.reductions, self.item_ids = reductions, item_ids
        self.device, self.precision = device, precision

    def look(self, batch: "torch.Tensor", items: np.ndarray, pairs: Mapping[int, Pairs]) -> dict[int, Seen]:
        """Return where each pair's unit is most active, and what it and all units of its layer give there.

        Parameters
        ----------
        batch
            The network's input.
        items
            Numbers of the items in it.
        pairs
            The pairs of each layer, by its number.
        """
        looks = {number: functools.partial(self._find_maximum, number) for number in pairs}
        return {number: Seen(*taken) for number, taken in self._run(batch, items, pairs, looks).items()}

    def respond(
        self, batch: "torch.Tensor", items: np.ndarray, pairs: Mapping[int, Pairs], places: Mapping[int, np.ndarray]
    ) -> dict[int, np.ndarray]:
        """Return the activation of each pair's unit at a place, ``(pairs,)``, by the number of the layer."""
        looks = {number: functools.partial(at_places, places=self._tensor(places[number])) for number in pairs}
        return self._run(batch, items, pairs, looks)

    def _run(self, batch: Any, items: np.ndarray, pairs: Mapping[int, Pairs], looks: Mapping[int, Any]) -> Any:
        """Run the network; return what each layer's function takes, as arrays, by the number of the layer."""
        take = {
            self.layers[number].name: functools.partial(
                look, images=self._tensor(pairs[number].images), units=self._tensor(pairs[number].units)
            )
            for number, look in looks.items()
        }
        layers = [self.layers[number] for number in looks]
        with capture(self.network.module, layers, take=take, stop=True, precision=self.precision) as network:
            network(batch.to(self.device, non_blocking=True))
        check_taken(network.taken, network.take, self.item_ids[items])
        return {number: as_arrays(network.taken[self.layers[number].name]) for number in looks}

    def _find_maximum(
        self, number: int, maps: "torch.Tensor", images: "torch.Tensor", units: "torch.Tensor"
    ) -> "tuple[torch.Tensor, ...]":
        """Return what `Seen` holds."""
        import torch

        flat = as_lines(maps)
        chosen = flat[images, units].float()
        if self.reductions[number] == "centre":
            middle = int(np.ravel_multi_index([size // 2 for size in maps.shape[2:]], tuple(maps.shape[2:])))
            places = torch.full_like(units, middle)
        else:
            places = chosen.argmax(1)
        there = chosen.gather(1, places.unsqueeze(1)).squeeze(1)
        reduced = chosen.mean(1) if self.reductions[number] == "mean" else there
        seen, row_of = torch.unique(images * flat.shape[2] + places, return_inverse=True)
        rows = flat[seen // flat.shape[2], :, seen % flat.shape[2]].float()
        return places, there, reduced, rows, row_of

    def _tensor(self, values: np.ndarray) -> "torch.Tensor":
        """Return an array on the device."""
        import torch

        return torch.as_tensor(np.ascontiguousarray(values), device=self.device)


def at_places(
    maps: "torch.Tensor", images: "torch.Tensor", units: "torch.Tensor", places: "torch.Tensor"
) -> "torch.Tensor":
    """Return the activation of each pair's unit at a place."""
    return as_lines(maps)[images, units, places].float()


def as_lines(maps: "torch.Tensor") -> "torch.Tensor":
    """Return maps with all positions along one axis, ``(items, units, positions)``; dense layers have one position."""
    return maps.flatten(2) if maps.ndim > 2 else maps.unsqueeze(2)


def as_arrays(taken: Any) -> Any:
    """Return a tensor, or a tuple of tensors, as arrays."""
    return tuple(part.cpu().numpy() for part in taken) if isinstance(taken, tuple) else taken.cpu().numpy()
