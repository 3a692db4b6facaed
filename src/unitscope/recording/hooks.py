"""Forward hooks that take the chosen layers' outputs while the network runs, before anything can change them."""

from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..models import Layer
from .reduction import reduce_positions

if TYPE_CHECKING:
    import torch


class Taps:
    """Hooks on the chosen layers of a network, for as long as the context lasts.

    After a forward pass `values` holds every layer's activations, ``(items, units)`` float32.

    Parameters
    ----------
    module
        The network.
    layers
        The chosen layers, as `unitscope.models.choose_layers` returns them.
    reduction
        See `reduce_positions`.
    """

    def __init__(self, module: "torch.nn.Module", layers: list[Layer], reduction: str):
        self.module = module
        self.reduction = reduction
        self.values: dict[str, torch.Tensor] = {}
        self._layers: dict[str, list[Layer]] = {}
        for layer in layers:
            self._layers.setdefault(layer.module_name, []).append(layer)
        self._calls: dict[str, int] = {}
        self._handles: list[Any] = []

    def __enter__(self) -> "Taps":
        self._handles.append(self.module.register_forward_pre_hook(self._start))
        for name in self._layers:
            module = self.module.get_submodule(name)
            # First in the queue, so that a hook of the user's own cannot change the output before us.
            self._handles.append(module.register_forward_hook(self._taker(name), prepend=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _start(self, module: "torch.nn.Module", inputs: Any) -> None:
        self.values.clear()
        self._calls.clear()

    def _taker(self, name: str) -> Any:
        def take(module: "torch.nn.Module", inputs: Any, output: Any) -> None:
            call = self._calls[name] = self._calls.get(name, 0) + 1
            for layer in self._layers[name]:
                if layer.call == call:
                    tensor = output if layer.key is None else pick(output, layer.key)
                    self.values[layer.name] = reduce_positions(tensor, layer.unit_axis, self.reduction)

        return take


def pick(output: Any, key: int | str) -> "torch.Tensor":
    """Pick one tensor of a tuple, list, dictionary or model output."""
    try:
        return output[key]
    except TypeError:  # a dataclass without item access
        return getattr(output, str(key))


def check_values(taps: Taps, layers: list[Layer], item_ids: list[str]) -> None:
    """Refuse what must not go into a run: a layer that was not called, values that are not finite.

    Raises
    ------
    UnitscopeError
        Naming the layer, the unit and the item.
    """
    for layer in layers:
        if layer.name not in taps.values:
            raise UnitscopeError(
                f"layer {layer.name} was not reached in the forward pass for item {item_ids[0]}; "
                "choose layers that every item passes through"
            )
        values = taps.values[layer.name]
        if values.sum().isfinite():  # in one pass; a sum of large finite values is looked at more closely below
            continue
        faults = (~values.isfinite()).nonzero()
        if len(faults):
            row, unit = (int(index) for index in faults[0])
            raise UnitscopeError(
                f"layer {layer.name}, unit {unit} gave {values[row, unit].item()} for item {item_ids[row]}; "
                "check the preprocessing (-M mean, std) and the weights, or leave the layer out"
            )
