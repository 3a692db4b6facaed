"""How the maps of a layer become one number per item and unit."""

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


def reduce_positions(maps: "torch.Tensor", reduction: str) -> "torch.Tensor":
    """Reduce a layer's output to one number per item and unit.

    Parameters
    ----------
    maps
        ``(items, units, *positions)``, as `unitscope.models.capture` gives a layer's output.
    reduction
        ``"max"`` (as in Gale et al.), ``"mean"``, or ``"centre"``, the position in the middle of the map (the
        later of two middles).

    Returns
    -------
    torch.Tensor
        ``(items, units)`` float32; it may share memory with `maps`.

    Examples
    --------
    >>> import torch
    >>> maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    >>> [reduce_positions(maps, name).item() for name in ("max", "mean", "centre")]
    [6.0, 3.0, 6.0]
    """
    positions = tuple(range(2, maps.ndim))
    if not positions:
        return maps.float()
    if reduction == "centre":
        for axis in positions:
            maps = maps.narrow(axis, maps.shape[axis] // 2, 1)
        return maps.flatten(1).float()
    return maps.amax(positions).float() if reduction == "max" else maps.float().mean(positions)
