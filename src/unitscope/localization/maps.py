"""Class maps: how much each place of an image speaks for a class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnitscopeError, near_names
from ..models import capture, class_scores
from ..models.batches import check_taken
from .gradient import score_gradients
from .head import Head, Linear, scores_differ

if TYPE_CHECKING:
    import torch

    from ..models import LoadedModel

Choose = Callable[["torch.Tensor"], "torch.Tensor"]
"""From class scores, ``(items, classes)``, to the numbers of the classes wanted of each item, ``(items, chosen)``."""


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Class maps of a batch of items.

    Attributes
    ----------
    maps
        ``(items, chosen, height, width)`` float32, at the size of the layer's maps.
    classes
        ``(items, chosen)`` number of the class of each map.
    scores
        ``(items, classes)`` what the network gave for all classes.
    means
        ``(items, units)`` spatial mean of each unit's map; `evidence` adds them up.
    """

    maps: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    means: np.ndarray


def class_maps(
    network: "LoadedModel", head: Head, batch: "torch.Tensor", classes: Sequence[Any] | np.ndarray | Choose
) -> ClassMaps:
    r"""Compute class maps of a batch of images.

    For ``"cam"`` the map of class :math:`c` is :math:`M_c(x, y) = \frac{1}{Z} \sum_k w_{ck} f_k(x, y)` with :math:`Z`
    positions, without a ReLU: its sum is the class score minus the bias, which is verified for every class of every
    item. Zhou et al. leave :math:`1 / Z` out.

    For ``"grad-cam"`` it is :math:`\mathrm{ReLU}(\sum_k \alpha_{ck} f_k(x, y))`, with :math:`\alpha_{ck}` the spatial
    mean of the gradient of the class score with respect to :math:`f_k`, as Selvaraju et al. define it; its sum has no
    meaning. Grad-CAM of a layer whose maps the network averages as they are is the ReLU of their class activation map.

    Parameters
    ----------
    network
        The network.
    head
        How its class maps are made, from `find_head`.
    batch
        Images as the network takes them, ``(items, channels, height, width)``.
    classes
        Classes wanted of every item, by name (where the network knows names) or number; or their numbers for each
        item, ``(items, chosen)``; or a function from the scores to such numbers, as
        ``lambda scores: scores.topk(5).indices``.

    Returns
    -------
    ClassMaps

    Raises
    ------
    UnitscopeError
        If there is no such class, a map is not finite, or the sum of a map is not the class score after all.

    See Also
    --------
    find_head : Whether maps are ``"cam"`` or ``"grad-cam"``.
    upsample : Bring maps to the size of the image.
    find_box : The box of what a map shows.

    Examples
    --------
    >>> import torch
    >>> from unitscope.localization.head import find_head
    >>> from unitscope.models import load_model
    >>> model = load_model("demo:")
    >>> scenes = torch.rand(4, 3, 64, 64)
    >>> head = find_head(model, scenes)
    >>> found = class_maps(model, head, scenes, [0, 3])
    >>> head.method, found.maps.shape, found.classes[0].tolist()
    ('grad-cam', (4, 2, 8, 8), [0, 3])
    """
    choose = classes if callable(classes) else chooser(network, head, classes, len(batch))
    numbers = np.arange(len(batch))
    if head.linear is None:
        found = score_gradients(network.module, head.layer, batch, choose)
        check_taken({head.layer.name: found.output}, [head.layer.name], numbers)
        output, scores, chosen = found.output, found.scores, found.chosen
        units = head.lay(output)
        gradients = head.lay(found.gradients.flatten(0, 1)).unflatten(0, found.gradients.shape[:2])
        maps = weigh(gradients.mean((3, 4)), units).clamp(min=0)
    else:
        with capture(network.module, [head.layer], take=lambda output: output) as hooked:
            scores = class_scores(hooked(batch))
        check_taken(hooked.taken, hooked.take, numbers)
        units = head.lay(hooked.taken[head.layer.name])
        chosen = choose(scores)
        refuse_other_sums(head, head.linear, units, scores)
        maps = weigh(head.linear.weights.to(units.device)[chosen], units) / (head.grid.height * head.grid.width)
    return ClassMaps(*(values.cpu().numpy() for values in (maps, chosen, scores, units.mean((2, 3)))))


def weigh(weights: "torch.Tensor", maps: "torch.Tensor") -> "torch.Tensor":
    """Return weighted sums of the units' maps, ``(items, chosen, height, width)``.

    Parameters
    ----------
    weights
        ``(items, chosen, units)``.
    maps
        ``(items, units, height, width)``.
    """
    return (weights.float() @ maps.float().flatten(2)).unflatten(2, maps.shape[2:])


def refuse_other_sums(head: Head, linear: Linear, maps: "torch.Tensor", scores: "torch.Tensor") -> None:
    """Refuse items for which class scores are not the sums of their maps."""
    wrong = scores_differ(linear, maps, scores).nonzero()
    if len(wrong):
        item, class_ = wrong[0].tolist()
        raise UnitscopeError(
            f"the score of class {class_} for item {item} of the batch is not the sum of the map of {head.layer.name}, "
            "as it was for the example; find the head with an example of other items, or name a layer for Grad-CAM"
        )


def chooser(network: "LoadedModel", head: Head, classes: Sequence[Any] | np.ndarray, items: int) -> Choose:
    """Return the function that gives the same classes whatever the scores."""
    import torch

    if isinstance(classes, np.ndarray) and classes.ndim == 2:
        if len(classes) != items:
            raise UnitscopeError(
                f"classes are given for {len(classes)} items, but the batch has {items}; give a row for each"
            )
        numbers = np.stack([class_numbers(network, head, row) for row in classes])
    else:
        numbers = np.tile(class_numbers(network, head, classes), (items, 1))
    return lambda scores: torch.as_tensor(numbers, device=scores.device)


def class_numbers(network: "LoadedModel", head: Head, classes: Sequence[Any] | np.ndarray) -> np.ndarray:
    """Return the numbers of a network's classes, given by name or number.

    Raises
    ------
    UnitscopeError
        If no class is given, or the network has no such class.
    """
    if not len(classes) or isinstance(classes, str):
        raise UnitscopeError(f"classes are {classes!r}; give a list of at least one class")
    return np.array([class_number(network, head, each) for each in classes], dtype=np.int64)


def class_number(network: "LoadedModel", head: Head, wanted: Any) -> int:
    """Return the number of a class, given by name or number."""
    names = list(network.classes or ())
    if isinstance(wanted, int | np.integer) and not isinstance(wanted, bool):
        if 0 <= wanted < head.classes:
            return int(wanted)
        raise UnitscopeError(
            f"there is no class {wanted}; {network.spec} has classes 0 to {head.classes - 1}, so choose one of them"
        )
    if wanted in names:
        return names.index(wanted)
    if not names:
        raise UnitscopeError(
            f"{network.spec} knows no names of its classes, so {wanted!r} cannot be found; give its number, "
            f"0 to {head.classes - 1}"
        )
    raise UnitscopeError(
        f"{network.spec} has no class {wanted!r}{near_names(str(wanted), names)}; give a name that it has, or a number"
    )
