"""Data: labelled items by spec string, such as ``folder:DIR``, ``csv:FILE``, ``hf:name`` or ``demo:``.

Every source provides the same: a table of items in a fixed order that is never shuffled, a class number for each
item, a fingerprint, and a function that loads one item. `concepts` has images whose pixels are labelled. This package
does not need PyTorch.
"""

from .concepts import CONCEPT_SOURCES, Concepts, LabelLoader, Labels, concept_table, load_concepts, write_broden
from .items import LabelledItems, Loader, class_table, hash_rows, numbered_items, without
from .labels import match_labels
from .load import DATA_SOURCES, load_data
from .open_items import open_items
from .pictures import as_rgb
from .unreadable import find_unreadable

__all__ = [
    "CONCEPT_SOURCES",
    "DATA_SOURCES",
    "Concepts",
    "LabelLoader",
    "LabelledItems",
    "Labels",
    "Loader",
    "as_rgb",
    "class_table",
    "concept_table",
    "find_unreadable",
    "hash_rows",
    "load_concepts",
    "load_data",
    "match_labels",
    "numbered_items",
    "open_items",
    "without",
    "write_broden",
]
