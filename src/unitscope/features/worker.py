"""Shows the top items of all units to the network again, each once with colour and once without, and adds up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from ..analysis import Part
from ..analysis.analysis import StoredPart
from ..data import open_items
from ..errors import UnitscopeError
from ..models import (
    Inputs,
    choose_device,
    cut_batches,
    example_batch,
    find_layers,
    load_batches,
    on_device,
    open_network,
    receptive_fields,
)
from ..models.pixels import find_pixels
from ..run import ItemBlock, Run
from .crops import add_crops, canvases_of, centre_fields, integrate
from .opponent import count_hues, remove_colour
from .pairs import Pairs, PairsOfItems
from .passes import Passes, Seen
from .settings import Settings
from .sums import SIMILAR, LayerSums, Sums, weights_of
from .top import Top
from .turns import TURNS, matrices, turn

if TYPE_CHECKING:
    import torch

DIFFERENCE = 0.02
"""How far an activation may be from the recorded one, as a share of the unit's largest; TF32 and float16 stay below."""

EVERY = 4
"""Hues are counted at every fourth pixel of every fourth row."""


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
        self.pixels = find_pixels(self.network.preprocess)
        self.layers = find_layers(run, self.network, self.data)
        found = receptive_fields(self.network.module, self.layers, example_batch(self.network, self.data))
        self.fields = [found[layer.name] for layer in self.layers]
        self.canvases = [
            np.broadcast_to(canvases_of(fields.boxes), (layer.units, 2))
            for fields, layer in zip(self.fields, self.layers, strict=True)
        ]
        self.first_rows = np.cumsum([0, *(layer.units for layer in run.layers)])
        self.pairs = PairsOfItems(top, self.first_rows)
        self.weights = weights_of(top.activations)
        self.dtype = run.manifest.dtype
        self.passes = Passes(
            self.network,
            self.layers,
            [layer.reduction for layer in run.layers],
            self.data.items["item_id"].to_numpy(),
            self.device,
            str(run.manifest.identity.get("computation", {}).get("precision", "float32")),
        )
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the sums to stored ones, or to zero."""
        if stored:
            self.sums = Sums.from_arrays(stored.read_arrays())
            return
        layers = (LayerSums.empty(canvases, self.settings.count, self.settings.turned) for canvases in self.canvases)
        self.sums = Sums.empty(layers, self.fields[0].unknown)

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
        done, first = 0, 0
        with on_device(self.network.module, self.device):
            for block, end in zip(blocks, ends, strict=True):
                for items in batches[first:end]:
                    pairs = self.pairs.of(np.array(items))
                    colours, seen = self._show(np.array(items), next(loaded), pairs)
                    self._add_pictures(colours, pairs, seen)
                    progress(done + int(items[-1]) + 1 - block.first)
                first = end
                done += block.size
                yield block

    def _show(
        self, items: np.ndarray, batch: "torch.Tensor", pairs: Mapping[int, Pairs]
    ) -> tuple[np.ndarray, dict[int, Seen]]:
        """Show a batch of items to the network with and without colour; return the colours, and what was seen."""
        colours = self.pixels.to_colours(batch)
        seen = self.passes.look(batch, items, pairs)
        places = {number: layer.places for number, layer in seen.items()}
        try:
            grey = self._show_grey(pairs, places, items, colours)
        except UnitscopeError as error:
            raise UnitscopeError(
                f"without colour (grey {self.settings.grey}), {error}; or choose another --grey"
            ) from error
        for number, of in pairs.items():
            self._check(number, of, items, seen[number].reduced)
            sums = self.sums.layers[number]
            sums.responses[of.units, of.ranks] = np.stack([seen[number].there, grey[number]], axis=1)
            self._add_similar(number, of, seen[number])
            self._turn(number, of, places[number], items, colours)
        return colours.numpy(), seen

    def _check(self, number: int, pairs: Pairs, items: np.ndarray, reduced: np.ndarray) -> None:
        """Refuse activations that are not those of the run."""
        row = self.first_rows[number] + pairs.units
        recorded = self.top.activations[row, pairs.ranks]
        rounding = np.spacing(recorded.astype(self.dtype)).astype(np.float64)  # float16 is coarse near 0
        allowed = DIFFERENCE * self.top.activations[row, 0] + rounding
        wrong = np.flatnonzero(~(np.abs(reduced - recorded) <= allowed))
        if len(wrong):
            first = wrong[0]
            raise UnitscopeError(
                f"unit {self.layers[number].name}:{pairs.units[first]} gives {reduced[first]:.6g} for item "
                f"{self.data.items['item_id'].iloc[items[pairs.images[first]]]}, but {recorded[first]:.6g} was "
                "recorded; the item or the network has changed, so restore it, or record the run again"
            )

    def _add_similar(self, number: int, pairs: Pairs, seen: Seen) -> None:
        """Add what all units of a layer give for each unit's top crops, relative to the largest activation of each."""
        largest = self.top.activations[self.first_rows[number] : self.first_rows[number + 1], 0].astype(np.float64)
        relative = np.divide(seen.rows, largest, out=np.zeros(seen.rows.shape), where=largest > 0)
        shape = len(largest), len(relative)
        places = csr_array((np.ones(len(pairs.units)), (pairs.units, seen.row_of)), shape)
        # Whole numbers, which float64 adds exactly, so that the order of the items does not matter.
        self.sums.layers[number].similar += places @ np.rint(relative * SIMILAR)

    def _add_pictures(self, colours: np.ndarray, pairs: Mapping[int, Pairs], seen: Mapping[int, Seen]) -> None:
        """Add the hues of a batch of items, and what each unit sees of them at the position of its maximum."""
        self.sums.hues += count_hues(colours[:, :, ::EVERY, ::EVERY].transpose(0, 2, 3, 1).reshape(-1, 3))
        integrals = integrate(colours)
        for number, of in pairs.items():
            sums = self.sums.layers[number]
            positions, boxes = self._locate(number, of, seen[number].places)
            sums.positions[of.units, of.ranks], sums.boxes[of.units, of.ranks] = positions, boxes
            add_crops(
                sums.feature,
                sums.squares,
                integrals,
                of.images,
                of.units,
                boxes,
                self.canvases[number][of.units],
                self.weights[self.first_rows[number] + of.units, of.ranks],
                self.threads,
            )

    def _locate(self, number: int, pairs: Pairs, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return row and column of places, ``(pairs, 2)``, and the boxes that the units see there, ``(pairs, 4)``."""
        fields = self.fields[number]
        rows, columns = np.divmod(places, fields.boxes.shape[2])
        return np.stack([rows, columns], axis=1), fields.box(pairs.units, rows, columns)

    def _show_grey(
        self, pairs: Mapping[int, Pairs], places: Mapping[int, np.ndarray], items: np.ndarray, colours: "torch.Tensor"
    ) -> Mapping[int, np.ndarray]:
        """Return what the units of all layers give at their places when the items have no colour."""
        grey = self.settings.grey
        if grey != "pca-crop":
            without = self.pixels.to_input(remove_colour(colours.to(self.device), grey))
            return self.passes.respond(without, items, pairs, places)

        def make(shown: np.ndarray, variants: np.ndarray) -> "torch.Tensor":
            return remove_colour(colours[shown[:, 0].astype(int)].to(self.device), grey, shown[:, 1:].astype(int))

        found = {}
        for number, of in pairs.items():
            _, boxes = self._locate(number, of, places[number])
            found[number] = self._show_variants(number, of, places[number], items, boxes, make, 1)[:, 0]
        return found

    def _turn(self, number: int, pairs: Pairs, places: np.ndarray, items: np.ndarray, colours: "torch.Tensor") -> None:
        """Show the network the items of the first ranks rotated and mirrored about the centre of each unit's field."""
        which = np.flatnonzero(pairs.ranks < self.settings.turned)
        if not len(which):
            return
        pairs, places = pairs.chosen(which), places[which]
        positions, boxes = self._locate(number, pairs, places)
        size = self.layers[number].positions
        maps = size if len(size) == 2 else (1, 1)  # tokens are not in rows and columns
        centres = centre_fields(
            boxes,
            self.canvases[number][pairs.units],
            positions if len(size) == 2 else np.zeros_like(positions),
            maps,
            self.fields[number].image,
        )

        def make(shown: np.ndarray, variants: np.ndarray) -> "torch.Tensor":
            return turn(colours[shown[:, 0].astype(int)].to(self.device), shown[:, 1:], matrices()[variants])

        found = self._show_variants(number, pairs, places, items, centres, make, TURNS)
        self.sums.layers[number].turned[pairs.units, pairs.ranks] = found

    def _show_variants(
        self,
        number: int,
        pairs: Pairs,
        places: np.ndarray,
        items: np.ndarray,
        views: np.ndarray,
        make: Callable[[np.ndarray, np.ndarray], "torch.Tensor"],
        count: int,
    ) -> np.ndarray:
        """Show the network variants of items that depend on what a unit sees; return the responses, ``(pairs, count)``.

        `make` returns the colours of variants, given the image and the view of each, and the numbers of the variants.
        Pairs of one image and one view share their variants.
        """
        shown, group = np.unique(np.column_stack([pairs.images, views]), axis=0, return_inverse=True)
        group = group.ravel()
        by_group = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
        responses = np.empty((len(places), count), np.float32)
        for some in cut_batches(range(len(shown) * count), self.settings.batch_size):
            groups, variants = np.divmod(np.array(some), count)
            of = np.concatenate([by_group[place] for place in groups])
            local = np.repeat(np.arange(len(some)), [len(by_group[place]) for place in groups])
            batch = self.pixels.to_input(make(shown[groups], variants))
            of_items = items[shown[groups, 0].astype(int)]
            of_pairs = {number: Pairs(local, pairs.units[of], pairs.ranks[of])}
            responses[of, variants[local]] = self.passes.respond(batch, of_items, of_pairs, {number: places[of]})[
                number
            ]
        return responses
