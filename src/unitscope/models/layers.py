"""What a network's layers give, found by running it on a few items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..specs import first_line
from .axes import find_unit_axis
from .computing import uncompiled
from .outputs import tensors_of
from .preprocess import stack_inputs

if TYPE_CHECKING:
    import torch

    from ..data import LabelledItems
    from .load import LoadedModel

BEFORE_ACTIVATION = ("Conv", "Linear", "BatchNorm", "LayerNorm", "GroupNorm")


@dataclass
class NetworkLayer:
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
    from PIL import Image

    if data is not None:
        items = [data.load(index) for index in range(min(2, len(data)))]
    else:
        noise = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
        items = [Image.fromarray(pixels) for pixels in noise]
    return stack_inputs([model.preprocess(item) for item in items])


@dataclass
class Call:
    """One call of a module during a forward pass.

    Attributes
    ----------
    name, module
        The module.
    number
        Which call of this module, from 1.
    given
        Its first argument.
    outputs
        Each output tensor with its key, and with its version and lowest value at that moment.
    """

    name: str
    module: Any
    number: int
    given: Any
    outputs: list[tuple[int | str | None, "torch.Tensor", int, float]]


def list_layers(model: "LoadedModel", example: "torch.Tensor") -> list[NetworkLayer]:
    """List what every module of a network gives, in the order of its definition.

    The network runs twice, the second time with one item more, to see which outputs have one row per item.

    Parameters
    ----------
    model
        The network.
    example
        A batch of inputs.

    Returns
    -------
    list of NetworkLayer
        With warnings where an output is changed in place afterwards, a module is called several times or never, an
        output is a tuple, cannot be recorded, or has values below zero. Modules within TorchScript cannot be recorded.

    Raises
    ------
    UnitscopeError
        If the network does not take the batch, or is TorchScript as a whole.
    """
    import torch

    calls = watch_calls(model.module, example)
    longer = watch_calls(model.module, torch.cat([example, example[:1]]))
    grown = {
        (call.name, call.number, key)
        for call in longer
        for key, tensor, *_ in call.outputs
        if tensor.ndim and tensor.shape[0] == len(example) + 1
    }
    rows: dict[str, list[NetworkLayer]] = {}
    axes: dict[int, int] = {}
    for call in calls:
        rows.setdefault(call.name, []).extend(describe(call, grown, axes, len(example)))
    never = [
        NetworkLayer(name, type(module).__name__, warnings=[reason], module_name=name)
        for name, module in model.module.named_modules()
        if name and name not in rows and (reason := why_unseen(module))
    ]
    order = {name: place for place, (name, _) in enumerate(model.module.named_modules())}
    found = sorted([*never, *(row for several in rows.values() for row in several)], key=lambda r: order[r.module_name])
    for name, several in rows.items():
        count = max(row.call for row in several)
        for row in several:
            add_call(row, name, count)
    return found


def why_unseen(module: "torch.nn.Module") -> str:
    """Return why a module's calls were not seen; nothing for a container, which is never called."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        return "cannot be recorded: it is TorchScript, which takes no hooks"
    return "is not called in the forward pass" if type(module).forward is not torch.nn.Module.forward else ""


def watch_calls(module: "torch.nn.Module", batch: "torch.Tensor") -> list[Call]:
    """Run a network on a batch and keep what its modules gave, in the order of their calls."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        raise UnitscopeError(
            "the network is TorchScript (torch.jit.script or torch.jit.trace), whose layers cannot be recorded; "
            "give the nn.Module from which it was made"
        )
    calls: list[Call] = []
    counts: dict[str, int] = {}

    def watcher(name: str) -> Any:
        def watch(part: Any, given: tuple[Any, ...], output: Any) -> None:
            counts[name] = counts.get(name, 0) + 1
            outputs = [(key, tensor, tensor._version, lowest(tensor)) for key, tensor in tensors_of(output)]
            calls.append(Call(name, part, counts[name], given[0] if given else None, outputs))

        return watch

    parts = [(name, part) for name, part in module.named_modules() if name]
    handles = [
        part.register_forward_hook(watcher(name), prepend=True)
        for name, part in parts
        if not isinstance(part, torch.jit.ScriptModule)
    ]
    try:
        with uncompiled(), torch.inference_mode(False), torch.no_grad():  # inference tensors count no versions
            module(batch)
    except UnitscopeError:
        raise
    except Exception as error:
        raise UnitscopeError(
            f"the network does not take input of shape {tuple(batch.shape)} ({first_line(error)}); "
            "give the preprocessing it was trained with, e.g. -M resize=256 -M crop=224"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return calls


def lowest(tensor: "torch.Tensor") -> float:
    """Return the smallest value of a tensor, 0 where that means nothing."""
    return float(tensor.min()) if tensor.is_floating_point() and tensor.numel() else 0.0


def describe(
    call: Call, grown: set[tuple[str, int, int | str | None]], axes: dict[int, int], batch: int
) -> Iterator[NetworkLayer]:
    """Describe every output of one call; `axes` remembers the unit axis of each tensor seen."""
    kind = type(call.module).__name__
    if not call.outputs:
        yield NetworkLayer(
            call.name, kind, warnings=["cannot be recorded: gives no tensor"], module_name=call.name, call=call.number
        )
    for key, tensor, version, low in call.outputs:
        layer = NetworkLayer(call.name, kind, tuple(tensor.shape[1:]), module_name=call.name, call=call.number, key=key)
        if not tensor.is_floating_point():
            layer.warnings.append(f"cannot be recorded: its values are {tensor.dtype}")
        elif tensor.ndim < 2 or tensor.ndim > 5 or 0 in tensor.shape:
            layer.warnings.append(f"cannot be recorded: its shape {tuple(tensor.shape)} has no axis of units")
        elif tensor.shape[0] != batch or (call.name, call.number, key) not in grown:
            layer.warnings.append(f"cannot be recorded: its shape {tuple(tensor.shape)} does not begin with the items")
        else:
            axis, doubt = find_unit_axis(call.module, tensor, call.given, axes)
            axes[id(tensor)] = layer.unit_axis = axis
            layer.units = tensor.shape[axis]
            layer.positions = tuple(size for place, size in enumerate(tensor.shape) if place not in (0, axis))
            layer.warnings += doubt
        if tensor._version != version:
            layer.warnings.append("is changed in place after it was given; recorded as given, before the change")
        if key is not None:
            layer.warnings.append("is one tensor of several in the module's output")
        if low < 0 and kind.startswith(BEFORE_ACTIVATION):
            layer.warnings.append("has values below zero: this is before the activation function")
        yield layer


def add_call(layer: NetworkLayer, name: str, count: int) -> None:
    """Finish a row's name once it is known how often the module is called."""
    layer.calls = count
    layer.name = name if count == 1 else f"{name}@{layer.call}"
    if layer.key is not None:
        layer.name += f"[{layer.key}]"
    if count > 1 and layer.call == 1:
        layer.warnings.append(f"is called {count} times per forward pass; choose one call with @1 to @{count}")
