"""What is added up over items: integers, or numbers that one item alone gives, so that the order does not matter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from .crops import shrink
from .opponent import HUES
from .turns import TURNS

WHOLE = 2**31 - 2**12
"""Largest sum of weights; rounding adds less than what is left of an int32."""

SIMILAR = 2**20
"""What an activation as large as a unit's largest is counted as, in sums of how units respond to each other's crops."""


def weights_of(activations: np.ndarray) -> np.ndarray:
    """Return the weights of top items as whole numbers, ``(units, count)`` int32, whose sum an int32 holds.

    Parameters
    ----------
    activations
        ``(units, count)``, as `Top` holds them.

    Examples
    --------
    >>> weights = weights_of(np.array([[4.0, 1.0], [0.0, 0.0]]))
    >>> (weights / weights.max()).round(6).tolist()
    [[1.0, 0.25], [0.0, 0.0]]
    """
    largest = activations[:, :1].astype(np.float64)
    with np.errstate(invalid="ignore"):
        shares = np.where(largest > 0, activations / largest, 0.0)
    return np.floor(shares * (WHOLE // activations.shape[1])).astype(np.int32)


@dataclass(eq=False)
class LayerSums:
    """Sums over items for one layer.

    Attributes
    ----------
    feature
        ``(units, 4, rows, columns)`` int32: weighted red, green, blue and weight of the crops.
    squares
        ``(units,)`` int64: weighted squares of the colours of the crops.
    positions
        ``(units, count, 2)`` int32: row and column of each top item's maximum; -1 where it was not seen yet.
    boxes
        ``(units, count, 4)`` int32: top, left, bottom and right of the field there; -1 where it was not seen yet.
    responses
        ``(units, count, 2)`` float32: activation there with colour and without; NaN where it was not seen yet.
    turned
        ``(units, turned, 27)`` float32: activation there to turned items; NaN where they were not seen yet.
    similar
        ``(units, units)`` float64, whole numbers: what each unit of the layer gives for the top crops of the unit of
        each row.
    canvases
        ``(units, 2)`` int32: height and width of each unit's largest field.
    """

    feature: np.ndarray
    squares: np.ndarray
    positions: np.ndarray
    boxes: np.ndarray
    responses: np.ndarray
    turned: np.ndarray
    similar: np.ndarray
    canvases: np.ndarray

    @classmethod
    def empty(cls, canvases: np.ndarray, count: int, turned: int = 0) -> "LayerSums":
        """Return sums over no items."""
        units, shape = len(canvases), shrink(canvases).max(0)
        return cls(
            np.zeros((units, 4, *shape), np.int32),
            np.zeros(units, np.int64),
            np.full((units, count, 2), -1, np.int32),
            np.full((units, count, 4), -1, np.int32),
            np.full((units, count, 2), np.nan, np.float32),
            np.full((units, turned, TURNS), np.nan, np.float32),
            np.zeros((units, units)),
            canvases.astype(np.int32),
        )

    def add(self, other: "LayerSums") -> None:
        """Add sums over other items."""
        for name in ("feature", "squares", "similar"):
            getattr(self, name).__iadd__(getattr(other, name))
        for name in ("positions", "boxes"):
            np.maximum(getattr(self, name), getattr(other, name), out=getattr(self, name))
        for name in ("responses", "turned"):
            np.copyto(getattr(self, name), getattr(other, name), where=np.isnan(getattr(self, name)))


@dataclass(eq=False)
class Sums:
    """Sums over items for all layers.

    Attributes
    ----------
    layers
        For each layer of the run.
    hues
        ``(72,)`` int64: hues of the pixels of the items.
    unknown
        Operations of the network whose reach is not known, so that fields may be too large.
    """

    layers: list[LayerSums]
    hues: np.ndarray
    unknown: tuple[str, ...] = ()

    @classmethod
    def empty(cls, layers: Iterable[LayerSums], unknown: tuple[str, ...] = ()) -> "Sums":
        """Return sums over no items."""
        return cls(list(layers), np.zeros(HUES, np.int64), unknown)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the sums as named arrays."""
        named = {
            f"{number:04d}-{field.name}": getattr(layer, field.name)
            for number, layer in enumerate(self.layers)
            for field in fields(layer)
        }
        return {"hues": self.hues, "unknown": np.array(self.unknown, str), **named}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Sums":
        """Return the sums that `arrays` gave."""
        numbers = sorted({name[:4] for name in arrays if "-" in name})
        names = [field.name for field in fields(LayerSums)]
        layers = [LayerSums(*(arrays[f"{number}-{name}"] for name in names)) for number in numbers]
        return cls(layers, arrays["hues"], tuple(arrays["unknown"].tolist()))


def add_up(parts: Iterable[Mapping[str, np.ndarray]]) -> Sums:
    """Return the sum of stored sums, of which it holds two at a time."""
    sums = (Sums.from_arrays(part) for part in parts)
    total = next(sums)
    for other in sums:
        total.hues += other.hues
        for layer, more in zip(total.layers, other.layers, strict=True):
            layer.add(more)
    return total
