"""How a network ends: whether its class scores are sums of class activation maps, and of which layer's."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UnitscopeError, near_names
from ..models import NetworkLayer, capture, class_scores, list_layers
from ..models.readout import Linear, is_linear, linear_of, scores_differ
from .gradient import score_gradients
from .grid import Grid, MappedLayer, mapped_layers

if TYPE_CHECKING:
    import torch

    from ..models import LoadedModel


@dataclass(frozen=True, eq=False)
class Head:
    """From which maps, and how, class maps are made.

    Attributes
    ----------
    method
        ``"cam"`` where class scores are proven to be sums of class activation maps, else ``"grad-cam"``.
    layer
        The layer whose maps are weighted and added up.
    grid
        How its positions lie on the image.
    classes
        Number of class scores.
    rectified
        Whether the network averages the layer's maps after setting values below zero to zero.
    linear
        Weights and biases, for ``"cam"``.

    See Also
    --------
    find_head : Find it.
    """

    method: str
    layer: NetworkLayer
    grid: Grid
    classes: int
    rectified: bool = False
    linear: Linear | None = None

    def lay(self, output: "torch.Tensor") -> "torch.Tensor":
        """Return the layer's output as the maps that are averaged, ``(items, units, height, width)``."""
        maps = self.grid.lay(output)
        return maps.clamp(min=0) if self.rectified else maps


def find_head(
    network: "LoadedModel", example: "torch.Tensor", layer: str | None = None, prefer: Collection[str] = ()
) -> Head:
    r"""Find how class maps of a network can be made.

    A class activation map needs class scores that are linear in the spatial means of some layer's maps,
    :math:`S_c = b_c + \sum_k w_{ck} \, \mathrm{mean}_{xy} f_k(x, y)`: global average pooling and one linear layer, or
    a convolution with one map per class and global average pooling. Names of modules are not trusted. The method is
    ``"cam"`` only if the maps of the example vary and the equation holds, to the rounding of float32, for every class
    of every item, with the weights of a layer that gives the class scores, or without weights. Dropout, and a ReLU
    between the layer and the average, may be modules or not. In every other case the method is ``"grad-cam"``, also
    where the network gives probabilities, which are not linear.

    Parameters
    ----------
    network
        The network.
    example
        A batch of images as the network takes them, ``(items, channels, height, width)``, from
        `unitscope.models.example_batch`.
    layer
        Make Grad-CAM from this layer. Default: the layer that makes ``"cam"`` true; else the deepest layer with a map
        that was not pooled and on which class scores depend.
    prefer
        Names of layers that are tried first, such as those of a run: several may give the same maps, for instance a
        block and its last module.

    Returns
    -------
    Head

    Raises
    ------
    UnitscopeError
        If the network takes no images, gives no class scores, has no layer with a map, or `layer` is none.

    References
    ----------
    Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for discriminative localization. CVPR.
    Selvaraju et al. (2017), Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV.

    See Also
    --------
    class_maps : Class maps by it.

    Examples
    --------
    The demo's network has dense layers after its last maps:

    >>> from unitscope.models import example_batch, load_model
    >>> model = load_model("demo:")
    >>> head = find_head(model, example_batch(model))
    >>> head.method, head.layer.name
    ('grad-cam', 'conv5')
    """
    if example.ndim != 4:
        raise UnitscopeError(
            f"the network takes inputs of shape {tuple(example.shape[1:])}, not images; class maps are of images"
        )
    layers = list_layers(network, example)
    mapped = mapped_layers(network, layers, example)
    if not mapped:
        raise UnitscopeError(f"no layer of {network.spec} has a map; class maps need a convolutional network or tokens")
    if layer is not None:
        return named_head(network, example, mapped, layer)
    deepest = mapped[::-1]
    preferred = sorted(deepest, key=lambda each: each.layer.name not in prefer)
    return averaged_head(network, example, layers, preferred) or deepest_head(network, example, mapped)


def averaged_head(
    network: "LoadedModel", example: "torch.Tensor", layers: list[NetworkLayer], mapped: list[MappedLayer]
) -> Head | None:
    """Return the head of a network whose class scores are linear in the means of maps; ``None`` for others.

    Layers with maps are tried in the order given.
    """
    import torch

    dense = [layer for layer in layers if layer.units and set(layer.positions) <= {1}]
    wanted = {layer.name: layer for layer in (*dense, *(each.layer for each in mapped))}
    with capture(network.module, list(wanted.values()), take=lambda output: output) as hooked:
        scores = class_scores(hooked(example))
    last = [
        network.module.get_submodule(layer.module_name)
        for layer in dense
        if torch.equal(hooked.taken[layer.name].flatten(1).float(), scores)
    ]
    classes = scores.shape[1]
    without = Linear(torch.eye(classes, device=scores.device), torch.zeros(classes, device=scores.device))
    for linear in (*(linear_of(module) for module in last if is_linear(module)), without):
        for each in mapped:
            if each.layer.units != linear.weights.shape[1]:
                continue
            for rectified in (False, True):
                head = Head("cam", each.layer, each.grid, classes, rectified, linear)
                maps = head.lay(hooked.taken[each.layer.name])
                if tells_apart(linear, maps) and not scores_differ(linear, maps, scores).any():
                    return head
    return None


def tells_apart(linear: Linear, maps: "torch.Tensor") -> bool:
    """Return whether maps with weights vary: the sums of others say nothing, and their maximum is their mean."""
    spread = maps.amax((2, 3)) - maps.amin((2, 3))
    return bool((spread.float() @ linear.weights.abs().T).any())


def deepest_head(network: "LoadedModel", example: "torch.Tensor", mapped: list[MappedLayer]) -> Head:
    """Return the head for Grad-CAM of the deepest layer on whose maps class scores depend.

    Of a transformer's last block only the class token may reach the scores, so its patches have no gradient.
    """
    deepest = mapped[::-1]
    for each in sorted(deepest, key=lambda each: each.pooled):
        head = gradient_head(network, example, each)
        if head:
            return head
    raise UnitscopeError(
        f"the class scores of {network.spec} depend on none of its maps for the example; give other items"
    )


def named_head(network: "LoadedModel", example: "torch.Tensor", mapped: list[MappedLayer], name: str) -> Head:
    """Return the head for Grad-CAM of the layer of a name."""
    found = {each.layer.name: each for each in mapped}
    if name not in found:
        raise UnitscopeError(
            f"{network.spec} has no layer {name!r} with a map{near_names(name, found)}; choose for instance "
            f"{mapped[-1].layer.name}"
        )
    head = gradient_head(network, example, found[name])
    if head is None:
        raise UnitscopeError(
            f"the class scores of {network.spec} do not depend on the map of layer {name}; choose an earlier layer"
        )
    return head


def gradient_head(network: "LoadedModel", example: "torch.Tensor", mapped: MappedLayer) -> Head | None:
    """Return the head for Grad-CAM of a layer; ``None`` where class scores do not depend on its maps."""
    found = score_gradients(network.module, mapped.layer, example, lambda scores: scores.argmax(1, keepdim=True))
    if not mapped.grid.lay(found.gradients[:, 0]).any():
        return None
    return Head("grad-cam", mapped.layer, mapped.grid, found.scores.shape[1])
