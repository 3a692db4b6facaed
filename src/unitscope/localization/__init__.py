"""Localization: class activation maps and boxes (Zhou et al. 2016).

``head`` finds how a network ends, and so whether class scores are sums of class activation maps or Grad-CAM takes
their place (``grid`` lays layers on the image, ``gradient`` gives what Grad-CAM needs). ``maps`` computes class maps,
``boxes`` finds the box of what a map shows, ``scores`` and ``max_box`` compare boxes with true ones, and ``evidence``
says how much each unit adds to which class.
"""

from .boxes import NO_BOX, find_box, upsample
from .evidence import MeanSums, class_evidence, evidence_table
from .head import Head, find_head
from .maps import ClassMaps, class_maps
from .max_box import max_box_accuracy, max_box_accuracy_v2, threshold_overlaps
from .scores import box_iou, localization_error, localization_hits

__all__ = [
    "NO_BOX",
    "ClassMaps",
    "Head",
    "MeanSums",
    "box_iou",
    "class_evidence",
    "class_maps",
    "evidence_table",
    "find_box",
    "find_head",
    "localization_error",
    "localization_hits",
    "max_box_accuracy",
    "max_box_accuracy_v2",
    "threshold_overlaps",
    "upsample",
]
