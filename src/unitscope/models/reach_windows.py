"""Rules of operations that read windows: convolution, pooling, resizing; see `unitscope.models.reach_rules`."""

from functools import reduce
from typing import Any

import torch
import torch.nn.functional as nnf

from .reach_numbers import Named, largest


def pad(values: Named, numbers: Named) -> torch.Tensor:
    """Pad with values that depend on no pixel."""
    return nnf.pad(numbers["self"], values["pad"])


def convolve(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers of each window, over the channels of its group, and of the channel's kernel and bias."""
    maps, weight, groups = numbers["input"], numbers["weight"], values["groups"]
    axes = maps.ndim - 2
    size, stride, padding, dilation = (
        wide(value, axes) for value in (weight.shape[2:], values["stride"], values["padding"], values["dilation"])
    )
    grouped = maps.unflatten(1, (groups, -1)).amax(2)
    if values["transposed"]:
        grouped = put_apart(grouped, stride)
        reach = [spacing * (length - 1) for spacing, length in zip(dilation, size, strict=True)]
        before = [far - cut for far, cut in zip(reach, padding, strict=True)]
        after = [low + more for low, more in zip(before, wide(values["output_padding"], axes), strict=True)]
        found = slide(grouped, size, [1] * axes, before, after, dilation)
        kernels = weight.unflatten(0, (groups, -1)).amax((1, *range(3, axes + 3))).flatten()
    else:
        found = slide(grouped, size, stride, padding, padding, dilation)
        kernels = weight.amax([*range(1, axes + 2)])
    kernels = largest(kernels, numbers["bias"])
    return largest(found.repeat_interleave(len(kernels) // groups, 1), kernels.view(-1, *[1] * axes))


def slide(maps: torch.Tensor, size: Any, stride: Any, before: Any, after: Any, dilation: Any) -> torch.Tensor:
    """Take the largest numbers of each window, one axis after the other."""
    for axis, (length, step, low, high, spacing) in enumerate(
        zip(size, stride, before, after, dilation, strict=True), start=2
    ):
        lines = nnf.pad(maps.movedim(axis, -1), (low, high))
        windows = (lines.shape[-1] - spacing * (length - 1) - 1) // step + 1
        taps = [lines[..., tap * spacing :: step][..., :windows] for tap in range(length)]
        maps = reduce(torch.maximum, taps).movedim(-1, axis)
    return maps


def put_apart(maps: torch.Tensor, stride: Any) -> torch.Tensor:
    """Insert positions that depend on no pixel, as a transposed convolution does."""
    shape = [(size - 1) * step + 1 for size, step in zip(maps.shape[2:], stride, strict=True)]
    apart = maps.new_zeros((*maps.shape[:2], *shape))
    places: Any = (..., *(slice(None, None, step) for step in stride))
    apart[places] = maps
    return apart


def wide(values: Any, axes: int) -> list[int]:
    """Return one number for each axis."""
    return [*values] * (axes if len(values) == 1 else 1)


def fold(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers of the patches that overlap at each place, one element of the patches after another."""
    size = values["kernel_size"]
    settings = [values[name] for name in ("dilation", "padding", "stride")]
    elements = numbers["self"].unflatten(-2, (-1, size[0] * size[1]))
    found = []
    for element in range(elements.shape[-2]):
        alone = torch.zeros_like(elements)
        alone[..., element, :] = elements[..., element, :]
        found.append(nnf.fold(alone.flatten(-3, -2), values["output_size"], size, *settings))
    return largest(found)


def average_pool(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers of each window."""
    size = values["kernel_size"]
    pool = {1: nnf.max_pool1d, 2: nnf.max_pool2d, 3: nnf.max_pool3d}[len(size)]
    return pool(numbers["self"], size, values["stride"] or size, values["padding"], ceil_mode=values["ceil_mode"])


def adaptive_pool(values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers of each window of an adaptive pooling."""
    size = values["output_size"]
    pool: Any = {1: nnf.adaptive_max_pool1d, 2: nnf.adaptive_max_pool2d, 3: nnf.adaptive_max_pool3d}[len(size)]
    return pool(numbers["self"], size)


def interpolate(operation: Any, values: Named, numbers: Named) -> torch.Tensor:
    """Take the largest numbers of the values between which an interpolation lies, one axis after the other.

    Which values these are is asked of the operation, on images of which one line is not zero. They are two pixels wide,
    as PyTorch resizes images to one pixel's width wrongly with antialiasing.
    """
    maps = numbers["self"]
    scales = [name for name in values if name.startswith("scales")]
    for axis, (size, scale) in enumerate(zip(values["output_size"], scales, strict=True), start=2):
        count, wide_axes = maps.shape[axis], range(2, maps.ndim)
        lines = torch.eye(count, device=maps.device).view(count, 1, *(count if a == axis else 1 for a in wide_axes))
        alone = {**values, **{other: None for other in scales if other != scale}}
        alone["self"] = lines.expand(count, 1, *(count if a == axis else 2 for a in wide_axes)).contiguous()
        alone["output_size"] = [size if a == axis else 2 for a in wide_axes]
        used = operation(**alone).movedim(axis, -1).reshape(count, -1, size)[:, 0].T != 0
        columns = maps.movedim(axis, -1)
        maps = torch.stack([columns[..., taps].amax(-1) for taps in used], -1).movedim(-1, axis)
    return maps
