"""MaxBoxAcc: how well class maps find the object at the best threshold, for the true class (Choe et al. 2020)."""

from typing import Any, NamedTuple

import numba
import numpy as np

from ..errors import UnitscopeError

THRESHOLDS = np.arange(1000) / 1000
"""Thresholds of the normalised map: 0, .001, ..., .999."""

OVERLAPS = (0.3, 0.5, 0.7)
"""The least overlaps over which MaxBoxAccV2 is a mean."""


class ThresholdOverlaps(NamedTuple):
    """Overlap with the true boxes at every threshold.

    Attributes
    ----------
    largest
        ``(thresholds,)`` intersection over union of the box around the largest component, with the true box that fits
        it best; MaxBoxAcc counts it.
    best
        ``(thresholds,)`` the same of the component that fits best; MaxBoxAccV2 counts it.
    """

    largest: np.ndarray
    best: np.ndarray


def threshold_overlaps(scores: np.ndarray, true_boxes: np.ndarray) -> ThresholdOverlaps:
    """Return how well the boxes of a map's components overlap the true boxes, at every threshold.

    The map is scaled so that its lowest value is 0 and its highest 1; a constant map is 0 everywhere. At every one of
    `THRESHOLDS`, components are what is strictly above it, connected as in `find_box`, which also says which of equal
    components is the largest.

    Choe et al. publish code that differs in details: maps of 8 bits, the largest contour instead of the largest
    component, and boxes cut at the last pixel of the image.

    Parameters
    ----------
    scores
        ``(height, width)`` the map of the true class, at the size of the image.
    true_boxes
        ``(boxes, 4)`` as `box_iou` takes them.

    Returns
    -------
    ThresholdOverlaps
        0 where nothing is above the threshold.

    Raises
    ------
    UnitscopeError
        If there is no true box, or a value of the map is not finite.

    References
    ----------
    Choe, Oh, Lee, Chun, Akata & Shim (2020), Evaluating weakly supervised object localization methods right. CVPR.

    See Also
    --------
    max_box_accuracy : The accuracy over a set of items.

    Examples
    --------
    >>> scores = np.zeros((4, 6))
    >>> scores[1:3, 1:3], scores[0, 5] = 0.5, 1.0
    >>> found = threshold_overlaps(scores, np.array([[0, 5, 1, 6]]))
    >>> found.largest[[0, 499, 500, 999]].tolist(), found.best[[0, 499, 500, 999]].tolist()
    ([0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    """
    true_boxes = np.asarray(true_boxes)
    if not true_boxes.size:
        raise UnitscopeError("an item has no true box; leave it out of MaxBoxAcc")
    least, most = float(scores.min()), float(scores.max())
    if not np.isfinite(least) or not np.isfinite(most):
        raise UnitscopeError("a class map has values that are not finite; check the network's weights and its input")
    if least == most:
        return ThresholdOverlaps(np.zeros(len(THRESHOLDS)), np.zeros(len(THRESHOLDS)))
    scaled = (scores.astype(np.float64) - least) / (most - least)
    levels = np.searchsorted(THRESHOLDS, scaled, side="left").astype(np.uint16)  # thresholds that a pixel is above
    order = np.argsort(levels, axis=None, kind="stable")
    found = _sweep(levels, order, len(THRESHOLDS), true_boxes.astype(np.float64))
    return ThresholdOverlaps(*found)


def max_box_accuracy(overlaps: np.ndarray, overlap: float = 0.5) -> tuple[float, float]:
    """Return the largest share of items whose box is right, over all thresholds, with its threshold.

    This is MaxBoxAcc for ``largest`` of `threshold_overlaps`. One threshold is used for all items, and it is chosen on
    the same items: choose it on others where accuracies are to be compared.

    Parameters
    ----------
    overlaps
        ``(items, thresholds)``.
    overlap
        Least intersection over union of a right box.

    Returns
    -------
    accuracy : float
        0 to 1.
    threshold : float
        The lowest of the best thresholds.

    Raises
    ------
    UnitscopeError
        If there are no items.

    See Also
    --------
    max_box_accuracy_v2 : The mean over three overlaps, for any component.

    Examples
    --------
    >>> overlaps = np.zeros((2, 1000))
    >>> overlaps[0, 100:300], overlaps[1, 200:] = 0.5, 0.9
    >>> max_box_accuracy(overlaps)
    (1.0, 0.2)
    """
    if not len(overlaps):
        raise UnitscopeError("MaxBoxAcc needs at least one item with true boxes")
    shares = (np.asarray(overlaps) >= overlap).mean(0)
    best = int(shares.argmax())
    return float(shares[best]), float(THRESHOLDS[best])


def max_box_accuracy_v2(overlaps: np.ndarray) -> float:
    """Return the mean of `max_box_accuracy` over `OVERLAPS`, each with its own threshold.

    This is MaxBoxAccV2 for ``best`` of `threshold_overlaps`.

    Parameters
    ----------
    overlaps
        ``(items, thresholds)``.

    Returns
    -------
    float
        0 to 1.

    See Also
    --------
    max_box_accuracy : For one overlap.

    Examples
    --------
    >>> overlaps = np.zeros((2, 1000))
    >>> overlaps[0, 100:300], overlaps[1, 200:] = 0.5, 0.9
    >>> round(max_box_accuracy_v2(overlaps), 3)
    0.833
    """
    return float(np.mean([max_box_accuracy(overlaps, overlap)[0] for overlap in OVERLAPS]))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _find(parents: Any, pixel: int) -> int:
    """Return the first pixel of a pixel's component."""
    while parents[pixel] != pixel:
        parents[pixel] = parents[parents[pixel]]
        pixel = parents[pixel]
    return pixel


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _best_overlap(box: Any, true_boxes: Any) -> float:
    """Return the intersection over union of a box with the true box that fits it best."""
    best = 0.0
    area = (box[2] - box[0]) * (box[3] - box[1])
    for true in true_boxes:
        height = min(box[2], true[2]) - max(box[0], true[0])
        width = min(box[3], true[3]) - max(box[1], true[1])
        if height > 0 and width > 0:
            common = height * width
            best = max(best, common / (area + (true[2] - true[0]) * (true[3] - true[1]) - common))
    return best


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _sweep(levels: Any, order: Any, thresholds: int, true_boxes: Any) -> tuple[Any, Any]:
    """Return the overlap of the largest component, and of any, at every threshold.

    Pixels join from the highest to the lowest, so that components only grow and merge. A component's number is its
    first pixel. The largest one so far is kept: a component that overtakes it has just grown.
    """
    rows, columns = levels.shape
    flat = levels.ravel()
    parents = np.full(flat.size, -1)
    sizes, boxes = np.zeros(flat.size, np.int64), np.empty((flat.size, 4), np.int64)
    alive, n_alive = np.empty(flat.size, np.int64), 0
    largest, best_of_any = np.zeros(thresholds), np.zeros(thresholds)
    leader, most = -1, 0
    place = flat.size - 1
    for threshold in range(thresholds - 1, -1, -1):
        while place >= 0 and flat[order[place]] > threshold:
            pixel = order[place]
            place -= 1
            row, column = pixel // columns, pixel % columns
            parents[pixel], sizes[pixel] = pixel, 1
            boxes[pixel, 0], boxes[pixel, 1], boxes[pixel, 2], boxes[pixel, 3] = row, column, row + 1, column + 1
            alive[n_alive] = pixel
            n_alive += 1
            own = pixel
            for near_row in range(max(row - 1, 0), min(row + 2, rows)):
                for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                    near = near_row * columns + near_column
                    if parents[near] < 0:
                        continue
                    other = _find(parents, near)
                    if other != own:
                        own = _join(parents, sizes, boxes, min(own, other), max(own, other))
            if sizes[own] > most or (sizes[own] == most and own < leader):
                leader, most = own, sizes[own]
        kept = 0
        for number in range(n_alive):
            component = alive[number]
            if parents[component] == component:
                alive[kept] = component
                kept += 1
                best_of_any[threshold] = max(best_of_any[threshold], _best_overlap(boxes[component], true_boxes))
        n_alive = kept
        if most:
            largest[threshold] = _best_overlap(boxes[leader], true_boxes)
    return largest, best_of_any


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _join(parents: Any, sizes: Any, boxes: Any, first: int, second: int) -> int:
    """Add a component to the one whose first pixel comes earlier; return that one."""
    parents[second] = first
    sizes[first] += sizes[second]
    for side in range(2):
        boxes[first, side] = min(boxes[first, side], boxes[second, side])
        boxes[first, side + 2] = max(boxes[first, side + 2], boxes[second, side + 2])
    return first
