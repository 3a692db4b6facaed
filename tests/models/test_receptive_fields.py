"""Receptive fields against gradients through copies with positive weights, interval arithmetic and known numbers."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.models import (
    NetworkLayer,
    choose_layers,
    example_batch,
    list_layers,
    load_model,
    receptive_fields,
)


class Branches(nn.Module):
    """Adds what its parts give, or concatenates it along the channels; parts are padded to one size."""

    def __init__(self, parts, join):
        super().__init__()
        self.parts, self.join = nn.ModuleList(parts), join

    def forward(self, x):
        outputs = [part(x) for part in self.parts]
        rows, columns = (max(output.shape[axis] for output in outputs) for axis in (2, 3))
        outputs = [nnf.pad(out, (0, columns - out.shape[3], 0, rows - out.shape[2])) for out in outputs]
        return torch.cat(outputs, 1) if self.join == "cat" else sum(outputs)


class Crooked(nn.Module):
    """Slices, in-place writes into a buffer of zeros, a shuffle of channels, and padding on one side."""

    def forward(self, x):
        full = x.new_zeros(x.shape[0], 2 * x.shape[1], *x.shape[2:])
        full[:, ::2] = x
        full[:, 1::2, :-1] = torch.relu_(x[:, :, 1:].clone())
        mixed = full.view(x.shape[0], 2, -1, *x.shape[2:]).transpose(1, 2).reshape(full.shape)
        return nnf.pad(mixed, (2, 0, 0, 1))[:, : x.shape[1]]


def positive(module):
    """Return a copy with weights of one, average for max pooling, identities for non-linearities and norms."""
    changed = copy.deepcopy(module)
    for name, part in list(changed.named_modules()):
        if isinstance(part, nn.MaxPool2d):
            new = AveragedWindows(part.kernel_size, part.stride, part.padding, part.dilation, part.ceil_mode)
        elif isinstance(part, nn.ReLU | nn.GELU | nn.BatchNorm2d | nn.Tanh):
            new = nn.Identity()
        else:
            continue
        parent, _, last = name.rpartition(".")
        setattr(changed.get_submodule(parent), last, new)
    for weight in changed.parameters():
        weight.data.fill_(1.0)
    return changed.double()


class AveragedWindows(nn.Module):
    """Sum over the windows of a max pooling, dilation and ceil mode included."""

    def __init__(self, *settings):
        super().__init__()
        self.settings = settings

    def forward(self, x):
        size, stride, padding, dilation, ceil = self.settings
        plane = torch.arange(x.shape[2] * x.shape[3], dtype=torch.double).view(1, 1, *x.shape[2:])
        # The windows, found by asking each pixel alone whether it is the largest.
        alone = torch.eye(plane.numel(), dtype=torch.double).view(-1, 1, *x.shape[2:])
        windows = nnf.max_pool2d(alone, size, stride, padding, dilation, ceil).clamp(min=0)  # -inf: padding alone
        return torch.einsum("ncp,pij->ncij", x.flatten(2), windows[:, 0])


def boxes_by_gradient(module, shape):
    """Return ``(units, rows, columns, 4)`` from gradients of a copy with positive weights."""
    changed = positive(module)
    x = torch.ones(1, *shape, dtype=torch.double, requires_grad=True)
    output = changed(x)[0]
    boxes = np.zeros((*output.shape, 4), int)
    for place in np.ndindex(*output.shape):
        if not output[place].requires_grad:
            continue
        (gradient,) = torch.autograd.grad(output[place], x, retain_graph=True, allow_unused=True)
        rows, columns = (gradient[0].abs().sum((0, axis)).nonzero().flatten() for axis in (2, 1))
        if len(rows):
            boxes[place] = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    return boxes


def fields_of(module, shape):
    network = nn.Sequential(module).eval()
    return receptive_fields(network, [NetworkLayer("0", "", module_name="0")], torch.zeros(1, *shape))["0"]


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def parts(draw, channels):
    """One operation that keeps the number of channels."""
    kind = draw(st.sampled_from(["conv", "grouped", "transposed", "max", "mean", "adaptive", "up", "still", "crooked"]))
    size, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = tuple(draw(st.integers(0, side // 2)) for side in size)
    if kind in ("conv", "grouped"):
        groups = channels if kind == "grouped" else 1
        return nn.Conv2d(channels, channels, size, stride, padding, dilation, groups, bias=False)
    if kind == "transposed":
        more = tuple(draw(st.integers(0, max(a, b) - 1)) for a, b in zip(stride, dilation, strict=True))
        return nn.ConvTranspose2d(channels, channels, size, stride, padding, more, 1, False, dilation)
    if kind == "max":
        return nn.MaxPool2d(size, stride, padding, dilation, ceil_mode=draw(st.booleans()))
    if kind == "mean":
        return nn.AvgPool2d(size, stride, padding, ceil_mode=draw(st.booleans()))
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d(draw(pairs))
    if kind == "up":
        mode = draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))
        return nn.Upsample(scale_factor=draw(st.integers(1, 2)), mode=mode)
    return Crooked() if kind == "crooked" else nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True), nn.GELU())


@st.composite
def networks(draw):
    """A few operations one after the other, some of them in branches."""
    channels = 2
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            layers.append(draw(parts(channels)))
            continue
        branches = [draw(parts(channels)) for _ in range(draw(st.integers(1, 2)))]
        layers.append(Branches([*branches, nn.Identity()], "add"))
    if draw(st.booleans()):
        layers.append(Branches([draw(parts(channels)), nn.Identity()], "cat"))
    return nn.Sequential(*layers)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(6, 8), st.integers(5, 7))
def test_fields_are_what_gradients_reach(network, rows, columns):
    network.eval()
    try:
        with torch.no_grad():
            network(torch.rand(1, 2, rows, columns))
    except RuntimeError:  # the map became too small for an operation
        return
    expected = boxes_by_gradient(network, (2, rows, columns))
    found = fields_of(network, (2, rows, columns))
    assert not found.unknown
    np.testing.assert_array_equal(np.broadcast_to(found.boxes, expected.shape), expected)


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 4, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(4, 4, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        *(nn.Conv2d(4, 4, 3, 1, 1) for _ in range(3)), nn.AdaptiveAvgPool2d(6), nn.Flatten(), nn.Linear(144, 5),
    )  # fmt: skip


def test_alexnet():
    layers = [NetworkLayer(name, "", module_name=name) for name in ("0", "3", "6", "7", "8", "11")]
    found = receptive_fields(alexnet().eval(), layers, torch.zeros(1, 3, 224, 224))
    assert [found[layer.name].size[0] for layer in layers[:5]] == [11, 51, 99, 131, 163]
    assert [found[layer.name].stride for layer in layers[:3]] == [(4, 4), (8, 8), (16, 16)]
    assert found["0"].offset == (-2, -2)
    assert found["11"].is_whole_image
    assert found["11"].stride is None


def test_vgg16():
    blocks = [2, 2, 3, 3, 3]
    layers = []
    for number, count in enumerate(blocks):
        layers += [nn.Conv2d(3 if not layers else 2, 2, 3, padding=1) for _ in range(1)]
        layers += [nn.Conv2d(2, 2, 3, padding=1) for _ in range(count - 1)]
        layers += [nn.MaxPool2d(2)] if number < 4 else []
    wanted = [
        NetworkLayer(str(n), "", module_name=str(n)) for n, part in enumerate(layers) if isinstance(part, nn.Conv2d)
    ]
    found = receptive_fields(nn.Sequential(*layers).eval(), wanted, torch.zeros(1, 3, 224, 224))
    sizes = [found[layer.name].size for layer in wanted]
    assert sizes == [(side, side) for side in (3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196)]


def test_groups_of_channels_see_their_own_channels_only():
    wide = nn.Conv2d(1, 1, 5, padding=2)
    network = nn.Sequential(Branches([wide, nn.Identity()], "cat"), nn.Conv2d(2, 4, 1, groups=2))
    found = fields_of(network, (1, 9, 9))
    assert [found.box(unit, 4, 4).tolist() for unit in range(4)] == [[2, 2, 7, 7]] * 2 + [[4, 4, 5, 5]] * 2
    assert found.size == (5, 5)
    mixed = fields_of(nn.Sequential(network, nn.Conv2d(4, 2, 1)), (1, 9, 9))
    assert mixed.box(1, 4, 4).tolist() == [2, 2, 7, 7]


def test_interval_arithmetic_on_sequences():
    network = nn.Sequential(nn.Conv2d(1, 1, 5, 2, 1), nn.MaxPool2d(3, 2), nn.Conv2d(1, 1, 3, 1, 1, dilation=2)).eval()
    found = receptive_fields(network, [NetworkLayer("2", "", module_name="2")], torch.zeros(1, 1, 99, 99))["2"]
    start, size, jump = 0, 1, 1
    for kernel, stride, pad, dilation in ((5, 2, 1, 1), (3, 2, 0, 1), (3, 1, 1, 2)):
        start, size, jump = start - pad * jump, size + dilation * (kernel - 1) * jump, jump * stride
    assert (found.size, found.stride, found.offset) == ((size, size), (jump, jump), (start, start))
    top = max(start + 3 * jump, 0)
    assert found.box(0, 3, 9).tolist() == [top, start + 9 * jump, start + 3 * jump + size, start + 9 * jump + size]


@pytest.mark.parametrize(
    ("module", "whole"),
    [
        (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), True),
        (nn.MultiheadAttention(4, 2, batch_first=True), True),
        (nn.Sequential(nn.Flatten(), nn.Linear(24, 3)), True),
        (nn.LayerNorm((6, 4)), True),
        (nn.Softmax(1), False),
        (nn.LayerNorm(4), False),
    ],
)
def test_what_mixes_everything_sees_the_whole_image(module, whole):
    module.eval()

    class Tokens(nn.Module):
        def forward(self, x):
            tokens = x.flatten(1, 2)  # the rows of three channels as tokens
            return module(tokens, tokens, tokens)[0] if isinstance(module, nn.MultiheadAttention) else module(tokens)

    assert fields_of(Tokens(), (3, 2, 4)).is_whole_image == whole


def test_squeeze_and_excite_sees_the_whole_image_and_norms_of_groups_too():
    class Squeeze(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(x.mean((2, 3), keepdim=True))

    assert fields_of(Squeeze(), (2, 5, 6)).is_whole_image
    assert fields_of(nn.GroupNorm(1, 2), (2, 5, 6)).is_whole_image
    assert fields_of(nn.InstanceNorm2d(2), (2, 5, 6)).is_whole_image
    assert fields_of(nn.LocalResponseNorm(2), (2, 5, 6)).size == (1, 1)


def test_an_unknown_operation_is_named_and_sees_everything():
    class Fourier(nn.Module):
        def forward(self, x):
            return torch.linalg.pinv(x)

    found = fields_of(Fourier(), (2, 4, 4))
    assert found.unknown
    assert found.is_whole_image


def test_units_that_see_nothing_have_an_empty_box():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.cat([x, torch.ones_like(x)], 1)

    found = fields_of(Constant(), (1, 3, 3))
    assert found.boxes[1].sum() == 0
    assert found.box(0, 1, 2).tolist() == [1, 2, 2, 3]


def test_inputs_that_are_not_images_are_refused():
    with pytest.raises(UnitscopeError, match="not images"):
        receptive_fields(nn.Linear(3, 2), [], torch.zeros(1, 3))


def test_the_network_is_left_as_it_was():
    model = load_model("demo:")
    example = example_batch(model)
    before = model.module(example)
    receptive_fields(model.module, [layer for layer in list_layers(model, example) if layer.units], example)
    torch.testing.assert_close(model.module(example), before, rtol=0, atol=0)
    assert not any(part._forward_hooks for part in model.module.modules())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_networks_of_other_types(dtype):
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, 2, 1).to(dtype)

        def forward(self, x):
            return torch.relu(self.conv(x.to(dtype))).float()

    assert fields_of(Cast(), (1, 20, 30)).box(0, 3, 4).tolist() == [5, 7, 8, 10]
    assert fields_of(Cast(), (1, 20, 300)).box(0, 3, 140).tolist() == [5, 279, 8, 282]


def test_centres_also_of_fields_larger_than_the_image():
    """The fields of `demo:` grow to 81 pixels of 64, around the same pixels."""
    model = load_model("demo:")
    example = example_batch(model)
    layers = choose_layers(list_layers(model, example), "conv1,conv3,conv5,fc6")
    fields = receptive_fields(model.module, layers, example)
    assert fields["conv5"].size == (64, 64)
    assert [fields[layer].centre for layer in ("conv1", "conv3", "conv5")] == [(0.5, 0.5)] * 3
    assert fields["fc6"].centre is None


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_positions_that_see_nothing_but_padding_do_not_move_the_others(padding):
    """Of a 1 x 1 convolution with padding, the outermost positions see no pixel; the others are where they were."""
    network = nn.Sequential(nn.Conv2d(3, 2, 5, 2), nn.Conv2d(2, 2, 1, padding=padding))
    fields = fields_of(network, (3, 33, 27))
    assert (fields.boxes[0, 0] == 0).all() == (padding > 0)
    assert fields.stride == (2, 2)
    assert fields.centre == (2.5 - 2 * padding, 2.5 - 2 * padding)
    assert fields.offset == (-2 * padding, -2 * padding)


def test_fields_of_the_whole_image_behind_padding_have_no_centre():
    fields = fields_of(nn.Sequential(nn.Conv2d(3, 2, 9), nn.Conv2d(2, 2, 1, padding=1)), (3, 9, 9))
    assert (fields.centre, fields.stride, fields.offset) == (None, None, None)


def test_fields_that_all_reach_a_border_have_no_stride_with_padding_or_without():
    """Two positions see from the first pixel and to the last one; the padding's neither begins nor ends anywhere."""
    for padding in (0, 1):
        fields = fields_of(nn.Sequential(nn.Conv2d(3, 2, 9, 2), nn.Conv2d(2, 2, 1, padding=padding)), (3, 11, 11))
        assert fields.boxes[0, :, 1, ::2][padding : padding + 2].tolist() == [[0, 9], [2, 11]]
        assert (fields.stride, fields.centre) == (None, None)


@pytest.mark.real
def test_centres_of_a_squeezenet(real):
    """7 x 7 by 2, then three poolings of 3 x 3 by 2 without padding, so that centres are 16 pixels apart."""
    network = load_model(f"py:{real / 'models.py'}:squeezenet", resize=256, crop=227)
    example = example_batch(network)
    layers = choose_layers(list_layers(network, example), "fire9,conv10")
    fields = receptive_fields(network.module, layers, example)
    assert fields["fire9"].centre == (17.5, 17.5)
    assert fields["conv10"].centre == (1.5, 1.5)
    assert fields["fire9"].stride == fields["conv10"].stride == (16, 16)
