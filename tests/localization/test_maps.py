"""Class maps: values worked out by hand, sums that are scores, gradients by brute force."""

import numpy as np
import pytest
import torch
from localizing_networks import Colours, Network, Transformer, loaded, noise
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.localization import class_maps, find_box, find_head, upsample
from unitscope.models import load_model


def square():
    """A red square in rows 4 to 7 and columns 6 to 11, a blue pixel of the maps at the lower right; else black."""
    batch = torch.zeros(1, 3, 16, 16)
    batch[0, 0, 4:8, 6:12] = 1
    batch[0, 2, 14:, 14:] = 1
    return batch


def test_maps_of_a_square():
    network = loaded(Colours(), ["red", "green"])
    head = find_head(network, noise())
    found = class_maps(network, head, square(), ["red", 1])
    expected = np.zeros((8, 8))
    expected[2:4, 3:6], expected[7, 7] = 1 / 64, -0.5 / 64
    np.testing.assert_allclose(found.maps[0, 0], expected, atol=1e-8)
    assert not found.maps[0, 1].any()
    np.testing.assert_allclose(found.scores[0], [6 / 64 - 0.5 / 64 + 0.25, -1], rtol=1e-6)
    np.testing.assert_allclose(found.means[0], [6 / 64, 0, 1 / 64], rtol=1e-6)
    # One pixel outside the square has a quarter of the maximum, more than 20 %.
    red, green = upsample(found.maps[0], (16, 16))
    assert find_box(red).tolist() == [3, 5, 9, 13]
    assert find_box(red, 0.25).tolist() == [4, 6, 8, 12]
    assert find_box(green).tolist() == [-1, -1, -1, -1]


def many_units(end, **parts):
    return Network(end, 40, **parts)


ENDS = {
    "linear": many_units(lambda net, f: net.linear(f.mean((2, 3))), linear=lambda: nn.Linear(40, 7)),
    "rectified": many_units(lambda net, f: net.linear(torch.relu(f).mean((2, 3))), linear=lambda: nn.Linear(40, 7)),
    "maps of classes": many_units(lambda net, f: torch.relu(net.maps(f)).mean((2, 3)),
                                  maps=lambda: nn.Conv2d(40, 7, 1)),
    "transformer": Transformer(token=False),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_a_map_adds_up_to_the_score(name):
    network = loaded(ENDS[name])
    head = find_head(network, noise())
    batch = noise(6, 16, 16, seed=1) * 2
    found = class_maps(network, head, batch, range(head.classes))
    assert head.method == "cam"
    np.testing.assert_allclose(
        found.maps.astype(float).sum((2, 3)) + head.linear.bias.numpy(), found.scores, atol=2e-6, rtol=2e-6
    )
    with torch.no_grad():
        np.testing.assert_array_equal(found.scores, network.module(batch).numpy())


def test_order_of_units_does_not_matter():
    network = ENDS["linear"]
    shuffled = many_units(lambda net, f: net.linear(f.mean((2, 3))), linear=lambda: nn.Linear(40, 7))
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    shuffled.conv.weight.data, shuffled.conv.bias.data = network.conv.weight[order], network.conv.bias[order]
    shuffled.linear.weight.data, shuffled.linear.bias.data = network.linear.weight[:, order], network.linear.bias
    maps = []
    for each in (network, shuffled):
        head = find_head(loaded(each), noise())
        maps.append(class_maps(loaded(each), head, noise(3), [0, 6]).maps)
    np.testing.assert_allclose(*maps, atol=1e-6)


def test_grad_cam_is_the_relu_of_cam_where_both_are_possible():
    network = loaded(ENDS["linear"])
    batch = noise(3)
    cam, grad = (
        class_maps(network, find_head(network, noise(), layer), batch, [2, 4]).maps for layer in (None, "conv")
    )
    assert (cam < 0).any()
    np.testing.assert_allclose(grad, np.maximum(cam, 0), atol=1e-7)


def dense(relu_in_place):
    return Network(
        lambda net, f: net.last(torch.tanh(net.first(net.relu(f).flatten(1)))),
        relu=lambda: nn.ReLU(inplace=relu_in_place),
        first=lambda: nn.Linear(5 * 64, 6),
        last=lambda: nn.Linear(6, 4),
    )


@pytest.mark.parametrize("layer", ["conv", "relu"])
@pytest.mark.parametrize("relu_in_place", [False, True])
def test_grad_cam_by_differences(layer, relu_in_place):
    """The derivative along each map's mean, by moving the whole map up and down in float64."""
    net = dense(relu_in_place)
    network, batch, classes = loaded(net), noise(2), np.array([[3, 0], [1, 1]])
    found = class_maps(network, find_head(network, batch, layer), batch, classes)

    @torch.no_grad()
    def rest(f):
        f = f if layer == "relu" else torch.relu(f)
        hidden = torch.tanh(f.flatten(1) @ net.first.weight.double().T + net.first.bias.double())
        return hidden @ net.last.weight.double().T + net.last.bias.double()

    with torch.no_grad():
        f = net.conv(batch).double()
    f = torch.relu(f) if layer == "relu" else f
    expected = np.zeros((2, 2, 8, 8))
    for item, place in np.ndindex(2, 2):
        for unit in range(5):
            step = torch.zeros_like(f)
            step[item, unit] = 1e-6
            change = (rest(f + step) - rest(f - step))[item, classes[item, place]] / 2e-6
            expected[item, place] += float(change) / 64 * f[item, unit].numpy()
    np.testing.assert_allclose(found.maps, np.maximum(expected, 0), atol=1e-6)
    assert found.maps.any()


def test_classes_of_each_item_and_by_score():
    network = loaded(ENDS["linear"])
    head, batch = find_head(network, noise()), noise(3)
    everything = class_maps(network, head, batch, range(7))
    best = class_maps(network, head, batch, lambda scores: scores.topk(2).indices)
    assert (best.classes == np.argsort(-everything.scores, axis=1)[:, :2]).all()
    np.testing.assert_allclose(best.maps, everything.maps[np.arange(3)[:, None], best.classes], atol=1e-8)
    some = class_maps(network, head, batch, np.array([[6], [0], [2]]))
    np.testing.assert_allclose(some.maps[:, 0], everything.maps[[0, 1, 2], [6, 0, 2]], atol=1e-8)


def test_the_network_is_left_as_it_was():
    module = dense(True)
    network = loaded(module)
    module.train()
    module.first.weight.requires_grad_(False)
    class_maps(network, find_head(network, noise()), noise(), [0])
    assert module.training
    assert module.last.weight.requires_grad
    assert not module.first.weight.requires_grad
    assert module.last.weight.grad is None
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "give a list of at least one class"),
        ("red", "give a list of at least one class"),
        ([2], "there is no class 2; py:test has classes 0 to 1"),
        ([-1], "there is no class -1"),
        (["rde"], r"no class 'rde' \(did you mean 'red'"),
        (np.array([[0], [1]]), "given for 2 items, but the batch has 1"),
        ([0.5], "no class 0.5"),
        ([True], "no class True"),
    ],
)
def test_classes_that_are_not_there(classes, message):
    network = loaded(Colours(), ["red", "green"])
    with pytest.raises(UnitscopeError, match=message):
        class_maps(network, find_head(network, noise()), square(), classes)


def test_names_of_classes_that_nobody_knows():
    network = loaded(Colours())
    with pytest.raises(UnitscopeError, match=r"knows no names of its classes, so 'red'.*number, 0 to 1"):
        class_maps(network, find_head(network, noise()), square(), ["red"])


def test_a_sum_that_is_not_the_score_is_refused():
    network = loaded(
        Network(lambda net, f: net.linear(f.mean((2, 3))) + (f.mean() > 5), linear=lambda: nn.Linear(5, 4))
    )
    head = find_head(network, noise())
    assert head.method == "cam"
    with pytest.raises(
        UnitscopeError, match="score of class 0 for item 0 of the batch is not the sum of the map of con"
    ):
        class_maps(network, head, noise() + torch.sign(network.module.conv.weight.sum()) * 1e3, [0])


@pytest.mark.parametrize("layer", [None, "colour"])
def test_maps_that_are_not_finite(layer):
    network = loaded(Colours())
    batch = noise(2)
    batch[1, 2, 0, 0] = torch.nan
    with pytest.raises(UnitscopeError, match="layer colour, unit 0 gave nan for item 1"):
        class_maps(network, find_head(network, noise(), layer), batch, [0])


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "folder", "options", "layer", "size"),
    [
        ("resnet20", "cifar10-test", {"size": 32}, "layer3", 8),
        ("squeezenet", "imagenet-samples", {"resize": 256, "crop": 227}, "conv10", 15),
    ],
)
def test_real_networks(real, name, folder, options, layer, size):
    from PIL import Image

    network = load_model(f"py:{real / 'models.py'}:{name}", **options)
    paths = sorted(path for path in (real / folder).rglob("*") if path.is_file())
    batch = torch.stack([network.preprocess(Image.open(path)) for path in paths[:: len(paths) // 16][:16]])
    head = find_head(network, batch[:2])
    assert (head.method, head.layer.name) == ("cam", layer)
    found = class_maps(network, head, batch, range(head.classes))
    assert found.maps.shape == (16, head.classes, size, size)
    sums = found.maps.astype(float).sum((2, 3)) + head.linear.bias.numpy()
    np.testing.assert_allclose(sums, found.scores, atol=2e-6 * np.abs(found.scores).max())
