"""How a layer's output becomes one number per item and unit."""

from typing import TYPE_CHECKING

from ..errors import UnitscopeError, near_names

if TYPE_CHECKING:
    import torch

REDUCTIONS = ("max", "mean", "centre")


def check_reduction(name: str) -> None:
    """Raise if there is no reduction of this name."""
    if name not in REDUCTIONS:
        raise UnitscopeError(
            f"there is no reduction {name!r}{near_names(name, REDUCTIONS)}; choose one of {', '.join(REDUCTIONS)}"
        )


def reduce_positions(output: "torch.Tensor", unit_axis: int, reduction: str) -> "torch.Tensor":
    """Reduce a layer's output to one number per item and unit.

    Parameters
    ----------
    output
        The output of a module, items along axis 0, units along `unit_axis`, positions of a map along the rest.
    unit_axis
        The axis of the units.
    reduction
        ``"max"`` (as in Gale et al.), ``"mean"``, or ``"centre"``, the position in the middle of the map (the
        later of two middles).

    Returns
    -------
    torch.Tensor
        ``(items, units)`` float32, always a copy: a later in-place operation on `output` cannot change it.

    Examples
    --------
    >>> import torch
    >>> maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> [reduce_positions(maps, 1, name).item() for name in ("max", "mean", "centre")]
    [6.0, 3.0, 6.0]
    """
    units_last = output.detach().movedim(unit_axis, -1)
    if units_last.ndim == 2:
        return units_last.float().clone()
    if reduction == "centre":
        for axis in range(1, units_last.ndim - 1):
            size = units_last.shape[axis]
            units_last = units_last.narrow(axis, size // 2, 1)
        return units_last.flatten(1).float().clone()
    positions = tuple(axis if axis < unit_axis else axis + 1 for axis in range(1, output.ndim - 1))
    # Reduced in the tensor's own layout, which is the fast order in memory.
    values = output.detach().amax(positions) if reduction == "max" else output.detach().float().mean(positions)
    return values.float()
