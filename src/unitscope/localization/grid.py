"""Which layers give maps of the image: channels on rows and columns, or tokens that stand for patches."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..models import NetworkLayer
from ..models.layers import watch_calls

if TYPE_CHECKING:
    import torch

    from ..models import LoadedModel

MOST_TOKENS = 5
"""Most tokens that may precede those of the patches: one for the class, four registers."""


@dataclass(frozen=True)
class Grid:
    """How the positions of a layer's output lie on the image.

    Attributes
    ----------
    skipped
        Tokens before those of the patches, which lie nowhere on the image.
    height, width
        Rows and columns.
    """

    skipped: int
    height: int
    width: int

    def lay(self, output: "torch.Tensor") -> "torch.Tensor":
        """Return an output ``(items, units, *positions)`` as maps ``(items, units, height, width)``."""
        return output.flatten(2)[..., self.skipped :].unflatten(2, (self.height, self.width))


def find_grid(positions: tuple[int, ...], image: tuple[int, int]) -> Grid | None:
    """Return how a layer's positions lie on the image; ``None`` where they do not, or are only one.

    Tokens lie on a grid in the proportions of the image, after at most `MOST_TOKENS` tokens that lie nowhere.

    Parameters
    ----------
    positions
        Size of the map of each unit, as `unitscope.models.NetworkLayer` holds it.
    image
        Height and width of the network's input.

    Examples
    --------
    >>> find_grid((13, 13), (227, 227))
    Grid(skipped=0, height=13, width=13)
    >>> find_grid((197,), (224, 224))
    Grid(skipped=1, height=14, width=14)
    >>> find_grid((1, 1), (224, 224))
    """
    if math.prod(positions) < 2:
        return None
    if len(positions) == 2:
        return Grid(0, *positions)
    if len(positions) == 1:
        common = math.gcd(*image)
        rows, columns = image[0] // common, image[1] // common
        for skipped in range(min(MOST_TOKENS, positions[0] - 2) + 1):
            times = math.isqrt((positions[0] - skipped) // (rows * columns))
            if times and times**2 * rows * columns == positions[0] - skipped:
                return Grid(skipped, times * rows, times * columns)
    return None


@dataclass(frozen=True)
class MappedLayer:
    """A layer whose units have maps.

    Attributes
    ----------
    layer
        The layer.
    grid
        How its positions lie on the image.
    pooled
        Whether it is what a pooling module gave: a thinned copy of the maps before it.
    """

    layer: NetworkLayer
    grid: Grid
    pooled: bool


def mapped_layers(network: "LoadedModel", layers: list[NetworkLayer], example: "torch.Tensor") -> list[MappedLayer]:
    """Return the layers whose units have maps, in the order in which the network computes them.

    Parameters
    ----------
    network
        The network.
    layers
        All its layers, from `unitscope.models.list_layers`.
    example
        A batch of images, ``(items, channels, height, width)``.

    Returns
    -------
    list of MappedLayer
        Where the deepest are tokens, only those with as many units: a transformer's blocks, without what its heads
        compute in between.

    Raises
    ------
    UnitscopeError
        If the network does not take the batch.
    """
    from torch.nn.modules import pooling

    calls = watch_calls(network.module, example)
    order = {(call.name, call.number): place for place, call in enumerate(calls)}
    pools = {
        id(tensor)
        for call in calls
        if type(call.module).__module__ == pooling.__name__
        for _, tensor, *_ in call.outputs
    }
    pooled = {(call.name, call.number) for call in calls if any(id(tensor) in pools for _, tensor, *_ in call.outputs)}
    image = (int(example.shape[2]), int(example.shape[3]))
    found = []
    for layer in layers:
        grid = find_grid(layer.positions, image) if layer.units else None
        if grid:
            found.append(MappedLayer(layer, grid, (layer.module_name, layer.call) in pooled))
    found.sort(key=lambda mapped: order[mapped.layer.module_name, mapped.layer.call])
    if found and len(found[-1].layer.positions) == 1:
        units = found[-1].layer.units
        found = [mapped for mapped in found if len(mapped.layer.positions) == 1 and mapped.layer.units == units]
    return found
