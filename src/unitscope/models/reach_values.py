"""Rules of operations on values: at the same place, over axes, and products; see `unitscope.models.reach_rules`."""

import torch

from .reach_numbers import Named, largest


def blank(values: Named, numbers: Named) -> torch.Tensor:
    """Return that nothing depends on any pixel."""
    return torch.zeros(())


def stay(values: Named, numbers: Named) -> torch.Tensor:
    """Return the numbers as they are."""
    return numbers["self"]


def overwrite(values: Named, numbers: Named) -> torch.Tensor:
    """Return the numbers of what is written over all values."""
    return largest(torch.zeros(()), [numbers.get("src"), numbers.get("value")])


def pointwise(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest of the numbers at the same place."""
    return largest(numbers)


def lose_axes(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers over some axes."""
    axes = values.get("dim")
    return numbers["self"].amax(() if axes is None else axes, keepdim=bool(values.get("keepdim")))


def spread(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers along some axes, at every place of these."""
    return numbers["self"].amax(values["dim"], keepdim=True)


def cumulate(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers up to each place of an axis."""
    return numbers["self"].cummax(values["dim"]).values


def halve(values: Named, numbers: Named) -> torch.Tensor:
    """Take the larger numbers of the two halves of an axis."""
    return largest(numbers["self"].chunk(2, values["dim"]))


def batch_norm(values: Named, numbers: Named) -> torch.Tensor:
    """Take the numbers at the same place, or of the whole channel where its own mean is used, and of the weights."""
    whole = numbers["input"]
    if values.get("training"):
        whole = whole.amax([axis for axis in range(whole.ndim) if axis != 1], keepdim=True)
        names: tuple[str, ...] = ("weight", "bias")
    else:
        names = ("weight", "bias", "running_mean", "running_var")
    weights = [numbers[name].view(-1, *[1] * (whole.ndim - 2)) for name in names if numbers.get(name) is not None]
    return largest(whole, weights)


def layer_norm(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers over the axes that are normalised together, and of the weights."""
    axes = range(-len(values["normalized_shape"]), 0)
    return largest(numbers["input"].amax([*axes], keepdim=True), numbers["weight"], numbers.get("bias"))


def group_norm(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers over each group of channels at all positions, and of the weights."""
    whole = numbers["input"]
    groups = whole.unflatten(1, (values["group"], -1)).flatten(2)
    channels = groups.amax(2).repeat_interleave(whole.shape[1] // values["group"], 1)
    channels = largest(channels, numbers["weight"], numbers["bias"])
    return channels.view(*channels.shape, *[1] * (whole.ndim - 2))


def multiply(left: str, right: str, values: Named, numbers: Named) -> torch.Tensor:
    """Matrix product: the largest numbers of the row and of the column, and of what is added."""
    rows, columns = numbers[left].amax(-1), numbers[right]
    if columns.ndim > 1:
        rows, columns = rows.unsqueeze(-1), columns.amax(-2).unsqueeze(-2)
    else:
        columns = columns.amax()
    return largest(rows, columns, numbers["self"] if left != "self" else None)
