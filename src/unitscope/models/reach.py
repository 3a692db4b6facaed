"""How far each value inside a network reaches into its input, found by one pass that carries numbers of pixels.

Every operation is replaced by a maximum over the values that it reads. A network whose input holds the number of each
pixel's row then gives, at every unit, the number of the last row that the unit sees. Windows, strides, padding,
branches and reshapes need no graph: the network's own code applies them.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from .reach_rules import Named, find_rule, is_float, nowhere, pixels_of

MAKES = ("new_", "empty", "zeros", "ones", "full", "rand", "arange", "linspace", "eye", "scalar_tensor")
"""How the names of operations begin that make tensors out of nothing."""


class Reach(TorchDispatchMode):
    """Runs operations as maxima over what they read, for as long as the context lasts.

    Tensors from outside the context, such as weights, depend on no pixel, except those given to `track`.

    Attributes
    ----------
    unknown
        Names of operations that no rule covers; they are taken to depend on everything they were given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unknown: set[str] = set()
        self._tracked = WeakTensorKeyDictionary()

    def track(self, tensor: torch.Tensor) -> torch.Tensor:
        """Take the values of a tensor for numbers of pixels; return it."""
        self._tracked[tensor] = True
        return tensor

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation."""
        kwargs = kwargs or {}
        name = func._schema.name.partition("::")[2]
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if not any(tensor in self._tracked for tensor in given):
            output = func(*args, **kwargs)
            is_new = not given or name.startswith(MAKES)
            return self._follow(tree_map(nowhere, output)) if is_new else output
        if func._schema.is_mutable and name.endswith("_"):
            changed = args[0]
            named = name_arguments(func, args, kwargs, self._pixels)
            result = self._apply(name[:-1], func, named, args, kwargs)
            return self.track(changed.copy_(first_of(result).expand(changed.shape)))
        if func.is_view:  # of a tracked tensor, with which it shares memory
            return self._follow(func(*args, **kwargs))
        named = name_arguments(func, args, kwargs, self._pixels)
        return self._follow(self._apply(name, func, named, args, kwargs))

    def _apply(self, name: str, func: Any, named: Named, args: Any, kwargs: Any) -> Any:
        """Return what an operation gives, by the rule for it."""
        rule = find_rule(name, func)
        if rule is not None:
            return rule(func, named)
        everything = max(float(leaf.max()) for leaf in pixels_of(named))  # first: the operation may change them
        output = func(*args, **kwargs)
        if any(isinstance(leaf, torch.Tensor) and leaf.is_floating_point() for leaf in tree_leaves(output)):
            self.unknown.add(name)
        return tree_map(lambda leaf: torch.full_like(leaf, everything) if is_float(leaf) else leaf, output)

    def _pixels(self, leaf: Any) -> Any:
        """Return an argument of an operation with numbers of pixels in place of other numbers."""
        return leaf if not is_float(leaf) or leaf in self._tracked else nowhere(leaf)

    def _follow(self, output: Any) -> Any:
        """Track the tensors of numbers in what an operation gave."""
        for leaf in tree_leaves(output):
            if is_float(leaf):
                self.track(leaf)
        return output


def name_arguments(func: Any, args: Any, kwargs: Any, change: Callable[[Any], Any]) -> Named:
    """Return the arguments of an operation by name, defaults included, each tensor in them changed."""
    named = {}
    for place, argument in enumerate(func._schema.arguments):
        value = args[place] if place < len(args) else kwargs.get(argument.name, argument.default_value)
        named[argument.name] = tree_map(change, value)
    return named


def first_of(output: Any) -> torch.Tensor:
    """Return the first tensor of what an operation gave."""
    return output[0] if isinstance(output, tuple | list) else output
