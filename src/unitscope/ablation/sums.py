"""What is counted of every unit: items that the network gets wrong, and right, only without it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network says of some items.

    Attributes
    ----------
    correct
        ``(items,)`` bool: whether the highest class score is the label's.
    log_probability
        ``(items,)`` float64: logarithm of the label's probability.
    """

    correct: np.ndarray
    log_probability: np.ndarray


@dataclass(eq=False)
class LayerSums:
    """Counts of the units of a layer.

    Attributes
    ----------
    lost, gained
        ``(units, classes, 2)`` int64: items of each class and half that are correct only with the unit, and only
        without it.
    log_drop
        ``(units, classes)``: sum over items of how much the log-probability of the label is lower without the unit.
    log_squares
        ``(units,)``: sum of its squares.
    cumulative
        ``(steps,)`` int64: items that are correct without several units, one number for each step of each order.
    """

    lost: np.ndarray
    gained: np.ndarray
    log_drop: np.ndarray
    log_squares: np.ndarray
    cumulative: np.ndarray

    @classmethod
    def empty(cls, units: int, classes: int, steps: int = 0) -> "LayerSums":
        """Return counts over no items."""
        lost, gained = (np.zeros((units, classes, 2), np.int64) for _ in range(2))
        return cls(lost, gained, np.zeros((units, classes)), np.zeros(units), np.zeros(steps, np.int64))

    def add(self, units: np.ndarray, before: Answers, after: Answers, labels: np.ndarray, halves: np.ndarray) -> None:
        """Count pairs of a unit and an item: its number, what the network says with and without it, class and half."""
        lost, gained = before.correct & ~after.correct, after.correct & ~before.correct
        for counts, which in ((self.lost, lost), (self.gained, gained)):
            np.add.at(counts, (units[which], labels[which], halves[which]), 1)
        drop = before.log_probability - after.log_probability
        np.add.at(self.log_drop, (units, labels), drop)
        np.add.at(self.log_squares, units, drop**2)


@dataclass(eq=False)
class Sums:
    """Counts of all layers.

    Attributes
    ----------
    items, correct
        ``(classes, 2)`` int64: items of each class and half, and how many of them the whole network gets right.
    layers
        Counts of each layer's units, by the number of the layer.
    """

    items: np.ndarray
    correct: np.ndarray
    layers: dict[int, LayerSums]

    @classmethod
    def empty(cls, units: Mapping[int, int], classes: int, steps: int = 0) -> "Sums":
        """Return counts over no items, for numbers of units by layer."""
        items, correct = (np.zeros((classes, 2), np.int64) for _ in range(2))
        return cls(items, correct, {number: LayerSums.empty(n, classes, steps) for number, n in units.items()})

    def add_items(self, answers: Answers, labels: np.ndarray, halves: np.ndarray) -> None:
        """Count items, and what the whole network says of them."""
        np.add.at(self.items, (labels, halves), 1)
        np.add.at(self.correct, (labels[answers.correct], halves[answers.correct]), 1)

    def add(self, other: "Sums") -> None:
        """Add counts over other items."""
        self.items += other.items
        self.correct += other.correct
        for number, mine in self.layers.items():
            for name, values in vars(mine).items():
                values += getattr(other.layers[number], name)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the counts as named arrays."""
        named = {
            f"{number:04d}-{name}": values
            for number, sums in self.layers.items()
            for name, values in vars(sums).items()
        }
        return {"items": self.items, "correct": self.correct, **named}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Sums":
        """Return the counts that `arrays` gave."""
        of_layers: dict[int, dict[str, np.ndarray]] = {}
        for key, values in arrays.items():
            number, dash, name = key.partition("-")
            if dash:
                of_layers.setdefault(int(number), {})[name] = values
        layers = {number: LayerSums(**found) for number, found in sorted(of_layers.items())}
        return cls(arrays["items"], arrays["correct"], layers)
