"""The counts of a dissection: a tally for each group of images, and one for each rotation of their labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .probe import GROUPS
from .tally import Tally


@dataclass(eq=False)
class Sums:
    """Counts over images.

    Attributes
    ----------
    groups
        For each layer, by its number, one tally for each group of images.
    nulls
        For each layer one tally for each rotation: of masks with the labels of other images.
    """

    groups: dict[int, list[Tally]]
    nulls: dict[int, list[Tally]]

    @classmethod
    def empty(cls, units: Mapping[int, int], nulls: int, concepts: int, categories: int) -> "Sums":
        """Return counts over no images, for numbers of units by layer."""
        return cls(
            *(
                {number: [Tally.empty(n, concepts, categories) for _ in range(count)] for number, n in units.items()}
                for count in (GROUPS, nulls)
            )
        )

    def add(self, other: "Sums") -> None:
        """Add counts over other images."""
        for mine, more in ((self.groups, other.groups), (self.nulls, other.nulls)):
            for number, tallies in mine.items():
                for tally, added in zip(tallies, more[number], strict=True):
                    tally.merge(added)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the counts as named arrays."""
        return {
            f"{number:04d}-{kind}-{place:02d}-{name}": values
            for kind, of_layers in (("group", self.groups), ("null", self.nulls))
            for number, tallies in of_layers.items()
            for place, tally in enumerate(tallies)
            for name, values in tally.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Sums":
        """Return the counts that `arrays` gave."""
        found: dict[tuple[str, int, int], dict[str, np.ndarray]] = {}
        for key, values in arrays.items():
            number, kind, place, name = key.split("-")
            found.setdefault((kind, int(number), int(place)), {})[name] = values
        numbers = sorted({number for _, number, _ in found})
        groups, nulls = (
            {
                number: [Tally.from_arrays(found[key]) for key in sorted(found) if key[0] == kind and key[1] == number]
                for number in numbers
            }
            for kind in ("group", "null")
        )
        return cls(groups, nulls)


def total(tallies: list[Tally]) -> Tally:
    """Return the sum of tallies, which stay as they are."""
    first, *others = tallies
    summed = Tally.from_arrays(first.arrays())
    for other in others:
        summed.merge(other)
    return summed
