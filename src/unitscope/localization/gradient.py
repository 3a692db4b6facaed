"""Gradients of class scores with respect to a layer's output."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..models import NetworkLayer, capture, class_scores

if TYPE_CHECKING:
    import torch


class Gradients(NamedTuple):
    """What a pass forward and backward gives.

    Attributes
    ----------
    output
        ``(items, units, *positions)`` the layer's output.
    scores
        ``(items, classes)`` class scores.
    chosen
        ``(items, chosen)`` numbers of the classes chosen for each item.
    gradients
        ``(items, chosen, units, *positions)`` gradient of each chosen class's score.
    """

    output: "torch.Tensor"
    scores: "torch.Tensor"
    chosen: "torch.Tensor"
    gradients: "torch.Tensor"


def score_gradients(
    module: "torch.nn.Module",
    layer: NetworkLayer,
    batch: "torch.Tensor",
    choose: "Callable[[torch.Tensor], torch.Tensor]",
) -> Gradients:
    """Run a network on a batch and compute the gradients of class scores with respect to a layer's output.

    Parameters
    ----------
    module
        The network.
    layer
        The layer.
    batch
        Its input. Items must not depend on each other, as is so in ``eval`` mode.
    choose
        From the scores ``(items, classes)`` to the numbers of the classes wanted of each item, ``(items, chosen)``.

    Returns
    -------
    Gradients
        Zeros where a score does not depend on the layer.
    """
    import torch

    outputs: list[torch.Tensor] = []

    def begin(output: "torch.Tensor") -> "torch.Tensor":
        """Begin the graph here: nothing before the layer needs gradients. The copy may be changed in place."""
        outputs.append(output.detach().requires_grad_())
        return outputs[-1].clone()

    with torch.inference_mode(False), capture(module, [layer], replace={layer.name: begin}, gradient=True) as hooked:
        scores = class_scores(hooked(batch))
        chosen = choose(scores.detach())
        output = outputs[-1]
        gradients = []
        for classes in chosen.T:
            total = scores.gather(1, classes.unsqueeze(1)).sum()
            (found,) = (
                torch.autograd.grad(total, output, retain_graph=True, allow_unused=True)
                if total.requires_grad
                else (None,)
            )
            gradients.append(torch.zeros_like(output) if found is None else found)
    return Gradients(output.detach(), scores.detach(), chosen, torch.stack(gradients, dim=1))
