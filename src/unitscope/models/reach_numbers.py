"""Numbers that say on which pixels the values of tensors depend, kept beside the memory of the tensors."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as nnf
from torch.utils._pytree import tree_leaves

Named = dict[str, Any]
"""The arguments of an operation by name."""

Rule = Callable[[Named, Named], torch.Tensor | None]
"""From the arguments of an operation, and their numbers in one direction, to the numbers of what it gives."""

ENDS = 4
"""Numbers for each value, each of which grows with the field: up, left, down and right."""


def pixel_numbers(height: int, width: int) -> torch.Tensor:
    """Return the numbers of an image's own pixels, ``(4, height, width)``: 0 stands for "depends on no pixel"."""
    rows, columns = torch.arange(height).view(-1, 1), torch.arange(width)
    ends = (height - rows, width - columns, rows + 1, columns + 1)
    return torch.stack([end.expand(height, width) for end in ends]).float()


def tensors_in(something: Any) -> list[torch.Tensor]:
    """Return the tensors among the arguments or the outputs of an operation."""
    return [leaf for leaf in tree_leaves(something) if isinstance(leaf, torch.Tensor)]


def largest(*several: Any) -> torch.Tensor:
    """Return the largest numbers at each place, of all tensors among some arguments."""
    return reduce(torch.maximum, tensors_in(several))


def largest_of(several: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the four largest of all numbers of some tensors."""
    whole = [numbers.reshape(ENDS, -1).amax(1).cpu() for numbers in several if numbers.numel()]
    return torch.stack([torch.zeros(ENDS), *whole]).amax(0)


class Numbers:
    """Numbers of pixels for the values of tensors.

    They are kept by the memory in which the tensors' values lie, so that all views of a tensor share them, whatever
    made the views.
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[torch.UntypedStorage, tuple[int, torch.Tensor]] = WeakKeyDictionary()

    def __contains__(self, tensor: torch.Tensor) -> bool:
        """Return whether numbers have been written to the memory of a tensor."""
        return tensor.untyped_storage() in self._kept

    def read(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the numbers of a tensor's values, ``(4, *shape)``."""
        if tensor not in self:
            return torch.zeros((), device=tensor.device).expand(ENDS, *tensor.shape)
        return see_as(tensor, self._memory_of(tensor))

    def write(self, tensor: torch.Tensor, numbers: torch.Tensor) -> None:
        """Keep numbers for a tensor's values, ``(4, *shape)`` or what broadcasts to its shape."""
        missing = [1] * (tensor.ndim + 1 - numbers.ndim)
        memory = self._memory_of(tensor)
        see_as(tensor, memory).copy_(numbers.reshape(ENDS, *missing, *numbers.shape[1:]))
        self._kept[tensor.untyped_storage()] = tensor.element_size(), memory

    def _memory_of(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the numbers of all values in a tensor's memory, ``(4, values)``."""
        storage, size = tensor.untyped_storage(), tensor.element_size()
        count = -(-storage.nbytes() // size)
        kept_size, kept = self._kept.get(storage, (size, torch.zeros(ENDS, count, device=tensor.device)))
        if kept_size > size:  # seen as parts of what was written, such as those of complex numbers
            kept = kept.repeat_interleave(kept_size // size, 1)
        elif kept_size < size:
            parts = size // kept_size
            kept = nnf.pad(kept, (0, -kept.shape[1] % parts)).unflatten(1, (-1, parts)).amax(2)
        return kept if kept.shape[1] == count else nnf.pad(kept, (0, count - kept.shape[1]))  # it has been resized


def see_as(tensor: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
    """Return the part of a memory's numbers that belongs to a tensor, ``(4, *shape)``."""
    return memory.as_strided((ENDS, *tensor.shape), (memory.stride(0), *tensor.stride()), tensor.storage_offset())
