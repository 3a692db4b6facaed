"""Silenced units: what the network computes without them, and that nothing of it stays behind."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from unitscope import UnitscopeError, ablated, load_model  # noqa: E402


class Twice(nn.Module):
    """A residual block that calls its ReLU twice; the first call's value enters twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.more = nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        first = self.relu(self.conv(x))
        return self.out((first + self.relu(self.more(first))).mean((2, 3)))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Twice().eval()


@pytest.fixture
def batch():
    return torch.randn(3, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def count_hooks(module):
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


def by_hand(network, x, change):
    """Run the network with a function applied to the first call of its ReLU."""
    first = change(torch.relu(network.conv(x)))
    return network.out((first + torch.relu(network.more(first))).mean((2, 3)))


def with_value(unit, value):
    def change(maps):
        maps = maps.clone()
        maps[:, unit] = value
        return maps

    return change


def test_a_value_that_enters_twice_is_silenced_in_both_places(network, batch):
    for value in (0.0, 1.5):
        with ablated(network, ["relu@1:2"], value) as silenced:
            assert torch.equal(silenced(batch), by_hand(network, batch, with_value(2, value)))
            assert torch.equal(silenced(batch), by_hand(network, batch, with_value(2, value)))  # calls count anew


def test_each_unit_has_its_own_value(network, batch):
    with ablated(network, ["relu@1:0", "relu@1:3"], {"relu@1:0": 1.0, "relu@1:3": 2.0}):
        found = network(batch)
    assert torch.equal(found, by_hand(network, batch, lambda maps: with_value(3, 2.0)(with_value(0, 1.0)(maps))))


def test_contexts_nest(network, batch):
    with ablated(network, ["relu@1:0"]), ablated(network, ["relu@1:1", "out:0"], 3.0):
        found = network(batch)
    expected = by_hand(network, batch, lambda maps: with_value(1, 3.0)(with_value(0, 0.0)(maps)))
    assert torch.equal(found[:, 1], expected[:, 1])
    assert (found[:, 0] == 3).all()


def test_nothing_stays_behind_after_any_exception(network, batch):
    before = network(batch)
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), ablated(network, ["conv:0", "out:1"]):
            raise error
    with pytest.raises(RuntimeError), ablated(network, ["conv:0"]):
        network(batch[:, :1])
    assert count_hooks(network) == 0
    assert torch.equal(network(batch), before)


def test_a_pass_that_was_broken_off_leaves_no_wrong_count_of_calls(network, batch):
    with ablated(network, ["relu@2:0"]):
        expected = network(batch)
        network.more.register_forward_hook(lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            network(batch)
        network.more._forward_hooks.popitem()
        assert torch.equal(network(batch), expected)


def test_gradients_pass_through_the_other_units(network, batch):
    with ablated(network, ["conv:1"]):
        network(batch).sum().backward()
    gradient = network.conv.weight.grad.abs().sum((1, 2, 3))
    assert gradient[1] == 0
    assert (gradient[[0, 2]] > 0).all()


def test_a_compiled_network_is_silenced_too(network, batch):
    compiled = torch.compile(network, backend="eager")
    before = compiled(batch)
    with ablated(compiled, ["conv:0"]):
        without = compiled(batch)
    with ablated(network, ["conv:0"]):
        assert torch.equal(without, network(batch))
    assert not torch.equal(without, before)
    assert torch.equal(compiled(batch), before)


def test_mode_is_left_alone(network, batch):
    network.train()
    with ablated(network, ["conv:0"]):
        assert network.training
        network(batch)
    assert network.training


def test_tokens_have_units_on_the_last_axis_where_the_layer_or_an_example_says_so():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 4), nn.ReLU())
    tokens = torch.randn(2, 4, 5)
    with ablated(network, ["0:1"]):
        assert (network(tokens)[:, :, 1] == 0).all()
    with ablated(network, ["1:1"], 7.0), pytest.raises(UnitscopeError, match=r"layer 1, of shape .* example="):
        network(tokens)
    with ablated(network, ["1:1"], 7.0, example=tokens):
        assert (network(tokens)[:, :, 1] == 7).all()


@pytest.mark.parametrize(
    ("units", "value", "message"),
    [
        ("conv:1", 0.0, r"write \['conv:1'\]"),
        (["conv"], 0.0, "'conv' is not a unit"),
        (["convs:1"], 0.0, "no layer convs .did you mean 'conv'"),
        ([":1"], 0.0, "':1' is not a unit"),
        (["conv:1"], {"conv:2": 0.0}, "no entry for unit conv:1"),
    ],
)
def test_bad_input_is_one_sentence(network, units, value, message):
    with pytest.raises(UnitscopeError, match=message), ablated(network, units, value):
        pass
    assert count_hooks(network) == 0


@pytest.mark.parametrize(
    ("unit", "message"),
    [("conv:4", "no unit 4; its units are 0 to 3"), ("conv[0]:1", "gives no such tensor")],
)
def test_units_that_a_layer_lacks_are_refused_when_it_is_called(network, batch, unit, message):
    with pytest.raises(UnitscopeError, match=message), ablated(network, [unit]):
        network(batch)


def test_loaded_models_are_taken(batch):
    model = load_model("demo:")
    with ablated(model, ["fc8:0"], -5.0) as network:
        assert (network(torch.rand(2, 3, 64, 64))[:, 0] == -5).all()
