"""Which axis of a layer's output holds the units."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def find_unit_axis(
    module: "torch.nn.Module", output: "torch.Tensor", given: Any, known: dict[int, int]
) -> tuple[int, list[str]]:
    """Find the axis of the units in a module's output, items being along axis 0.

    Convolutions, pooling and batch normalisation have their channels on axis 1; dense layers and layer
    normalisation have their units on the last. A module without parts that keeps the shape of its input (an
    activation function, say) has its units where its input had them, and a module that hands on a part's output
    has them where the part had them. Otherwise three axes are read as (item, token, unit), and four as
    (item, unit, height, width) unless only the other order makes the map a square.

    Parameters
    ----------
    module
        The module.
    output
        Its output, with 2 to 5 axes.
    given
        Its first argument.
    known
        The unit axes of outputs found so far, by the tensors' ``id``.

    Returns
    -------
    tuple
        The axis; and warnings, where it had to be guessed.

    Examples
    --------
    >>> import torch
    >>> find_unit_axis(torch.nn.Conv1d(3, 8, 5), torch.zeros(2, 8, 100), None, {})
    (1, [])
    >>> find_unit_axis(torch.nn.Linear(3, 8), torch.zeros(2, 100, 8), None, {})
    (2, [])
    """
    last = output.ndim - 1
    if last == 1:
        return 1, []
    own = axis_by_kind(module, last)
    if own is not None:
        return own, []
    if id(output) in known:
        return known[id(output)], []
    if id(given) in known and not list(module.children()) and given.shape == output.shape:
        return known[id(given)], []
    if output.ndim == 3:
        return last, []
    height, width, depth = output.shape[1:4]
    if output.ndim == 4 and height == width != depth:
        return last, ["has its units on the last axis, judging by its square map of positions"]
    return 1, []


def axis_by_kind(module: "torch.nn.Module", last: int) -> int | None:
    """Return the axis of units that a module of PyTorch's own prescribes for an output with this last axis, or None."""
    from torch import nn
    from torch.nn.modules import batchnorm, conv, pooling

    if isinstance(module, nn.LayerNorm) and type(module).__name__.endswith("2d"):
        return 1  # timm's and torchvision's layer normalisation of maps
    if isinstance(module, nn.Linear | nn.LayerNorm | nn.RNNBase):
        return last
    if isinstance(module, conv._ConvNd | batchnorm._NormBase | nn.GroupNorm):
        return 1
    return 1 if any(kind.__module__ == pooling.__name__ for kind in type(module).__mro__) else None
