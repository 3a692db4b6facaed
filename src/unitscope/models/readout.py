"""Class scores that are linear in the spatial means of a layer's maps: global average pooling and a linear layer."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-5
"""How far a score may be from the sum of its map, as a share of the sum of absolute terms: rounding of float32."""


class Linear(NamedTuple):
    """How class scores follow from the spatial means of maps.

    Attributes
    ----------
    weights
        ``(classes, units)``; the identity where the maps are those of the classes themselves.
    bias
        ``(classes,)``.
    """

    weights: "torch.Tensor"
    bias: "torch.Tensor"


def is_linear(module: Any) -> bool:
    """Return whether a module is a linear layer, or a convolution of 1 x 1 pixels, which is one on a single pixel."""
    from torch import nn

    one = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1
    return isinstance(module, nn.Linear) or one


def linear_of(module: Any) -> Linear:
    """Return the weights and biases of a linear layer."""
    weights = module.weight.detach().flatten(1).float()
    return Linear(weights, weights.new_zeros(len(weights)) if module.bias is None else module.bias.detach().float())


def scores_differ(linear: Linear, maps: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
    """Return which class scores are not what the means of maps give, ``(items, classes)``."""
    weights, bias, maps = (values.double().to(maps.device) for values in (*linear, maps))
    found = maps.mean((2, 3)) @ weights.T + bias
    terms = maps.abs().mean((2, 3)) @ weights.abs().T + bias.abs()
    return ~((found - scores.double()).abs() <= TOLERANCE * terms)
