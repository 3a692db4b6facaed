"""``tiny:`` as data, stripes of three directions; and as a network of one convolution with fixed weights."""

from dataclasses import dataclass

import numpy as np

from unitscope.data import (
    Concepts,
    LabelledItems,
    LabelLoader,
    Labels,
    Loader,
    class_table,
    concept_table,
    hash_rows,
    numbered_items,
)
from unitscope.errors import UnitscopeError
from unitscope.models import Source, reset_weights
from unitscope.specs import refuse_unknown, whole_number

CLASSES = ["across", "down", "slanted"]


@dataclass(frozen=True)
class Stripes(Loader):
    """Images of stripes."""

    size: int

    def read(self, index):
        """Draw an image, (size, size, 3) uint8."""
        y, x = np.indices((self.size, self.size))
        across = {"across": y, "down": x, "slanted": x + y}[CLASSES[index % 3]]
        return np.repeat(((across + index) % 4 < 2)[..., None] * np.uint8(40 + index), 3, axis=2)

    def name(self, index):
        """Return the spec and the number."""
        return f"tiny:#{index}"


def load_items(rest, options):
    """Load images; options: ``n`` (default 24), ``size`` in pixels (default 8)."""
    if rest:
        raise UnitscopeError(f"the data spec tiny:{rest} must be tiny:")
    refuse_unknown(options, ("n", "size"), "tiny:")
    n = whole_number(options, "n", at_least=1) or 24
    size = whole_number(options, "size", at_least=4) or 8
    items = numbered_items("tiny:", np.arange(n) % 3)
    fingerprint = hash_rows([("tiny", n, size)])
    return LabelledItems("tiny:", dict(options), items, class_table(CLASSES), fingerprint, Stripes(size))


@dataclass(frozen=True)
class Light(LabelLoader):
    """What is dark in the images, and what is light."""

    stripes: Stripes

    def read(self, index):
        """Label every pixel of an image."""
        return Labels((self.stripes.read(index)[None, ..., 0] > 0).astype(np.uint16) + 1, np.zeros(0, np.uint16))


def load_light(rest, options):
    """Load the images with their concepts; options as those of the images."""
    items = load_items(rest, options)
    table = concept_table(["dark", "light"], ["brightness", "brightness"])
    return Concepts("tiny:", table, ("brightness",), items, Light(items.load), items.fingerprint)


def load_network(rest, options, untrained):
    """Load the network; option: ``units`` (default 4)."""
    import torch
    from torch import nn

    if rest:
        raise UnitscopeError(f"the model spec tiny:{rest} must be tiny:")
    refuse_unknown(options, ("units",), "tiny:")
    units = whole_number(options, "units", at_least=1) or 4
    network = nn.Sequential(
        nn.Conv2d(3, units, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(units, 3)
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) % 7 - 3)
    if untrained:
        reset_weights(network)
    return Source("", network, classes=CLASSES)
