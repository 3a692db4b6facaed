"""Histograms: what can be kept of activations that are too many to store, and still be measured within a bound.

Per unit and class: how many values fall into each bin of a floating-point grid, with number, zeros, mean, spread,
smallest and largest exactly; per unit the most active items exactly. Two of them, over different items, add up.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnitscopeError
from ..threads import run_threads
from .classes import Classes
from .histogram_count import (
    LAST,
    N_OCTAVES,
    OCTAVE_BITS,
    Block,
    TopList,
    UnitCounts,
    count_unit,
    keep_top,
    mark_octaves,
    merge_top,
)
from .sums import add_sums, means_of

BINS_PER_OCTAVE = (128, 32, 8)
"""Bins for each doubling of the value: 128 is what the highest 16 bits of a float32 tell apart."""

N_TOP = 100
"""Most active items that are kept exactly: as many as the class index looks at."""

MOST_ITEMS = 2**31 - 1
"""Beyond this, sums of ranks would not fit into 64-bit integers."""


class TopItems(NamedTuple):
    """The most active items of one unit.

    Attributes
    ----------
    orders, labels
        Orders, falling, and labels of the items above the edge.
    edge
        The order of the edge, -1 where there are fewer items than places.
    edge_counts
        ``(C,)`` items at the edge.
    """

    orders: np.ndarray
    labels: np.ndarray
    edge: int
    edge_counts: np.ndarray


class Bins(NamedTuple):
    """The bins of one unit; the fields are those of `Histograms`."""

    octaves: np.ndarray
    counts: np.ndarray
    shift: int
    zeros: np.ndarray


@dataclass
class Histograms:
    """What is kept of the activations of some units (U) to items of some classes (C), instead of the activations.

    Attributes
    ----------
    bins_per_octave
        Bins for each doubling of the value, 128, 32 or 8; a bin is [edge, next edge), and zero is counted apart.
    sizes
        ``(C,)`` int64, items of each class.
    octaves
        For each unit ``(P,)`` int64: the octaves in which it has values, rising; see
        `unitscope.measures.histogram_count`.
    counts
        For each unit ``(P, bins_per_octave, C)`` uint32: items of each class in each bin of these octaves.
    zeros
        ``(U, C)`` uint32, items with activation 0.
    sums
        ``(U, 2, C)`` float64, sum of the activations, and what float64 leaves of it; see `unitscope.measures.sums`.
    squares
        ``(U, C)`` float64, sum of squared deviations from the mean.
    smallest, largest
        ``(U, C)`` float32; infinite and minus infinite where a class has no items.
    top_words, top_labels
        ``(U, 2 N_TOP)``: order and item, and class, of the items above the unit's edge, the value at the place
        `N_TOP`.
    top_state
        ``(U, 2)`` int64: how many these are, and the order of the edge (-1 while there are fewer items).
    edge_counts
        ``(U, C)`` uint32, items exactly at the edge.

    Examples
    --------
    >>> first, second = (Histograms.empty(1, 2) for _ in range(2))
    >>> first.update(np.array([[1.0, 0.0]], np.float32), np.array([0, 1]), np.array([0, 1]))
    >>> second.update(np.array([[3.0]], np.float32), np.array([0]), np.array([2]))
    >>> first.add(second)
    >>> first.sizes, first.mean
    (array([2, 1]), array([[2., 0.]]))
    """

    bins_per_octave: int
    sizes: np.ndarray
    octaves: list[np.ndarray]
    counts: list[np.ndarray]
    zeros: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray
    top_words: np.ndarray
    top_labels: np.ndarray
    top_state: np.ndarray
    edge_counts: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n_classes: int, bins_per_octave: int = 128) -> "Histograms":
        """Make histograms of no items."""
        shape = (n_units, n_classes)
        return cls(
            bins_per_octave=bins_per_octave,
            sizes=np.zeros(n_classes, np.int64),
            octaves=[np.empty(0, np.int64) for _ in range(n_units)],
            counts=[np.empty((0, bins_per_octave, n_classes), np.uint32) for _ in range(n_units)],
            zeros=np.zeros(shape, np.uint32),
            sums=np.zeros((n_units, 2, n_classes)),
            squares=np.zeros(shape),
            smallest=np.full(shape, np.inf, np.float32),
            largest=np.full(shape, -np.inf, np.float32),
            top_words=np.zeros((n_units, 2 * N_TOP), np.uint64),
            top_labels=np.zeros((n_units, 2 * N_TOP), np.int32),
            top_state=np.tile(np.array([0, -1], np.int64), (n_units, 1)),
            edge_counts=np.zeros(shape, np.uint32),
        )

    @property
    def shift(self) -> int:
        """Bits of a value's order below its bin."""
        return OCTAVE_BITS + 1 - self.bins_per_octave.bit_length()

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.counts)

    @property
    def mean(self) -> np.ndarray:
        """Mean of each class, ``(U, C)``; NaN for classes without items."""
        means = np.empty(self.squares.shape)
        for unit, sums in enumerate(self.sums):
            means[unit] = means_of(sums, self.sizes)
        return means

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the histograms take."""
        arrays = [*self.counts, self.zeros, self.sums, self.squares, self.smallest, self.largest, self.edge_counts]
        return sum(array.nbytes for array in [*arrays, self.top_words, self.top_labels])

    def update(
        self, values: np.ndarray, labels: np.ndarray, items: np.ndarray, *, names: list[str] | None = None,
        threads: int | None = None,
    ) -> None:  # fmt: skip
        """Count a block of items.

        Parameters
        ----------
        values
            ``(U, n)`` float32, a unit's values together.
        labels
            ``(n,)`` their classes.
        items
            ``(n,)`` their numbers, each counted once only.
        names
            Names of the units, for messages.
        threads
            Threads to use; default: one per core. The result does not depend on it.

        Raises
        ------
        UnitscopeError
            If a value is NaN or infinite, or there would be more than 2**31 - 1 items.
        """
        n_classes = len(self.sizes)
        if len(labels) != values.shape[1]:
            raise UnitscopeError(f"there are {len(labels)} labels for {values.shape[1]} items; give one for each")
        if self.sizes.sum() + values.shape[1] > MOST_ITEMS:
            raise UnitscopeError(f"histograms hold at most {MOST_ITEMS:,} items; record them in several runs")
        values = np.ascontiguousarray(values, np.float32)
        labels = Classes.of_labels(labels, n_classes).labels.astype(np.int32)
        items = np.ascontiguousarray(items, np.int64)
        in_block = np.bincount(labels, minlength=n_classes)
        first = np.zeros(n_classes, np.int64)
        first[labels[::-1]] = np.arange(len(labels))[::-1]  # the last one written is the first item
        block = Block(labels, items, in_block, first)

        def work(unit: int, offsets: np.ndarray) -> None:
            bits = values[unit].view(np.uint32)
            used = np.zeros(N_OCTAVES, np.bool_)
            if not mark_octaves(bits, used):
                item = int(np.flatnonzero(~np.isfinite(values[unit]))[0])
                name = names[unit] if names else str(unit)
                raise UnitscopeError(f"unit {name} has the value {values[unit, item]} for item {items[item]}")
            self.make_room(unit, used)
            pages = np.full(N_OCTAVES, -1, np.int64)
            pages[self.octaves[unit]] = np.arange(len(self.octaves[unit]))
            counts = UnitCounts(
                pages, self.shift, self.counts[unit], self.zeros[unit], self.sums[unit], self.squares[unit],
                self.smallest[unit], self.largest[unit],
            )  # fmt: skip
            count_unit(values[unit], bits, block, self.sizes, counts, self.top_list(unit), N_TOP, offsets)

        run_threads(work, self.n_units, lambda: np.empty((4, n_classes)), threads, None)
        self.sizes += in_block

    def make_room(self, unit: int, used: np.ndarray) -> None:
        """Give a unit pages for the octaves marked in `used`, ``(512,)``, beside those that it has."""
        own = self.octaves[unit]
        used[own] = True
        wanted = np.flatnonzero(used)
        if len(wanted) > len(own):
            grown = np.zeros((len(wanted), *self.counts[unit].shape[1:]), np.uint32)
            grown[np.searchsorted(wanted, own)] = self.counts[unit]
            self.octaves[unit], self.counts[unit] = wanted, grown

    def add(self, other: "Histograms", first_item: int = 0) -> None:
        """Add histograms of the same units over other items: then these are as if one process had counted all.

        Parameters
        ----------
        other
            The histograms to add; only the order of their most active items may change.
        first_item
            The number that the other's item 0 is to have here.

        Raises
        ------
        UnitscopeError
            If bins, units or classes differ, or there would be more than 2**31 - 1 items.
        """
        if (self.bins_per_octave, self.zeros.shape) != (other.bins_per_octave, other.zeros.shape):
            raise UnitscopeError("histograms of different bins, units or classes cannot be added; record them alike")
        if self.sizes.sum() + other.sizes.sum() > MOST_ITEMS:
            raise UnitscopeError(f"histograms hold at most {MOST_ITEMS:,} items; measure these runs apart")
        self.sort_top()
        other.sort_top()
        for unit in range(self.n_units):
            used = np.zeros(N_OCTAVES, np.bool_)
            used[other.octaves[unit]] = True
            self.make_room(unit, used)
            self.counts[unit][np.searchsorted(self.octaves[unit], other.octaves[unit])] += other.counts[unit]
            theirs = other.top_list(unit)
            merge_top(self.top_list(unit), theirs._replace(words=theirs.words + np.uint64(first_item)), N_TOP)
        total = self.sizes + other.sizes
        # Chan et al. 1983, as `unitscope.measures.sums.merge`; a class with items on one side only keeps its numbers.
        both = (self.sizes > 0) & (other.sizes > 0)
        delta = np.where(both, other.mean - self.mean, 0.0)
        self.squares = self.squares + other.squares + delta * delta * self.sizes * other.sizes / np.maximum(total, 1)
        for mine, theirs in zip(self.sums, other.sums, strict=True):
            mine[0], mine[1] = add_sums(mine[0], mine[1], theirs[0], theirs[1])
        self.zeros += other.zeros
        np.minimum(self.smallest, other.smallest, out=self.smallest)
        np.maximum(self.largest, other.largest, out=self.largest)
        self.sizes = total

    def top(self, unit: int) -> "TopItems":
        """Return a unit's most active items; their lists must be sorted by `sort_top`."""
        filled, edge = self.top_state[unit]
        orders = LAST - (self.top_words[unit, :filled] >> np.uint64(32)).astype(np.int64)
        labels, tied = self.top_labels[unit, :filled].astype(np.int64), self.edge_counts[unit].astype(np.int64)
        return TopItems(orders, labels, int(edge), tied)

    def top_list(self, unit: int) -> TopList:
        """Return a unit's list of most active items, as views."""
        return TopList(self.top_words[unit], self.top_labels[unit], self.top_state[unit], self.edge_counts[unit])

    def bins(self, unit: int) -> "Bins":
        """Return a unit's bins, as views."""
        return Bins(self.octaves[unit], self.counts[unit], self.shift, self.zeros[unit])

    def sort_top(self) -> None:
        """Sort the lists of most active items, so that they do not depend on the order in which items were counted."""
        for unit in range(self.n_units):
            filled, edge = self.top_state[unit]
            self.top_state[unit] = keep_top(self.top_list(unit), filled, edge, N_TOP)
            self.top_words[unit, self.top_state[unit, 0] :] = 0
            self.top_labels[unit, self.top_state[unit, 0] :] = 0

    def arrays(self) -> dict[str, np.ndarray]:
        """Lay everything out as named arrays, ready to be stored, with sorted lists of most active items."""
        self.sort_top()
        arrays: dict[str, Any] = {name: getattr(self, name) for name in PLAIN}
        arrays["pages"] = np.array([len(octaves) for octaves in self.octaves], np.int64)
        arrays["octaves"] = np.concatenate([np.empty(0, np.int64), *self.octaves])
        arrays["counts"] = np.concatenate(
            [np.empty((0, self.bins_per_octave, len(self.sizes)), np.uint32), *self.counts]
        )
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Histograms":
        """Make histograms from what `arrays` gave."""
        if "sums" not in arrays:  # as written before sums were kept
            sums = arrays["mean"] * arrays["sizes"]
            arrays = arrays | {"sums": np.stack([sums, np.zeros_like(sums)], 1)}
        ends = np.cumsum(arrays["pages"])[:-1]
        counts = [part.copy() for part in np.split(arrays["counts"], ends)]
        return cls(
            bins_per_octave=arrays["counts"].shape[1],
            octaves=[part.copy() for part in np.split(arrays["octaves"], ends)],
            counts=counts,
            **{name: arrays[name] for name in PLAIN},
        )


PLAIN = (
    "sizes", "zeros", "sums", "squares", "smallest", "largest", "top_words", "top_labels", "top_state", "edge_counts",
)  # fmt: skip
