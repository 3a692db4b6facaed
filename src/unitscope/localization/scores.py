"""How well boxes agree with true boxes: overlap, and the localisation error of ILSVRC."""

from collections.abc import Sequence

import numpy as np

from ..errors import UnitscopeError


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection of boxes over their union, in pixels.

    Parameters
    ----------
    boxes, others
        ``(..., 4)`` top, left, bottom, right, of which bottom and right are the first pixels outside. Shapes are
        broadcast. Whole pixels that are counted with both ends, as ILSVRC and Pascal VOC do with ``+ 1``, give the
        same numbers.

    Returns
    -------
    numpy.ndarray
        ``(...)`` from 0 to 1; 0 where a box is missing (all -1) or has no pixels.

    See Also
    --------
    localization_hits : What is counted.

    Examples
    --------
    >>> float(box_iou(np.array([0, 0, 2, 2]), np.array([0, 1, 2, 3])).round(3))
    0.333
    """
    boxes, others = np.asarray(boxes, np.float64), np.asarray(others, np.float64)
    first, last = np.maximum(boxes[..., :2], others[..., :2]), np.minimum(boxes[..., 2:], others[..., 2:])
    common = np.clip(last - first, 0, None).prod(-1)
    areas = (np.clip(each[..., 2:] - each[..., :2], 0, None).prod(-1) for each in (boxes, others))
    union = sum(areas) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def localization_hits(
    guesses: np.ndarray,
    boxes: np.ndarray,
    labels: np.ndarray,
    true_boxes: Sequence[np.ndarray],
    overlap: float = 0.5,
) -> np.ndarray:
    """Return which guesses are right in class and in place, by the rule of ILSVRC.

    A guess is right if its class is the item's label and its box has an intersection over union of at least `overlap`
    with any of the item's true boxes.

    Parameters
    ----------
    guesses
        ``(items, guesses)`` numbers of classes, best first.
    boxes
        ``(items, guesses, 4)`` a box for each guess; all -1 where there is none.
    labels
        ``(items,)`` number of the class of each item.
    true_boxes
        For each item, ``(boxes, 4)`` the boxes of its label.
    overlap
        Least intersection over union.

    Returns
    -------
    numpy.ndarray
        ``(items, guesses)`` boolean.

    Raises
    ------
    UnitscopeError
        If an item has no true box; leave such items out, as there is nothing to find.

    References
    ----------
    Russakovsky et al. (2015), ImageNet large scale visual recognition challenge. IJCV 115, 211-252.

    See Also
    --------
    localization_error : The share of items without a right guess.

    Examples
    --------
    >>> boxes = np.array([[[0, 0, 4, 4], [0, 0, 2, 2]]])
    >>> localization_hits(np.array([[7, 3]]), boxes, np.array([3]), [np.array([[0, 0, 2, 3]])]).tolist()
    [[False, True]]
    """
    right = np.asarray(guesses) == np.asarray(labels)[:, None]
    for item, true in enumerate(true_boxes):
        if not len(true):
            raise UnitscopeError(f"item {item} has no true box; leave it out of the localisation error")
        right[item] &= (box_iou(boxes[item][:, None], np.asarray(true)[None]) >= overlap).any(1)
    return right


def localization_error(hits: np.ndarray, n: int = 1) -> float:
    """Return the share of items none of whose first `n` guesses is right: top-1 or top-5 localisation error.

    Parameters
    ----------
    hits
        ``(items, guesses)`` from `localization_hits`.
    n
        Number of guesses that count.

    Returns
    -------
    float
        0 to 1; NaN without items.

    Raises
    ------
    UnitscopeError
        If there are fewer guesses.

    See Also
    --------
    max_box_accuracy : An accuracy that does not depend on the predicted class.

    Examples
    --------
    >>> hits = np.array([[True, False], [False, True], [False, False], [False, False]])
    >>> localization_error(hits), localization_error(hits, 2)
    (0.75, 0.5)
    """
    if not 1 <= n <= hits.shape[1]:
        raise UnitscopeError(
            f"the best {n} guesses cannot count, for there are {hits.shape[1]}; give more, or a lower n"
        )
    return float(1 - hits[:, :n].any(1).mean()) if len(hits) else float("nan")
