"""Data: labelled items by spec string, such as ``folder:DIR``, ``csv:FILE``, ``hf:name`` or ``demo:``.

Every source provides the same: a table of items in a fixed order that is never shuffled, a class number for each
item, a fingerprint, and a function that loads one item. This package does not need PyTorch.
"""

from .items import LabelledItems, Loader, class_table, hash_rows, numbered_items, without
from .labels import match_labels
from .load import DATA_SOURCES, load_data
from .open_items import open_items
from .pictures import as_rgb
from .unreadable import find_unreadable

__all__ = [
    "DATA_SOURCES",
    "LabelledItems",
    "Loader",
    "as_rgb",
    "class_table",
    "find_unreadable",
    "hash_rows",
    "load_data",
    "match_labels",
    "numbered_items",
    "open_items",
    "without",
]
