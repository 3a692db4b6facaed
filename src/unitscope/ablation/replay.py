"""Running only what follows a layer: modules that finished before it give their stored outputs again.

A pass over a batch stores what every module gave that had finished when the layer gave its output, but not what modules
inside those gave. `Stored.replay` then calls the network for any choice of these items: the stored modules return their
outputs without computing, the layer returns a changed output, and all that follows is computed. So is what the network
computes outside of modules. Of stored outputs that nothing after the layer reads, a single item is enough for that:
`find_unread` finds them.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..models import NetworkLayer, class_scores
from ..models.outputs import get_tensor, with_tensor

if TYPE_CHECKING:
    import torch

Change = Callable[["torch.Tensor"], "torch.Tensor"]
"""From a layer's output, ``(items, units, *positions)``, to what takes its place."""


@dataclass(frozen=True, eq=False)
class Stored:
    """What a pass over a batch gave up to a layer.

    Attributes
    ----------
    module, layer
        The network, and the layer.
    batch
        The network's input.
    outputs
        Modules that had finished, and what they gave, in the order of their calls; the layer's own is the last.
    scores
        ``(items, classes)`` float32, of the whole pass.
    """

    module: "torch.nn.Module"
    layer: NetworkLayer
    batch: "torch.Tensor"
    outputs: Sequence[tuple["torch.nn.Module", Any]]
    scores: "torch.Tensor"

    @property
    def maps(self) -> "torch.Tensor":
        """The layer's output, ``(items, units, *positions)``."""
        return get_tensor(self.outputs[-1][1], self.layer.key).movedim(self.layer.unit_axis, 1)

    def replay(
        self, items: "torch.Tensor", change: Change = lambda maps: maps, unread: Sequence[bool] = ()
    ) -> "torch.Tensor":
        """Return the class scores of items of the batch, after changing the layer's output.

        Parameters
        ----------
        items
            Numbers of items in the batch; each may occur several times.
        change
            Called with the layer's output for these items, which it may change.
        unread
            Of which outputs, and lastly whether of the input, a single item is enough, from `find_unread`.
        """
        left = [*unread] or [False] * (len(self.outputs) + 1)
        given = [
            (module, pick(output, items[:1] if one else items, len(self.batch)))
            for (module, output), one in zip(self.outputs, left, strict=False)
        ]
        module, last = given[-1]
        changed = change(get_tensor(last, self.layer.key).movedim(self.layer.unit_axis, 1))
        given[-1] = module, with_tensor(last, self.layer.key, changed.movedim(1, self.layer.unit_axis))
        with giving(given) as remaining:
            scores = class_scores(self.module(self.batch[items[:1] if left[-1] else items]))
        if any(remaining.values()):
            raise NotReplayedError
        return scores


class NotReplayedError(Exception):
    """A stored module was not called again; the network must be run as a whole."""


def store(module: "torch.nn.Module", layer: NetworkLayer, batch: "torch.Tensor") -> Stored:
    """Run a network on a batch and store what it gave up to a layer.

    Raises
    ------
    UnitscopeError
        If the layer is not reached.
    """
    target = module.get_submodule(layer.module_name)
    outputs: list[tuple[torch.nn.Module, Any]] = []
    starts: list[int] = []
    calls, reached = 0, False

    def begin(part: Any, inputs: Any) -> None:
        if not reached:
            starts.append(len(outputs))

    def end(part: Any, inputs: Any, output: Any) -> None:
        nonlocal calls, reached
        if reached:
            return
        del outputs[starts.pop() :]  # of modules inside this one
        outputs.append((part, copied(output)))
        calls += part is target
        reached = calls == layer.call

    parts = [part for part in module.modules() if part is not module]
    with contextlib.ExitStack() as hooks:
        for part in parts:
            hooks.callback(part.register_forward_pre_hook(begin).remove)
            hooks.callback(part.register_forward_hook(end, prepend=True).remove)
        scores = class_scores(module(batch))
    if not reached:
        raise UnitscopeError(f"layer {layer.name} was not reached in the forward pass; choose another layer")
    return Stored(module, layer, batch, outputs, scores.clone())


@contextlib.contextmanager
def giving(
    outputs: Sequence[tuple["torch.nn.Module", Any]],
) -> Iterator[dict["torch.nn.Module", deque[Any]]]:
    """Let modules give some outputs, one for each call, before they compute again."""
    queues: dict[torch.nn.Module, deque[Any]] = {}
    for module, output in outputs:
        queues.setdefault(module, deque()).append(output)

    def stand_in(module: Any, queue: deque[Any]) -> Callable[..., Any]:
        compute = module.forward
        return lambda *inputs, **options: queue.popleft() if queue else compute(*inputs, **options)

    before = {module: vars(module).get("forward") for module in queues}
    try:
        for module, queue in queues.items():
            module.forward = stand_in(module, queue)
        yield queues
    finally:
        for module, forward in before.items():
            if forward is not None:
                module.forward = forward
            elif "forward" in vars(module):
                del module.forward


def find_unread(stored: Stored) -> list[bool]:
    """Return which stored outputs, and lastly whether the input, have no influence on what follows the layer.

    Each is filled with NaN in turn, which spreads to the class scores if anything reads it.
    """
    import torch

    items = torch.arange(len(stored.batch), device=stored.batch.device)
    unread = []
    for place in range(len(stored.outputs)):
        outputs = list(stored.outputs)
        module, output = outputs[place]
        outputs[place] = module, map_tensors(output, poisoned)
        own = place == len(outputs) - 1
        unread.append(not own and bool(Stored(stored.module, stored.layer, stored.batch, outputs, stored.scores)
                                       .replay(items).isfinite().all()))  # fmt: skip
    poison = Stored(stored.module, stored.layer, poisoned(stored.batch), stored.outputs, stored.scores)
    return [*unread, bool(poison.replay(items).isfinite().all())]


def poisoned(tensor: "torch.Tensor") -> "torch.Tensor":
    """Return a tensor of NaN; one of integers, which have none, as it is."""
    return tensor.new_full(tensor.shape, float("nan")) if tensor.is_floating_point() else tensor


def pick(output: Any, items: "torch.Tensor", size: int) -> Any:
    """Return some items of a module's output for a batch of this size; other tensors, such as weights, as they are."""
    return map_tensors(
        output, lambda tensor: tensor[items] if tensor.ndim and tensor.shape[0] == size else tensor.clone()
    )


def copied(output: Any) -> Any:
    """Return a module's output with copies of its tensors, which later operations in place do not change."""
    return map_tensors(output, lambda tensor: tensor.clone())


def map_tensors(output: Any, function: Callable[["torch.Tensor"], "torch.Tensor"]) -> Any:
    """Return a module's output with a function applied to each of its tensors, also within tuples, lists and dicts."""
    import torch

    if isinstance(output, torch.Tensor):
        return function(output)
    if isinstance(output, dict):
        pairs = {key: map_tensors(value, function) for key, value in output.items()}
        return type(output)(**pairs) if type(output) is not dict else pairs
    if isinstance(output, tuple | list):
        values = [map_tensors(value, function) for value in output]
        return type(output)(*values) if hasattr(output, "_fields") else type(output)(values)
    return output
