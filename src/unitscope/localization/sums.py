"""What is added up over items: means of units for evidence, right boxes for errors, and the boxes themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from .evidence import MeanSums
from .max_box import OVERLAPS, THRESHOLDS, ThresholdOverlaps

COUNTS = ("items", "top_1_hits", "top_5_hits", "top_1_correct", "top_5_correct", "known_class_hits", "whole_image_hits")
"""What is counted of items with true boxes: all of them, items with a right guess among the first one or five, those
whose label is among these, and those whose box is right if it is that of the label, or the whole image."""


@dataclass(eq=False)
class Sums:
    """Sums over items.

    Attributes
    ----------
    halves
        Means of units over the items of each class, for each half of the items.
    counts
        ``(counts,)`` int64, in the order of `COUNTS`.
    right
        ``(2, overlaps, thresholds)`` int64: items whose box at a threshold overlaps a true box by at least `OVERLAPS`;
        first that of the largest component, then that of the best one.
    boxes
        ``(items, 4)`` int32: box of each item's best guess, in the order in which they were added.
    """

    halves: tuple[MeanSums, MeanSums]
    counts: np.ndarray
    right: np.ndarray
    boxes: np.ndarray

    @classmethod
    def empty(cls, classes: int, units: int) -> "Sums":
        """Return sums over no items."""
        return cls(
            (MeanSums.empty(classes, units), MeanSums.empty(classes, units)),
            np.zeros(len(COUNTS), np.int64),
            np.zeros((2, len(OVERLAPS), len(THRESHOLDS)), np.int64),
            np.empty((0, 4), np.int32),
        )

    def add_boxes(self, boxes: list[np.ndarray]) -> None:
        """Add the boxes of the best guesses of a batch."""
        self.boxes = np.concatenate([self.boxes, np.array(boxes, np.int32).reshape(-1, 4)])

    def add_hits(self, hits: np.ndarray, correct: np.ndarray, known: bool, whole: bool) -> None:
        """Count an item with true boxes.

        Parameters
        ----------
        hits, correct
            ``(guesses,)`` bool: which guesses are right in class and place, and in class.
        known, whole
            Whether the box of the label is right, and that of the whole image.
        """
        self.counts += (1, hits[0], hits[:5].any(), correct[0], correct[:5].any(), known, whole)

    def add_overlaps(self, overlaps: ThresholdOverlaps) -> None:
        """Count at which thresholds an item's box is right."""
        self.right += np.stack(overlaps)[:, None] >= np.array(OVERLAPS)[:, None]

    def add(self, other: "Sums") -> None:
        """Add sums over the items that follow."""
        first, second = (mine.plus(more) for mine, more in zip(self.halves, other.halves, strict=True))
        self.halves = first, second
        self.counts += other.counts
        self.right += other.right
        self.boxes = np.concatenate([self.boxes, other.boxes])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the sums as named arrays."""
        return {
            "means": np.stack([half.means for half in self.halves]),
            "items": np.stack([half.items for half in self.halves]),
            **{field.name: getattr(self, field.name) for field in fields(self)[1:]},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Sums":
        """Return the sums that `arrays` gave."""
        first, second = (MeanSums(*of) for of in zip(arrays["means"], arrays["items"], strict=True))
        return cls((first, second), *(arrays[field.name] for field in fields(cls)[1:]))
