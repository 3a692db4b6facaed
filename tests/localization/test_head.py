"""Class activation maps are found where scores are sums of maps, and only there."""

import pytest
import torch
from localizing_networks import BIAS, WEIGHTS, Colours, Network, Transformer, loaded, noise
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.localization import find_head
from unitscope.localization.grid import Grid, find_grid


def linear():
    return nn.Linear(5, 4)


class AveragePool(nn.Sequential):
    """Global average pooling by modules, and a convolution on the pixel that is left."""

    def __init__(self):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Dropout(), nn.Conv2d(5, 4, 1, bias=False), nn.Flatten())


AVERAGED = {
    "mean": (Network(lambda net, f: net.linear(f.mean((2, 3))), linear=linear), "conv", False),
    "dropout": (Network(lambda net, f: net.linear(net.drop(f).mean((2, 3))), linear=linear, drop=nn.Dropout), "drop",
                False),
    "no bias": (Network(lambda net, f: net.linear(f.mean((2, 3))), linear=lambda: nn.Linear(5, 4, bias=False)), "conv",
                False),
    "relu": (Network(lambda net, f: net.linear(torch.relu_(f).mean((2, 3))), linear=linear), "conv", True),
    "relu module": (Network(lambda net, f: net.linear(net.relu(f).mean((2, 3))), linear=linear,
                            relu=lambda: nn.ReLU(inplace=True)), "relu", False),
    "convolution at the end": (Network(lambda net, f: net.end_(f), end_=AveragePool), "conv", False),
    "maps of classes": (Network(lambda net, f: net.maps(f).mean((2, 3)), maps=lambda: nn.Conv2d(5, 4, 1)), "maps",
                        False),
    "rectified maps of classes": (Network(lambda net, f: torch.relu(net.maps(f)).mean((2, 3)),
                                          maps=lambda: nn.Conv2d(5, 4, 1)), "maps", True),
    "logits": (Network(lambda net, f: {"logits": net.linear(f.mean((2, 3)))}, linear=linear), "conv", False),
}  # fmt: skip

OTHERS = {
    "maximum": Network(lambda net, f: net.linear(f.amax((2, 3))), linear=linear),
    "sum": Network(lambda net, f: net.linear(f.sum((2, 3))), linear=linear),
    "part of the map": Network(lambda net, f: net.linear(f[:, :, 1:].mean((2, 3))), linear=linear),
    "another ReLU": Network(lambda net, f: net.linear(nn.functional.gelu(f).mean((2, 3))), linear=linear),
    "probabilities": Network(lambda net, f: net.linear(f.mean((2, 3))).softmax(1), linear=linear),
    "normalised": Network(lambda net, f: net.linear(nn.functional.layer_norm(f.mean((2, 3)), (5,))), linear=linear),
    "flattened": Network(lambda net, f: net.linear(f.flatten(1)), linear=lambda: nn.Linear(320, 4)),
    "two dense layers": Network(lambda net, f: net.linear(torch.relu(net.fc(f.mean((2, 3))))), linear=linear,
                                fc=lambda: nn.Linear(5, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", AVERAGED)
def test_scores_that_are_sums_of_maps(name):
    network, layer, rectified = AVERAGED[name]
    head = find_head(loaded(network), noise())
    assert (head.method, head.layer.name, head.rectified, head.classes) == ("cam", layer, rectified, 4)
    assert head.grid == Grid(0, 8, 8)


@pytest.mark.parametrize("name", OTHERS)
def test_scores_that_are_not(name):
    head = find_head(loaded(OTHERS[name]), noise())
    assert (head.method, head.layer.name, head.classes) == ("grad-cam", "conv", 4)
    assert head.linear is None


def test_weights_are_those_of_the_last_layer():
    head = find_head(loaded(Colours()), noise())
    assert head.linear.weights.tolist() == [list(row) for row in WEIGHTS]
    assert head.linear.bias.tolist() == list(BIAS)


def test_transformers():
    head = find_head(loaded(Transformer()), noise())
    assert (head.method, head.layer.name, head.grid) == ("grad-cam", "blocks.1.norm1", Grid(1, 4, 4))
    head = find_head(loaded(Transformer(token=False)), noise())
    assert (head.method, head.layer.name, head.grid) == ("cam", "norm", Grid(1, 4, 4))


def test_pooled_maps_are_passed_over():
    network = Network(
        lambda net, f: net.linear(net.pool(net.relu(f)).flatten(1)),
        relu=lambda: nn.ReLU(inplace=True),
        pool=lambda: nn.MaxPool2d(2),
        linear=lambda: nn.Linear(80, 4),
    )
    assert find_head(loaded(network), noise()).layer.name == "relu"
    head = find_head(loaded(network), noise(), "pool")
    assert (head.method, head.layer.name, head.grid) == ("grad-cam", "pool", Grid(0, 4, 4))


def test_a_layer_given_by_name_is_for_grad_cam():
    head = find_head(loaded(Colours()), noise(), "colour")
    assert (head.method, head.layer.name) == ("grad-cam", "colour")


def test_grids():
    assert find_grid((), (16, 16)) is None
    assert find_grid((1, 1), (16, 16)) is None
    assert find_grid((1,), (16, 16)) is None
    assert find_grid((2, 3, 4), (16, 16)) is None
    assert find_grid((7, 9), (16, 16)) == Grid(0, 7, 9)
    assert find_grid((201,), (224, 224)) == Grid(5, 14, 14)
    assert find_grid((202,), (224, 224)) is None
    assert find_grid((256,), (128, 512)) == Grid(0, 8, 32)
    assert find_grid((145,), (128, 288)) == Grid(1, 8, 18)


def test_tokens_are_laid_row_by_row():
    tokens = torch.arange(10.0).expand(1, 1, 10)
    assert Grid(1, 3, 3).lay(tokens)[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def constant(net, f):
    net.beside(f)
    return net.linear(f.mean((2, 3)))


@pytest.mark.parametrize(
    ("network", "example", "layer", "message"),
    [
        (nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), torch.ones(2, 6), None, r"shape \(6,\), not images"),
        (nn.Sequential(nn.Flatten(), nn.Linear(48, 4)), noise(2, 4, 4), None, "no layer of py:test has a map"),
        (Colours(), noise(), "colours", r"no layer 'colours' with a map \(did you mean 'colour'\?\); choose"),
        (Colours(), noise(), "linear", "no layer 'linear' with a map"),
        (
            Network(constant, linear=linear, beside=nn.ReLU),
            noise(),
            "beside",
            "do not depend on the map of layer besid",
        ),
        (Network(lambda net, f: f), noise(), None, "not a table of class scores"),
        (nn.Conv1d(3, 3, 1), noise(), None, "does not take input of shape"),
    ],
)
def test_networks_without_class_maps(network, example, layer, message):
    with pytest.raises(UnitscopeError, match=message):
        find_head(loaded(network), example, layer)


def test_an_example_that_proves_nothing():
    """Weights of zero fit any map."""
    network = Network(lambda net, f: net.linear(f.amax((2, 3))), linear=linear)
    nn.init.zeros_(network.linear.weight)
    with pytest.raises(UnitscopeError, match="depend on none of its maps"):
        find_head(loaded(network), noise())
    network = Network(lambda net, f: net.linear(f.amax((2, 3))), linear=linear)
    nn.init.zeros_(network.conv.weight)  # maps are constant: their maximum is their mean
    assert find_head(loaded(network), noise()).method == "grad-cam"
