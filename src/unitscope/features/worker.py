"""Shows the top items of all units to the network again, each once with colour and once without."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis import Part
from ..analysis.analysis import StoredPart
from ..data import open_items
from ..errors import UnitscopeError
from ..models import (
    Inputs,
    capture,
    choose_device,
    cut_batches,
    example_batch,
    find_layers,
    load_batches,
    on_device,
    open_network,
    receptive_fields,
    reduce_positions,
)
from ..models.batches import check_taken
from ..models.pixels import find_pixels
from ..run import ItemBlock, Run
from .crops import add_crops, canvases_of, integrate, place_canvases
from .opponent import count_hues, remove_colour
from .settings import Settings
from .sums import SIMILAR, WHOLE, LayerSums, Sums
from .top import Top
from .turns import TURNS, matrices, turn

if TYPE_CHECKING:
    import torch

DIFFERENCE = 0.02
"""How far an activation may be from the recorded one, as a share of the unit's largest; TF32 and float16 stay below."""

EVERY = 4
"""Hues are counted at every fourth pixel of every fourth row."""


MOST_TIMES = 1000
"""Responses to other units' crops count as at most this many times the unit's own largest activation, which is rare."""


class Pairs:
    """The units of a layer of which some items of a batch are top items, in order of the units.

    Attributes
    ----------
    images
        ``(pairs,)`` place of the item in the batch.
    units, ranks
        ``(pairs,)`` number of the unit in the layer, and place of the item among its top items.
    """

    def __init__(self, images: np.ndarray, units: np.ndarray, ranks: np.ndarray):
        self.images, self.units, self.ranks = images, units, ranks

    def chosen(self, which: np.ndarray) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.images[which], self.units[which], self.ranks[which])


class FeaturesWorker:
    """Adds up what the top items of all units show.

    Parameters
    ----------
    run
        An open run.
    settings
        The options.
    top
        The top items of every unit.
    threads
        Threads of PyTorch; ``None`` for as many as it takes by itself.
    """

    def __init__(self, run: Run, settings: Settings, top: Top, threads: int | None):
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self.settings, self.top, self.threads = settings, top, threads
        self.device = choose_device(settings.device)
        self.data = open_items(run, data=settings.data, trust=settings.trust)
        self.network = open_network(run, network=settings.network, trust=settings.trust)
        self.layers = find_layers(run, self.network, self.data)
        self.reductions = [layer.reduction for layer in run.layers]
        self.precision = str(run.manifest.identity.get("computation", {}).get("precision", "float32"))
        self.pixels = find_pixels(self.network.preprocess)
        found = receptive_fields(self.network.module, self.layers, example_batch(self.network, self.data))
        self.fields = [found[layer.name] for layer in self.layers]
        self.canvases = [
            np.broadcast_to(canvases_of(fields.boxes), (layer.units, 2))
            for fields, layer in zip(self.fields, self.layers, strict=True)
        ]
        self.first_rows = np.cumsum([0, *(layer.units for layer in run.layers)])
        self.largest = [top.activations[first:last, 0] for first, last in self.rows()]
        rows, ranks = np.nonzero(top.items >= 0)
        order = np.argsort(top.items[rows, ranks], kind="stable")
        self.of_item = top.items[rows, ranks][order]
        self.rows_of, self.ranks_of = rows[order], ranks[order]
        self.start(None)

    def rows(self) -> list[tuple[int, int]]:
        """Return the rows of each layer's units in the table of units."""
        return list(zip(self.first_rows[:-1].tolist(), self.first_rows[1:].tolist(), strict=True))

    def start(self, stored: StoredPart | None) -> None:
        """Set the sums to stored ones, or to zero."""
        if stored:
            self.sums = Sums.from_arrays(stored.read_arrays())
            return
        self.sums = Sums.empty(
            LayerSums.empty(canvases, self.settings.count, self.settings.turned) for canvases in self.canvases
        )

    def sum(self) -> Part:
        """Return the sums."""
        return Part(arrays=self.sums.arrays())

    def is_full(self) -> bool:
        """Return false: the sums do not grow."""
        return False

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add the top items among blocks of items; yield each block once its items are added."""
        union = self.top.union
        batches: list[Sequence[int]] = []
        ends = []
        for block in blocks:
            items = union[(union >= block.first) & (union < block.last)].tolist()
            batches += cut_batches(items, self.settings.batch_size)
            ends.append(len(batches))
        inputs = Inputs(self.data, self.network.preprocess)
        loaded = load_batches(inputs, batches, self.settings.workers, pin=self.device == "cuda")
        done, done_batches = 0, 0
        with on_device(self.network.module, self.device):
            for block, end in zip(blocks, ends, strict=True):
                for items in batches[done_batches:end]:
                    self._add_batch(np.array(items), next(loaded))
                    progress(done + int(items[-1]) + 1 - block.first)
                done_batches = end
                done += block.size
                yield block

    def _add_batch(self, items: np.ndarray, batch: "torch.Tensor") -> None:
        """Add a batch of items."""
        pairs = self._find_pairs(items)
        colours = self.pixels.to_colours(batch)
        shown = batch.to(self.device, non_blocking=True)
        seen = self._run(shown, items, {number: functools.partial(self._look, number) for number in pairs}, pairs)
        without = self.pixels.to_input(remove_colour(colours.to(self.device), self.settings.grey))
        places = {number: seen[number][0] for number in pairs}
        looks = {number: functools.partial(respond, places=places[number]) for number in pairs}
        grey = self._run(without, items, looks, pairs)
        pictures = colours.numpy()
        self.sums.hues += count_hues(pictures[:, :, ::EVERY, ::EVERY].transpose(0, 2, 3, 1).reshape(-1, 3))
        integrals = integrate(pictures)
        for number, of in pairs.items():
            where, there, reduced, others = (tensor.cpu().numpy() for tensor in seen[number])
            self._check(number, of, items, reduced)
            self._add_crops(number, of, where, integrals)
            sums = self.sums.layers[number]
            sums.responses[of.units, of.ranks] = np.stack([there, grey[number].cpu().numpy()], axis=1)
            np.add.at(sums.similar, of.units, others.astype(np.int64))
            self._turn(number, of, where, items, colours)

    def _find_pairs(self, items: np.ndarray) -> dict[int, Pairs]:
        """Return the pairs of items and units by the number of the layer; layers without any are left out."""
        starts, ends = np.searchsorted(self.of_item, items), np.searchsorted(self.of_item, items, side="right")
        chosen = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        images = np.repeat(np.arange(len(items)), ends - starts)
        layers = np.searchsorted(self.first_rows, self.rows_of[chosen], side="right") - 1
        pairs = {}
        for number in np.unique(layers).tolist():
            of = np.flatnonzero(layers == number)
            of = of[np.argsort(self.rows_of[chosen[of]], kind="stable")]
            units = self.rows_of[chosen[of]] - self.first_rows[number]
            pairs[number] = Pairs(images[of], units, self.ranks_of[chosen[of]])
        return pairs

    def _run(self, batch: "torch.Tensor", items: np.ndarray, looks: dict[int, Any], pairs: dict[int, Pairs]) -> Any:
        """Run the network on a batch; return what each layer's function takes, by the number of the layer."""
        import torch

        take = {
            self.layers[number].name: functools.partial(
                look,
                images=torch.as_tensor(pairs[number].images, device=self.device),
                units=torch.as_tensor(pairs[number].units, device=self.device),
            )
            for number, look in looks.items()
        }
        layers = [self.layers[number] for number in looks]
        with capture(self.network.module, layers, take=take, stop=True, precision=self.precision) as network:
            network(batch)
        check_taken(network.taken, network.take, self.data.items["item_id"].to_numpy()[items])
        return {number: network.taken[self.layers[number].name] for number in looks}

    def _look(
        self, number: int, maps: "torch.Tensor", images: "torch.Tensor", units: "torch.Tensor"
    ) -> "tuple[torch.Tensor, ...]":
        """Return where each pair's unit is most active, its activation there, reduced, and those of all units there."""
        import torch

        flat = maps.flatten(2) if maps.ndim > 2 else maps.unsqueeze(2)
        chosen = flat[images, units].float()
        if self.reductions[number] == "centre":
            middle = int(np.ravel_multi_index([size // 2 for size in maps.shape[2:]], tuple(maps.shape[2:])))
            places = torch.full_like(units, middle)
        else:
            places = chosen.argmax(1)
        reduced = reduce_positions(maps, self.reductions[number])[images, units] if maps.ndim > 2 else chosen[:, 0]
        scale = torch.as_tensor(self.largest[number], device=maps.device)
        relative = torch.where(scale > 0, flat[images, :, places].float() / scale, 0.0).clamp(-MOST_TIMES, MOST_TIMES)
        others = (relative.double() * SIMILAR).round()
        return places, chosen.gather(1, places.unsqueeze(1)).squeeze(1), reduced, others

    def _check(self, number: int, pairs: Pairs, items: np.ndarray, reduced: np.ndarray) -> None:
        """Refuse activations that are not those of the run."""
        row = self.first_rows[number] + pairs.units
        recorded = self.top.activations[row, pairs.ranks]
        wrong = np.flatnonzero(np.abs(reduced - recorded) > DIFFERENCE * self.top.activations[row, 0])
        if len(wrong):
            first = wrong[0]
            raise UnitscopeError(
                f"unit {self.layers[number].name}:{pairs.units[first]} gives {reduced[first]:.6g} for item "
                f"{self.data.items['item_id'].iloc[items[pairs.images[first]]]}, but {recorded[first]:.6g} was "
                "recorded; the item or the network has changed, so restore it, or record the run again"
            )

    def _add_crops(self, number: int, pairs: Pairs, places: np.ndarray, integrals: np.ndarray) -> None:
        """Add what a layer's units see of the items, at the positions of their maxima."""
        sums, fields = self.sums.layers[number], self.fields[number]
        rows, columns = np.divmod(places, fields.boxes.shape[2])
        boxes = fields.box(pairs.units, rows, columns)
        sums.positions[pairs.units, pairs.ranks] = np.stack([rows, columns], axis=1)
        sums.boxes[pairs.units, pairs.ranks] = boxes
        activations = self.top.activations[self.first_rows[number] + pairs.units]
        weights = np.floor(
            activations[np.arange(len(places)), pairs.ranks] / activations[:, 0] * (WHOLE // self.settings.count)
        )
        canvases = self.canvases[number][pairs.units]
        add_crops(
            sums.feature, sums.squares, integrals, pairs.images, pairs.units, boxes, canvases, weights, self.threads
        )

    def _turn(self, number: int, pairs: Pairs, places: np.ndarray, items: np.ndarray, colours: "torch.Tensor") -> None:
        """Show the network the items of the first ranks rotated and mirrored about the centre of each unit's field."""
        import torch

        which = np.flatnonzero(pairs.ranks < self.settings.turned)
        if not len(which):
            return
        pairs, places, sums = pairs.chosen(which), places[which], self.sums.layers[number]
        boxes, canvases = sums.boxes[pairs.units, pairs.ranks], self.canvases[number][pairs.units]
        centres = place_canvases(boxes, canvases, self.fields[number].image) + canvases / 2
        # Units that see the same place of an item share its turned images.
        shown, group = np.unique(np.column_stack([pairs.images, centres]), axis=0, return_inverse=True)
        by_group = [np.flatnonzero(group.ravel() == place) for place in range(len(shown))]
        turned = np.empty((len(which), TURNS), np.float32)
        for some in cut_batches(range(len(shown) * TURNS), self.settings.batch_size):
            groups, turns = np.divmod(np.array(some), TURNS)
            of_image = shown[groups, 0].astype(int)
            images = turn(colours[of_image].to(self.device), shown[groups, 1:], matrices()[turns])
            of = np.concatenate([by_group[place] for place in groups])
            local = np.repeat(np.arange(len(some)), [len(by_group[place]) for place in groups])
            look = functools.partial(respond, places=torch.as_tensor(places[of], device=self.device))
            seen = Pairs(local, pairs.units[of], pairs.ranks[of])
            found = self._run(self.pixels.to_input(images), items[of_image], {number: look}, {number: seen})
            turned[of, turns[local]] = found[number].cpu().numpy()
        sums.turned[pairs.units, pairs.ranks] = turned


def respond(
    maps: "torch.Tensor", images: "torch.Tensor", units: "torch.Tensor", places: "torch.Tensor"
) -> "torch.Tensor":
    """Return the activation of each pair's unit at a position."""
    flat = maps.flatten(2) if maps.ndim > 2 else maps.unsqueeze(2)
    return flat[images, units, places].float()
