"""Receptive fields of single operations against what changing one pixel at a time changes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.models import NetworkLayer, reach_rules, receptive_fields

SHAPE = (2, 6, 4)


class Does(nn.Module):
    """A network that is one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def fields_of(function, shape=SHAPE):
    torch.manual_seed(1)
    network = nn.Sequential(function if isinstance(function, nn.Module) else Does(function)).eval()
    return receptive_fields(network, [NetworkLayer("0", "", module_name="0")], torch.randn(1, *shape))["0"]


def boxes_by_changes(function, shape=SHAPE, trials=40):
    """Return ``(units, rows, columns, 4)``: boxes around the pixels that change an output when they change."""
    torch.manual_seed(0)
    seen = None
    with torch.no_grad():
        for _ in range(trials):
            x = torch.randn(1, *shape)
            before = function(x.clone())[0].clone()
            seen = np.zeros((*before.shape, *shape[1:]), bool) if seen is None else seen
            for row, column in np.ndindex(*shape[1:]):
                changed = x.clone()
                changed[0, :, row, column] = torch.randn(shape[0])
                seen[..., row, column] |= (function(changed)[0] != before).numpy()
    boxes = np.zeros((*seen.shape[:-2], 4), int)
    for place in np.ndindex(*boxes.shape[:-1]):
        rows, columns = (np.flatnonzero(seen[place].any(axis)) for axis in (1, 0))
        if len(rows):
            boxes[place] = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    return boxes.reshape(len(boxes), *(boxes.shape[1:3] if boxes.ndim == 4 else (-1, 1)), 4)


def index_add(x):
    return x.new_zeros(1, 2, 3, 4).index_add(2, torch.tensor([0, 1, 1, 2, 0, 1]), x)


def index_put(accumulate):
    def function(x):
        places = torch.tensor([[0, 1], [2, 0], [0, 1]] if accumulate else [[0, 1], [2, 3], [4, 5]])
        return x.index_put((torch.tensor(0), places % 2, places, 3 - places), x[0, 0, 2:5, 2:], accumulate=accumulate)

    return function


def silenced(x):
    x = x.clone()
    x[x.flip(2) < 0] = 0
    return x


def rows_written(x):
    x = x.clone()
    x[:, :, torch.tensor([4, 1])] = x[:, :, :2] * 2
    return x


def scattered(reduce, **settings):
    index = torch.tensor([0, 1, 1, 2, 0, 1]).view(1, 1, 6, 1).expand(1, 2, 6, 4)

    def function(x):
        return x[:, :, :3].flip(3).scatter_reduce(2, index, x, reduce, **settings)

    return function


def scatter_add_in_place(x):
    total = torch.zeros(1, 2, 3, 4)
    total.scatter_add_(3, torch.tensor([0, 0, 3, 1]).expand(1, 2, 3, 4), x[:, :, ::2])
    return total


def scatter_over(x):
    return x.scatter(2, torch.tensor([0, 5]).view(1, 1, 2, 1).expand(1, 2, 2, 4), x[:, :, 2:4])


def into_a_buffer(x):
    buffer = torch.zeros(1, 2, 8, 6)
    inside = buffer[:, :, 1:-1, 1:-1]
    inside.copy_(x)
    inside.mul_(2)
    return nnf.avg_pool2d(buffer, 3, 1)


def out_argument(x):
    total = torch.empty(1, 2, 6, 4)
    torch.add(x, x.flip(2), out=total)
    return total


def out_over_others(x):
    total = x.flip(2)
    torch.mul(x, 2, out=total)
    return total


def dynamic_kernel(x):
    kernel = x[0].mean((1, 2)).view(2, 1, 1, 1).expand(2, 1, 3, 3)
    return nnf.conv2d(torch.ones_like(x), kernel, groups=2)


def kernel_of_a_corner(x):
    kernel = x[0, :, :2, :1].view(2, 1, 2, 1)
    return nnf.conv2d(torch.ones_like(x), kernel, x[0, :, 4, 3], groups=2)


def transposed_dynamic_kernel(x):
    kernel = torch.stack([x[0, :, 0, 0], x[0, :, 5, 3]], 1).view(2, 2, 1, 1)
    return nnf.conv_transpose2d(torch.ones_like(x), kernel)


def masked_by_the_next(x):
    return torch.ones(1, 2, 6, 3).masked_fill(x[..., 1:] > 0, 0)


def quantised(x):
    return (x * 9).long()[:, :, 1:].float() / 9


def looked_up(x):
    table = torch.arange(20.0).view(10, 2)
    return nnf.embedding((x[:, 0] * 3).long().clamp(-4, 5) + 4, table).permute(0, 3, 1, 2)


def fourier_of_rows(x):
    return torch.fft.ifft(torch.fft.fft(x, dim=3) * 1j, dim=3).real + torch.fft.irfft(torch.fft.rfft(x, dim=3), dim=3)


def complex_parts(x):
    number = torch.view_as_complex(torch.stack([x[..., 1:], x[..., :-1]], -1).contiguous())
    return torch.cat([number.abs(), number.imag], 1)


def dots(x):
    return torch.stack([torch.dot(x[0, 0, row], x[0, 1, row]) for row in range(3)])[None]


def norm_of_image(kind):
    def function(x):
        return nnf.instance_norm(x, weight=torch.ones(2)) if kind == "instance" else nnf.group_norm(x, 2)

    return function


def conditional_norm(x):
    return nnf.layer_norm(x, (4,), x[0, 0, 2])


def cells(x):
    return torch.tensor([2.0, 1.0]).view(1, 2, 1, 1) * (x > 0.3).logical_not() + (x.isfinite() & (x < 0))


def looked_up_through_views(x):
    flat = torch.zeros(48)
    flat.as_strided((6, 4), (8, 2)).copy_(x[0, 0])
    flat.view(torch.int32).add_(0)
    return flat.view(1, 2, 6, 4)


def through_data(x):
    other = torch.zeros(1, 2, 6, 4)
    other.data = x.data
    return other.requires_grad_(False)[:, :, :, :2]


def unsafe_parts(x):
    first, second = torch.unsafe_split(x, 3, 2)
    return first + second


def blend_of_attention(x):
    tokens = x.flatten(2).transpose(1, 2)
    return nnf.scaled_dot_product_attention(tokens, tokens, tokens).transpose(1, 2).view(x.shape)


def seeded(make):
    torch.manual_seed(3)
    return make().eval()


class Heads(nn.Module):
    """Attention among the columns, of which the rows are the features."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x):
        tokens = x[:, 0].transpose(1, 2)
        return self.attention(tokens, tokens, tokens)[0]


class Recurrent(nn.Module):
    """A recurrent network over the rows."""

    def __init__(self):
        super().__init__()
        self.network = nn.GRU(4, 3, batch_first=True)

    def forward(self, x):
        return self.network(x[:, 0])[0]


EXACT = {
    "fold": lambda x: nnf.fold(nnf.unfold(x, 3, padding=1, stride=2), (6, 4), 3, padding=1, stride=2),
    "fold_of_patches": lambda x: nnf.fold(x.view(1, 8, 6), (4, 3), 2),
    "unfold": lambda x: nnf.unfold(x, (3, 2), padding=1).view(1, 12, 6, 5),
    "index_add": index_add,
    "index_put": index_put(False),
    "index_put_accumulate": index_put(True),
    "scatter": scatter_over,
    "scatter_value": lambda x: x.scatter(3, torch.zeros(1, 2, 6, 1, dtype=torch.long), 5.0),
    "scatter_add": scatter_add_in_place,
    **{f"scatter_{reduce}": scattered(reduce) for reduce in ("sum", "mean", "amax", "prod")},
    "scatter_without_self": scattered("sum", include_self=False),
    "index_copy": lambda x: x.index_copy(2, torch.tensor([5, 0]), x[:, :, 2:4]),
    "index_fill": lambda x: x.index_fill(2, torch.tensor([5, 0]), 3.0),
    "gather": lambda x: x.gather(2, torch.tensor([[5, 0, 1, 2]]).expand(1, 2, 1, 4)),
    "advanced_index": lambda x: x[:, :, [0, 5, 2]][..., torch.tensor([True, False, True, True])],
    "write_by_mask": lambda x: torch.zeros_like(x).index_put((torch.tensor([True]),), x[0].flip(2)[None]),
    "write_by_mask_of_image": silenced,
    "write_rows_by_index": rows_written,
    "bilinear_antialias": lambda x: nnf.interpolate(x, (3, 3), mode="bilinear", antialias=True),
    "bicubic_antialias": lambda x: nnf.interpolate(x, (3, 2), mode="bicubic", antialias=True),
    "bilinear_antialias_larger": lambda x: nnf.interpolate(x, (9, 3), mode="bilinear", antialias=True),
    "bilinear_corners": lambda x: nnf.interpolate(x, (4, 7), mode="bilinear", align_corners=True),
    "area": lambda x: nnf.interpolate(x, (4, 3), mode="area"),
    "nearest_exact": lambda x: nnf.interpolate(x, scale_factor=1.7, mode="nearest-exact"),
    "linear": lambda x: nnf.interpolate(x[:, 0], 7, mode="linear")[:, None],
    "dot": dots,
    "masked_fill": lambda x: x.masked_fill(x < 0, 7.0),
    "masked_fill_by_the_next": masked_by_the_next,
    "where": lambda x: torch.where(x > 0, x, 0 * x),
    "where_of_constants": lambda x: torch.where(x.flip(2) > 0, 1.0, 2.0),
    "times_mask": lambda x: x * (x > 0),
    "masks": cells,
    "any": lambda x: (x > 1.2).any(3, keepdim=True).float(),
    "argmax": lambda x: x.argmax(3).float(),
    "quantised": quantised,
    "embedding": looked_up,
    "fft": fourier_of_rows,
    "complex": complex_parts,
    "out": out_argument,
    "out_over_others": out_over_others,
    "buffer": into_a_buffer,
    "views_of_memory": looked_up_through_views,
    "data": through_data,
    "dynamic_kernel": dynamic_kernel,
    "kernel_of_a_corner": kernel_of_a_corner,
    "transposed_dynamic_kernel": transposed_dynamic_kernel,
    "glu": lambda x: nnf.glu(x, 3),
    "GLU": nn.GLU(1),
    "PReLU": nn.PReLU(2),
    "RReLU": nn.RReLU().eval(),
    "prelu_of_image": lambda x: nnf.prelu(x, x[0, :, 0, 0]),
    "tril": lambda x: x.tril(),
    "triu": lambda x: x.flip(2).triu(1),
    "rot90": lambda x: torch.rot90(x, 1, (2, 3)),
    "roll": lambda x: x.roll((1, -1), (2, 3)),
    "flip": lambda x: x.flip(3),
    "cumsum": lambda x: x.cumsum(3),
    "cumprod": lambda x: x.flip(2).cumprod(2),
    "cummax": lambda x: x.cummax(2).values,
    "var_mean": lambda x: torch.cat(torch.var_mean(x, 3, keepdim=True), 1),
    "std_mean": lambda x: sum(torch.std_mean(x, (1, 2))),
    "std": lambda x: x.std(2),
    "median": lambda x: x.median(3).values,
    "topk": lambda x: x.topk(2, 2).values,
    "sort": lambda x: x.sort(3).values,
    "softmax": lambda x: x.softmax(3),
    "norm": lambda x: x.norm(dim=3, keepdim=True) + nnf.normalize(x, dim=3),
    "min": lambda x: x.min(2, keepdim=True).values,
    "unsafe_split": unsafe_parts,
    "einsum": lambda x: torch.einsum("ncij,nckj->ncik", x, x[:, :, :2]),
    "attention": blend_of_attention,
    "InstanceNorm2d": seeded(lambda: nn.InstanceNorm2d(2, affine=True)),
    "GroupNorm": norm_of_image("group"),
    "instance_norm": norm_of_image("instance"),
    "conditional_norm": conditional_norm,
    "BatchNorm2d": seeded(lambda: nn.BatchNorm2d(2)),
    "SyncBatchNorm": seeded(lambda: nn.SyncBatchNorm(2)),
    "batch_norm_of_image": lambda x: nnf.batch_norm(x, torch.zeros(2), torch.ones(2), x[0, :, 3, 1]),
    "LocalResponseNorm": nn.LocalResponseNorm(2),
    "RMSNorm": nn.RMSNorm(4) if hasattr(nn, "RMSNorm") else nn.LayerNorm(4),
    "PixelShuffle": nn.Sequential(nn.Conv2d(2, 4, 1), nn.PixelShuffle(2)),
    "PixelUnshuffle": nn.PixelUnshuffle(2),
    "ChannelShuffle": nn.Sequential(nn.Conv2d(2, 4, 3), nn.ChannelShuffle(2)),
    "LPPool2d": nn.LPPool2d(2, (3, 2), stride=2),
    "window_of_padding": lambda x: x.take((nnf.max_pool2d(x[..., :1], (1, 2), 1, (0, 1), (1, 2)) < 0).long()),
    "AdaptiveMaxPool2d": nn.AdaptiveMaxPool2d((4, 3)),
    "AdaptiveAvgPool2d": nn.AdaptiveAvgPool2d((4, 3)),
    "MaxPool1d": lambda x: nnf.max_pool1d(x[:, 0], 3, 1)[:, None],
    "AvgPool1d": lambda x: nnf.avg_pool1d(x[:, 0], 3, 1)[:, None],
    "AvgPool3d": lambda x: nnf.avg_pool3d(x[:, None], (2, 3, 1), 1)[:, 0],
    "MaxPool3d": lambda x: nnf.max_pool3d(x[:, None], (2, 3, 1), 1)[:, 0],
    "Conv1d": seeded(lambda: nn.Sequential(nn.Flatten(2), nn.Conv1d(2, 2, 3))),
    "Conv3d": lambda x: nnf.conv3d(x[:, None], torch.ones(1, 1, 2, 2, 1))[:, 0],
    "ReflectionPad2d": nn.ReflectionPad2d(1),
    "ReplicationPad2d": nn.ReplicationPad2d((2, 0, 1, 1)),
    "CircularPad2d": lambda x: nnf.pad(x, (1, 1, 2, 0), mode="circular"),
    "constant_pad": lambda x: nnf.pad(x, (1, 0, -1, 2), value=3.0),
    "repeat": lambda x: x.repeat(1, 1, 2, 1).repeat_interleave(2, 3)[:, :, ::3],
    "stack": lambda x: torch.stack([x[:, 0], x[:, 1].flip(1)], 1),
    "scalar": lambda x: torch.ones(1, 2, 3, 3) * x[0, 0, 2, 3],
    "nothing": lambda x: x.fill_(2.0).clone() + torch.zeros_like(x).normal_(generator=torch.manual_seed(0)),
    "MultiheadAttention": seeded(lambda: Heads()),
    "LSTM": seeded(lambda: Recurrent()),
    "ResidualInPlace": lambda x: nnf.relu_(x[:, :, 1:].clone()).add_(x[:, :, :-1]).clamp_(max=0.5),
    **{
        name: getattr(nn, name)()
        for name in """
            Hardswish Hardsigmoid Hardtanh Hardshrink Softshrink Softplus Softsign Tanhshrink LogSigmoid Sigmoid Tanh
            ELU SELU CELU GELU SiLU Mish ReLU ReLU6 LeakyReLU Dropout2d Identity
        """.split()  # noqa: SIM905
    },
}
"""Functions whose fields are exact and that have no unknown operation."""


@pytest.mark.parametrize("name", EXACT)
def test_fields_are_what_changes_of_pixels_change(name):
    function = EXACT[name].eval() if isinstance(EXACT[name], nn.Module) else EXACT[name]
    if isinstance(function, nn.Module):
        for weight in function.parameters():
            weight.data.abs_().add_(0.1)
    found = fields_of(function)
    expected = boxes_by_changes(function)
    np.testing.assert_array_equal(np.broadcast_to(found.boxes, expected.shape), expected)
    assert not found.unknown


class Numpy(nn.Module):
    def forward(self, x):
        return torch.from_numpy(np.cumsum(x.numpy(), 2))


def by_list(x):
    return torch.tensor([[[x[0, 0, 2, 1].tolist(), 1.0], [x[0, 0, 3, 3], 0.0]]])


def resampled(x):
    grid = torch.stack(torch.meshgrid(torch.linspace(-1, 0, 3), torch.linspace(-1, 1, 3), indexing="xy"), -1)
    return nnf.grid_sample(x, grid[None], align_corners=True)


def unpooled(x):
    return nnf.max_unpool2d(*nnf.max_pool2d(x, 2, return_indices=True), 2)


def of_integers(x):
    index = (x[:, :1, :1, 0] > 0).long()
    return x.flatten(2)[:, :, index.flatten()]


UNKNOWN = {
    "numpy": (Numpy(), "numpy"),
    "numpy_array": (lambda x: torch.as_tensor(np.sqrt(np.abs(np.asarray(x)))), "array"),
    "dlpack": (lambda x: torch.from_dlpack(np.from_dlpack(x) + 1), "dlpack"),
    "item": (lambda x: x[:, :, :3, :3] * x[0, 0, 4, 2].item(), "item"),
    "item_of_integer": (lambda x: x[:, :, :3, :3] * int(x[0, 0, 4, 2] * 100), "item"),
    "list": (by_list, "tensor"),
    "range": (lambda x: torch.full((1, 2, 2), float(x[0, 0, 1, 1])), "item"),
    "pinv": (torch.linalg.pinv, "linalg_pinv"),
    "grid_sample": (resampled, "grid_sampler_2d"),
    "max_unpool": (unpooled, "max_unpool2d"),
    "masked_scatter": (lambda x: torch.zeros_like(x).masked_scatter(x > 0, x), "masked_scatter"),
    "index": (of_integers, "index"),
    "index_of_argmax": (lambda x: nnf.one_hot((x[:, 0] > 0).long(), 2).float().permute(0, 3, 1, 2), "scatter"),
    "histogram": (lambda x: torch.histc(x, 4)[None], "histc"),
}
"""Functions with an operation that must be named."""


@pytest.mark.parametrize("name", UNKNOWN)
def test_operations_without_a_rule_are_named_and_their_fields_contain_what_changes(name):
    function, operation = UNKNOWN[name]
    found, expected = fields_of(function), boxes_by_changes(function)
    assert any(operation in one for one in found.unknown), found.unknown
    boxes = np.broadcast_to(found.boxes, expected.shape)
    sees = expected.any(-1)
    assert (boxes[sees][:, :2] <= expected[sees][:, :2]).all()
    assert (boxes[sees][:, 2:] >= expected[sees][:, 2:]).all()


def test_random_windows_are_named():
    found = fields_of(nn.FractionalMaxPool2d(2, output_size=(3, 2)))
    assert found.unknown == ("fractional_max_pool2d",)
    assert found.is_whole_image


def test_checks_of_values_hold_on_the_example_and_count_for_nothing():
    def checked(x):
        assert x.abs().max() <= 10
        if x.mean() > 100:
            return x.flip(3)
        return x[:, :, 1:]

    found = fields_of(checked)
    assert not found.unknown
    assert found.box(0, 2, 3).tolist() == [3, 3, 4, 4]


def test_networks_that_do_not_take_the_example():
    def refuses(x):
        assert x.max() > 1000
        return x

    with pytest.raises(
        UnitscopeError, match=r"cannot be found \(.*running its own code on one item.*give an example that it takes"
    ):
        fields_of(refuses)


def test_operations_that_nobody_knows_see_everything_they_were_given():
    @torch.library.custom_op("unitscope_tests::swap", mutates_args=())
    def swap(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x.flip(2) + y[..., :1]

    found = fields_of(lambda x: swap(x[:, :, :2], x[:, :, 1:3, 1:]))
    assert found.unknown == ("swap",)
    assert found.boxes.reshape(-1, 4).tolist() == [[0, 0, 3, 4]] * found.boxes[..., 0].size


def test_networks_in_inference_mode():
    network = nn.Sequential(nn.Conv2d(2, 2, 3), nn.MaxPool2d(2), nn.Upsample(scale_factor=2), nn.Softmax(1))
    with torch.inference_mode():
        network.append(nn.Linear(2, 3))
        found = fields_of(network)
    assert not found.unknown
    assert found.size == fields_of(network).size == (4, 4)


def test_boxes_outside_the_image_are_refused(monkeypatch):
    monkeypatch.setitem(reach_rules.RULES, "flip", lambda values, numbers: numbers["self"] + 1)
    monkeypatch.setattr(reach_rules, "MOVES", [])
    with pytest.raises(UnitscopeError, match=r"layer 0 got a receptive field that is no box inside the image"):
        fields_of(lambda x: x.flip(2))


@pytest.mark.parametrize("make", [torch.jit.script, lambda part: torch.jit.trace(part, torch.randn(1, *SHAPE))])
def test_scripted_parts_are_followed(make):
    torch.manual_seed(0)
    part = nn.Sequential(nn.Conv2d(2, 2, 3), nn.Tanh()).eval()
    network = nn.Sequential(make(part), nn.MaxPool2d((2, 1)))
    for _ in range(3):  # later runs are optimised
        found = fields_of(network)
    assert not found.unknown
    assert found.size == (4, 3)
