"""The same network with fresh weights, as a control for what training does."""

from typing import TYPE_CHECKING

from ..errors import UnitscopeError

if TYPE_CHECKING:
    import torch


def reset_weights(module: "torch.nn.Module") -> None:
    """Give every part of a network fresh weights, as its constructor would.

    Parameters
    ----------
    module
        The network, changed in place.

    Raises
    ------
    UnitscopeError
        If a part has weights but no method that resets them.

    Examples
    --------
    >>> from torch import nn
    >>> layer = nn.BatchNorm1d(2)
    >>> layer.running_mean += 7
    >>> reset_weights(layer)
    >>> layer.running_mean
    tensor([0., 0.])
    """
    # Parts before wholes: some wholes (attention) set the weights of their parts.
    for name, part in reversed(list(module.named_modules())):
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if reset is not None:
            reset()
        elif list(part.parameters(recurse=False)):
            where = f"the part {name}" if name else "the network itself"
            raise UnitscopeError(
                f"{where} cannot be given fresh weights, it has no reset_parameters(); "
                "write a function that returns the network untrained, and load that"
            )
