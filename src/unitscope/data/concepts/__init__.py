"""Concepts: images, and what every pixel of them shows, by spec: ``broden:DIR``, ``masks:DIR`` or ``demo:``.

Every source provides the same: a table of concepts with one category each, the images as labelled items, a function
that loads the labels of one image, and a fingerprint. `write_broden` writes them for other programs.
"""

from .concepts import Concepts, LabelLoader, Labels, concept_table
from .load_concepts import CONCEPT_SOURCES, load_concepts
from .write_broden import write_broden

__all__ = [
    "CONCEPT_SOURCES",
    "Concepts",
    "LabelLoader",
    "Labels",
    "concept_table",
    "load_concepts",
    "write_broden",
]
