"""What the columns and arrays of the table of dissection mean."""

from collections.abc import Iterator, Sequence

from ..columns import Array, Column
from .settings import DETECTOR

BAU = "Bau et al. 2017"
IOU = "sum |M & L| / sum |M | L|, over images with a label of the concept's category"

COLUMNS = (
    Column("unit", "Unit", "the unit's id", kind="text"),
    Column("layer", "Layer", "the unit's layer", kind="text"),
    Column("concept", "Concept", "the concept of the highest IoU", source=BAU, kind="text"),
    Column("category", "Category", "the category of this concept", source=BAU, kind="text"),
    Column(
        "iou",
        "Intersection over union",
        "pixels that the unit's mask and its concept share, of those that either has",
        IOU,
        0.0,
        1.0,
        BAU,
    ),
    Column(
        "iou_held_out",
        "IoU: held out",
        "IoU on each half of the images of the concept that is best on the other half, averaged",
        kind="held_out",
    ),
    Column("iou_low", "IoU: low", "lower end of the 95 % interval of the held-out IoU", kind="limit"),
    Column("iou_high", "IoU: high", "upper end of the 95 % interval of the held-out IoU", kind="limit"),
    Column(
        "iou_chance",
        "IoU: chance",
        "highest IoU of any concept if masks are compared with the labels of other images, mean over rotations",
        kind="chance",
    ),
    Column(
        "iou_p",
        "IoU: p",
        "share of rotations, the images as they are among them, in which the highest IoU is as high",
        kind="probability",
    ),
    Column("is_detector", "Detector", f"whether IoU is above {DETECTOR}", source=BAU, kind="flag"),
    Column(
        "threshold",
        "Threshold",
        "activation that .5 % of all positions of all images exceed; the mask is where the unit is more active",
        "P(a > T) = .005",
        source=BAU,
        kind="value",
    ),
)
"""The columns of the table, before those of each category."""

UNDEFINED = Column("undefined", "Undefined because", "why the numbers are missing", kind="text")

ARRAYS = (
    Array(
        Column("iou", "Intersection over union", "of each unit and concept", IOU, 0.0, 1.0, BAU),
        ("unit", "concept"),
    ),
    Array(
        Column(
            "iou_chance",
            "IoU: chance",
            "the same, if masks are compared with the labels of other images, mean over rotations",
            kind="chance",
        ),
        ("unit", "concept"),
    ),
)
"""The arrays of the table."""


def describe_columns(categories: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the table for some categories of concepts."""
    return (*COLUMNS, *(column for name in categories for column in describe_category(name)), UNDEFINED)


def describe_category(name: str) -> Iterator[Column]:
    """Yield the columns of one category."""
    yield Column(f"{name}_concept", f"Concept: {name}", f"the {name} of the highest IoU", source=BAU, kind="text")
    yield Column(f"{name}_iou", f"IoU: {name}", f"the highest IoU of any {name}", IOU, 0.0, 1.0, BAU, kind="share")
