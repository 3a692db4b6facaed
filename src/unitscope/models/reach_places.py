"""Rules of operations that move values, or read and write them at indexes; see `unitscope.models.reach_rules`.

The indexes are those of the example. Where these depend on pixels themselves, `gather`, `embed` and a mask under which
one value is written count what they depend on; for the others, any value may have come from anywhere, and they return
``None``.
"""

from typing import Any

import torch

from .reach_numbers import Named, largest, tensors_in

INDEXES = ("index", "indices", "mask")
"""Names of arguments that say where values are moved."""


def has_pixels(numbers: Any) -> bool:
    """Return whether an argument depends on pixels."""
    return any(bool(tensor.any()) for tensor in tensors_in(numbers))


def move(operation: Any, values: Named, numbers: Named) -> torch.Tensor | None:
    """Move the numbers as the operation moves the values."""
    indexes = {name: values[name] for name in INDEXES if name in values}
    if has_pixels([numbers[name] for name in indexes]):
        return None
    return tensors_in(operation(**{**numbers, **indexes}))[0]


def gather(values: Named, numbers: Named) -> torch.Tensor:
    """Take the numbers at the indexes, and those of the indexes."""
    return largest(numbers["self"].gather(values["dim"], values["index"]), numbers["index"])


def embed(values: Named, numbers: Named) -> torch.Tensor:
    """Take the numbers of the rows of a table, and those of the indexes."""
    return largest(numbers["weight"][values["indices"]], numbers["indices"].unsqueeze(-1))


def scatter(is_added: bool, values: Named, numbers: Named) -> torch.Tensor | None:
    """Take the largest numbers of what is written to each place, and of what was there where it is not lost."""
    if has_pixels(numbers["index"]):
        return None
    source = numbers.get("src")
    source = numbers["index"] if source is None else source  # a number is written, which depends on no pixel
    keeps = values.get("include_self", is_added or "reduce" in values)
    return numbers["self"].scatter_reduce(values["dim"], values["index"], source, "amax", include_self=keeps)


def write_slices(is_added: bool, values: Named, numbers: Named) -> torch.Tensor | None:
    """Take the largest numbers of what is written to each slice, and of what was there where it is not lost."""
    if has_pixels(numbers["index"]):
        return None
    source, dim = numbers["source"], values["dim"]
    index = values["index"].long().view(-1, *[1] * (source.ndim - 1)).movedim(0, dim).expand(source.shape)
    keeps = values.get("include_self", is_added)
    return numbers["self"].scatter_reduce(dim, index, source, "amax", include_self=keeps)


def fill_slices(values: Named, numbers: Named) -> torch.Tensor | None:
    """Put the numbers of one value into slices."""
    if has_pixels(numbers["index"]):
        return None
    value = numbers["value"] if isinstance(numbers["value"], torch.Tensor) else 0.0
    return numbers["self"].index_fill(values["dim"], values["index"], value)


def write_elements(values: Named, numbers: Named) -> torch.Tensor | None:
    """Take the largest numbers of what is written to each element, and of what was there where it is not lost."""
    before, written = numbers["self"], numbers["values"]
    if has_pixels(numbers["indices"]):
        mask, *others = values["indices"]
        if others or mask is None or mask.dtype != torch.bool or written.numel() != 1:
            return None
        source = numbers["indices"][0]
        return largest(before, source.view(*source.shape, *[1] * (before.ndim - source.ndim)), written.view(()))
    elements = torch.arange(before.numel(), device=before.device).view(before.shape)
    places = torch.ops.aten.index(elements, values["indices"])
    source = written.expand(places.shape).flatten()
    after = before.flatten().scatter_reduce(0, places.flatten(), source, "amax", include_self=values["accumulate"])
    return after.view(before.shape)
