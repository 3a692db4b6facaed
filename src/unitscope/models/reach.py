"""How far each value inside a network reaches into its input, found by following one pass of an example.

The network's own code runs as ever. Beside each value, four numbers are kept: the last rows and columns, in the four
directions, of the pixels on which it depends. Beside each operation, a rule takes the largest numbers of the values
that it reads. Windows, strides, padding, branches and reshapes need no graph: the network's own code applies them.
"""

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from .reach_numbers import ENDS, Named, Numbers, largest_of, tensors_in
from .reach_rules import find_rule


class Reach(TorchDispatchMode):
    """Follows operations on tensors, for as long as the context lasts.

    Attributes
    ----------
    numbers
        The numbers of all tensors. Tensors to which none were written, such as weights, depend on no pixel.
    unknown
        Names of operations that no rule covers; they are taken to depend on everything that they were given. Where
        values were given to Python or NumPy, everything that follows is taken to depend on them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numbers = Numbers()
        self.unknown: set[str] = set()
        self._left = torch.zeros(ENDS)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation and find the numbers of what it gives."""
        kwargs = kwargs or {}
        if find_rule(func) is None:  # it may be made of operations with rules
            with self:
                output = func.decompose(*args, **kwargs)
            if output is not NotImplemented:
                return output
        named = name_arguments(func, args, kwargs)
        changed = tensors_in([named[argument.name] for argument in func._schema.arguments if is_written(argument)])
        values = {argument.name: named[argument.name] for argument in func._schema.arguments if not is_out(argument)}
        output = func(*args, **kwargs)
        is_reached = self._left.any() or any(tensor in self.numbers for tensor in tensors_in(named))
        if is_reached and torch.Tag.inplace_view not in func.tags:
            self._follow(func, values, output, changed)
        return output

    def leave(self, name: str, given: Any) -> None:
        """Take everything that follows to depend on tensors, as their values were given to Python by an operation."""
        largest = largest_of([self.numbers.read(tensor) for tensor in tensors_in(given)])
        if largest.any():
            self.unknown.add(name)
            self._left = torch.maximum(self._left, largest)

    def _follow(self, func: Any, values: Named, output: Any, changed: list[torch.Tensor]) -> None:
        """Find the numbers of what an operation gave, and of what it changed in place."""
        name = func._schema.name.partition("::")[2]
        if any(isinstance(leaf, int | float | complex) and not isinstance(leaf, bool) for leaf in tree_leaves(output)):
            self.leave("item" if name == "_local_scalar_dense" else name, values)
        memory = {tensor.untyped_storage() for tensor in tensors_in(values)}
        places = {id(tensor) for tensor in changed}
        made = [out for out in tensors_in(output) if id(out) in places or out.untyped_storage() not in memory]
        if not made and not changed:  # a view of what was given
            return
        numbers = tree_map(lambda leaf: self.numbers.read(leaf) if isinstance(leaf, torch.Tensor) else leaf, values)
        everything = largest_of(tensors_in(numbers))
        found = apply_rule(func, values, numbers) if everything.any() else torch.zeros(ENDS)
        if found is None:
            self.unknown.add(name)
        for tensor in [*made, *changed]:
            fits = found is not None and made and tensor.shape == made[0].shape
            self._write(tensor, found if found is not None and fits else everything)

    def _write(self, tensor: torch.Tensor, numbers: torch.Tensor) -> None:
        """Keep the numbers of a tensor, which are at least those of what was given to Python.

        So they are at least 0 where max pooling gives -inf, of windows of padding alone.
        """
        left = self._left.to(numbers.device).view(ENDS, *[1] * (numbers.ndim - 1))
        self.numbers.write(tensor, torch.maximum(numbers, left))


class Leaving(TorchFunctionMode):
    """Tells a `Reach` of tensors whose values are given to Python or NumPy other than by an operation."""

    def __init__(self, reach: Reach) -> None:
        super().__init__()
        self.reach = reach

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one function."""
        is_list = bool(args) and isinstance(args[0], list | tuple)
        if func in GIVE or (func in TAKE_LISTS and is_list):
            self.reach.leave(func.__name__.strip("_"), args)
        return func(*args, **(kwargs or {}))


GIVE = {torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.tolist, torch.Tensor.__dlpack__}
"""Functions that give values to Python or NumPy."""

TAKE_LISTS = {torch.tensor, torch.as_tensor, torch.asarray}
"""Functions that make a tensor of a list, in which there may be tensors."""


def apply_rule(func: Any, values: Named, numbers: Named) -> torch.Tensor | None:
    """Return the numbers of the first tensor that an operation gives, ``(4, ...)``; ``None`` where no rule knows."""
    rule = find_rule(func)
    if rule is None:
        return None
    ends = [
        rule(values, tree_map(lambda leaf: leaf[end] if isinstance(leaf, torch.Tensor) else leaf, numbers))  # noqa: B023
        for end in range(ENDS)
    ]
    found = [end for end in ends if end is not None]
    return torch.stack(found) if found else None


def name_arguments(func: Any, args: Any, kwargs: Any) -> Named:
    """Return the arguments of an operation by name, defaults included."""
    return {
        argument.name: args[place] if place < len(args) else kwargs.get(argument.name, argument.default_value)
        for place, argument in enumerate(func._schema.arguments)
    }


def is_written(argument: Any) -> bool:
    """Return whether an operation changes an argument in place."""
    return argument.alias_info is not None and argument.alias_info.is_write


def is_out(argument: Any) -> bool:
    """Return whether an operation only writes an argument, as ``out=``."""
    return is_written(argument) and argument.kwarg_only
