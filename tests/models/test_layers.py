import numpy as np
import pytest
import torch
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.models import LoadedModel, choose_layers, example_batch, list_layers, load_model
from unitscope.models.preprocess import steps_from_options

BATCH = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def listed(module, batch=BATCH):
    model = LoadedModel("py:x:y", {}, module.eval(), steps_from_options({}), None, "")
    return {layer.name: layer for layer in list_layers(model, batch)}


def warned(layer, words):
    return any(words in warning for warning in layer.warnings)


class Wrapped(nn.Module):
    """A module whose forward is a function of its parts."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        return self.run(self, x)


def test_maps_and_dense_layers():
    rows = listed(nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(180, 7)))
    assert list(rows) == ["0", "1", "2", "3"]
    conv, dense = rows["0"], rows["3"]
    assert (conv.type, conv.shape, conv.units, conv.positions, conv.unit_axis) == ("Conv2d", (5, 6, 6), 5, (6, 6), 1)
    assert (dense.shape, dense.units, dense.positions, dense.unit_axis) == ((7,), 7, (), 1)
    assert (conv.module_name, conv.call, conv.key, conv.calls) == ("0", 1, None, 1)


def test_values_below_zero_are_told_of_layers_before_an_activation_function():
    rows = listed(nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 5, 3), nn.GELU()))
    assert warned(rows["0"], "before the activation function")
    assert not rows["1"].warnings
    assert not rows["3"].warnings


@pytest.mark.parametrize("change", [nn.ReLU(inplace=True), lambda x: x.add_(1), lambda x: x[:, 0].mul_(2)])
def test_outputs_changed_in_place(change):
    module = Wrapped(lambda self, x: change(self.conv(x)), conv=nn.Conv2d(3, 4, 3))
    assert warned(listed(module)["conv"], "is changed in place after it was given")


def test_outputs_not_changed_in_place():
    module = Wrapped(lambda self, x: torch.relu(self.conv(x)).add_(1), conv=nn.Conv2d(3, 4, 3))
    assert not warned(listed(module)["conv"], "in place")


def test_in_place_addition_of_a_residual():
    def run(self, x):
        out = self.norm(x)
        out += x
        return out

    assert warned(listed(Wrapped(run, norm=nn.BatchNorm2d(3)))["norm"], "in place")


def test_a_module_called_several_times():
    rows = listed(
        Wrapped(lambda self, x: self.relu(self.relu(self.conv(x)) - 1), conv=nn.Conv2d(3, 4, 3), relu=nn.ReLU())
    )
    assert list(rows) == ["conv", "relu@1", "relu@2"]
    assert [rows[name].call for name in ("relu@1", "relu@2")] == [1, 2]
    assert [rows[name].calls for name in rows] == [1, 2, 2]
    assert warned(rows["relu@1"], "called 2 times per forward pass; choose one call with @1 to @2")
    assert [layer.call for layer in choose_layers(list(rows.values()), "relu@2")] == [2]


def test_tuples_dictionaries_and_model_outputs():
    def run(self, x):
        return self.pair(x)[0] + self.named(x)["high"] + self.nothing(x)

    module = Wrapped(
        run,
        pair=Wrapped(lambda self, x: (x * 2, (x,), "word", [x.mean()])),
        named=Wrapped(lambda self, x: {"low": x, "high": x[:, :2].sum(1, keepdim=True), "rate": 3}),
        nothing=Wrapped(lambda self, x: 5),
    )
    rows = listed(module)
    assert list(rows) == ["pair[0]", "named[low]", "named[high]", "nothing"]
    assert [rows[name].key for name in rows] == [0, "low", "high", None]
    assert rows["named[high]"].units == 1
    assert all(warned(rows[name], "one tensor of several") for name in ("pair[0]", "named[low]"))
    assert rows["nothing"].units == 0
    assert warned(rows["nothing"], "cannot be recorded: gives no tensor")


def test_lstm():
    batch = torch.randn(2, 5, 3)
    rows = listed(Wrapped(lambda self, x: self.lstm(x)[0][:, -1], lstm=nn.LSTM(3, 6, batch_first=True)), batch)
    assert list(rows) == ["lstm[0]"]
    assert (rows["lstm[0]"].units, rows["lstm[0]"].positions, rows["lstm[0]"].unit_axis) == (6, (5,), 2)
    # Steps first, with as many steps as there are items: only a longer batch tells the two axes apart.
    turned = Wrapped(lambda self, x: self.lstm(x.transpose(0, 1))[0][-1], lstm=nn.LSTM(3, 6))
    row = listed(turned, torch.randn(2, 2, 3))["lstm[0]"]
    assert row.units == 0
    assert warned(row, "does not begin with the items")


def test_what_cannot_be_recorded_says_why():
    parts = {
        "numbers": Wrapped(lambda self, x: x.argmax(1)),
        "flat": Wrapped(lambda self, x: x.mean((1, 2, 3))),
        "scalar": Wrapped(lambda self, x: x.mean()),
        "six": Wrapped(lambda self, x: x[:, :, None, None]),
        "none": Wrapped(lambda self, x: x[:, :0]),
    }
    rows = listed(Wrapped(lambda self, x: [part(x) for part in self.children()], **parts))
    assert not any(row.units for row in rows.values())
    assert warned(rows["numbers"], "cannot be recorded: its values are torch.int64")
    for name in ("flat", "scalar", "six", "none"):
        assert warned(rows[name], "cannot be recorded: its shape"), name


def test_modules_never_called_and_those_that_cannot_be():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Conv2d(3, 4, 3)])
            self.extra = nn.Linear(3, 3)

        def forward(self, x):
            return self.blocks[0](x)

    rows = listed(Net())
    assert list(rows) == ["blocks.0", "extra"]
    assert warned(rows["extra"], "is not called in the forward pass")
    assert rows["extra"].calls == 0


def test_tokens_and_one_dimensional_maps():
    signal = torch.randn(2, 3, 20)
    rows = listed(
        nn.Sequential(nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(), nn.MaxPool1d(2)),
        signal,
    )
    assert [(row.units, row.positions, row.unit_axis) for row in rows.values()] == [(8, (18,), 1)] * 4 + [(8, (9,), 1)]
    block = nn.Sequential(nn.Sequential(nn.Conv1d(3, 8, 3), nn.ReLU()), nn.GELU())
    assert listed(block, signal)["0"].unit_axis == listed(block, signal)["1"].unit_axis == 1
    tokens = listed(nn.Sequential(nn.Linear(20, 8), nn.LayerNorm(8), nn.GELU(), nn.Identity()), signal)
    assert [(row.units, row.positions, row.unit_axis) for row in tokens.values()] == [(8, (3,), 2)] * 4
    encoder = nn.TransformerEncoderLayer(20, 2, 16, batch_first=True)
    assert listed(nn.Sequential(encoder), signal)["0"].unit_axis == 2


def test_maps_with_units_last():
    images = torch.randn(2, 8, 8, 3)
    rows = listed(
        nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5), nn.GELU(), Wrapped(lambda self, x: x[..., :4])), images
    )
    assert [(row.units, row.positions) for row in rows.values()] == [(5, (8, 8))] * 3 + [(4, (8, 8))]
    assert warned(rows["3"], "judging by its square map")


def test_layer_normalisation_of_maps():
    class LayerNorm2d(nn.LayerNorm):
        def forward(self, x):
            return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    assert listed(nn.Sequential(nn.Conv2d(3, 5, 3), LayerNorm2d(5)))["1"].units == 5


def test_volumes():
    assert listed(nn.Sequential(nn.Conv3d(3, 5, 2)), torch.randn(2, 3, 4, 4, 4))["0"].positions == (3, 3, 3)


def test_hooks_and_weights_are_left_as_they_were():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True))
    before = BATCH.clone()
    listed(module)
    assert not any(part._forward_hooks for part in module.modules())
    assert torch.equal(BATCH, before)
    with pytest.raises(UnitscopeError):
        listed(module, torch.zeros(2, 4, 8, 8))
    assert not any(part._forward_hooks for part in module.modules())


def test_input_that_does_not_fit():
    with pytest.raises(UnitscopeError, match=r"does not take input of shape \(2, 3, 8, 8\) .*-M resize=256") as caught:
        listed(nn.Sequential(nn.Flatten(), nn.Linear(10, 2)))
    assert "\n" not in str(caught.value)


def test_demo():
    model = load_model("demo:")
    rows = {layer.name: layer for layer in list_layers(model, example_batch(model))}
    assert [rows[name].units for name in ("conv1", "conv5", "fc6", "fc7", "fc8")] == [32, 64, 192, 128, 16]
    assert rows["conv5"].positions == (8, 8)
    assert not any(warned(row, "below zero") for name, row in rows.items() if name != "fc8")


def test_example_of_data():
    from unitscope.data import load_data

    model, data = load_model("demo:"), load_data("demo:", n=5)
    batch = example_batch(model, data)
    assert batch.shape == (2, 3, 64, 64)
    assert np.allclose(batch[1].permute(1, 2, 0).numpy() * 255, np.asarray(data.load(1)), atol=1e-3)


@pytest.mark.real
def test_real_networks(real):
    model = load_model(f"py:{real}/models.py:resnet20")
    rows = {layer.name: layer for layer in list_layers(model, example_batch(model))}
    assert [rows[f"layer{k}.2"].units for k in (1, 2, 3)] == [16, 32, 64]
    assert rows["linear"].units == 10
    blocks = choose_layers(list(rows.values()), "layer*.*,linear")
    assert [layer.name for layer in blocks] == [f"layer{k}.{i}" for k in (1, 2, 3) for i in range(3)] + ["linear"]
    squeezenet = load_model(f"py:{real}/models.py:squeezenet", resize=256, crop=227)
    rows = {layer.name: layer for layer in list_layers(squeezenet, example_batch(squeezenet))}
    assert warned(rows["fire2.expand3x3"], "before the activation function")
    assert [name for name in rows if name.startswith("pool")] == ["pool@1", "pool@2", "pool@3"]
    assert rows["conv10"].units == 1000
    assert rows["pool@1"].positions == (55, 55)


@pytest.mark.parametrize("make", [torch.jit.script, lambda part: torch.jit.trace(part, BATCH)])
def test_torchscript_takes_no_hooks(make):
    part = make(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval())
    rows = listed(nn.Sequential(part, nn.MaxPool2d(2)))
    assert list(rows) == ["0", "0.0", "0.1", "1"]
    assert all(
        rows[name].warnings == ["cannot be recorded: it is TorchScript, which takes no hooks"] for name in ("0", "0.1")
    )
    assert rows["1"].units == 4
    with pytest.raises(UnitscopeError, match="layer 0 cannot be recorded: it is TorchScript"):
        choose_layers([*rows.values()], "0")
    with pytest.raises(
        UnitscopeError, match=r"the network is TorchScript .* give the nn.Module from which it was made"
    ):
        listed(part)
