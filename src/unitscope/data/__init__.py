"""Data: labelled items by spec string, such as ``folder:DIR``, ``csv:FILE``, ``hf:name`` or ``demo:``.

Every source provides the same: a table of items in a fixed order that is never shuffled, a class number for each
item, a fingerprint, and a function that loads one item. This package does not need PyTorch.
"""

from .items import LabelledItems, without
from .labels import match_labels
from .load import load_data
from .open_items import open_items
from .pictures import as_rgb
from .unreadable import find_unreadable

__all__ = ["LabelledItems", "as_rgb", "find_unreadable", "load_data", "match_labels", "open_items", "without"]
