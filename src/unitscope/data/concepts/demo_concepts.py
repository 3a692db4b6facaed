"""Load the concepts of the scenes of the demo: ``demo:``."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnitscopeError
from ..datasets import load_demo
from ..items import hash_rows
from .concepts import Concepts, LabelLoader, Labels, concept_table


@dataclass(frozen=True)
class DemoLabels(LabelLoader):
    """Labels of the scenes of the demo."""

    seed: int
    split: str

    def read(self, index: int) -> Labels:
        """Draw a scene and read its masks, one layer for each category."""
        from ...simulations import CONCEPTS, render

        masks = render(index, seed=self.seed, split=self.split).masks
        layers, before = [], 0
        for category, names in CONCEPTS.items():
            mask = masks[category].astype(np.uint16)
            layers.append(np.where(mask > 0, mask + before, 0))
            before += len(names) - 1  # without "none"
        return Labels(np.stack(layers), np.zeros(0, np.uint16))


def load_demo_concepts(rest: str, options: dict[str, Any]) -> Concepts:
    """Load the scenes of the demo and what every pixel of them shows, ``demo:``.

    The items are those of the data ``demo:``. Options are the same: ``n``, ``seed`` and ``split``.
    """
    from ...simulations import CONCEPTS

    if rest:
        raise UnitscopeError(f"the concept spec 'demo:{rest}' has extra text; write demo: and options such as n=100")
    items = load_demo(rest, options)
    names = [(name, category) for category, of in CONCEPTS.items() for name in of[1:]]
    table = concept_table([name for name, _ in names], [category for _, category in names])
    return Concepts(
        "demo:",
        table,
        tuple(CONCEPTS),
        items,
        DemoLabels(options.get("seed") or 0, str(options.get("split", "test"))),
        hash_rows([*table.itertuples(index=False), (items.fingerprint,)]),
    )
