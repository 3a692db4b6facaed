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
        Operations of the network that no rule covers; they are taken to depend on everything that they were given, so
        that boxes may be too large.

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
        whole = np.flatnonzero(last < self.image[axis])
        # A field larger than the image begins uncut at some positions and ends uncut at others.
        end = last[whole[0]] - whole[0] * step if len(whole) else begin + self.size[axis]
        return float(begin + end) / 2

    def _line(self, axis: int) -> tuple[float, float]:
        """Return stride and offset along an axis, from fields that the border does not cut; NaN where all are cut."""
        first, last = self._ends(axis)
        size = (last - first).max()
        begins, ends = first > 0, last < self.image[axis]
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

    They are exact for any feed-forward network: the network's own code is run with every operation replaced by a
    maximum over the values that it reads (`unitscope.models.reach`), on the numbers of the pixels' rows and columns. A
    field is the smallest box around all pixels that a gradient would reach, were all weights positive. Weights of zero
    count. Dense layers, attention, global pooling and whatever follows them see the whole image.

    Parameters
    ----------
    module
        The network.
    layers
        The layers.
    example
        A batch of inputs, of which only the shape counts.

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
        ends = [pass_numbers(module, layers, shape_like(example, axis), sign) for axis, sign in ENDS]
    except UnitscopeError:
        raise
    except Exception as error:
        raise UnitscopeError(f"receptive fields of this network cannot be found: {first_line(error)}") from error
    unknown = tuple(sorted({name for _, names in ends for name in names}))
    fields = {}
    for layer in layers:
        sides = np.stack([found[layer.name] for found, _ in ends], axis=-1)
        boxes = np.where(np.isfinite(sides).all(-1, keepdims=True), sides * SIGNS + (0, 0, 1, 1), 0).astype(np.int32)
        same = (boxes == boxes[:1]).all()
        fields[layer.name] = ReceptiveFields(boxes[:1] if same else boxes, (height, width), unknown)
    return fields


def about_unknown(operations: Iterable[str]) -> str:
    """Return a warning about operations whose reach is not known."""
    names = ", ".join(sorted(operations))
    return f"receptive fields may be too large: what the operations {names} read is not known"


ENDS = ((0, -1), (1, -1), (0, 1), (1, 1))
"""Axis and sign of the numbers whose maximum gives top, left, bottom and right."""

SIGNS = np.array([sign for _, sign in ENDS])


def shape_like(example: "torch.Tensor", axis: int) -> "torch.Tensor":
    """Return the input in which every value is the number of its row (axis 0) or column (axis 1)."""
    import torch

    height, width = example.shape[2:]
    numbers = torch.arange(height).view(-1, 1) if axis == 0 else torch.arange(width)
    return numbers.expand(1, *example.shape[1:]).float().to(example.device).contiguous()


def pass_numbers(
    module: "torch.nn.Module", layers: Sequence[NetworkLayer], numbers: "torch.Tensor", sign: int
) -> tuple[dict[str, np.ndarray], set[str]]:
    """Pass numbers of pixels through a network; return what the units get, ``(units, rows, columns)``, by layer."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from .reach import Reach

    reach = Reach()
    with (
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
        capture(module, layers, take=lambda maps: maps.clone(), stop=True) as network,
        reach,
    ):
        network(reach.track(numbers * sign))
    found = {}
    for layer in layers:
        if layer.name not in network.taken:
            raise UnitscopeError(f"layer {layer.name} was not reached in the forward pass; leave it out")
        values = network.taken[layer.name][0].float().cpu().numpy()
        positions = values.shape[1:] if values.ndim == 3 else (int(np.prod(values.shape[1:])), 1)
        found[layer.name] = values.reshape(len(values), *positions)
    return found, reach.unknown
