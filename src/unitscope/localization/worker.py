"""Passes items through the network, makes class maps and boxes of them, and adds up what they show."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ..analysis import Part
from ..analysis.analysis import StoredPart
from ..analysis.images import as_png
from ..data import LabelledItems, open_items
from ..errors import UnitscopeError
from ..measures.classes import Classes
from ..measures.halves import Halves
from ..models import (
    Inputs,
    LoadedModel,
    choose_device,
    example_batch,
    load_batches,
    on_device,
    open_network,
    receptive_fields,
)
from ..models.pixels import find_pixels
from ..models.placement import placement_of
from ..run import ItemBlock, Run
from .boxes import Centres, find_box, upsample
from .head import Head
from .maps import class_maps
from .max_box import threshold_overlaps
from .overlay import overlay_image
from .scores import box_iou, localization_hits
from .settings import GUESSES, SHARE, Settings, class_outputs, shown_items
from .sums import Sums
from .true_boxes import size_of

if TYPE_CHECKING:
    import torch

OVERLAP = 0.5
"""Least intersection over union of a right box (ILSVRC)."""


class LocalizationWorker:
    """Adds up what class maps show of items.

    Parameters
    ----------
    run, settings
        An open run and the options.
    head
        How its network ends.
    centres
        Where the cells of maps lie on the input; ``None`` if maps are stretched over it.
    threads
        Threads of PyTorch; ``None`` for as many as it takes by itself.
    """

    def __init__(self, run: Run, settings: Settings, head: Head, centres: Centres | None, threads: int | None):
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self.settings, self.head, self.centres = settings, head, centres
        self.device = choose_device(settings.device)
        self.data = open_items(run, data=settings.data, trust=settings.trust)
        self.network = open_network(run, network=settings.network, trust=settings.trust)
        self.outputs = class_outputs(run)[run.labels]
        self.halves = Halves.draw(Classes.of_labels(run.labels, len(run.classes))).half
        self.shown = set(shown_items(len(self.data), settings.maps))
        self.pixels = find_pixels(self.network.preprocess) if self.shown else None
        self.place = lru_cache(maxsize=1024)(lambda size: placement_of(self.network.preprocess, size))
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the sums to stored ones, or to zero."""
        units = self.head.layer.units if self.head.linear else 0
        self.sums = Sums.from_arrays(stored.read_arrays()) if stored else Sums.empty(self.head.classes, units)
        self.images: dict[str, bytes] = {}

    def sum(self) -> Part:
        """Return the sums, and the images made since the sums were last returned."""
        images, self.images = self.images, {}
        return Part(arrays=self.sums.arrays(), images=images)

    def is_full(self) -> bool:
        """Return false: only the boxes grow, by 16 bytes for each item."""
        return False

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add blocks of items; yield each block once its items are added."""
        size = self.settings.batch_size
        batches = {
            block: [range(first, min(first + size, block.last)) for first in range(block.first, block.last, size)]
            for block in blocks
        }
        wanted = [items for of in batches.values() for items in of]
        inputs = Inputs(self.data, self.network.preprocess)
        loaded = load_batches(inputs, wanted, self.settings.workers, pin=self.device == "cuda")
        done = 0
        with on_device(self.network.module, self.device):
            for block in blocks:
                for items in batches[block]:
                    self._add_batch(next(loaded), items)
                    done += len(items)
                    progress(done)
                yield block

    def _add_batch(self, batch: "torch.Tensor", items: range) -> None:
        """Add a batch of items."""
        of = self.settings.true_boxes
        labels = self.outputs[items.start : items.stop]
        choose = choose_best(1) if of is None else choose_best(GUESSES, labels)
        found = class_maps(self.network, self.head, batch.to(self.device, non_blocking=True), choose)
        if self.head.linear:
            for half, means in enumerate(self.sums.halves):
                chosen = self.halves[items.start : items.stop] == half
                means.add(found.means[chosen], labels[chosen])
        size = int(batch.shape[2]), int(batch.shape[3])
        boxes = []
        for place, item in enumerate(items):
            maps = upsample(found.maps[place], size, self.centres)
            boxes.append(find_box(maps[0], SHARE))
            known = np.empty((0, 4))
            if of is not None and of.has(item):
                picture = self.data.load(item)
                known = of.on_input(item, picture, self.place(size_of(picture)))
                if len(known):
                    self._compare(maps, boxes[-1], found.classes[place], known)
            if item in self.shown:
                self._show(item, batch[place], maps[0], boxes[-1], known)
        self.sums.add_boxes(boxes)

    def _compare(self, maps: np.ndarray, first: np.ndarray, classes: np.ndarray, known: np.ndarray) -> None:
        """Compare an item's maps, those of its guesses and then that of its label, with its true boxes."""
        guesses, label = classes[:-1], classes[-1]
        boxes = np.stack([first, *(find_box(each, SHARE) for each in maps[1:])])
        hits = localization_hits(guesses[None], boxes[None, :-1], label[None], [known], OVERLAP)[0]
        whole = np.array([0, 0, *maps.shape[1:]])
        of_label, of_image = (bool(np.any(box_iou(box, known) >= OVERLAP)) for box in (boxes[-1], whole))
        self.sums.add_hits(hits, guesses == label, of_label, of_image)
        self.sums.add_overlaps(threshold_overlaps(maps[-1], known))

    def _show(self, item: int, seen: "torch.Tensor", scores: np.ndarray, box: np.ndarray, known: np.ndarray) -> None:
        """Keep the image of an item's map."""
        if self.pixels is not None:
            picture = (self.pixels.to_colours(seen[None].float())[0].movedim(0, 2) * 255).round().byte().numpy()
            name = str(self.data.items["item_id"].iloc[item])
            self.images[image_name(item, name)] = as_png(overlay_image(picture, scores, box, known))


def choose_best(guesses: int, labels: np.ndarray | None = None) -> "Callable[[torch.Tensor], torch.Tensor]":
    """Return the function that chooses the classes of the highest scores, of equal ones the first, and the labels."""
    import torch

    def choose(scores: "torch.Tensor") -> "torch.Tensor":
        best = scores.argsort(dim=1, descending=True, stable=True)[:, :guesses]
        if labels is None:
            return best
        return torch.cat([best, torch.as_tensor(labels, device=scores.device)[:, None]], dim=1)

    return choose


def find_centres(network: LoadedModel, head: Head, data: LabelledItems) -> Centres:
    """Return where the centres of the receptive fields of a head's layer lie; raise if that is not known."""
    fields = receptive_fields(network.module, [head.layer], example_batch(network, data))[head.layer.name]
    if head.grid.skipped or fields.centre is None or fields.stride is None:
        raise UnitscopeError(
            f"the centres of the receptive fields of layer {head.layer.name} are not known; leave out --centred "
            "(centred=True)"
        )
    return Centres(fields.centre, fields.stride)


def image_name(item: int, name: str) -> str:
    """Return the name of the file for an item.

    Examples
    --------
    >>> image_name(7, "cats/tom & co.jpg")
    '000007-tom_&_co.png'
    """
    stem = re.sub(r"[^\w&+,.()\[\]-]", "_", PurePosixPath(name).stem)
    return f"{item:06d}-{stem[:80]}.png"
