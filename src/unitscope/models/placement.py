"""Where an image lies on the network's input once it was resized, cropped or padded."""

from typing import NamedTuple

import numpy as np

from .painting import find_placement
from .preprocess import Preprocess, Steps


class Placement(NamedTuple):
    """Where an image lies on the network's input.

    Places are in pixels from the upper left corner, down first; the middle of the first pixel is at 0.5. The place y of
    the image is at ``scale[0] * y + corner[0]`` of the input.

    Attributes
    ----------
    image
        Height and width of the image.
    resized
        Height and width that the whole image has, or would have, at the scale of the input.
    corner
        Where the image's upper left corner lies on the input: negative where the input is a crop of the image, positive
        where the image is padded.
    size
        Height and width of the input.

    See Also
    --------
    placement_of : Find it for a preprocessing.

    Examples
    --------
    >>> from unitscope.models.preprocess import steps_from_options
    >>> placement_of(steps_from_options({"resize": 256, "crop": 224}), (375, 500))
    Placement(image=(375, 500), resized=(256, 341), corner=(-16, -59), size=(224, 224))
    """

    image: tuple[int, int]
    resized: tuple[float, float]
    corner: tuple[float, float]
    size: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the input in a pixel of the image, down and across."""
        return self.resized[0] / self.image[0], self.resized[1] / self.image[1]

    @property
    def is_whole(self) -> bool:
        """Whether the input is the whole image and nothing else."""
        return self.resized == self.size and self.corner == (0, 0)

    def boxes(self, boxes: np.ndarray) -> np.ndarray:
        """Return where boxes of the image lie on the input, ``(..., 4)`` float64.

        Parameters
        ----------
        boxes
            ``(..., 4)`` top, left, bottom and right.

        Returns
        -------
        numpy.ndarray
            Cut off at the edges of the input. A box of which the network sees nothing has no area.

        See Also
        --------
        inverse : From the input to the image.

        Examples
        --------
        >>> placement = Placement((100, 100), (50, 50), (-10, 0), (30, 50))
        >>> placement.boxes(np.array([0, 20, 60, 200])).tolist()
        [0.0, 10.0, 20.0, 50.0]
        """
        moved = np.asarray(boxes, float) * (self.scale * 2) + self.corner * 2
        return np.clip(moved, 0, self.size * 2)

    def inverse(self, boxes: np.ndarray) -> np.ndarray:
        """Return where boxes of the input lie on the image, ``(..., 4)`` float64, cut off at the image's edges.

        Parameters
        ----------
        boxes
            ``(..., 4)`` top, left, bottom and right.

        See Also
        --------
        boxes : From the image to the input.

        Examples
        --------
        >>> placement = Placement((100, 100), (50, 50), (-10, 0), (30, 50))
        >>> placement.inverse(np.array([0, 10, 20, 50])).tolist()
        [20.0, 20.0, 60.0, 100.0]
        """
        moved = (np.asarray(boxes, float) - self.corner * 2) / (self.scale * 2)
        return np.clip(moved, 0, self.image * 2)

    def labels(self, labels: np.ndarray) -> np.ndarray:
        """Return label maps of the image as the network would see them, ``(..., height, width)``.

        Every pixel of the input has the label that is at its middle; beyond the image it has the label 0.

        Parameters
        ----------
        labels
            ``(..., rows, columns)``, of the whole image, whatever the number of its pixels.

        Examples
        --------
        >>> placement = Placement((2, 4), (2, 4), (1, -1), (3, 2))
        >>> placement.labels(np.array([[1, 2, 3, 4], [5, 6, 7, 8]])).tolist()
        [[0, 0], [2, 3], [6, 7]]
        """
        labels = np.asarray(labels)
        (rows, high), (columns, wide) = (self._nearest(axis, labels.shape[axis - 2]) for axis in (0, 1))
        return np.where(high[:, None] & wide, labels[..., rows[:, None], columns], 0).astype(labels.dtype)

    def visible(self, axis: int, pixels: int) -> tuple[slice, np.ndarray]:
        """Return which rows or columns of a label map the network sees, and where their middles lie on the input.

        Parameters
        ----------
        axis
            0 for rows, 1 for columns.
        pixels
            Number of rows or columns of the label map, which covers the whole image.

        Returns
        -------
        seen : slice
            Those whose middle is on the input.
        middles : numpy.ndarray
            Their middles in pixels of the input, times ``2 * pixels``: these are whole numbers where `resized` and
            `corner` are, so that nothing is rounded before the caller divides.

        Examples
        --------
        >>> placement = Placement((2, 4), (2, 4), (1, -1), (3, 2))
        >>> placement.visible(1, 4)
        (slice(1, 3, None), array([ 4, 12]))
        """
        middles = (2 * np.arange(pixels) + 1) * self.resized[axis] + 2 * pixels * self.corner[axis]
        first, last = np.searchsorted(middles, (0, 2 * pixels * self.size[axis])).tolist()
        return slice(first, last), middles[first:last]

    def _nearest(self, axis: int, pixels: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the label pixel at the middle of each pixel of the input, and whether it is on the image."""
        middles = 2 * np.arange(self.size[axis]) + 1 - 2 * self.corner[axis]
        nearest = np.floor(middles * pixels / (2 * self.resized[axis])).astype(np.int64)
        return np.clip(nearest, 0, pixels - 1), (nearest >= 0) & (nearest < pixels)


WHOLE = Placement((1, 1), (1, 1), (0, 0), (1, 1))
"""The placement of an image that the network sees as a whole, whatever its size."""


def placement_of(preprocess: Preprocess, size: tuple[int, int]) -> Placement:
    """Return where images of a size lie on the input that a preprocessing makes of them.

    The preprocessing that options describe is known. Any other, of a library or of the user's own, is tried on images
    that have coordinates painted in (`unitscope.models.painting`): it may resize, crop and pad, in any order. What is
    found is exact, or right to a tenth of a pixel of image or input, whichever is larger.

    Parameters
    ----------
    preprocess
        The preprocessing.
    size
        Height and width of the images.

    Raises
    ------
    UnitscopeError
        If images are too small for the preprocessing, or it does something else: turns or mirrors images, or does not
        make images.

    Examples
    --------
    >>> from unitscope.models.preprocess import steps_from_options
    >>> placement_of(steps_from_options({"size": 64}), (50, 20)).scale
    (1.28, 3.2)
    """
    if isinstance(preprocess.apply, Steps):
        resized, corner, seen = preprocess.apply.place(size[1], size[0])
        return Placement(size, resized[::-1], (-corner[1], -corner[0]), seen[::-1])
    return Placement(size, *find_placement(preprocess, size))
