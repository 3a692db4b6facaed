"""Running a network: what is taken, replaced and left behind, and where a pass ends."""

import collections
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from unitscope.data import load_data  # noqa: E402
from unitscope.errors import UnitscopeError  # noqa: E402
from unitscope.models import (  # noqa: E402
    arithmetic,
    capture,
    choose_device,
    choose_layers,
    class_scores,
    cut_batches,
    list_layers,
    load_model,
    on_device,
    reduce_positions,
    run_batches,
)
from unitscope.models.computing import uncompiled  # noqa: E402
from unitscope.models.outputs import get_tensor, with_tensor  # noqa: E402

Pair = collections.namedtuple("Pair", "left right")


class Branches(nn.Module):
    """Two branches in a named tuple; units of the right one on the last axis."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(5, 6)

    def forward(self, x):
        return Pair(x * 2, self.dense(x.flatten(2).transpose(1, 2)))


class Net(nn.Module):
    """A convolution with an in-place ReLU behind it, a module used twice, a tuple, a residual, a dense end."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(inplace=True))
        self.mix = nn.Conv2d(5, 5, 1)
        self.branches = Branches()
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(11, 4)
        self.calls = collections.Counter()
        for name, part in self.named_children():
            part.register_forward_pre_hook(lambda part, given, name=name: self.calls.update([name]))

    def forward(self, x):
        x = self.body(x)
        x = x + self.mix(self.mix(x))
        left, right = self.branches(x)
        return self.fc(self.drop(torch.cat([left.mean((2, 3)), right.mean(1)], 1)))


def by_hand(net, x, after_conv=lambda maps: maps, after_mix=lambda maps: maps):
    """Compute every layer of `Net`, with one output changed on the way."""
    conv = after_conv(net.body[0](x))
    relu = conv.clamp(min=0)
    first = after_mix(net.mix(relu))
    second = net.mix(first)
    left, right = net.branches(relu + second)
    out = net.fc(torch.cat([left.mean((2, 3)), right.mean(1)], 1))
    return {
        "body.0": conv, "body.1": relu, "mix@1": first, "mix@2": second, "branches[0]": left,
        "branches[1]": right.transpose(1, 2), "fc": out,
    }  # fmt: skip


NAMES = "body.0,body.1,mix@1,mix@2,branches[0],branches[1],fc"


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval().requires_grad_(False)


@pytest.fixture
def x():
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def layers_of(net, x, names=NAMES):
    return choose_layers(list_layers(SimpleNamespace(module=net), x), names)


def whole(maps):
    return maps


def assert_clean(net):
    """Only the hooks that `Net` itself has are left, and no module is in another mode."""
    for part in net.modules():
        assert not part._forward_hooks
    assert not net._forward_pre_hooks
    assert all(len(part._forward_pre_hooks) == 1 for part in net.children())


def silence(unit):
    def replace(maps):
        maps[:, unit] = 0
        return maps

    return replace


def test_whole_maps_are_those_of_a_direct_computation(net, x):
    with capture(net, layers_of(net, x), take=whole) as network:
        output = network(x)
    expected = by_hand(net, x)
    assert (expected["body.0"] < 0).any()  # the in-place ReLU behind it changed nothing of what was taken
    assert network.taken.keys() == expected.keys()
    for name, maps in network.taken.items():
        torch.testing.assert_close(maps, expected[name], msg=name)
        assert not maps.requires_grad
        assert not maps.is_inference()  # it may be changed in place and used with gradients
    assert torch.equal(output, network.taken["fc"])
    assert_clean(net)


def test_reduced_values_a_position_and_several_tensors(net, x):
    take = {
        "body.0": lambda maps: reduce_positions(maps, "max"),
        "mix@2": lambda maps: maps[:, :, 2, 3],
        "branches[1]": lambda maps: maps.max(2),  # values and places
    }
    with capture(net, layers_of(net, x), take=take) as network:
        network(x)
    expected = by_hand(net, x)
    torch.testing.assert_close(network.taken["body.0"], expected["body.0"].amax((2, 3)))
    torch.testing.assert_close(network.taken["mix@2"], expected["mix@2"][:, :, 2, 3])
    values, places = network.taken["branches[1]"]
    torch.testing.assert_close(values, expected["branches[1]"].amax(2))
    assert torch.equal(places, expected["branches[1]"].argmax(2))
    assert network.taken.keys() == take.keys()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_lower_precision_is_taken_as_it_is_and_reduced_to_float32(net, x, dtype):
    net, x = net.to(dtype), x.to(dtype)
    chosen = layers_of(net, x, "body.0")
    with capture(net, chosen, take=whole) as network:
        network(x)
    assert network.taken["body.0"].dtype == dtype
    assert torch.equal(network.taken["body.0"], net.body[0](x))
    with capture(
        net, chosen, take=lambda maps: reduce_positions(maps, "mean"), replace={"body.0": silence(1)}
    ) as network:
        network(x)
    assert network.taken["body.0"].dtype == torch.float32
    assert (network.taken["body.0"][:, 1] == 0).all()


def test_gradients_reach_the_input_through_an_in_place_relu(net, x):
    x.requires_grad_()
    with capture(net, layers_of(net, x.detach()), take=lambda maps: maps.amax((2, 3)) if maps.ndim == 4 else maps,
                 gradient=True) as network:  # fmt: skip
        network(x)
        network.taken["body.0"][:, 2].sum().backward()
    taken, x.grad = x.grad, None
    net.body[0](x)[:, 2].amax((1, 2)).sum().backward()
    assert taken.abs().sum() > 0
    torch.testing.assert_close(taken, x.grad)


def test_weights_get_no_gradient_and_are_left_trainable(net, x):
    net.requires_grad_(True)
    net.mix.bias.requires_grad_(False)
    before = [weight.requires_grad for weight in net.parameters()]
    chosen = layers_of(net, x, "fc")
    x.requires_grad_()
    with capture(net, chosen, take=whole, gradient=True) as network:
        network(x)
        network.taken["fc"].sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in net.parameters())
    assert [weight.requires_grad for weight in net.parameters()] == before
    with capture(net, chosen, take=whole) as network:
        network(x)
    assert not network.taken["fc"].requires_grad  # none was asked for


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_the_callers_mode_of_gradients_changes_nothing(net, x, mode):
    chosen = layers_of(net, x, "body.0")
    image = x.clone().requires_grad_()
    with mode():
        with capture(net, chosen, take=whole) as network:
            network(x)
            assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)
            assert torch.is_grad_enabled() == (mode is torch.enable_grad)
        assert not network.taken["body.0"].requires_grad
        with capture(net, chosen, take=whole, gradient=True, stop=True) as network:
            network(image)
        assert network.taken["body.0"].requires_grad


def test_a_replaced_output_is_as_if_the_unit_were_silent(net, x):
    chosen = layers_of(net, x)
    with capture(net, chosen, take=whole, replace={"body.0": silence(3)}) as network:
        network(x)
    changed = by_hand(net, x, after_conv=silence(3))
    for name, maps in network.taken.items():
        torch.testing.assert_close(maps, changed[name], msg=name)
    assert not torch.equal(changed["fc"], by_hand(net, x)["fc"])
    net.body[0].weight.data[3] = 0  # the same by the weights
    net.body[0].bias.data[3] = 0
    torch.testing.assert_close(net(x), changed["fc"])


def test_one_call_of_a_module_and_one_tensor_of_a_tuple_are_replaced(net, x):
    chosen = layers_of(net, x)
    with capture(net, chosen, take=whole, replace={"mix@1": silence(0)}) as network:
        network(x)
    torch.testing.assert_close(network.taken["fc"], by_hand(net, x, after_mix=silence(0))["fc"])
    with capture(net, chosen, take=whole, replace={"branches[1]": silence(4)}) as network:
        network(x)
    expected = by_hand(net, x)
    right = silence(4)(expected["branches[1]"])
    out = net.fc(torch.cat([expected["branches[0]"].mean((2, 3)), right.mean(2)], 1))
    torch.testing.assert_close(network.taken["fc"], out)
    torch.testing.assert_close(network.taken["branches[0]"], expected["branches[0]"])


def test_what_is_replaced_is_a_copy(x):
    net = nn.Sequential(nn.Identity(), nn.Flatten())
    before = x.clone()
    with capture(net, layers_of(net, x, "0"), replace={"0": silence(0)}) as network:
        assert (network(x)[:, : 8 * 8] == 0).all()
    assert torch.equal(x, before)


def test_a_replacement_may_have_many_items_for_one(net, x):
    """The tail of a network runs for all units of a layer at once, one silent in each."""

    def each_silent(maps):
        copies = maps.repeat(5, 1, 1, 1)
        copies[range(5), range(5)] = 0
        return copies

    chosen = layers_of(net, x, "body.1,fc")
    with capture(net, chosen, take={"fc": whole}, replace={"body.1": each_silent}) as network:
        network(x[:1])
    for unit in range(5):
        with capture(net, chosen, take={"fc": whole}, replace={"body.1": silence(unit)}) as one:
            one(x[:1])
        torch.testing.assert_close(network.taken["fc"][unit], one.taken["fc"][0])


def test_the_pass_ends_at_the_deepest_layer_wanted(net, x):
    chosen = layers_of(net, x)
    net.calls.clear()
    with capture(net, chosen, take={"mix@1": whole, "body.0": whole}, stop=True) as network:
        assert network(x) is None
    assert net.calls == {"body": 1, "mix": 1}
    torch.testing.assert_close(network.taken["mix@1"], by_hand(net, x)["mix@1"])
    assert_clean(net)
    net.calls.clear()
    with capture(net, chosen, take={"mix@1": whole}, stop=True) as network:
        first = network.module(x)  # the network itself, called by somebody else, is never cut short
        for _ in range(2):
            assert network(x) is None
    assert first.shape == (3, 4)
    assert net.calls["mix"] == 2 + 1 + 1
    assert net.calls["fc"] == 1


def test_a_network_that_catches_errors_does_not_catch_the_end_of_the_pass(x):
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 5, 3)

        def forward(self, x):
            try:
                return self.conv(x)
            except Exception:
                return "caught"

    net = Careful()
    with capture(net, layers_of(net, x, "conv"), take=whole, stop=True) as network:
        assert network(x) is None
    assert network.taken["conv"].shape == (3, 5, 6, 6)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["take", "replace", "module", "block"])
def test_hooks_modes_and_settings_are_put_back_after_any_exception(net, x, error, where):
    chosen = layers_of(net, x, "body.0,mix@2")
    net.train()
    net.body.eval()
    net.requires_grad_(True)
    modes = {name: part.training for name, part in net.named_modules()}
    settings = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, torch.get_float32_matmul_precision()

    def fail(maps):
        raise error("stop")

    def use():
        with capture(net, chosen, take=fail if where == "take" else whole, gradient=True,
                     replace={"mix@2": fail} if where == "replace" else None) as network:  # fmt: skip
            if where == "module":
                network(x[0, 0])  # the wrong shape
            if where == "block":
                raise error("stop")
            network(x)

    with pytest.raises(RuntimeError if where == "module" else error):
        use()
    assert_clean(net)
    assert {name: part.training for name, part in net.named_modules()} == modes
    assert all(weight.requires_grad for weight in net.parameters())
    assert torch.is_grad_enabled()
    after = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, torch.get_float32_matmul_precision()
    assert after == settings


def test_a_network_in_training_mode_is_evaluated(net, x):
    expected = by_hand(net, x)["fc"]
    net.train()
    with capture(net, layers_of(net, x, "fc"), take=whole) as network:
        network(x)
    torch.testing.assert_close(network.taken["fc"], expected)  # no dropout
    assert net.drop.training


def test_contexts_nest_and_the_inner_one_gets_what_the_outer_one_made(net, x):
    chosen = layers_of(net, x)
    with capture(net, chosen, take=whole, replace={"body.0": silence(3)}) as outer:
        with capture(net, chosen, take=whole, replace={"body.0": silence(1)}, stop=True) as inner:
            inner(x)
        assert len(net.fc._forward_hooks) == 1
        both = by_hand(net, x, after_conv=lambda maps: silence(1)(silence(3)(maps)))
        torch.testing.assert_close(inner.taken["body.0"], both["body.0"])
        torch.testing.assert_close(inner.taken["fc"], both["fc"])
        outer(x)
    torch.testing.assert_close(outer.taken["fc"], by_hand(net, x, after_conv=silence(3))["fc"])
    assert_clean(net)


def test_an_outer_context_that_ends_early_leaves_the_inner_one_alone(net, x):
    chosen = layers_of(net, x)
    with (
        capture(net, chosen, take={"body.0": whole}, stop=True) as outer,
        capture(net, chosen, take={"fc": whole}) as inner,
    ):
        assert inner(x) is not None
        assert outer(x) is None
    assert outer.taken.keys() == {"body.0"}


def test_a_pass_within_another_pass_does_not_swallow_its_end(net, x):
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            scores = inner(x)
            reached.append("behind")
            return scores

    with capture(net, layers_of(net, x, "fc"), take=whole) as inner:
        reached = []
        around = Around()
        chosen = layers_of(around, x, "net.body.0")
        reached.clear()
        with capture(around, chosen, take=whole, stop=True) as outer:
            assert outer(x) is None
    assert reached == []


def test_every_pass_has_its_own_values(net, x):
    with capture(net, layers_of(net, x, "fc"), take=whole) as network:
        network(x)
        first = network.taken
        network(x[:1])
    assert first["fc"].shape == (3, 4)
    assert network.taken["fc"].shape == (1, 4)
    torch.testing.assert_close(network.taken["fc"], first["fc"][:1])


def test_compiled_networks_are_hooked_too(net, x):
    compiled = torch.compile(net, backend="eager")
    with arithmetic(), torch.no_grad():
        expected = compiled(x)
    chosen = layers_of(compiled, x, "_orig_mod.body.0,_orig_mod.fc")
    for unit in (0, 3):
        with capture(compiled, chosen, take=whole, replace={"_orig_mod.body.0": silence(unit)}) as network:
            network(x)
        torch.testing.assert_close(network.taken["_orig_mod.fc"], by_hand(net, x, after_conv=silence(unit))["fc"])
    with arithmetic(), torch.no_grad():
        assert torch.equal(compiled(x), expected)


def test_hooks_that_come_after_compilation_are_called():
    net = torch.compile(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), backend="eager")
    x, seen = torch.ones(2, 3), []
    with torch.no_grad():
        net(x)
        handle = net.get_submodule("_orig_mod.0").register_forward_hook(lambda part, given, output: seen.append(1))
        with uncompiled():
            net(x)
    handle.remove()
    assert seen == [1]


def test_arithmetic_is_exact_whatever_was_set_before(net, x):
    chosen = layers_of(net, x, "fc")
    with capture(net, chosen, take=whole) as network:
        network(x)
    torch.set_float32_matmul_precision("medium")  # bfloat16 on many CPUs
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16), capture(net, chosen, take=whole) as again:
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.is_autocast_enabled("cpu")
            assert torch.backends.cudnn.deterministic
            assert not torch.backends.cudnn.allow_tf32
            again(x)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert torch.equal(again.taken["fc"], network.taken["fc"])


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="PyTorch has no settings per backend")
def test_precisions_set_for_single_backends_come_back():
    backend = torch.backends.cudnn.conv
    before = backend.fp32_precision
    backend.fp32_precision = "ieee"  # PyTorch then refuses to read its global settings
    try:
        with arithmetic("tf32"):
            assert backend.fp32_precision == "tf32"
        assert backend.fp32_precision == "ieee"
    finally:
        backend.fp32_precision = before
    assert torch.backends.cudnn.allow_tf32  # both agree again


def test_names_and_replacements_that_cannot_work(net, x):
    chosen = layers_of(net, x, "fc")
    missing = pytest.raises(UnitscopeError, match=r"layer conv is not among the layers given \(fc\)")
    with missing, capture(net, chosen, take={"conv": whole}):
        pass
    nothing = pytest.raises(TypeError, match="what replaces layer fc returned None")
    with nothing, capture(net, chosen, replace={"fc": lambda maps: None}) as network:
        network(x)
    with pytest.raises(UnitscopeError, match="--precision half is unknown"), capture(net, chosen, precision="half"):
        pass
    assert_clean(net)


@pytest.mark.parametrize(("reduction", "expected"), [("max", [5.0, 8.0]), ("mean", [2.5, 5.5]), ("centre", [4.0, 7.0])])
def test_reductions(reduction, expected):
    maps = torch.tensor([[[0.0, 2, 3, 4, 5, 1], [3.0, 5, 6, 7, 8, 4]]])  # centre of six: the fourth
    assert reduce_positions(maps, reduction).tolist() == [expected]
    squares = reduce_positions(maps.view(1, 2, 2, 3), reduction)
    assert squares.tolist() == [[5.0, 8.0] if reduction == "centre" else expected]  # second row, second column
    assert reduce_positions(maps[:, :, 0], reduction).tolist() == [[0, 3]]


def test_class_scores_are_taken_out_of_what_networks_return():
    scores = torch.zeros(2, 3)
    for output in (scores, (scores, None), {"logits": scores}, SimpleNamespace(logits=scores)):
        assert class_scores(output).shape == (2, 3)
    with pytest.raises(UnitscopeError, match="--no-predictions"):
        class_scores(torch.zeros(2, 3, 4))


def test_one_tensor_is_put_into_any_output():
    from dataclasses import make_dataclass

    made = make_dataclass("Made", ["a", "b"])(1, 2)
    for output, key in (((1, 2), 0), ([1, 2], 1), (Pair(1, 2), 1), ({"a": 1, "b": 2}, "b"), (made, "b"), (1, None)):
        changed = with_tensor(output, key, 9)
        assert get_tensor(changed, key) == 9
        assert type(changed) is type(output)
        assert get_tensor(output, key) != 9


BATCHES = cut_batches([5, 0, 7, 2, 3], 2)


@pytest.fixture
def demo():
    model, data = load_model("demo:"), load_data("demo:", n=9)
    example = torch.stack([model.preprocess(data.load(index)) for index in range(9)])
    return model, data, example, choose_layers(list_layers(model, example[:2]), "conv5,fc6")


@pytest.mark.parametrize("workers", [0, 1])
def test_items_go_through_in_any_order_and_batches(demo, workers):
    model, data, example, layers = demo
    batches = list(run_batches(model, data, BATCHES, layers, take=lambda maps: reduce_positions(maps, "max"),
                               workers=workers))  # fmt: skip
    assert [list(batch.items) for batch in batches] == [[5, 0], [7, 2], [3]]
    with capture(model.module, layers, take=lambda maps: reduce_positions(maps, "max")) as network:
        for batch in batches:
            output = network(example[list(batch.items)])
            torch.testing.assert_close(batch.output, output)
            for name in ("conv5", "fc6"):
                torch.testing.assert_close(batch.taken[name], network.taken[name])


def test_no_items_give_no_batches(demo):
    model, data, _, layers = demo
    assert list(run_batches(model, data, [], layers, take=whole, workers=0)) == []


def test_between_batches_nothing_is_left_on_the_network(demo):
    model, data, _, layers = demo
    model.module.train()
    for batch in run_batches(model, data, BATCHES, layers, take={"conv5": whole}, stop=True, workers=0):
        assert batch.output is None
        assert model.module.training
        assert torch.is_grad_enabled()
        assert not torch.backends.cudnn.deterministic
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.module.modules())


def test_values_that_are_not_finite_and_layers_that_are_not_reached_are_named(demo):
    model, data, _, layers = demo
    model.module.fc6.weight.data[11] = float("nan")
    name = data.items["item_id"].iloc[5]
    with pytest.raises(UnitscopeError, match=f"layer fc6, unit 11 gave nan for item {name}"):
        list(run_batches(model, data, BATCHES, layers, take=lambda maps: (maps, maps > 0), workers=0))
    layers[0].call = 2
    with pytest.raises(UnitscopeError, match=f"layer conv5 was not reached in the forward pass for item {name}"):
        list(run_batches(model, data, BATCHES, layers, take={"conv5": whole}, workers=0))


def test_devices_that_are_not_there():
    with pytest.raises(UnitscopeError, match="--device tpu is unknown"):
        choose_device("tpu")
    assert choose_device("cpu") == "cpu"
    assert choose_device("cuda", elsewhere=True) == "cuda"
    if not torch.cuda.is_available():
        assert choose_device("auto") == "cpu"
        with pytest.raises(UnitscopeError, match="no CUDA device is available"):
            choose_device("cuda")


def test_a_network_is_moved_back_after_an_error(net, monkeypatch):
    moves = []
    monkeypatch.setattr(net, "to", lambda place: moves.append(str(place)))
    with pytest.raises(KeyboardInterrupt), on_device(net, "cuda"):
        raise KeyboardInterrupt
    assert moves == ["cuda", "cpu"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_gives_the_same_to_rounding_and_the_network_comes_back(demo):
    model, data, _, layers = demo
    on_cpu, on_cuda = (list(run_batches(model, data, BATCHES, layers, take=whole, device=device, workers=0))
                       for device in ("cpu", "cuda"))  # fmt: skip
    assert next(model.module.parameters()).device.type == "cpu"
    for one, other in zip(on_cpu, on_cuda, strict=True):
        assert other.taken["fc6"].device.type == "cuda"
        np.testing.assert_allclose(one.taken["fc6"], other.taken["fc6"].cpu(), rtol=1e-4, atol=1e-4)
