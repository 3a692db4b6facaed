"""Load concepts by spec; the registry of sources of concepts."""

from collections.abc import Callable
from typing import Any

from ...plugins import Registry
from ...specs import split_spec
from .broden import load_broden
from .concepts import Concepts
from .demo_concepts import load_demo_concepts
from .masks import load_masks

CONCEPT_SOURCES: Registry[Callable[[str, dict[str, Any]], Concepts]] = Registry(
    "unitscope.concepts", {"broden": load_broden, "masks": load_masks, "demo": load_demo_concepts}
)
"""The function that loads the concepts of each scheme from the rest of the spec and the options."""


def load_concepts(spec: str, /, **options: Any) -> Concepts:
    """Load images and their concepts by spec. Neither images nor label maps are decoded yet.

    Parameters
    ----------
    spec
        ``broden:DIR``, ``masks:DIR``, ``demo:``, or a scheme of an installed package.
    **options
        Options of the scheme: see `load_broden`, `load_masks` and `load_demo_concepts`.

    Returns
    -------
    Concepts
        Images in the order of the source, never shuffled.

    Raises
    ------
    UnitscopeError
        If the spec, an option or a table is invalid, or a file is missing.

    Warns
    -----
    UnitscopeWarning
        If a category has no images, or images have no masks.

    See Also
    --------
    write_broden : Write concepts in the format of Broden.
    unitscope.data.load_data : Load labelled items.

    References
    ----------
    Bau, Zhou, Khosla, Oliva & Torralba (2017). Network Dissection: Quantifying interpretability of deep visual
    representations. CVPR.

    Examples
    --------
    >>> concepts = load_concepts("demo:", n=40)
    >>> concepts.table.iloc[[0, 16]].to_string(index=False, header=False).split()
    ['1', 'bicycle', 'object', '17', 'antenna', 'part']
    """
    scheme, rest = split_spec(spec, CONCEPT_SOURCES, "concept")
    return CONCEPT_SOURCES[scheme](rest, options)
