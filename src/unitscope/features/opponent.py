"""Colours in opponent space, hues, and images without colour."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

GREYS = {
    "pca": "each image along the axis of its colours that varies most, so that edges between equally bright colours "
    "stay visible",
    "pca-crop": "as pca, along the main axis of the colours that each unit sees of an item: a pass for each of them",
    "luma601": "brightness, .299 R + .587 G + .114 B (ITU-R BT.601)",
    "luma709": "brightness, .2126 R + .7152 G + .0722 B (ITU-R BT.709)",
}
"""Ways to remove the colour of an image."""

LUMA = {"luma601": (0.299, 0.587, 0.114), "luma709": (0.2126, 0.7152, 0.0722)}

OPPONENT = np.array([[2 / 3, 2 / 3, 2 / 3], [1, -1, 0], [0.5, 0.5, -1]])
"""From red, green and blue, 0 to 1, to O1 + 1 (intensity), O2 (red against green) and O3 (yellow against blue)."""

LEAST_CHROMA = 0.1
"""Colours of less chroma have no hue."""

MOST_INTENSITY = 0.95
"""Colours of an intensity O1 beyond this, or below its negative, have no hue: they are nearly white or black."""

HUES = 72
"""Number of bins of a histogram of hues, of 5 degrees each."""


def remove_colour(colours: "torch.Tensor", grey: str, boxes: np.ndarray | None = None) -> "torch.Tensor":
    """Return images without colour.

    Parameters
    ----------
    colours
        ``(items, 3, height, width)``, from 0 to 1.
    grey
        One of `GREYS`. ``"pca"`` projects the colours of each image, in the opponent space of Rafegas et al., on their
        first principal component, which points to brighter colours, and keeps the image's mean intensity.
    boxes
        ``(items, 4)``, for ``"pca-crop"``: top, left, bottom and right of the part of each image whose colours and mean
        intensity count.

    Returns
    -------
    torch.Tensor
        Of the same shape, with three equal channels.

    Examples
    --------
    >>> import torch
    >>> red_green = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).view(1, 3, 1, 2)
    >>> remove_colour(red_green, "luma601")[0, 0].round(decimals=3)
    tensor([[0.2990, 0.5870]])
    >>> remove_colour(red_green, "pca")[0, 0].round(decimals=3)
    tensor([[0.8330, 0.0000]])
    """
    import torch

    if grey in LUMA:
        weights = torch.tensor(LUMA[grey], dtype=colours.dtype, device=colours.device)
        brightness = (colours * weights.view(-1, 1, 1)).sum(1, keepdim=True)
        return brightness.expand(-1, 3, -1, -1)
    opponent = torch.einsum("oc,nchw->nohw", torch.as_tensor(OPPONENT, device=colours.device), colours.double())
    if boxes is None:
        means, axes = principal_axis(opponent.flatten(2))
    else:
        parts = [
            principal_axis(image[None, :, top:bottom, left:right].flatten(2))
            for image, (top, left, bottom, right) in zip(opponent, boxes.tolist(), strict=True)
        ]
        means, axes = (torch.cat(kind) for kind in zip(*parts, strict=True))
    along = torch.einsum("no,nohw->nhw", axes, opponent - means[..., None, None])
    # Grey of intensity g has O1 + 1 = 2 g.
    brightness = ((means[:, 0, None, None] + along) / 2).clamp(0, 1)
    return brightness.to(colours.dtype).unsqueeze(1).expand(-1, 3, -1, -1)


def principal_axis(opponent: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the mean and the first principal component of colours, ``(items, 3)`` each.

    Parameters
    ----------
    opponent
        ``(items, 3, pixels)`` colours in opponent space.
    """
    import torch

    means = opponent.mean(2)
    centred = opponent - means.unsqueeze(2)
    _, axes = torch.linalg.eigh(centred @ centred.mT)  # in rising order
    first = axes[..., -1]
    # Signs are arbitrary: let O1 rise, or O2 where O1 plays no part, or O3 where that plays none either.
    leading = first.gather(1, (first.abs() > 1e-6).int().argmax(1, keepdim=True))
    return means, first * torch.where(leading < 0, -1.0, 1.0)


def hue_of(red_green: np.ndarray, yellow_blue: np.ndarray) -> np.ndarray:
    """Return hues in degrees, 0 to 360: 27 is red, 90 yellow, 153 green, 207 cyan, 270 blue, 333 magenta.

    Parameters
    ----------
    red_green, yellow_blue
        O2 and O3.

    Examples
    --------
    >>> hue_of(np.array([1.0, 0.0, 0.0]), np.array([0.5, 1.0, -1.0])).round(1).tolist()
    [26.6, 90.0, 270.0]
    """
    return np.degrees(np.arctan2(yellow_blue, red_green)) % 360


def count_hues(colours: np.ndarray) -> np.ndarray:
    """Count the hues of pixels; those that are nearly grey, white or black are left out.

    Parameters
    ----------
    colours
        ``(pixels, 3)``, from 0 to 1.

    Returns
    -------
    numpy.ndarray
        ``(72,)`` int64, from 0 degrees in steps of 5.

    Examples
    --------
    >>> count_hues(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5]])).nonzero()[0].tolist()
    [5]
    """
    intensity, red_green, yellow_blue = OPPONENT @ colours.T
    seen = (np.hypot(red_green, yellow_blue) >= LEAST_CHROMA) & (np.abs(intensity - 1) <= MOST_INTENSITY)
    bins = (hue_of(red_green[seen], yellow_blue[seen]) / (360 / HUES)).astype(int) % HUES
    return np.bincount(bins, minlength=HUES).astype(np.int64)
