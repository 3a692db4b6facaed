"""The best thresholds of one class of one unit, kept while thresholds are passed downwards.

At a threshold, `r` items of all classes lie at or above it, `k` of them of the class, which has `n_c` items of
`n_items` in all. What is compared is kept in integers: informedness is (k N - r n_c) / (n_c (N - n_c)), precision
k / r, recall k / n_c, and the detector score min(recall, precision) = k / max(n_c, r).
"""

from typing import Any, NamedTuple

from .ranking import jit


class Best(NamedTuple):
    """The best thresholds so far; each `at` is whatever the caller passes for a threshold.

    Attributes
    ----------
    informedness, informedness_k, informedness_at
        The largest k N - r n_c, its k and its threshold.
    precision_95_k, precision_95_at, precision_1_k
        The k of the lowest threshold of precision .95, and of precision 1.
    detector_k, detector_size, detector_at
        k and max(n_c, r) of the largest detector score.
    far
        No r beyond it can improve on precision .95 or on the detector score, not even with all items of the class.
    """

    informedness: Any
    informedness_k: Any
    informedness_at: Any
    precision_95_k: Any
    precision_95_at: Any
    precision_1_k: Any
    detector_k: Any
    detector_size: Any
    detector_at: Any
    far: Any


@jit
def keep_best(best: Any, k: Any, r: Any, at: Any, n_c: Any, n_items: Any) -> Any:
    """Return the best thresholds after the next lower one, `at`; of equally good ones the highest is kept."""
    informedness, informedness_k, informedness_at = best.informedness, best.informedness_k, best.informedness_at
    gain = k * n_items - r * n_c
    if gain > informedness:
        informedness, informedness_k, informedness_at = gain, k, at
    precision_95_k, precision_95_at, precision_1_k = best.precision_95_k, best.precision_95_at, best.precision_1_k
    detector_k, detector_size, detector_at, far = best.detector_k, best.detector_size, best.detector_at, best.far
    if r <= far:
        if 20 * k >= 19 * r:
            precision_95_k, precision_95_at = k, at
            if k == r:
                precision_1_k = k
        size = max(n_c, r)
        if k * detector_size > detector_k * size:
            detector_k, detector_size, detector_at = k, size, at
            far = max(20 * n_c // 19, n_c * size // k)
    return Best(
        informedness,
        informedness_k,
        informedness_at,
        precision_95_k,
        precision_95_at,
        precision_1_k,
        detector_k,
        detector_size,
        detector_at,
        far,
    )
