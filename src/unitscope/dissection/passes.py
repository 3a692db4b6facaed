"""Passes of a probe set's images through the network; what is done with the maps is up to the two kinds of workers."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnitscopeError, UnitscopeWarning
from ..models import (
    Inputs,
    NetworkLayer,
    Placement,
    ReceptiveFields,
    capture,
    choose_device,
    example_batch,
    find_layers,
    load_batches,
    on_device,
    open_network,
    receptive_fields,
)
from ..models.batches import check_taken
from ..run import ItemBlock, Run
from .placements import Placements
from .probe import batches_of, chunks_of, pass_order
from .settings import Settings
from .upsample import Grid, Place, Shape, centred, half_pixel

if TYPE_CHECKING:
    import torch

Maps = Mapping[int, np.ndarray]
"""Maps ``(images, units, rows, columns)`` by the number of the layer."""


def has_maps(positions: tuple[int, ...]) -> bool:
    """Return whether a layer's positions are in rows and columns; those of a dense layer are one row and column."""
    return len(positions) in (0, 2)


class ProbePasses:
    """Passes images through the network, chunk by chunk in the order of the probe set.

    Parameters
    ----------
    run
        An open run.
    settings
        The options.
    threads
        Threads of PyTorch; ``None`` for as many as it takes by itself.

    Attributes
    ----------
    layers
        The layers with maps, by their number in the run.
    placements
        Where images lie on the network's input.
    places
        Where the pixels of label maps lie among the points of each layer's maps.
    """

    def __init__(self, run: Run, settings: Settings, threads: int | None):
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self.settings = settings
        self.items = settings.concepts.items
        self.item_ids = self.items.items["item_id"].to_numpy()
        self.device = choose_device(settings.device)
        self.network = open_network(run, network=settings.network, trust=settings.trust)
        found = find_layers(run, self.network, self.items)
        self.layers = {number: layer for number, layer in enumerate(found) if has_maps(layer.positions)}
        if not self.layers:
            raise UnitscopeError(f"no layer of {run.directory} has units with maps in rows and columns; record others")
        self.precision = str(run.manifest.identity.get("computation", {}).get("precision", "float32"))
        self.places = self._find_places()
        self.placements = Placements(self.network.preprocess, self.items)
        self.placements(0)  # so that a preprocessing that is not understood is refused at once
        self.order = pass_order(len(self.items))
        self.chunks = chunks_of(len(self.items))

    def run(
        self, blocks: Sequence[ItemBlock], use: Callable[[range, range, Maps], None], progress: Callable[[int], None]
    ) -> Iterator[ItemBlock]:
        """Pass blocks of images; yield each block once all its maps are used.

        Parameters
        ----------
        blocks
            Places in the order of the probe set.
        use
            Called with a chunk, a batch of it, and the maps.
        progress
            Called with the number of images that are done.
        """
        batches = {
            block: [
                (chunk, batch)
                for chunk in self.chunks
                if block.first <= chunk.start < block.last
                for batch in batches_of(chunk, self.settings.batch_size)
            ]
            for block in blocks
        }
        numbers = [self._numbers(batch) for of in batches.values() for _, batch in of]
        inputs = Inputs(self.items, self.network.preprocess)
        loaded = load_batches(inputs, [of.tolist() for of in numbers], self.settings.workers, pin=self.device == "cuda")
        layers = [*self.layers.values()]
        take = {layer.name: as_float for layer in layers}
        done = 0
        with (
            on_device(self.network.module, self.device),
            capture(self.network.module, layers, take=take, stop=True, precision=self.precision) as network,
        ):
            for block in blocks:
                for chunk, batch in batches[block]:
                    network(next(loaded).to(self.device, non_blocking=True))
                    check_taken(network.taken, network.take, self.item_ids[self._numbers(batch)])
                    taken = {number: network.taken[layer.name] for number, layer in self.layers.items()}
                    use(chunk, batch, {number: as_maps(maps.cpu().numpy()) for number, maps in taken.items()})
                    done += len(batch)
                    progress(done)
                yield block

    def warn_of_other_sizes(self, run: Run) -> None:
        """Warn if maps have other sizes than when the run was recorded: the network sees images of another size."""
        for number, layer in self.layers.items():
            recorded = run.layers[number].positions
            if layer.positions != recorded:
                now, then = (" x ".join(map(str, positions)) for positions in (layer.positions, recorded))
                warnings.warn(
                    f"images of {self.settings.concepts.spec} have maps of {now} in layer {layer.name}, the items of "
                    f"{run.directory} maps of {then}: the preprocessing does not bring them to one size, and "
                    "activations may not be comparable; record with -M size=..., or resize the images",
                    UnitscopeWarning,
                    stacklevel=2,
                )
                return

    def _numbers(self, places: range) -> np.ndarray:
        """Return the numbers of the images at some places of the order."""
        return self.order[places.start : places.stop]

    def _find_places(self) -> dict[int, Place]:
        """Return where the pixels of label maps lie among the points of each layer's maps."""
        if not self.settings.centred:
            return dict.fromkeys(self.layers, half_pixel)
        layers = [*self.layers.values()]
        fields = receptive_fields(self.network.module, layers, example_batch(self.network, self.items))
        return {
            number: half_pixel if prod(layer.positions) == 1 else place_at_centres(layer, fields[layer.name])
            for number, layer in self.layers.items()
        }


def place_at_centres(layer: NetworkLayer, fields: ReceptiveFields) -> Place:
    """Return where pixels lie among the points of a layer's maps, if these are at the centres of their fields.

    Raises
    ------
    UnitscopeError
        If the centres are not known.
    """
    centre, stride, image = fields.centre, fields.stride, fields.image
    if centre is None or stride is None:
        raise UnitscopeError(
            f"the centres of the receptive fields of layer {layer.name} are not known, since each is as large as the "
            "image; leave out --centred (centred=True)"
        )

    def place(map_shape: Shape, shape: Shape, placement: Placement) -> Grid:
        return centred(map_shape, shape, centre, stride, image, placement)

    return place


def as_float(maps: "torch.Tensor") -> "torch.Tensor":
    """Return maps as float32."""
    return maps.float()


def as_maps(values: np.ndarray) -> np.ndarray:
    """Return the values of a layer as maps; those of a dense layer have one row and one column."""
    return values if values.ndim == 4 else values[:, :, None, None]
