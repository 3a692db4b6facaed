"""Running a network and taking, or replacing, what passes through its layers."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from .computing import arithmetic, evaluating, frozen, uncompiled
from .layers import NetworkLayer
from .outputs import get_tensor, with_tensor

if TYPE_CHECKING:
    import torch

Take = Callable[["torch.Tensor"], Any]
"""From a layer's output, ``(items, units, *positions)``, to what is kept of it: a tensor or a tuple of tensors."""

Replace = Callable[["torch.Tensor"], "torch.Tensor"]
"""From a copy of a layer's output, ``(items, units, *positions)``, to what the network gets instead."""


@contextlib.contextmanager
def capture(
    module: "torch.nn.Module",
    layers: Sequence[NetworkLayer],
    *,
    take: Take | Mapping[str, Take] | None = None,
    replace: Mapping[str, Replace] | None = None,
    stop: bool = False,
    gradient: bool = False,
    precision: str = "float32",
) -> Iterator["HookedNetwork"]:
    """Take or replace the outputs of a network's layers, for as long as the context lasts.

    Whatever ends the context, the hooks are removed, and the modules' modes (``eval`` within the context), the weights'
    ``requires_grad`` and PyTorch's settings of precision are restored. Contexts of one network may be nested: the inner
    one gets what the outer one made of a layer's output.

    Parameters
    ----------
    module
        The network.
    layers
        Layers that `take` and `replace` name, as `choose_layers` returns them.
    take
        What to keep of a layer's output: a function for all layers, or one for each layer's name. It is called with
        the output, always ``(items, units)`` or ``(items, units, *positions)``. What it returns is copied where
        necessary, so that a later in-place operation cannot change it.
    replace
        For each layer's name, what the network gets instead of the layer's output. The function is called with a copy,
        which it may change. It may return another number of items where everything that follows depends on this layer
        only. `take` gets what was replaced.
    stop
        End the pass as soon as everything has been taken; later modules do not run.
    gradient
        Keep the graph, so that gradients reach the input. Weights get none. Otherwise no graph is kept.
    precision
        ``"float32"`` or ``"tf32"``; see `arithmetic`. It holds for the whole context, so for ``backward()`` as well.

    Yields
    ------
    HookedNetwork
        Call it with a batch; its `taken` is what was taken. The network itself can be called as well, and then never
        ends early.

    Raises
    ------
    UnitscopeError
        If `take` or `replace` name a layer that is not among `layers`.

    See Also
    --------
    run_batches : The same for items, loaded in batches.

    Examples
    --------
    The largest value of each unit's map, and what silencing a unit changes in the next layer:

    >>> import torch
    >>> from unitscope.models import capture, choose_layers, list_layers, load_model
    >>> model = load_model("demo:")
    >>> scenes = torch.rand(2, 3, 64, 64)
    >>> layers = choose_layers(list_layers(model, scenes), "conv5,fc6")
    >>> with capture(model.module, layers, take={"conv5": lambda maps: maps.amax((2, 3))}, stop=True) as network:
    ...     network(scenes)  # ends at conv5
    >>> network.taken["conv5"].shape
    torch.Size([2, 64])
    >>> def silence(maps):
    ...     maps[:, 7] = 0
    ...     return maps
    >>> with capture(model.module, layers, take={"fc6": lambda units: units}, replace={"conv5": silence}) as network:
    ...     scores = network(scenes)
    >>> network.taken["fc6"].shape
    torch.Size([2, 192])
    """
    network = HookedNetwork(module, layers, take, replace, stop=stop, gradient=gradient)
    weights = frozen(module) if gradient else contextlib.nullcontext()
    with evaluating(module), arithmetic(precision), uncompiled(), weights, network.hooks():
        yield network


class HookedNetwork:
    """A network with hooks on some layers; `capture` makes one.

    Attributes
    ----------
    module
        The network.
    take
        What is kept of each layer, by its name.
    taken
        What `take` returned in the last pass, by the layer's name.
    """

    def __init__(
        self,
        module: "torch.nn.Module",
        layers: Sequence[NetworkLayer],
        take: Take | Mapping[str, Take] | None,
        replace: Mapping[str, Replace] | None,
        *,
        stop: bool,
        gradient: bool,
    ):
        names = [layer.name for layer in layers]
        self.module = module
        self.taken: dict[str, Any] = {}
        self.take = dict.fromkeys(names, take) if callable(take) else dict(take or {})
        self._replace = dict(replace or {})
        for name in (*self.take, *self._replace):
            if name not in names:
                raise UnitscopeError(f"layer {name} is not among the layers given ({', '.join(names)}); add it to them")
        self._stop, self._gradient = stop, gradient
        self._running = False
        self._calls: dict[str, int] = {}
        self._layers: dict[str, list[NetworkLayer]] = {}
        for layer in layers:
            self._layers.setdefault(layer.module_name, []).append(layer)

    def __call__(self, batch: Any) -> Any:
        """Run the network on a batch.

        Returns
        -------
        object
            The network's output; None where the pass ended at the last layer wanted.
        """
        import torch

        self._running = True
        try:
            # Not inference mode by itself: tensors that a network computes once and keeps must allow gradients later.
            inference = torch.is_inference_mode_enabled() and not self._gradient
            with torch.inference_mode(inference), torch.set_grad_enabled(self._gradient):
                return self.module(batch)
        except EndOfPass as end:
            if end.network is not self:
                raise
            return None
        finally:
            self._running = False

    @contextlib.contextmanager
    def hooks(self) -> Iterator[None]:
        """Put the hooks on the modules; remove them when the context ends."""
        handles = []
        try:
            handles.append(self.module.register_forward_pre_hook(self._start))
            for name in self._layers:
                handles.append(self.module.get_submodule(name).register_forward_hook(self._hook(name)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _start(self, module: "torch.nn.Module", inputs: Any) -> None:
        self.taken = {}
        self._calls = {}

    def _hook(self, name: str) -> Callable[..., Any]:
        def hook(module: "torch.nn.Module", inputs: Any, output: Any) -> Any:
            call = self._calls[name] = self._calls.get(name, 0) + 1
            for layer in self._layers[name]:
                if layer.call == call:
                    output = self._pass_on(layer, output)
            if self._stop and self._running and self.taken.keys() == self.take.keys():
                raise EndOfPass(self)
            return output

        return hook

    def _pass_on(self, layer: NetworkLayer, output: Any) -> Any:
        """Replace and take a layer's output; return what the network gets."""
        import torch

        tensor = get_tensor(output, layer.key)
        if layer.name in self._replace:
            changed = self._replace[layer.name](tensor.movedim(layer.unit_axis, 1).clone())
            if not isinstance(changed, torch.Tensor):
                raise TypeError(f"what replaces layer {layer.name} returned {changed!r}, not the changed tensor")
            tensor = changed.to(tensor.dtype).movedim(1, layer.unit_axis)
            output = with_tensor(output, layer.key, tensor)
        if layer.name in self.take:
            maps = tensor.movedim(layer.unit_axis, 1)
            if self._gradient:  # an in-place operation on the output must not break the graph of what is taken
                maps = maps.clone()
            self.taken[layer.name] = unshared(self.take[layer.name](maps), tensor)
        return output


class EndOfPass(BaseException):
    """Ends a forward pass; caught where the pass began."""

    def __init__(self, network: HookedNetwork):
        self.network = network


def unshared(value: Any, output: "torch.Tensor") -> Any:
    """Return a tensor, or a tuple of tensors, of which none shares memory with a layer's output."""
    if isinstance(value, tuple):
        return tuple(unshared(part, output) for part in value)
    shared = value.untyped_storage().data_ptr() == output.untyped_storage().data_ptr()
    return value.clone() if shared else value
