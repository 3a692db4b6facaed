"""The two passes of a dissection: the largest activations of every unit, then the pixels under its mask."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..analysis import Part
from ..analysis.analysis import StoredPart
from ..run import ItemBlock, Run
from .image_labels import ImageLabels, prepare_labels
from .passes import Maps, ProbePasses
from .probe import GROUPS, n_nulls, rotations
from .settings import Settings
from .sums import Sums
from .tally import tally_images
from .thresholds import TopValues


class ThresholdWorker:
    """Keeps the largest activations of every unit at all positions of all images.

    Parameters
    ----------
    run, settings, threads
        As for `ProbePasses`.
    """

    def __init__(self, run: Run, settings: Settings, threads: int | None):
        self.passes, self.threads = ProbePasses(run, settings, threads), threads
        self.passes.warn_of_other_sizes(run)
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the values to stored ones, or to none."""
        self.top = read_top(stored.read_arrays()) if stored else {}

    def sum(self) -> Part:
        """Return the values."""
        named = {
            f"{number:04d}-{name}": values for number, top in self.top.items() for name, values in top.arrays().items()
        }
        return Part(arrays=named)

    def is_full(self) -> bool:
        """Return false: how many values are kept is known from the start."""
        return False

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add blocks of images; yield each block once its images are added."""
        return self.passes.run(blocks, self._add, progress)

    def _add(self, chunk: range, batch: range, maps: Maps) -> None:
        for number, of_layer in maps.items():
            _, units, rows, columns = of_layer.shape
            if number not in self.top:
                self.top[number] = TopValues.empty(units, len(self.passes.items) * rows * columns)
            self.top[number].add(of_layer, self.threads)


def read_top(arrays: Mapping[str, np.ndarray]) -> dict[int, TopValues]:
    """Return the largest values that a part holds, by the number of the layer."""
    numbers = sorted({name[:4] for name in arrays})
    return {
        int(number): TopValues.from_arrays(
            {name[5:]: values for name, values in arrays.items() if name.startswith(f"{number}-")}
        )
        for number in numbers
    }


class TallyWorker:
    """Counts the pixels that units' masks share with concepts, and with those of other images.

    Parameters
    ----------
    run, settings, threads
        As for `ProbePasses`.
    thresholds
        ``(units,)`` threshold of each unit, by the number of the layer.
    """

    def __init__(self, run: Run, settings: Settings, thresholds: Mapping[int, np.ndarray], threads: int | None):
        self.passes, self.threads, self.thresholds = ProbePasses(run, settings, threads), threads, thresholds
        self.concepts = settings.concepts
        self.category_of = category_numbers(settings)
        self.n_nulls = n_nulls(len(self.passes.items))
        self.labels: dict[int, ImageLabels] = {}  # of the present chunk, by place
        self.start(None)

    def start(self, stored: StoredPart | None) -> None:
        """Set the counts to stored ones, or to zero."""
        units = {number: layer.units for number, layer in self.passes.layers.items()}
        table, categories = self.concepts.table, self.concepts.categories
        self.sums = (
            Sums.from_arrays(stored.read_arrays())
            if stored
            else Sums.empty(units, self.n_nulls, len(table), len(categories))
        )

    def sum(self) -> Part:
        """Return the counts."""
        return Part(arrays=self.sums.arrays())

    def is_full(self) -> bool:
        """Return false: counts do not grow."""
        return False

    def add(self, blocks: Sequence[ItemBlock], progress: Callable[[int], None]) -> Iterator[ItemBlock]:
        """Add blocks of images; yield each block once its images are added."""
        return self.passes.run(blocks, self._add, progress)

    def _add(self, chunk: range, batch: range, maps: Maps) -> None:
        if batch.start == chunk.start:
            self.labels = {place: self._read(place) for place in chunk}
        for number, of_layer in maps.items():
            groups, nulls = self.sums.groups[number], self.sums.nulls[number]
            into = []
            for place in batch:
                own, *others = (self.labels[other] for other in rotations(chunk, place, self.n_nulls))
                into.append([(groups[place % GROUPS], own), *zip(nulls, others, strict=True)])
            tally_images(of_layer, self.thresholds[number], into, self.passes.places[number], self.threads)

    def _read(self, place: int) -> ImageLabels:
        """Return the labels of what the network sees of the image at a place of the order."""
        image = int(self.passes.order[place])
        maps, whole = self.concepts.labels(image)
        return prepare_labels(maps, whole, self.category_of, self.passes.placements(image))


def category_numbers(settings: Settings) -> np.ndarray:
    """Return the number of each concept's category, ``(concepts + 1,)``; the first entry is of no account."""
    categories = [*settings.concepts.categories]
    return np.array([0, *(categories.index(name) for name in settings.concepts.table["category"])])
