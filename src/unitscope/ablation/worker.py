"""Passes items through the network with and without each unit, and counts what changes."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..analysis import Part
from ..analysis.analysis import StoredPart
from ..data import open_items
from ..measures.classes import Classes
from ..measures.halves import Halves
from ..models import (
    Inputs,
    capture,
    choose_device,
    find_layers,
    load_batches,
    on_device,
    open_network,
    run_batches,
)
from ..run import ItemBlock, Run
from .effects import LayerEffects, Values
from .orders import orders_of
from .settings import MEAN_ITEMS, Settings, batches_of, pass_order
from .sums import Answers, Sums

if TYPE_CHECKING:
    import torch

EXAMPLES = 3
"""Number of items on which the cheapest way to silence units is looked for."""


class AblationWorker:
    """Counts what changes without each unit.

    Parameters
    ----------
    run
        An open run.
    settings
        The options.
    threads
        Threads of PyTorch; ``None`` for as many as it takes by itself.
    """

    def __init__(self, run: Run, settings: Settings, threads: int | None):
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        self.settings = settings
        self.device = choose_device(settings.device)
        self.data = open_items(run, data=settings.data, trust=settings.trust)
        self.network = open_network(run, network=settings.network, trust=settings.trust)
        layers = find_layers(run, self.network, self.data)
        self.layers = {number: layers[number] for number in settings.chosen(run)}
        self.precision = str(run.manifest.identity.get("computation", {}).get("precision", "float32"))
        self.order = pass_order(len(self.data))
        self.labels = run.labels
        self.n_classes = len(run.classes)
        self.halves = Halves.draw(Classes.of_labels(self.labels, self.n_classes)).half
        predictions = run.manifest.identity["predictions"]
        self.probabilities = predictions["outputs"] == "probabilities"
        by_order = predictions["class_outputs"] == "by order"
        self.class_outputs = np.arange(self.n_classes) if by_order else np.array(predictions["class_outputs"])
        self.masks = {number: orders.masks() for number, orders in orders_of(run, settings.orders).items()}
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the counts to stored ones, or to zero."""
        units = {number: layer.units for number, layer in self.layers.items()}
        steps = len(next(iter(self.masks.values()), ()))
        self.sums = Sums.from_arrays(stored.read_arrays()) if stored else Sums.empty(units, self.n_classes, steps)

    def sum(self) -> Part:
        """Return the counts."""
        return Part(arrays=self.sums.arrays())

    def is_full(self) -> bool:
        """Return false: counts do not grow."""
        return False

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add blocks of items; yield each block once its items are added."""
        import torch

        inputs = Inputs(self.data, self.network.preprocess)
        batches = {
            block: [self.order[list(of)] for of in batches_of(block, self.settings.batch_size)] for block in blocks
        }
        wanted = [items.tolist() for of in batches.values() for items in of]
        loaded = load_batches(inputs, wanted, self.settings.workers, pin=self.device == "cuda")
        module = self.network.module
        done = 0
        with on_device(module, self.device):
            example = next(load_batches(inputs, [self.order[:EXAMPLES].tolist()], workers=0)).to(self.device)
            means = self._means()
            with capture(module, [], precision=self.precision), torch.no_grad():
                effects = {number: LayerEffects(module, layer, example) for number, layer in self.layers.items()}
                for block in blocks:
                    for items in batches[block]:
                        self._add_batch(next(loaded).to(self.device, non_blocking=True), items, effects, means)
                        done += len(items)
                        progress(done)
                    yield block

    def _add_batch(
        self,
        batch: "torch.Tensor",
        items: np.ndarray,
        effects: dict[int, LayerEffects],
        means: "dict[int, torch.Tensor]",
    ) -> None:
        """Count what changes for a batch without each unit."""
        labels, halves = self.labels[items], self.halves[items]
        outputs = self.class_outputs[labels]
        before = None
        for number, of_layer in effects.items():
            scores, parts = of_layer.of_batch(batch, values_of(self.settings.value, means.get(number)))
            before = before or answers_of(scores, outputs, self.probabilities)
            for part in parts:
                places = part.items.cpu().numpy()
                after = answers_of(part.scores, outputs[places], self.probabilities)
                known = Answers(before.correct[places], before.log_probability[places])
                self.sums.layers[number].add(part.units.cpu().numpy(), known, after, labels[places], halves[places])
            if number in self.masks:
                self._add_orders(number, of_layer, batch, outputs)
        assert before is not None  # a run has layers
        self.sums.add_items(before, labels, halves)

    def _add_orders(self, number: int, of_layer: LayerEffects, batch: "torch.Tensor", outputs: np.ndarray) -> None:
        """Count correct items of a batch at each step of each order."""
        import torch

        for part in of_layer.without(batch, torch.as_tensor(self.masks[number], device=self.device)):
            correct = part.scores.argmax(1).cpu().numpy() == outputs[part.items.cpu().numpy()]
            np.add.at(self.sums.layers[number].cumulative, part.units.cpu().numpy()[correct], 1)

    def _means(self) -> "dict[int, torch.Tensor]":
        """Return the mean of each unit over positions and some items drawn at random, by the number of the layer."""
        if self.settings.value != "mean":
            return {}
        items = self.order[:MEAN_ITEMS]
        batches = [items[first : first + 64].tolist() for first in range(0, len(items), 64)]
        taken = run_batches(
            self.network, self.data, batches, [*self.layers.values()], take=position_means, stop=True,
            device=self.device, precision=self.precision, workers=self.settings.workers,
        )  # fmt: skip
        sums: dict[int, torch.Tensor] = {}
        for batch in taken:
            for number, layer in self.layers.items():
                sums[number] = sums.get(number, 0) + batch.taken[layer.name].sum(0)
        return {number: total / len(items) for number, total in sums.items()}


def position_means(maps: "torch.Tensor") -> "torch.Tensor":
    """Return the mean of each unit over positions, ``(items, units)`` float64."""
    return maps.double().flatten(2).mean(2) if maps.ndim > 2 else maps.double()


def values_of(value: str, means: "torch.Tensor | None") -> Values | None:
    """Return what silenced units give, as `LayerEffects.of_batch` takes it: zero, their mean, or of another item."""
    if value == "zero":
        return None
    if means is not None:
        return lambda maps, units, items: means[units].to(maps.dtype).reshape(-1, *(1 for _ in maps.shape[2:])).expand(
            len(units), *maps.shape[2:]
        )  # fmt: skip
    return lambda maps, units, items: maps[(items + 1) % len(maps), units]


def answers_of(scores: "torch.Tensor", outputs: np.ndarray, probabilities: bool) -> Answers:
    """Return what class scores say.

    Parameters
    ----------
    scores
        ``(items, classes)``.
    outputs
        ``(items,)`` the output that belongs to each item's label.
    probabilities
        Whether scores are probabilities; otherwise they go through softmax.
    """
    import torch

    own = torch.as_tensor(outputs, device=scores.device)
    exact = scores.double()
    logs = exact.clamp(min=torch.finfo(torch.float32).tiny).log() if probabilities else exact.log_softmax(1)
    correct = scores.argmax(1) == own
    return Answers(correct.cpu().numpy(), logs.gather(1, own[:, None]).squeeze(1).cpu().numpy())
