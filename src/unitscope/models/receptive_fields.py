"""Receptive fields: which pixels of the network's input each unit sees at each position of its map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnitscopeError
from ..specs import first_line
from .forward import capture
from .layers import NetworkLayer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class ReceptiveFields:
    """The receptive fields of a layer's units.

    Attributes
    ----------
    boxes
        ``(units, rows, columns, 4)`` int32, in pixels of the network's input: top, left, bottom, right, of which
        bottom and right are the first pixels outside. The first axis has length 1 where the fields of all units are
        equal. A dense layer has one row and one column; tokens are in one column. A unit that depends on no pixel has
        a box of four zeros.
    image
        Height and width of the network's input.
    unknown
        Operations of the network that no rule covers; they are taken to depend on everything that they were given, and
        everything that follows on values that were given to Python or NumPy, so that boxes may be too large.

    See Also
    --------
    receptive_fields : Find them.

    Examples
    --------
    >>> from unitscope.models import choose_layers, example_batch, list_layers, load_model, receptive_fields
    >>> model = load_model("demo:")
    >>> example = example_batch(model)
    >>> fields = receptive_fields(model.module, choose_layers(list_layers(model, example), "conv2"), example)["conv2"]
    >>> fields.size, fields.stride, fields.offset
    ((25, 25), (4.0, 4.0), (-12.0, -12.0))
    >>> fields.box(7, 0, 3).tolist()
    [0, 0, 13, 25]
    """

    boxes: np.ndarray
    image: tuple[int, int]
    unknown: tuple[str, ...] = ()

    def box(self, unit: Any, row: Any, column: Any) -> np.ndarray:
        """Return the box of a unit at a position, or of several units at their positions."""
        return self.boxes[np.minimum(unit, len(self.boxes) - 1), row, column]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the largest field, of what lies inside the image."""
        height, width = (self._ends(axis)[1] - self._ends(axis)[0] for axis in (0, 1))
        return int(height.max()), int(width.max())

    @property
    def stride(self) -> tuple[float, float] | None:
        """Pixels between the fields of neighbouring positions; ``None`` where all fields reach both borders."""
        found = self._line(0)[0], self._line(1)[0]
        return None if np.isnan(found).any() else found

    @property
    def offset(self) -> tuple[float, float] | None:
        """First pixel of the field at position 0, were the image larger; negative where padding comes first."""
        found = self._line(0)[1], self._line(1)[1]
        return None if np.isnan(found).any() else found

    @property
    def centre(self) -> tuple[float, float] | None:
        """Centre of the field at position 0, were the image larger, from the upper left corner of the first pixel."""
        found = self._centre(0), self._centre(1)
        return None if np.isnan(found).any() else found

    @property
    def is_whole_image(self) -> bool:
        """Whether every field is the whole image."""
        return bool((self.boxes == (0, 0, *self.image)).all())

    def _ends(self, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where the fields begin and end along an axis, for each position, of the unit with the largest."""
        first, last = self.boxes[..., axis], self.boxes[..., axis + 2]
        unit = int((last - first).max((1, 2)).argmax())
        lines = (first[unit], last[unit]) if axis == 0 else (first[unit].T, last[unit].T)
        middle = lines[0].shape[1] // 2
        return lines[0][:, middle], lines[1][:, middle]

    def _centre(self, axis: int) -> float:
        """Return the centre of the field at position 0 along an axis; NaN where all fields are cut."""
        (step, begin), (_, last) = self._line(axis), self._ends(axis)
        whole = np.flatnonzero((last < self.image[axis]) & (last > 0))
        # A field larger than the image begins uncut at some positions and ends uncut at others.
        end = last[whole[0]] - whole[0] * step if len(whole) else begin + self.size[axis]
        return float(begin + end) / 2

    def _line(self, axis: int) -> tuple[float, float]:
        """Return stride and offset along an axis, from fields that the border does not cut; NaN where all are cut."""
        first, last = self._ends(axis)
        size = (last - first).max()
        # Positions that see nothing but padding have empty fields, from 0 to 0: they neither begin nor end anywhere.
        begins, ends = first > 0, (last < self.image[axis]) & (last > 0)
        whole = begins & ends & (last - first == size)
        choices = ((whole, first), (begins, first), (ends & (size < self.image[axis]), last - size))
        start = next(((places.argmax(), starts) for places, starts in choices if places.any()), None)
        for uncut, starts in (*choices[:2], (ends, last)):
            places = np.flatnonzero(uncut)
            if len(places) > 1:
                step = float((starts[places[-1]] - starts[places[0]]) / (places[-1] - places[0]))
                return step, float(start[1][start[0]] - start[0] * step) if start else float("nan")
        return float("nan"), float("nan")


def receptive_fields(
    module: "torch.nn.Module", layers: Sequence[NetworkLayer], example: "torch.Tensor"
) -> dict[str, ReceptiveFields]:
    """Find the receptive field of every unit of some layers, at every position.

    The network's own code runs on the example, while numbers of pixels are kept beside its values: for every operation,
    a rule takes the largest over the values that it reads (`unitscope.models.reach`). A field is the smallest box
    around all pixels on which a unit depends. Fields are exact where every operation has such a rule; the others are
    named in `ReceptiveFields.unknown`, and are taken to depend on everything that they were given. So is everything
    that follows where values of tensors are given to Python or NumPy (``item()``, ``numpy()``).

    Weights of zero count. Indexes and masks are those of the example, and what they depend on counts. The branches that
    the code takes by ``if`` are those of the example too, but what their conditions depend on does not count. Dense
    layers, attention, global pooling and whatever follows them see the whole image.

    Parameters
    ----------
    module
        The network.
    layers
        The layers.
    example
        A batch of inputs, of which the first is used.

    Returns
    -------
    dict
        `ReceptiveFields` by the layer's name.

    Raises
    ------
    UnitscopeError
        If the network's input is not a batch of images, or the network cannot be run in this way.

    References
    ----------
    Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural networks. Distill.

    Examples
    --------
    >>> import torch
    >>> from unitscope.models import NetworkLayer, receptive_fields
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 11, 4, 2), torch.nn.ReLU(), torch.nn.MaxPool2d(3, 2))
    >>> layer = NetworkLayer("2", "MaxPool2d", units=8, module_name="2")
    >>> receptive_fields(network, [layer], torch.zeros(1, 3, 224, 224))["2"].size
    (19, 19)
    """
    if example.ndim != 4:
        raise UnitscopeError(
            f"the network takes inputs of shape {tuple(example.shape[1:])}, not images; receptive fields are of images"
        )
    height, width = int(example.shape[2]), int(example.shape[3])
    try:
        found, unknown = follow(module, layers, example[:1])
    except UnitscopeError:
        raise
    except Exception as error:
        raise UnitscopeError(
            f"receptive fields of this network cannot be found ({first_line(error)}): they are found by running its "
            f"own code on one item, here of shape {tuple(example.shape[1:])}; give an example that it "
            "takes, such as real items"
        ) from error
    return {
        name: ReceptiveFields(boxes_of(name, ends, height, width), (height, width), unknown)
        for name, ends in found.items()
    }


def about_unknown(operations: Iterable[str]) -> str:
    """Return a warning about operations whose reach is not known."""
    names = ", ".join(sorted(operations))
    return f"receptive fields may be too large: what the operations {names} read is not known"


def follow(
    module: "torch.nn.Module", layers: Sequence[NetworkLayer], example: "torch.Tensor"
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Run a network on one image; return the numbers of each layer's values, and the operations without a rule.

    Returns
    -------
    dict
        ``(units, rows, columns, 4)`` by the layer's name; see `unitscope.models.reach_numbers`.
    tuple of str
        Names of operations.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from .reach import Leaving, Reach
    from .reach_numbers import pixel_numbers

    reach = Reach()
    image = example.clone()
    reach.numbers.write(image, pixel_numbers(*image.shape[2:]))
    with (
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
        capture(module, layers, take=lambda maps: maps.clone(), stop=True) as network,
        reach,
        Leaving(reach),
    ):
        network(image)
    found = {}
    for layer in layers:
        if layer.name not in network.taken:
            raise UnitscopeError(f"layer {layer.name} was not reached in the forward pass; leave it out")
        numbers = reach.numbers.read(network.taken[layer.name])[:, 0].cpu().numpy()
        positions = numbers.shape[2:] if numbers.ndim == 4 else (int(np.prod(numbers.shape[2:])), 1)
        found[layer.name] = np.moveaxis(numbers.reshape(*numbers.shape[:2], *positions), 0, -1)
    return found, tuple(sorted(reach.unknown))


def boxes_of(layer: str, ends: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return boxes, ``(units, rows, columns, 4)``, or with one unit if those of all are equal; check them.

    Raises
    ------
    UnitscopeError
        If a box is neither empty nor inside the image.
    """
    sides = np.where([True, True, False, False], (height, width, 0, 0) - ends, ends)
    boxes = np.where((ends > 0).any(-1, keepdims=True), sides, 0).astype(np.int32)
    begins, stops = boxes[..., :2], boxes[..., 2:]
    right = (begins >= 0) & (begins < stops) & (stops <= (height, width))
    wrong = ~(right.all(-1) | (boxes == 0).all(-1))
    if wrong.any():
        raise UnitscopeError(
            f"layer {layer} got a receptive field that is no box inside the image, {boxes[wrong][0].tolist()}: a rule "
            "for an operation of this network is wrong; leave the layer out and report the network"
        )
    return boxes[:1] if (boxes == boxes[:1]).all() else boxes
