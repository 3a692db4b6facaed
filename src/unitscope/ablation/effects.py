"""Class scores without single units: in closed form, from the rest of the network, or from the whole of it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UnitscopeError
from ..models import NetworkLayer, capture, class_scores
from ..models.readout import Linear, is_linear, linear_of, scores_differ
from .replay import NotReplayedError, Stored, find_unread, store

if TYPE_CHECKING:
    import torch

PAIRS = 256
"""Largest number of pairs of a unit and an item that the network sees at a time."""

PASS_BYTES = 64 * 2**20
"""Largest size of a layer's output for these pairs."""

CLOSED_SCORES = 2**21
"""Largest number of class scores that are computed at a time in closed form."""

CLOSE = 1e-4
"""How far scores that are replayed may be from those of a whole pass, as a share of the largest score of the batch."""


REFUSALS = (NotReplayedError, UnitscopeError, RuntimeError, TypeError, AttributeError)
"""What a replay may raise where modules take no stand-in, or outputs do not have their items along the first axis."""


class Effect(NamedTuple):
    """Class scores of some pairs of a unit and an item, without the unit.

    Attributes
    ----------
    units, items
        ``(pairs,)`` the unit, and the item's number in the batch.
    scores
        ``(pairs, classes)``.
    """

    units: "torch.Tensor"
    items: "torch.Tensor"
    scores: "torch.Tensor"


Values = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""From a layer's maps, and the units and items of pairs, to what each unit gives instead: ``(pairs, *positions)``."""


class LayerEffects:
    """Computes class scores without each unit of a layer. To be used within a context of `capture`.

    Parameters
    ----------
    module
        The network.
    layer
        The layer.
    example
        A batch of two items or more, to find the cheapest way that gives the same scores as the whole network.

    Attributes
    ----------
    way
        ``"closed"``: scores are a linear function of the means of the layer's maps. ``"rest"``: only what follows
        the layer is computed. ``"whole"``: the whole network is.

    Raises
    ------
    UnitscopeError
        If class scores do not depend on the layer.
    """

    def __init__(self, module: "torch.nn.Module", layer: NetworkLayer, example: "torch.Tensor"):
        self.module, self.layer = module, layer
        stored = store(module, layer, example)
        self.check_used(stored)
        self.unread: list[bool] | None = None
        self.linear: Linear | None = None
        self.rectified = False
        self.way = "closed" if self._find_linear(stored) else "rest" if self._can_replay(stored) else "whole"

    def check_used(self, stored: Stored) -> None:
        """Refuse a layer on which class scores do not depend."""
        if (self._whole(stored.batch, lambda maps: maps + maps.abs().amax() + 1) == stored.scores).all():
            raise UnitscopeError(f"no class score depends on layer {self.layer.name}; leave it out with --layers")

    def of_batch(self, batch: "torch.Tensor", values: Values | None) -> tuple["torch.Tensor", Iterator[Effect]]:
        """Return the class scores of a batch, ``(items, classes)``, and those without each unit, in parts.

        Parameters
        ----------
        batch
            The network's input.
        values
            What units give instead; ``None`` for zero. Items on which a unit is zero at every position have no part
            then, since nothing changes for them.
        """
        stored = store(self.module, self.layer, batch)
        if self._is_closed(stored) and self.linear is not None:
            return stored.scores, self._closed(stored, self.linear, values)
        replays = self.way != "whole" and self._can_replay(stored)
        return stored.scores, self._changed(stored, values, replays)

    def without(self, batch: "torch.Tensor", masks: "torch.Tensor") -> Iterator[Effect]:
        """Yield the class scores of a batch without several units at a time, which are zero at every position.

        Parameters
        ----------
        batch
            The network's input.
        masks
            ``(masks, units)`` bool: which units to silence. The effects have the masks' numbers in place of units.
        """
        import torch

        stored = store(self.module, self.layer, batch)
        every = torch.ones(len(batch), len(masks), device=batch.device)
        if self._is_closed(stored) and self.linear is not None:
            means = self._lay(stored.maps).double().mean((2, 3))
            lost = torch.einsum("iu,mu,cu->mic", means, masks.double(), self.linear.weights.double())
            scores = (stored.scores.double() - lost).float().flatten(0, 1)
            yield Effect(*next(pairs_of(every, False, every.numel())), scores)
            return
        replays = self.way != "whole" and self._can_replay(stored)
        for rows, items in pairs_of(every, False, self._fitting(stored)):
            silent = masks[rows]
            yield Effect(rows, items, self._run(stored, items, replays, silencing(silent)))

    def _closed(self, stored: Stored, linear: Linear, values: Values | None) -> Iterator[Effect]:
        """Yield the scores without each unit from weights and the means of maps."""
        for units, items in pairs_of(stored.maps, values is None, max(PAIRS, CLOSED_SCORES // stored.scores.shape[1])):
            before = self._lay(stored.maps[items, units].unsqueeze(1)).double().mean((1, 2, 3))
            instead = stored.maps[items, units] * 0 if values is None else values(stored.maps, units, items)
            after = self._lay(instead.unsqueeze(1)).double().mean((1, 2, 3))
            steps = (after - before)[:, None] * linear.weights.T.to(before)[units]
            yield Effect(units, items, (stored.scores[items].double() + steps).float())

    def _is_closed(self, stored: Stored) -> bool:
        """Return whether the scores of a batch are the linear function of means that was found."""
        return self.linear is not None and not scores_differ(self.linear, self._lay(stored.maps), stored.scores).any()

    def _fitting(self, stored: Stored) -> int:
        """Return how many pairs the network sees at a time."""
        return max(8, min(PAIRS, PASS_BYTES // (stored.maps[0].numel() * stored.maps.element_size())))

    def _run(
        self, stored: Stored, items: "torch.Tensor", replays: bool, change: "Callable[[torch.Tensor], torch.Tensor]"
    ) -> "torch.Tensor":
        """Return the class scores of items of the batch, after changing the layer's output."""
        if replays:
            return stored.replay(items, change, self.unread or ())
        return self._whole(stored.batch[items], change)

    def _changed(self, stored: Stored, values: Values | None, replays: bool) -> Iterator[Effect]:
        """Yield the scores without each unit from running the network, or what follows the layer."""
        import torch

        maps = stored.maps
        for units, items in pairs_of(maps, values is None, self._fitting(stored)):
            instead = 0.0 if values is None else values(maps, units, items).to(maps.dtype)
            rows = torch.arange(len(items), device=items.device)

            def silence(maps: "torch.Tensor", rows=rows, units=units, instead=instead) -> "torch.Tensor":  # type: ignore[no-untyped-def]
                maps[rows, units] = instead
                return maps

            yield Effect(units, items, self._run(stored, items, replays, silence))

    def _whole(self, batch: "torch.Tensor", change: "Callable[[torch.Tensor], torch.Tensor]") -> "torch.Tensor":
        """Return class scores of a batch, after changing the layer's output."""
        with capture(self.module, [self.layer], replace={self.layer.name: change}) as network:
            return class_scores(network(batch))

    def _can_replay(self, stored: Stored) -> bool:
        """Return whether what follows the layer, computed from stored outputs, gives the scores of the whole pass."""
        if self.unread is None:
            try:
                self.unread = find_unread(stored)
            except REFUSALS:
                return False
            if not self._replays(stored):  # what it computes outside of modules may need all items
                self.unread = []
        return self._replays(stored)

    def _replays(self, stored: Stored) -> bool:
        """Return whether a replay gives the scores of the whole pass."""
        import torch

        items = torch.arange(len(stored.batch), device=stored.batch.device).flip(0)
        try:
            scores = stored.replay(items, unread=self.unread or ()).flip(0)
        except REFUSALS:
            return False
        if scores.shape != stored.scores.shape:
            return False
        return bool((scores - stored.scores).abs().max() <= CLOSE * stored.scores.abs().max())

    def _lay(self, maps: "torch.Tensor") -> "torch.Tensor":
        """Return maps as they are averaged, ``(items, units, positions, 1)``."""
        flat = maps.flatten(2).unsqueeze(3) if maps.ndim > 2 else maps[:, :, None, None]
        return flat.clamp(min=0) if self.rectified else flat

    def _find_linear(self, stored: Stored) -> bool:
        """Find whether scores are linear in the means of the layer's maps: seen in them, and in what silencing does."""
        import torch

        units, classes = stored.maps.shape[1], stored.scores.shape[1]
        without = Linear(torch.eye(classes, device=stored.scores.device), stored.scores.new_zeros(classes))
        shape = (classes, units)
        linears = [linear_of(part) for part in self.module.modules() if is_linear(part)]
        silent = torch.arange(units, device=stored.maps.device) % 2 == 0
        slowly = self._whole(stored.batch, lambda maps: maps.masked_fill(as_units(silent, maps), 0))
        for linear in (found for found in (*linears, without) if found.weights.shape == shape):
            for self.rectified in (False, True):
                maps = stored.maps.masked_fill(as_units(silent, stored.maps), 0)
                pairs = ((stored.maps, stored.scores), (maps, slowly))
                if not any(scores_differ(linear, self._lay(given), scores).any() for given, scores in pairs):
                    self.linear = linear
                    return True
        return False


def silencing(silent: "torch.Tensor") -> "Callable[[torch.Tensor], torch.Tensor]":
    """Return a function that silences some units of each item, given as ``(items, units)`` bool."""
    return lambda maps: maps.masked_fill(silent.reshape(*silent.shape, *(1 for _ in maps.shape[2:])), 0)


def as_units(flags: "torch.Tensor", maps: "torch.Tensor") -> "torch.Tensor":
    """Return flags of units in a shape that fits maps."""
    return flags.reshape(1, -1, *(1 for _ in maps.shape[2:]))


def pairs_of(maps: "torch.Tensor", only_active: bool, size: int) -> "Iterator[tuple[torch.Tensor, torch.Tensor]]":
    """Yield units and items of pairs, at most `size` at a time: all, or those on which the unit is somewhere not zero.

    Examples
    --------
    >>> import torch
    >>> [[part.tolist() for part in pair] for pair in pairs_of(torch.tensor([[0.0, 2.0], [3.0, 4.0]]), True, 2)]
    [[[0, 1], [1, 0]], [[1], [1]]]
    """
    import torch

    active = (maps.flatten(2) != 0).any(2) if maps.ndim > 2 else maps != 0
    if not only_active:
        active = torch.ones_like(active)
    units, items = active.T.nonzero(as_tuple=True)
    yield from zip(units.split(size), items.split(size), strict=True)
