"""Find where a preprocessing puts an image, by trying it on images that have coordinates painted in.

A ramp from black to white tells of every pixel of the input which place of the image it shows, roughly. Many short
ramps, up and down, then tell it to a tenth of a pixel or better, which as a rule gives the exact whole numbers.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..errors import UnitscopeError
from .preprocess import Preprocess

RAMP = 16
"""Pixels, of image or input, from black to white."""

EDGE = 3
"""Pixels, of image or input, at either end of a ramp that are left out: resampling bends them."""

BEND = 1.5
"""How far, in pixels of image or input, a place may lie from where it would if images were only resized and moved."""

LEAST = 16
"""Height and width, of images and of what is shown of them, below which places are not found to a tenth of a pixel."""

WHOLE = 0.1
"""What is as close to a whole number of pixels is that number."""

Pair = tuple[float, float]


def find_placement(preprocess: Preprocess, size: tuple[int, int]) -> tuple[Pair, Pair, tuple[int, int]]:
    """Return the attributes `resized`, `corner` and `size` of a `unitscope.models.placement.Placement`.

    Parameters
    ----------
    preprocess
        A preprocessing that may resize, crop and pad.
    size
        Height and width of the images.

    Raises
    ------
    UnitscopeError
        If it does something else.
    """
    trial = Trial.start(preprocess, size)
    found = []
    for axis in (0, 1):
        rough = trial.fit(axis, 1)
        ramps = max(1, round(size[axis] / (RAMP * max(1, rough[0]))))
        found.append(round_line(size[axis], *trial.fit(axis, ramps, rough), trial.black.shape[axis]))
    (height, top), (width, left) = found
    return (height, width), (top, left), (trial.black.shape[0], trial.black.shape[1])


@dataclass(frozen=True, eq=False)
class Trial:
    """A preprocessing that is tried on grey images of one size.

    Attributes
    ----------
    preprocess, size
        The preprocessing, and height and width of the images.
    channel
        The channel of the input that is looked at.
    black, white
        ``(height, width)`` what it is for images of these colours.
    shown
        ``(height, width)`` bool: where it shows the image.
    """

    preprocess: Preprocess
    size: tuple[int, int]
    channel: int
    black: np.ndarray
    white: np.ndarray
    shown: np.ndarray

    @classmethod
    def start(cls, preprocess: Preprocess, size: tuple[int, int]) -> "Trial":
        """Try images that are all black and all white."""
        black, white = (show(preprocess, np.full(size, grey)) for grey in (0, 255))
        if black.ndim != 3 or black.shape != white.shape:
            raise unknown(preprocess, size, "it does not make images of one size of them")
        contrast = np.abs(white - black)
        channel = int(contrast.max((1, 2)).argmax())
        shown = contrast[channel] > contrast[channel].max() / 2
        if not shown[np.ix_(shown.any(1), shown.any(0))].all() or not shown.any():
            raise unknown(preprocess, size, "what it shows of them is no rectangle")
        if min(*size, shown.any(1).sum(), shown.any(0).sum()) < LEAST:
            raise unknown(preprocess, size, f"fewer than {LEAST} rows or columns of them, or of the input, cannot tell")
        return cls(preprocess, size, channel, black[channel], white[channel], shown)

    def fit(self, axis: int, ramps: int, guess: Pair | None = None) -> Pair:
        """Return `step` and `start`: pixel i of the input along an axis shows the place ``start + step * i`` of images.

        Parameters
        ----------
        axis
            0 for down, 1 for across.
        ramps
            Number of ramps that are painted.
        guess
            Step and start, to about a ramp's length; not needed for a single ramp.
        """
        places, ramp = np.arange(self.size[axis]) + 0.5, self.size[axis] / ramps
        made = show(self.preprocess, paint(np.abs((places / ramp + 1) % 2 - 1), axis, self.size))
        if made.shape[1:] != self.black.shape:
            raise unknown(self.preprocess, self.size, "it does not make images of one size of them")
        area = np.ix_(self.shown.any(1), self.shown.any(0))
        shares = ((made[self.channel] - self.black)[area] / (self.white - self.black)[area]).swapaxes(0, axis)
        pixels = np.flatnonzero(self.shown.any(1 - axis)) + 0.5
        rough = ramp * shares.mean(1) if guess is None else guess[1] + guess[0] * pixels
        if rough[0] - rough[-1] > ramp / 4:
            raise unknown(self.preprocess, self.size, "it mirrors them")
        number = np.floor(rough / ramp).clip(0, ramps - 1)  # of the ramp: odd ones go down
        places = ramp * np.where(number % 2, number + 1 - shares.T, number + shares.T).T
        pixel = max(1.0, float(rough[-1] - rough[0]) / len(pixels))  # of image or input, the larger
        inner = np.abs(rough / ramp - number - 0.5) < 0.5 - min(EDGE * pixel / ramp, 0.25)
        if inner.sum() < 2:
            raise unknown(self.preprocess, self.size, "what it shows of them is too small")
        step, start = np.polyfit(pixels[inner], places[inner].mean(1), 1)
        bent = places[inner] - (start + step * pixels[inner])[:, None]
        if max(np.abs(bent.mean(other)).max() for other in (0, 1)) > BEND * pixel + ramp / 255:
            raise unknown(self.preprocess, self.size, "it does more than resize, crop and pad them")
        return float(step), float(start)


def show(preprocess: Preprocess, grey: np.ndarray) -> np.ndarray:
    """Return what a preprocessing makes of a grey image."""
    return preprocess(Image.fromarray(grey.astype(np.uint8)).convert("RGB")).double().numpy()


def paint(shares: np.ndarray, axis: int, size: tuple[int, int]) -> np.ndarray:
    """Return an image whose brightness along an axis is this share of white.

    Greys between two whole numbers are dithered, so that means over rows or columns are exact. The steps are those of
    an evenly distributed sequence (Roberts 2018).
    """
    dither = np.add.outer(np.arange(size[0]) * 0.7548776662466927, np.arange(size[1]) * 0.5698402909980532) % 1
    return np.floor(np.expand_dims(shares * 255, 1 - axis) + dither).clip(0, 255)


def round_line(image: int, step: float, start: float, size: int) -> Pair:
    """Return the length of the resized image, and where it begins on the input.

    These are whole numbers if images are resized and then cropped or padded. If they are cropped first, the ends of
    what is seen are whole numbers of pixels of the image.

    Examples
    --------
    >>> round_line(100, 0.5002, 10.001, 160), round_line(100, 0.3752, 10.001, 160)
    ((200.0, -20.0), (266.6666666666667, -26.666666666666668))
    """
    resized_first = image / step, -start / step
    cropped_first = start, start + step * size
    off = [max(abs(value - round(value)) for value in values) for values in (resized_first, cropped_first)]
    if min(off) > WHOLE:
        return resized_first
    if off[0] <= off[1]:
        return float(round(resized_first[0])), float(round(resized_first[1]))
    first, last = (round(value) for value in cropped_first)
    return image * size / (last - first), -first * size / (last - first)


def unknown(preprocess: Preprocess, size: tuple[int, int], why: str) -> UnitscopeError:
    """Return the error that says why the placement is not known."""
    return UnitscopeError(
        f"where images of {size[1]} x {size[0]} pixels lie on the network's input is not known, since {why} "
        f"({preprocess.description}); give another preprocessing, such as -M resize=256 -M crop=224"
    )
