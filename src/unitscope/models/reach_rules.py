"""What each operation reads, as rules: from arguments that hold numbers of pixels to the numbers that it gives."""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as nnf
from torch.utils._pytree import tree_leaves, tree_map

from ..errors import UnitscopeError

NOTHING = -math.inf
"""The number that stands for "depends on no pixel"."""

Named = dict[str, Any]
"""The arguments of an operation by name."""

MOVES = """
    _reshape_alias _reshape_copy _to_copy _unsafe_view adaptive_max_pool2d adaptive_max_pool3d alias amax cat
    channel_shuffle clone col2im copy detach expand_copy flip fold gather im2col index index_add index_put
    index_select lift_fresh masked_fill max_pool2d_with_indices max_pool3d_with_indices native_channel_shuffle
    permute_copy pixel_shuffle pixel_unshuffle reflection_pad1d reflection_pad2d reflection_pad3d repeat
    replication_pad1d replication_pad2d replication_pad3d roll scatter select_scatter slice_scatter split_copy stack
    upsample_nearest1d upsample_nearest2d upsample_nearest3d view_copy _upsample_nearest_exact1d
    _upsample_nearest_exact2d
""".split()  # noqa: SIM905
"""Operations that only move values or take their maximum: applied as they are."""

KEEPS = ("native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "native_dropout", "dropout")
"""Operations whose values depend on the value at the same place only, beside those that PyTorch tags as pointwise."""

REDUCES = (
    "mean",
    "sum",
    "amin",
    "max",
    "min",
    "prod",
    "std",
    "var",
    "logsumexp",
    "norm",
    "linalg_vector_norm",
    "median",
)
"""Operations over some axes, or all, that these lose."""

SPREADS = ("_softmax", "_log_softmax", "_safe_softmax", "cumsum", "cumprod", "logcumsumexp", "sort")
"""Operations along one axis: every value depends on all values along it."""

COMPARES = """
    eq ne lt le gt ge isnan isinf isfinite logical_and logical_or logical_not logical_xor bitwise_and bitwise_or
    bitwise_not signbit
""".split()  # noqa: SIM905
"""Pointwise operations that give yes or no."""


def find_rule(name: str, func: Any) -> Callable[[Any, Named], Any] | None:
    """Return the rule for an operation; ``None`` if there is none."""
    if name in RULES:
        return RULES[name]
    if name.startswith(("new_", "zeros_like", "ones_like", "empty_like", "full_like", "rand")):
        return lambda func, named: tree_map(nowhere, func(**named))
    if name in MOVES:
        return move
    if torch.Tag.pointwise in func.tags or name in KEEPS:
        return keep
    if name in REDUCES:
        return lose_axes
    return spread if name in SPREADS else None


def is_float(leaf: Any) -> bool:
    """Return whether something is a tensor of floating-point numbers."""
    return isinstance(leaf, torch.Tensor) and leaf.is_floating_point()


def nowhere(leaf: Any) -> Any:
    """Return a tensor of the same shape whose values depend on no pixel; anything else as it is."""
    return torch.full_like(leaf, NOTHING) if is_float(leaf) else leaf


def pixels_of(named: Named) -> list[torch.Tensor]:
    """Return the tensors of numbers of pixels among the arguments of an operation."""
    return [leaf for leaf in tree_leaves(named) if is_float(leaf) and leaf.numel()]


def move(func: Any, named: Named) -> Any:
    """Apply an operation as it is.

    Raises
    ------
    UnitscopeError
        If it changes the type to one that does not hold all numbers of pixels.
    """
    dtype = named.get("dtype")
    if dtype is not None and dtype.is_floating_point:
        largest = max(float(torch.where(leaf.isfinite(), leaf.abs(), 0.0).max()) for leaf in pixels_of(named))
        if largest > 2 / torch.finfo(dtype).eps:
            raise UnitscopeError(
                f"numbers of pixels up to {largest:.0f} do not fit into {dtype}, as which they are passed"
            )
    return func(**named)


def pad(func: Any, named: Named) -> torch.Tensor:
    """Pad with values that depend on no pixel."""
    return nnf.pad(named["self"], named["pad"], value=NOTHING)


def keep(func: Any, named: Named) -> Any:
    """Take the largest of the values at the same place."""
    if named.get("training") and "running_mean" in named:  # a norm over the items and positions of each channel
        values = named["input"]
        axes = [axis for axis in range(values.ndim) if axis != 1]
        return repeated(values.amax(axes, keepdim=True).expand_as(values).clone(), func)
    if "running_mean" in named:
        return repeated(named["input"].clone(), func)
    tensors = [leaf for leaf in tree_leaves(named) if isinstance(leaf, torch.Tensor)]
    shape = torch.broadcast_shapes(*(tensor.shape for tensor in tensors))
    largest = reduce(torch.maximum, [tensor for tensor in tensors if tensor.is_floating_point()])
    returned = func._schema.returns[0].type
    full = largest.expand(shape).clone()
    if "Tensor" not in str(returned):
        return full
    given = func(**named) if func._schema.name.partition("::")[2] in COMPARES else None
    return repeated(full, func) if given is None else given


def lose_axes(func: Any, named: Named) -> Any:
    """Take the largest value over some axes."""
    values = named["self"]
    axes = named.get("dim")
    axes = [*range(values.ndim)] if axes is None or axes == [] else axes
    return repeated(values.amax(axes, keepdim=bool(named.get("keepdim"))), func)


def spread(func: Any, named: Named) -> Any:
    """Take the largest value along an axis, at every place of it."""
    values = named["self"]
    return repeated(values.amax(named["dim"], keepdim=True).expand_as(values).clone(), func)


def repeated(values: torch.Tensor, func: Any) -> Any:
    """Return what a rule gives as often as the operation returns tensors; all but the first are rarely used."""
    count = len(func._schema.returns)
    return values if count == 1 else (values, *(values.clone() for _ in range(count - 1)))


def layer_norm(func: Any, named: Named) -> Any:
    """Take the largest value over the axes that are normalised together."""
    values = named["input"]
    axes = [*range(values.ndim - len(named["normalized_shape"]), values.ndim)]
    return repeated(values.amax(axes, keepdim=True).expand_as(values).clone(), func)


def group_norm(func: Any, named: Named) -> Any:
    """Take the largest value over each group of channels, at all positions."""
    values = named["input"]
    groups = values.reshape(values.shape[0], named["group"], -1)
    return repeated(groups.amax(2, keepdim=True).expand_as(groups).reshape(values.shape), func)


def multiply(func: Any, named: Named) -> torch.Tensor:
    """Matrix product: the largest value of the row and of the column."""
    left, right = [named[name] for name in named if name in ("self", "mat1", "batch1", "mat2", "batch2", "vec", "mat")][
        -2:
    ]
    rows = left.amax(-1)
    if right.ndim == 1:
        product = torch.maximum(rows, right.amax())
    else:
        product = torch.maximum(rows.unsqueeze(-1), right.amax(-2).unsqueeze(-2))
    added = named["self"] if len(pixels_of(named)) == 3 else None
    return product if added is None else torch.maximum(product, added)


def convolve(func: Any, named: Named) -> torch.Tensor:
    """Take the largest value of each window, over the channels of its group."""
    values, weight, groups = named["input"], named["weight"], named["groups"]
    axes = values.ndim - 2
    size, stride, padding, dilation = (
        wide(value, axes) for value in (weight.shape[2:], named["stride"], named["padding"], named["dilation"])
    )
    grouped = values.unflatten(1, (groups, -1)).amax(2)
    if named["transposed"]:
        grouped = put_apart(grouped, stride)
        reach = [spacing * (length - 1) for spacing, length in zip(dilation, size, strict=True)]
        before = [far - cut for far, cut in zip(reach, padding, strict=True)]
        after = [low + more for low, more in zip(before, wide(named["output_padding"], axes), strict=True)]
        largest = slide(grouped, size, [1] * axes, before, after, dilation)
        return largest.repeat_interleave(weight.shape[1], 1)
    largest = slide(grouped, size, stride, padding, padding, dilation)
    return largest.repeat_interleave(weight.shape[0] // groups, 1)


def slide(values: torch.Tensor, size: Any, stride: Any, before: Any, after: Any, dilation: Any) -> torch.Tensor:
    """Take the largest value of each window, one axis after the other."""
    for axis, (length, step, low, high, spacing) in enumerate(
        zip(size, stride, before, after, dilation, strict=True), start=2
    ):
        lines = nnf.pad(values.movedim(axis, -1), (low, high), value=NOTHING)
        windows = (lines.shape[-1] - spacing * (length - 1) - 1) // step + 1
        taps = [lines[..., tap * spacing :: step][..., :windows] for tap in range(length)]
        values = reduce(torch.maximum, taps).movedim(-1, axis)
    return values


def put_apart(values: torch.Tensor, stride: Any) -> torch.Tensor:
    """Insert positions that depend on no pixel, as a transposed convolution does."""
    shape = [(size - 1) * step + 1 for size, step in zip(values.shape[2:], stride, strict=True)]
    apart = torch.full((*values.shape[:2], *shape), NOTHING, device=values.device)
    places: Any = (..., *(slice(None, None, step) for step in stride))
    apart[places] = values
    return apart


def wide(values: Any, axes: int) -> list[int]:
    """Return one number for each axis."""
    return [*values] * (axes if len(values) == 1 else 1)


def average_pool(func: Any, named: Named) -> torch.Tensor:
    """Take the largest value of each window."""
    size = named["kernel_size"]
    pool = {1: nnf.max_pool1d, 2: nnf.max_pool2d, 3: nnf.max_pool3d}[len(size)]
    return pool(named["self"], size, named["stride"] or size, named["padding"], ceil_mode=named["ceil_mode"])


def adaptive_pool(func: Any, named: Named) -> torch.Tensor:
    """Take the largest value of each window of an adaptive pooling."""
    size = named["output_size"]
    pool: Any = {1: nnf.adaptive_max_pool1d, 2: nnf.adaptive_max_pool2d, 3: nnf.adaptive_max_pool3d}[len(size)]
    return pool(named["self"], size)


def interpolate(func: Any, named: Named) -> torch.Tensor:
    """Take the largest of the values between which an interpolation lies, one axis after the other."""
    values = named["self"]
    sizes = named["output_size"]
    scales = [name for name in named if name.startswith("scales")]
    for axis, (size, scale) in enumerate(zip(sizes, scales, strict=True), start=2):
        count = values.shape[axis]
        one = torch.eye(count).reshape(count, 1, *(count if place == axis else 1 for place in range(2, values.ndim)))
        alone = {**named, "self": one, "output_size": [size if place == axis else 1 for place in range(2, values.ndim)]}
        alone |= {other: None for other in scales if other != scale}
        used = func(**alone).reshape(count, size).T != 0
        lines = values.movedim(axis, -1)
        values = torch.stack([lines[..., taps].amax(-1) for taps in used], -1).movedim(-1, axis)
    return values


RULES: dict[str, Callable[[Any, Named], Any]] = {
    "constant_pad_nd": pad,
    "convolution": convolve,
    "_convolution": convolve,
    "native_layer_norm": layer_norm,
    "native_group_norm": group_norm,
    **dict.fromkeys(("mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot"), multiply),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), average_pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d"), adaptive_pool),
    **dict.fromkeys(
        ("upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d",
         "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"), interpolate),
}  # fmt: skip
"""Rules for single operations."""
