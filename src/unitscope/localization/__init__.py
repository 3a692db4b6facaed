"""Localization: class activation maps and boxes (Zhou et al. 2016).

``head`` finds how a network ends, and so whether class scores are sums of class activation maps or Grad-CAM takes
their place (``grid`` lays layers on the image, ``gradient`` gives what Grad-CAM needs). ``maps`` computes class maps,
``boxes`` finds the box of what a map shows, ``scores`` and ``max_box`` compare boxes with true ones, and ``evidence``
says how much each unit adds to which class.

As the table ``localization``: ``settings`` are the options, ``true_boxes`` reads boxes and masks, ``worker`` passes
items and adds up ``sums``, of which ``analysis`` makes the table that ``describe`` describes and ``summary`` the
errors; ``overlay`` draws maps over pictures, and ``localize`` is the public function.
"""

from .boxes import NO_BOX, find_box, upsample
from .evidence import MeanSums, class_evidence, evidence_table, held_out_evidence
from .head import Head, find_head
from .localize import localize
from .maps import ClassMaps, class_maps
from .max_box import max_box_accuracy, max_box_accuracy_v2, threshold_overlaps
from .scores import box_iou, localization_error, localization_hits
from .summary import LOCALIZATION, QUANTITIES, read_summary

__all__ = [
    "LOCALIZATION",
    "NO_BOX",
    "QUANTITIES",
    "ClassMaps",
    "Head",
    "MeanSums",
    "box_iou",
    "class_evidence",
    "class_maps",
    "evidence_table",
    "find_box",
    "find_head",
    "held_out_evidence",
    "localization_error",
    "localization_hits",
    "localize",
    "max_box_accuracy",
    "max_box_accuracy_v2",
    "read_summary",
    "threshold_overlaps",
    "upsample",
]
