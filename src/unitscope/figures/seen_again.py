"""Items of a run that are shown to its network again: what a unit's map is, and what the network sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..data import LabelledItems, open_items
from ..dissection import DISSECTION
from ..dissection.passes import as_float, as_maps, place_at_centres
from ..dissection.upsample import Place, half_pixel, upsample
from ..models import (
    Inputs,
    LoadedModel,
    capture,
    example_batch,
    find_layers,
    load_batches,
    open_network,
    receptive_fields,
)
from ..models.batches import check_taken
from ..models.pixels import Pixels, find_pixels
from ..models.placement import WHOLE
from ..run import Run


@dataclass(frozen=True, eq=False)
class Seen:
    """Items as the network sees them, and what a unit answers.

    Attributes
    ----------
    data, places
        The run's items, and the positions of those that were shown.
    network
        The network.
    pictures
        ``(items, height, width, 3)`` uint8, of the size of the network's input.
    maps
        ``(items, height, width)`` float64: the unit's map, interpolated to this size.
    """

    data: LabelledItems
    places: Sequence[int]
    network: LoadedModel
    pictures: np.ndarray
    maps: np.ndarray


def show_again(
    run: Run,
    unit: str,
    places: Sequence[int],
    *,
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
) -> Seen:
    """Show items to the network of a dissected run, and interpolate the map of a unit as the dissection did.

    Parameters
    ----------
    run, unit
        An open run with a dissection, and the unit's id.
    places
        Positions of the items in the run.
    network, data, trust
        See `unitscope.open_network` and `unitscope.data.open_items`.
    """
    items = open_items(run, data=data, trust=trust)
    opened = open_network(run, network=network, trust=trust)
    pixels = find_pixels(opened.preprocess)
    found, index = run.find_unit(unit)
    layer = next(layer for layer in find_layers(run, opened, items) if layer.name == found.name)
    batch = next(load_batches(Inputs(items, opened.preprocess), [places], workers=0))
    precision = str(run.manifest.identity.get("computation", {}).get("precision", "float32"))
    with capture(opened.module, [layer], take=as_float, stop=True, precision=precision) as hooked:
        hooked(batch)
    check_taken(hooked.taken, hooked.take, items.items["item_id"].to_numpy()[places])
    maps = as_maps(hooked.taken[layer.name].numpy())[:, index]
    place: Place = half_pixel
    if run.parameters(DISSECTION).get("centred") and prod(layer.positions) > 1:
        fields = receptive_fields(opened.module, [layer], example_batch(opened, items))
        place = place_at_centres(layer, fields[layer.name])
    height, width = batch.shape[2:]
    grid = place((maps.shape[1], maps.shape[2]), (height, width), WHOLE)
    return Seen(items, places, opened, as_bytes(pixels, batch), upsample(maps, grid))


def as_bytes(pixels: Pixels, batch: Any) -> np.ndarray:
    """Return the pictures that a tensor of inputs stands for, ``(items, height, width, 3)`` uint8."""
    colours = pixels.to_colours(batch.float()).movedim(1, 3)
    return (colours * 255).round().byte().numpy()
