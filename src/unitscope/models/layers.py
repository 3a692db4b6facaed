"""What a network's layers give: found by running it once, chosen by name or glob."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError, near_names

if TYPE_CHECKING:
    import torch

    from ..data import LabelledItems
    from .load import LoadedModel

CHANNELS_FIRST_1D = tuple(
    f"{kind}1d" for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm", "MaxPool", "AvgPool",
                             "AdaptiveAvgPool", "AdaptiveMaxPool")
)  # fmt: skip
BEFORE_ACTIVATION = ("Conv", "Linear", "BatchNorm", "LayerNorm", "GroupNorm")


@dataclass
class Layer:
    """One output of one module: a row of ``unitscope layers``, and what ``--layers`` chooses.

    Attributes
    ----------
    name
        The module's name; with ``@k`` for the k-th of several calls, with ``[key]`` for one tensor of several.
    type
        The module's class.
    shape
        Shape of the output for one item.
    units
        Number of units; 0 where the output cannot be recorded.
    positions
        Size of the map of each unit; ``()`` for a dense layer.
    calls
        Calls of the module per forward pass.
    warnings
        What makes a hook on it lie, or why it cannot be recorded.
    module_name, call, key, unit_axis
        Where a recording takes the tensor.
    """

    name: str
    type: str
    shape: tuple[int, ...] = ()
    units: int = 0
    positions: tuple[int, ...] = ()
    calls: int = 0
    warnings: list[str] = field(default_factory=list)
    module_name: str = ""
    call: int = 1
    key: int | str | None = None
    unit_axis: int = 1


def example_batch(model: "LoadedModel", data: "LabelledItems | None" = None) -> "torch.Tensor":
    """Make a batch of two to try a network on: the first items, or noise of 224 x 224 pixels."""
    import numpy as np
    import torch
    from PIL import Image

    if data is not None:
        items = [data.load(index) for index in range(min(2, len(data)))]
    else:
        noise = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
        size = (64, 64) if model.spec == "demo:" else (224, 224)
        items = [Image.fromarray(pixels).resize(size) for pixels in noise]
    return torch.stack([model.preprocess(item) for item in items])


def list_layers(model: "LoadedModel", example: "torch.Tensor") -> list[Layer]:
    """List what every module of a network gives, in the order of its definition, by running it once.

    Parameters
    ----------
    model
        The network.
    example
        A batch of inputs.

    Returns
    -------
    list of Layer
        With warnings where an output is changed in place afterwards, a module is called several times or never, an
        output is a tuple, cannot be recorded, or has values below zero.

    Raises
    ------
    UnitscopeError
        If the network does not take the batch.
    """
    import torch

    seen: dict[str, list[Any]] = {}
    handles = []
    for name, module in model.module.named_modules():
        if name:
            handles.append(module.register_forward_hook(watcher(seen.setdefault(name, [])), prepend=True))
    try:
        with torch.inference_mode(False), torch.no_grad():  # inference tensors count no versions
            model.module(example)
    except UnitscopeError:
        raise
    except Exception as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UnitscopeError(
            f"the network does not take input of shape {tuple(example.shape)} ({line}); "
            "give the preprocessing it was trained with, e.g. -M resize=256 -M crop=224"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    modules = dict(model.module.named_modules())
    return [layer for name, calls in seen.items() for layer in describe(name, modules[name], calls, len(example))]


def watcher(calls: list[Any]) -> Any:
    """Make a hook that keeps each call's output tensors with their version and lowest value at that moment."""

    def watch(module: Any, inputs: Any, output: Any) -> None:
        found = [(key, tensor, tensor._version, lowest(tensor)) for key, tensor in tensors_of(output)]
        calls.append((output, found))

    return watch


def lowest(tensor: "torch.Tensor") -> float:
    """Return the smallest value of a tensor, 0 where that means nothing."""
    return float(tensor.min()) if tensor.is_floating_point() and tensor.numel() else 0.0


def tensors_of(output: Any) -> Iterator[tuple[int | str | None, "torch.Tensor"]]:
    """Walk over the tensors of a module's output: itself, or those of a tuple, list, dictionary or model output."""
    import dataclasses

    import torch

    if isinstance(output, torch.Tensor):
        yield None, output
    elif isinstance(output, dict):
        yield from ((key, value) for key, value in output.items() if isinstance(value, torch.Tensor))
    elif isinstance(output, tuple | list):
        yield from ((key, value) for key, value in enumerate(output) if isinstance(value, torch.Tensor))
    elif dataclasses.is_dataclass(output):
        names = [entry.name for entry in dataclasses.fields(output)]
        yield from ((name, getattr(output, name)) for name in names if isinstance(getattr(output, name), torch.Tensor))


def describe(name: str, module: Any, calls: list[Any], batch: int) -> Iterator[Layer]:
    """Describe every output of one module."""
    kind = type(module).__name__
    if not calls:
        yield Layer(name, kind, warnings=["is not called in the forward pass"], module_name=name)
        return
    for number, (_, tensors) in enumerate(calls, 1):
        called = f"{name}@{number}" if len(calls) > 1 else name
        if not tensors:
            yield Layer(called, kind, calls=len(calls), warnings=["gives no tensor"], module_name=name)
        for key, tensor, version, low in tensors:
            layer = Layer(
                called if key is None else f"{called}[{key}]",
                kind,
                tuple(tensor.shape[1:]),
                calls=len(calls),
                module_name=name,
                call=number,
                key=key,
            )
            find_units(layer, tensor, batch)
            add_warnings(layer, tensor, version, low)
            yield layer


def find_units(layer: Layer, tensor: "torch.Tensor", batch: int) -> None:
    """Settle which axis holds the units, or why there are none."""
    if not tensor.is_floating_point():
        layer.warnings.append(f"cannot be recorded: its values are {tensor.dtype}")
    elif tensor.ndim < 2 or tensor.ndim > 5 or tensor.shape[0] != batch or 0 in tensor.shape:
        layer.warnings.append(f"cannot be recorded: its shape {tuple(tensor.shape)} is not (items, ...)")
    else:
        # Tokens come as (item, token, unit); maps, and 1-D convolutions, as (item, unit, position ...).
        last = tensor.ndim == 3 and layer.type not in CHANNELS_FIRST_1D
        layer.unit_axis = 2 if last else 1
        layer.units = tensor.shape[layer.unit_axis]
        layer.positions = tuple(size for axis, size in enumerate(tensor.shape) if axis not in (0, layer.unit_axis))


def add_warnings(layer: Layer, tensor: "torch.Tensor", version: int, low: float) -> None:
    """Add what a user should know before hooking on."""
    if tensor._version != version:
        layer.warnings.append("is changed in place after it was given; recorded as given, before the change")
    if layer.calls > 1 and layer.call == 1:
        layer.warnings.append(
            f"is called {layer.calls} times per forward pass; choose one call with @1 to @{layer.calls}"
        )
    if layer.key is not None:
        layer.warnings.append("is one tensor of several in the module's output")
    if low < 0 and layer.type.startswith(BEFORE_ACTIVATION):
        layer.warnings.append("has values below zero: this is before the activation function")


def choose_layers(layers: list[Layer], patterns: str) -> list[Layer]:
    """Choose layers by names and globs, separated by commas.

    ``*`` stands for any characters within one dotted part of a name, ``**`` for any at all, ``?`` for one; all else
    is literal. Layers come in the network's order, each once.

    Raises
    ------
    UnitscopeError
        If a pattern matches nothing, suggesting near names, or if a name that it gives cannot be recorded.

    Examples
    --------
    >>> layers = [Layer(name, "Conv2d", units=8) for name in ("layer1", "layer1.0", "layer1.0.conv", "fc")]
    >>> [layer.name for layer in choose_layers(layers, "layer*.*,fc")]
    ['layer1.0', 'fc']
    """
    chosen: set[str] = set()
    for pattern in [part.strip() for part in patterns.split(",") if part.strip()]:
        expression = glob_expression(pattern)
        found = [layer for layer in layers if expression.fullmatch(layer.name)]
        able = [layer.name for layer in found if layer.units]
        if not found:
            calls = [layer.name for layer in layers if re.split(r"[@\[]", layer.name)[0] == pattern]
            hint = (
                f"; choose {' or '.join(calls[:4])}" if calls else near_names(pattern, [layer.name for layer in layers])
            )
            raise UnitscopeError(f"no layer matches {pattern!r}{hint}; `unitscope layers MODEL` lists them all")
        if not able:
            raise UnitscopeError(f"layer {found[0].name} {found[0].warnings[0]}; choose another")
        chosen.update(able)
    if not chosen:
        raise UnitscopeError("no layers were chosen; name some with --layers, e.g. --layers 'features.*'")
    return [layer for layer in layers if layer.name in chosen]


def glob_expression(pattern: str) -> re.Pattern[str]:
    """Turn a glob into a regular expression."""
    parts = {"**": ".*", "*": r"[^.]*", "?": r"[^.]"}
    return re.compile(
        "".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", pattern)), re.DOTALL
    )
