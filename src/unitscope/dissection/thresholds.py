"""Each unit's threshold: the value that half a per cent of all positions of all images exceed, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any

import numba
import numpy as np

from ..errors import UnitscopeError
from ..threads import run_threads

FRACTION = 0.005
"""Share of positions above the threshold (Bau et al. 2017)."""

SHARE = 64
"""Units that a thread takes at a time."""


@dataclass(eq=False)
class TopValues:
    """The largest values of each unit, of all that were added, in any order.

    Attributes
    ----------
    keep
        How many of the largest values are certain to be here.
    seen
        How many values of each unit were added.
    buffers
        ``(units, somewhat more than keep)`` float32, of which the first `filled` are candidates in no order.
    filled
        ``(units,)`` int64.
    bounds
        ``(units,)`` float32: `keep` values are at least as large, so no other value as small is needed.

    See Also
    --------
    unitscope.dissection.tally.tally_images : What the thresholds are for.

    Examples
    --------
    >>> top = TopValues.empty(n_units=2, n=1000)
    >>> top.keep
    7
    >>> top.add(np.stack([np.arange(1000.0), np.zeros(1000)]).reshape(1, 2, 25, 40))
    >>> top.threshold().tolist()
    [994.5, 0.0]
    """

    keep: int
    seen: int
    buffers: np.ndarray
    filled: np.ndarray
    bounds: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n: int, fraction: float = FRACTION) -> "TopValues":
        """Return no values yet.

        Parameters
        ----------
        n_units
            Number of units.
        n
            How many values of each unit will be added at most: images times positions.
        fraction
            The largest fraction of which the threshold will be asked for.
        """
        keep = min(ceil(_exact(fraction) * n) + 2, max(n, 1))
        size = keep + max(keep // 4, 64)  # room for more, so that the smallest are dropped only now and then
        return cls(
            keep,
            0,
            np.empty((n_units, size), np.float32),
            np.zeros(n_units, np.int64),
            np.full(n_units, -np.inf, np.float32),
        )

    def add(self, maps: np.ndarray, threads: int | None = 1) -> None:
        """Add all values of some images.

        Parameters
        ----------
        maps
            ``(images, units, ...)`` activations; used as float32.
        threads
            Threads to use; none for one per core.

        Raises
        ------
        UnitscopeError
            If a value is NaN or infinite.
        """
        values = np.ascontiguousarray(maps, np.float32).reshape(*maps.shape[:2], prod(maps.shape[2:]))
        if not np.isfinite(values).all():
            image, unit, _ = np.argwhere(~np.isfinite(values))[0]
            raise UnitscopeError(
                f"unit {unit} is NaN or infinite in image {image} of {len(values)}; leave this layer or image out"
            )
        self._take(values, threads)
        self.seen += values.shape[0] * values.shape[2]

    def merge(self, other: "TopValues") -> None:
        """Add all values that others saw."""
        if other.keep != self.keep:
            raise UnitscopeError(
                f"{other.keep} largest values of each unit cannot join {self.keep}; make both with the same n"
            )
        self._take(other.largest()[None], 1)
        self.seen += other.seen

    def largest(self) -> np.ndarray:
        """Return the largest values of each unit, ``(units, keep or as many as were added)``, in falling order."""
        largest = np.empty((len(self.buffers), min(self.keep, self.seen)), np.float32)
        for unit, row in enumerate(largest):
            row[:] = self._falling(unit)[: len(row)]
        return largest

    def threshold(self, fraction: float = FRACTION) -> np.ndarray:
        """Return the value that a fraction of all values exceed, ``(units,)`` float64.

        It is the quantile at 1 - `fraction`: of n values in rising order, value i (from 0) is the quantile at
        (i + 1/2) / n, with straight lines between (Hazen). A unit that is 0 at nearly all positions has threshold 0,
        and its mask is wherever it is positive; a constant unit has its constant, which nothing exceeds.

        Parameters
        ----------
        fraction
            Between 0 and 1.

        Raises
        ------
        UnitscopeError
            If no value was added, or too few are kept.

        References
        ----------
        Hyndman & Fan (1996), Sample quantiles in statistical packages, type 5.
        """
        if self.seen == 0:
            raise UnitscopeError("no values were added, so there is no threshold; add the maps of at least one image")
        # An exact number: where a quantile is one of the values, that value must not come out above it.
        place = min(max(_exact(fraction) * self.seen - Fraction(1, 2), Fraction(0)), Fraction(self.seen - 1))
        upper = floor(place)
        lower = min(upper + 1, self.seen - 1)
        if lower >= self.keep:
            raise UnitscopeError(
                f"the threshold at {fraction} of {self.seen} values needs the {lower + 1} largest, of which "
                f"{self.keep} are kept; make TopValues with n={self.seen} and this fraction"
            )
        around = np.array([self._falling(unit)[[upper, lower]] for unit in range(len(self.buffers))], np.float64)
        return around[:, 0] + float(place - upper) * (around[:, 1] - around[:, 0])

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the values as named arrays, equal whatever order they were added in."""
        return {"largest": self.largest(), "keep_seen": np.array([self.keep, self.seen])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "TopValues":
        """Return the values that `arrays` gave."""
        keep, seen = arrays["keep_seen"].tolist()
        values = cls.empty(len(arrays["largest"]), keep, 1)
        values._take(arrays["largest"][None], 1)
        values.seen = seen
        return values

    def _falling(self, unit: int) -> np.ndarray:
        """Return the candidates of a unit in falling order."""
        # Zeros are equal whatever their sign; which of them were kept depends on the order, so that all become +0.
        return np.sort(self.buffers[unit, : self.filled[unit]])[::-1] + np.float32(0)

    def _take(self, values: np.ndarray, threads: int | None) -> None:
        """Keep the largest of these values, ``(images, units, positions)``, and of those kept so far."""
        n_units = len(self.buffers)

        def take(share: int, _: None) -> None:
            units = share * SHARE, min((share + 1) * SHARE, n_units)
            _keep_largest(values, units, self.keep, self.buffers, self.filled, self.bounds)

        run_threads(take, -(-n_units // SHARE), lambda: None, threads, None)


def _exact(fraction: float) -> Fraction:
    """Return the number that was written: 0.005 is 1/200."""
    return Fraction(str(fraction))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _keep_largest(values: Any, units: Any, keep: int, buffers: Any, filled: Any, bounds: Any) -> None:
    """Put values that may be among the largest into the buffers of some units, from the first to before the last."""
    for unit in range(units[0], units[1]):
        buffer, n, bound = buffers[unit], filled[unit], bounds[unit]
        for image in range(len(values)):
            for value in values[image, unit]:
                if value > bound:
                    buffer[n] = value
                    n += 1
                    if n == len(buffer):
                        buffer[:keep] = np.partition(buffer, n - keep)[n - keep :]
                        bound = buffer[:keep].min()
                        n = keep
        filled[unit], bounds[unit] = n, bound
