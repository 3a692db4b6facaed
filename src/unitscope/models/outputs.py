"""What modules and networks return: tensors, alone or in tuples, lists, dictionaries and model outputs."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError

if TYPE_CHECKING:
    import torch


def tensors_of(output: Any) -> Iterator[tuple[int | str | None, "torch.Tensor"]]:
    """Yield the tensors of a module's output, each with its key; the key is None where the output is one tensor."""
    import torch

    if isinstance(output, torch.Tensor):
        yield None, output
    elif isinstance(output, dict):
        yield from ((key, value) for key, value in output.items() if isinstance(value, torch.Tensor))
    elif isinstance(output, tuple | list):
        yield from ((key, value) for key, value in enumerate(output) if isinstance(value, torch.Tensor))
    elif dataclasses.is_dataclass(output):
        names = [entry.name for entry in dataclasses.fields(output)]
        yield from ((name, getattr(output, name)) for name in names if isinstance(getattr(output, name), torch.Tensor))


def get_tensor(output: Any, key: int | str | None) -> "torch.Tensor":
    """Return the tensor of a module's output that has this key, as `tensors_of` gives them."""
    if key is None:
        return output
    try:
        return output[key]
    except TypeError:  # a dataclass without item access
        return getattr(output, str(key))


def with_tensor(output: Any, key: int | str | None, tensor: "torch.Tensor") -> Any:
    """Return a module's output with another tensor in place of the one that has this key.

    Examples
    --------
    >>> with_tensor(("a", "b"), 1, "c")
    ('a', 'c')
    """
    if key is None:
        return tensor
    if isinstance(output, tuple | list):
        values = [tensor if place == key else value for place, value in enumerate(output)]
        return type(output)(*values) if hasattr(output, "_fields") else type(output)(values)
    if dataclasses.is_dataclass(output):  # among them the model outputs of Transformers, which are dictionaries too
        return dataclasses.replace(output, **{str(key): tensor})  # type: ignore[type-var]
    return {**output, key: tensor}


def class_scores(output: Any) -> "torch.Tensor":
    """Return the class scores in what a network returns: a tensor, its ``logits``, or the first of a tuple.

    Parameters
    ----------
    output
        What the network returned.

    Returns
    -------
    torch.Tensor
        ``(items, classes)`` float32.

    Raises
    ------
    UnitscopeError
        If the output is not a table of scores.

    Examples
    --------
    >>> import torch
    >>> class_scores({"logits": torch.zeros(2, 3)}).shape
    torch.Size([2, 3])
    """
    import torch

    if hasattr(output, "logits"):
        output = output.logits
    elif isinstance(output, dict) and "logits" in output:
        output = output["logits"]
    elif isinstance(output, tuple | list) and output:
        output = output[0]
    if not isinstance(output, torch.Tensor) or output.ndim != 2:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise UnitscopeError(
            f"the network's output is not a table of class scores (it is {shape}); record with --no-predictions"
        )
    return output.float()
