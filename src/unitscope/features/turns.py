"""Images rotated and mirrored about the centre of a receptive field, and what units make of them."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

ANGLES = tuple(range(15, 360, 15))
"""Angles of rotation, counterclockwise, in degrees."""

AXES = (0, 45, 90, 135)
"""Angles of the axes that images are mirrored at, counterclockwise from the horizontal, in degrees."""

TURNS = len(ANGLES) + len(AXES)
"""Number of images made of each."""


def matrices() -> np.ndarray:
    """Return where the content of each turned image comes from: ``(27, 2, 2)``, for (down, right) from the centre.

    Examples
    --------
    >>> matrices()[ANGLES.index(90)].round().tolist()  # what is above the centre comes from its right
    [[0.0, 1.0], [-1.0, 0.0]]
    >>> np.diag(matrices()[len(ANGLES)]).tolist()  # mirrored at the horizontal axis
    [-1.0, 1.0]
    """
    turns = np.radians(ANGLES)
    rotations = np.array([[np.cos(turns), np.sin(turns)], [-np.sin(turns), np.cos(turns)]])
    doubled = 2 * np.radians(AXES)
    mirrors = np.array([[-np.cos(doubled), -np.sin(doubled)], [-np.sin(doubled), np.cos(doubled)]])
    return np.concatenate([rotations.transpose(2, 0, 1), mirrors.transpose(2, 0, 1)])


def turn(images: "torch.Tensor", centres: np.ndarray, turns: np.ndarray) -> "torch.Tensor":
    """Return images rotated or mirrored, each about its own centre; beyond the border, the border goes on.

    Parameters
    ----------
    images
        ``(images, channels, height, width)``.
    centres
        ``(images, 2)``: how far down and right from the image's corner, in pixels.
    turns
        ``(images, 2, 2)``, of `matrices`.

    Examples
    --------
    >>> import torch
    >>> image = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    >>> turn(image, np.array([[1.0, 1.0]]), matrices()[[ANGLES.index(90)]]).round().flatten()
    tensor([2., 4., 1., 3.])
    """
    import torch
    import torch.nn.functional as nnf

    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device).double() + 0.5
    columns = torch.arange(width, device=images.device).double() + 0.5
    centre = torch.as_tensor(centres, device=images.device).double().view(-1, 1, 1, 2)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1) - centre
    matrix = torch.as_tensor(turns, device=images.device).double().view(-1, 1, 1, 2, 2)
    source = (matrix @ grid.unsqueeze(-1)).squeeze(-1) + centre
    # grid_sample takes (right, down), from -1 to 1.
    scaled = torch.stack([source[..., 1] / width, source[..., 0] / height], dim=-1) * 2 - 1
    return nnf.grid_sample(images.double(), scaled, padding_mode="border", align_corners=False).to(images.dtype)


def orientation_curve(responses: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Return how much less active units are when their top items are rotated, ``(units, 23)``.

    1 minus the sum over the turned items, divided by the sum over the same items as they are, between 0 and 1.

    Parameters
    ----------
    responses
        ``(units, items)``: activation to each top item as it is; NaN where there is none.
    turned
        ``(units, items, 27)``: activation to the turned items.
    """
    return np.clip(1 - ratios(responses, turned)[:, : len(ANGLES)], 0, 1)


def symmetry_curve(responses: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Return how active units stay when their top items are mirrored, ``(units, 4)``, between 0 and 1."""
    return np.clip(ratios(responses, turned)[:, len(ANGLES) :], 0, 1)


def ratios(responses: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """Return the sums over the turned items, divided by those over the items as they are, ``(units, 27)``."""
    known = np.isfinite(responses) & np.isfinite(turned).all(2)
    sums = np.where(known[..., None], turned, 0.0).sum(1, dtype=np.float64)
    total = np.where(known, responses, 0.0).sum(1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total[:, None] > 0, sums / total[:, None], np.nan)
