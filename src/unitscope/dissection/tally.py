"""How many pixels units' masks and concepts share, counted exactly, in whole numbers, over images in any order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np

from ..errors import UnitscopeError
from ..models.placement import Placement
from ..threads import run_threads
from .image_labels import ImageLabels
from .mask_runs import find_runs
from .upsample import Place, Shape, half_pixel

SHARE = 256
"""Units that a thread takes at a time; their runs for one image are kept until its labels are counted."""


@dataclass(eq=False)
class Tally:
    """Numbers of pixels, summed over images.

    Attributes
    ----------
    intersections
        ``(units, concepts)`` int64: pixels that are in the unit's mask and have the concept.
    areas
        ``(units, categories)`` int64: pixels of the unit's mask, in images with a concept of the category.
    pixels
        ``(concepts,)`` int64: pixels that have the concept.

    See Also
    --------
    tally_images : Count.
    iou : What it is counted for.
    """

    intersections: np.ndarray
    areas: np.ndarray
    pixels: np.ndarray

    @classmethod
    def empty(cls, n_units: int, n_concepts: int, n_categories: int) -> "Tally":
        """Return a tally of no images."""
        return cls(
            np.zeros((n_units, n_concepts), np.int64),
            np.zeros((n_units, n_categories), np.int64),
            np.zeros(n_concepts, np.int64),
        )

    def merge(self, other: "Tally") -> None:
        """Add a tally of other images."""
        for field in fields(self):
            getattr(self, field.name).__iadd__(getattr(other, field.name))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the numbers as named arrays."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Tally":
        """Return the tally that `arrays` gave."""
        return cls(**{field.name: arrays[field.name].copy() for field in fields(cls)})


def tally_images(
    maps: np.ndarray,
    thresholds: np.ndarray,
    into: Sequence[Sequence[tuple[Tally, ImageLabels]]],
    place: Place = half_pixel,
    threads: int | None = 1,
) -> None:
    """Add images to tallies.

    Parameters
    ----------
    maps
        ``(images, units, rows, columns)`` finite activations; used as float32. A unit without positions has 1 x 1.
    thresholds
        ``(units,)`` from `TopValues.threshold`: a pixel is in the mask where the value is larger.
    into
        For each image, the tallies that it is added to, and with which labels in each: its own, or, for a null, those
        of another image. Labels of one size and placement share the work of finding the masks.
    place
        From the shape of the map, that of the labels and the image's placement, where pixels lie among the points of
        the map.
    threads
        Threads to use; none for one per core.

    Raises
    ------
    UnitscopeError
        If numbers of images, units, concepts or categories differ; then nothing was added.

    See Also
    --------
    unitscope.dissection.upsample.upsample : Values of the same bits at all pixels.
    iou : Intersection over union.

    References
    ----------
    Bau, Zhou, Khosla, Oliva & Torralba (2017), Network Dissection: Quantifying interpretability of deep visual
    representations. CVPR.

    Examples
    --------
    The left half of an image of 4 x 4 pixels has a concept, and a unit is active in its lower left corner:

    >>> from unitscope.dissection.image_labels import prepare_labels
    >>> layers = np.zeros((1, 4, 4), np.uint16)
    >>> layers[:, :, :2] = 1
    >>> labels = prepare_labels(layers, np.array([], np.uint16), category_of=np.array([0, 0]))
    >>> tally = Tally.empty(n_units=1, n_concepts=1, n_categories=1)
    >>> tally_images(np.array([[[[0.0, 0.0], [1.0, 0.0]]]]), np.array([0.5]), [[(tally, labels)]])
    >>> tally.intersections.tolist(), tally.areas.tolist(), tally.pixels.tolist()
    ([[4]], [[4]], [8])
    >>> iou(tally, category_of=np.array([0, 0])).tolist()
    [[0.5]]
    """
    maps, thresholds = np.ascontiguousarray(maps, np.float32), np.asarray(thresholds, np.float64)
    _check(maps, thresholds, into)
    by_view = [_by_view(pairs) for pairs in into]
    for tally, labels in (pair for pairs in into for pair in pairs):
        tally.pixels[labels.concepts] += labels.sizes
        tally.pixels[labels.whole] += len(labels.codes)

    def work(share: int, _: None) -> None:
        of = slice(share * SHARE, (share + 1) * SHARE)
        for image, views in zip(maps[:, of], by_view, strict=True):
            for (shape, placement), pairs in views.items():
                rows, columns = place(image.shape[1:], shape, placement)
                runs, ends, areas = find_runs(
                    image, thresholds[of], rows.weights, rows.cells, columns.weights, columns.cells
                )
                for tally, labels in pairs:
                    _count(
                        runs,
                        ends,
                        areas,
                        labels.codes,
                        labels.sizes,
                        labels.concepts,
                        labels.whole,
                        labels.categories,
                        tally.intersections[of],
                        tally.areas[of],
                    )

    run_threads(work, -(-len(thresholds) // SHARE), lambda: None, threads, None)


def iou(tally: Tally, category_of: np.ndarray) -> np.ndarray:
    """Return intersection over union of each unit and concept, ``(units, concepts)``.

    The union is over images that have a concept of the same category: in others the concept may just not have been
    labelled. 0 for a unit whose mask is empty; NaN where the union is, since nothing was seen of the concept.

    Parameters
    ----------
    tally
        From `tally_images`.
    category_of
        As for `unitscope.dissection.image_labels.prepare_labels`.
    """
    unions = tally.areas[:, category_of[1:]] + tally.pixels - tally.intersections
    with np.errstate(invalid="ignore"):
        return tally.intersections / np.where(unions > 0, unions, np.nan)


def _check(maps: np.ndarray, thresholds: np.ndarray, into: Sequence[Sequence[tuple[Tally, ImageLabels]]]) -> None:
    """Refuse what does not belong together; the loops below would write anywhere."""
    if len(into) != len(maps) or len(thresholds) != maps.shape[1]:
        raise UnitscopeError(
            f"maps of {maps.shape[0]} images and {maps.shape[1]} units do not belong to labels of {len(into)} images "
            f"and thresholds of {len(thresholds)} units; give one of each"
        )
    for tally, labels in (pair for pairs in into for pair in pairs):
        units, concepts, categories = *tally.intersections.shape, tally.areas.shape[1]
        if units != len(thresholds) or concepts != labels.n_concepts or labels.categories.max(initial=-1) >= categories:
            raise UnitscopeError(
                f"a tally of {units} units, {concepts} concepts and {categories} categories does not take "
                f"{len(thresholds)} units and labels of {labels.n_concepts} concepts; make it with these numbers"
            )


def _by_view(
    pairs: Sequence[tuple[Tally, ImageLabels]],
) -> dict[tuple[Shape, Placement], list[tuple[Tally, ImageLabels]]]:
    """Return the labels of each size and placement."""
    views: dict[tuple[Shape, Placement], list[tuple[Tally, ImageLabels]]] = {}
    for tally, labels in pairs:
        views.setdefault((labels.shape, labels.placement), []).append((tally, labels))
    return views


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _count(
    runs: Any, ends: Any, areas: Any, codes: Any, sizes: Any, concepts: Any, whole: Any, categories: Any,
    intersections: Any, category_areas: Any,
) -> None:  # fmt: skip
    """Count the labels under the masks of some units in one image."""
    counts = np.zeros(len(concepts) + 1, np.int64)
    begin = 0
    for unit in range(len(ends)):
        area = areas[unit]
        if area == 0:
            continue
        if area == len(codes):
            counts[1:] = sizes
        else:
            counts[:] = 0
            for run in range(begin, ends[unit]):
                for pixel in range(runs[run, 0], runs[run, 1]):
                    for layer in range(codes.shape[1]):
                        counts[codes[pixel, layer]] += 1
        begin = ends[unit]
        for place in range(len(concepts)):
            intersections[unit, concepts[place]] += counts[place + 1]
        for concept in whole:
            intersections[unit, concept] += area
        for category in categories:
            category_areas[unit, category] += area
