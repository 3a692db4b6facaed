"""What each operation reads, as rules: from its arguments, and the numbers of these, to the numbers of what it gives.

A rule is called with the arguments by name as they are, and once more with the numbers of pixels of one direction
(`unitscope.models.reach_numbers`) in place of the tensors. It returns those of the first tensor that the operation
gives, of its shape or of one that broadcasts to it, or ``None`` where it does not know. Zero stands for "depends on no
pixel".
"""

from functools import cache, partial
from typing import Any

import torch

from . import reach_places as places
from . import reach_values as rules
from . import reach_windows as windows
from .reach_numbers import Rule

MOVES = """
    adaptive_max_pool2d adaptive_max_pool3d cat channel_shuffle diag_embed diagonal_scatter flip im2col index
    index_select masked_select max_pool1d max_pool2d_with_indices max_pool3d_with_indices native_channel_shuffle
    pixel_shuffle pixel_unshuffle reflection_pad1d reflection_pad2d reflection_pad3d repeat replication_pad1d
    replication_pad2d replication_pad3d roll rot90 select_scatter slice_scatter stack take tril triu upsample_nearest1d
    upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
    _upsample_nearest_exact3d _unsafe_index expand_copy permute_copy view_copy _reshape_copy
""".split()  # noqa: SIM905
"""Operations that move values, take their maximum or put zeros beside them: their numbers go the same way."""

RESIZES = """
    upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d _upsample_bilinear2d_aa
    _upsample_bicubic2d_aa
""".split()  # noqa: SIM905
"""Operations that interpolate along each axis."""

STAYS = ("clone", "_to_copy", "lift_fresh_copy", "detach_copy", "alias_copy", "contiguous")
"""Operations that give each value at its own place, in another tensor."""

POINTWISE = """
    _conj_physical _prelu_kernel complex dropout fake_quantize_per_tensor_affine_cachemask floor_divide hardswish
    heaviside log_sigmoid_forward masked_fill native_dropout polar rrelu_with_noise where
""".split()  # noqa: SIM905
"""Operations whose values depend on those at the same place only, beside the ones that PyTorch tags as such."""

REDUCES = """
    all amax amin any argmax argmin aminmax count_nonzero kthvalue linalg_vector_norm logsumexp max mean median min mode
    nanmedian nansum norm prod std std_mean sum var var_mean
""".split()  # noqa: SIM905
"""Operations over some axes, or all, that these lose."""

SPREADS = """
    _fft_c2c _fft_c2r _fft_r2c _log_softmax _safe_softmax _softmax argsort sort topk
""".split()  # noqa: SIM905
"""Operations along some axes: every value depends on all values along these."""

CUMULATES = ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")
"""Operations along one axis: every value depends on those before it."""

BLANKS = """
    empty_like full_like ones_like rand_like randint_like randn_like zeros_like new_empty new_empty_strided new_full
    new_ones new_zeros
""".split()  # noqa: SIM905
"""Operations that make tensors of which only the shape depends on what is given."""

FILLS = ("zero_", "normal_", "uniform_", "random_", "exponential_", "log_normal_", "cauchy_", "geometric_")
"""Operations in place that replace all values."""

ADAPTIVE = """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d
""".split()  # noqa: SIM905
"""Pooling into a given number of windows."""

RULES: dict[str, Rule] = {
    "constant_pad_nd": windows.pad,
    "convolution": windows.convolve,
    "_convolution": windows.convolve,
    "col2im": windows.fold,
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), windows.average_pool),
    **dict.fromkeys(ADAPTIVE, windows.adaptive_pool),
    "gather": places.gather,
    "embedding": places.embed,
    "scatter": partial(places.scatter, False),
    "scatter_add": partial(places.scatter, True),
    "scatter_reduce": partial(places.scatter, True),
    "index_copy": partial(places.write_slices, False),
    "index_add": partial(places.write_slices, True),
    "index_reduce": partial(places.write_slices, True),
    "index_fill": places.fill_slices,
    **dict.fromkeys(("index_put", "_index_put_impl", "_unsafe_index_put"), places.write_elements),
    **dict.fromkeys(STAYS, rules.stay),
    **dict.fromkeys(("copy", "fill"), rules.overwrite),
    **dict.fromkeys(POINTWISE, rules.pointwise),
    **dict.fromkeys(REDUCES, rules.lose_axes),
    **dict.fromkeys(SPREADS, rules.spread),
    **dict.fromkeys(CUMULATES, rules.cumulate),
    "glu": rules.halve,
    **dict.fromkeys(
        ("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm"),
        rules.batch_norm),
    **dict.fromkeys(("native_layer_norm", "_fused_rms_norm"), rules.layer_norm),
    "native_group_norm": rules.group_norm,
    **dict.fromkeys(("mm", "bmm"), partial(rules.multiply, "self", "mat2")),
    "addmm": partial(rules.multiply, "mat1", "mat2"),
    "baddbmm": partial(rules.multiply, "batch1", "batch2"),
    "mv": partial(rules.multiply, "self", "vec"),
    "addmv": partial(rules.multiply, "mat", "vec"),
    "dot": partial(rules.multiply, "self", "tensor"),
    "vdot": partial(rules.multiply, "self", "other"),
}  # fmt: skip
"""Rules for single operations."""


def find_rule(func: Any) -> Rule | None:
    """Return the rule for an operation; ``None`` if there is none."""
    space, _, full_name = func._schema.name.partition("::")
    name = full_name.removesuffix("_") if func._schema.is_mutable else full_name
    if space != "aten":
        return None
    if name in BLANKS or full_name in FILLS:
        return rules.blank
    if name in MOVES or name in RESIZES:
        return partial(places.move if name in MOVES else windows.interpolate, getattr(torch.ops.aten, name))
    return RULES.get(name, rules.pointwise if is_pointwise(name) else None)


@cache
def is_pointwise(name: str) -> bool:
    """Return whether PyTorch tags an operation as pointwise; it does not tag each variant, such as the one in place."""
    operation = getattr(torch.ops.aten, name, None)
    variants = operation.overloads() if operation is not None else []
    return any(torch.Tag.pointwise in getattr(operation, variant).tags for variant in variants)
