"""Silencing units of a network for as long as a context lasts."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UnitscopeError, near_names
from ..models import LoadedModel, list_layers
from ..models.axes import axis_by_kind, find_unit_axis
from ..models.computing import uncompiled
from ..models.outputs import get_tensor, tensors_of, with_tensor

if TYPE_CHECKING:
    import torch


@contextlib.contextmanager
def ablated(
    model: "LoadedModel | torch.nn.Module",
    units: Iterable[str],
    value: float | Mapping[str, float] = 0.0,
    example: "torch.Tensor | None" = None,
) -> Iterator["torch.nn.Module"]:
    """Silence units of a network for as long as the context lasts.

    A silenced unit has one value for every item and at every position, whatever the network computes. Contexts may be
    nested, and gradients pass through all other units. Whatever ends the context, its hooks are removed. Modes of the
    network, such as ``eval``, stay as they are. A network that `torch.compile` compiled runs as it was written within
    the context, since compiled code ignores hooks that come later.

    Parameters
    ----------
    model
        A network, as `unitscope.load_model` returns it or any module.
    units
        IDs of units, such as ``"layer3.2:17"``, with the names of ``unitscope layers``.
    value
        What the units give instead, in units of activation; or a value for each ID.
    example
        A batch of inputs, to see which axis of a layer's output has its units. It is needed for outputs of three axes
        or more of modules that may have them anywhere, such as activation functions between layers of tokens.

    Yields
    ------
    torch.nn.Module
        The network.

    Raises
    ------
    UnitscopeError
        If there is no such layer, or `value` lacks a unit; within the context, when the network is called, if the layer
        has no such unit, or the axis of its units cannot be told from the module.

    See Also
    --------
    unitscope.ablate : What the network can no longer do without each unit.
    unitscope.models.capture : Replace whole outputs of layers.

    Examples
    --------
    >>> import torch
    >>> from unitscope import load_model
    >>> model = load_model("demo:")
    >>> scenes = torch.rand(2, 3, 64, 64)
    >>> with torch.no_grad():
    ...     before = model.module(scenes)
    ...     with ablated(model, ["conv5:7", "conv5:9"]) as network:
    ...         without = network(scenes)
    ...     after = model.module(scenes)
    >>> bool((without != before).any()), bool((after == before).all())
    (True, True)
    """
    module = model.module if isinstance(model, LoadedModel) else model
    inner: Any = getattr(module, "_orig_mod", module)  # of a compiled network
    chosen = group_units(units, value)
    parts = dict(inner.named_modules())
    watched: Any = Watched(inner)
    axes = {} if example is None else {row.name: row.unit_axis for row in list_layers(watched, example)}
    silencers = []
    for layer, values in chosen.items():
        name, call, key = parse_layer(layer)
        if not name or name not in parts:
            raise UnitscopeError(f"the network has no layer {layer}{near_names(name, [*filter(None, parts)])}; "
                                 "`unitscope layers MODEL` lists them all")  # fmt: skip
        silencers.append((parts[name], Silencer(layer, call, key, values, axes.get(layer))))
    with uncompiled(), contextlib.ExitStack() as hooks:
        for part, silencer in silencers:
            # The count of calls starts anew with each pass, also after one that was broken off.
            for handle in (inner.register_forward_pre_hook(silencer.start), part.register_forward_hook(silencer)):
                hooks.callback(handle.remove)
        yield module


class Watched(NamedTuple):
    """A network without a spec, for `list_layers`."""

    module: "torch.nn.Module"


def group_units(units: Iterable[str], value: float | Mapping[str, float]) -> dict[str, dict[int, float]]:
    """Return the value of each unit, by layer and index.

    Examples
    --------
    >>> group_units(["fc:1", "fc:0"], 0.0)
    {'fc': {1: 0.0, 0: 0.0}}
    """
    if isinstance(units, str):
        raise UnitscopeError(f"units must be a list of IDs, not the text {units!r}; write [{units!r}]")
    grouped: dict[str, dict[int, float]] = {}
    for unit in units:
        layer, colon, index = unit.rpartition(":")
        if not colon or not layer or not index.isdigit():
            raise UnitscopeError(f"{unit!r} is not a unit; write LAYER:INDEX, such as conv1:0")
        if isinstance(value, Mapping) and unit not in value:
            raise UnitscopeError(f"value has no entry for unit {unit}; add one")
        grouped.setdefault(layer, {})[int(index)] = float(value[unit] if isinstance(value, Mapping) else value)
    return grouped


def parse_layer(layer: str) -> tuple[str, int, int | str | None]:
    """Return module, call and key of a layer's name.

    Examples
    --------
    >>> parse_layer("layer1.relu@2"), parse_layer("lstm[0]"), parse_layer("fc")
    (('layer1.relu', 2, None), ('lstm', 1, 0), ('fc', 1, None))
    """
    found = re.fullmatch(r"(.*?)(?:@(\d+))?(?:\[([^\[\]]+)\])?", layer)
    name, call, key = found.groups() if found else (layer, None, None)
    return name, int(call or 1), int(key) if key and key.isdigit() else key


class Silencer:
    """A forward hook that gives some units of a layer a value.

    Parameters
    ----------
    layer
        The layer's name, for messages.
    call, key
        Which call of the module, and which tensor of its output.
    values
        Value of each unit.
    axis
        The axis of the units; ``None`` if it is not known.
    """

    def __init__(
        self, layer: str, call: int, key: int | str | None, values: Mapping[int, float], axis: int | None = None
    ):
        self.layer, self.call, self.key, self.values, self.axis = layer, call, key, values, axis
        self.calls = 0

    def start(self, module: Any, inputs: Any) -> None:
        """Count calls anew."""
        self.calls = 0

    def __call__(self, module: Any, inputs: Any, output: Any) -> Any:
        """Return the module's output with the units' values."""
        self.calls += 1
        if self.calls != self.call:
            return output
        if self.key not in dict(tensors_of(output)):
            raise UnitscopeError(f"layer {self.layer} gives no such tensor; `unitscope layers MODEL` lists the layers")
        tensor = get_tensor(output, self.key)
        axis = unit_axis(self.layer, module, tensor) if self.axis is None else self.axis
        n_units = tensor.shape[axis]
        if max(self.values) >= n_units:
            raise UnitscopeError(f"layer {self.layer} has no unit {max(self.values)}; its units are 0 to {n_units - 1}")
        changed = tensor.clone()
        for unit, value in self.values.items():
            changed.select(axis, unit).fill_(value)
        return with_tensor(output, self.key, changed)


def unit_axis(layer: str, module: "torch.nn.Module", output: "torch.Tensor") -> int:
    """Return the axis of a layer's units, judging by its module and output alone.

    Raises
    ------
    UnitscopeError
        If these do not tell.
    """
    if output.ndim < 2:
        raise UnitscopeError(f"the output of layer {layer}, of shape {tuple(output.shape)}, has no axis of units; "
                             "choose another layer")  # fmt: skip
    axis, doubt = find_unit_axis(module, output, None, {})
    if doubt or (output.ndim == 3 and axis_by_kind(module, 2) is None):
        raise UnitscopeError(
            f"which axis of the output of layer {layer}, of shape {tuple(output.shape)}, has its units cannot be told "
            "from the layer alone; give a batch of inputs as example="
        )
    return axis
