"""Class scores without single units, however they are computed, against hooks that silence one unit at a time."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from unitscope import UnitscopeError  # noqa: E402
from unitscope.ablation.effects import LayerEffects, pairs_of  # noqa: E402
from unitscope.ablation.replay import find_unread, store  # noqa: E402
from unitscope.models import NetworkLayer, capture, load_model  # noqa: E402


class Block(nn.Module):
    def __init__(self, relu):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.relu = relu

    def forward(self, x):
        return self.relu(x + self.conv2(self.relu(self.conv1(x))))


class Residual(nn.Module):
    """Blocks that share one ReLU, in place or not, then pooling and a linear layer; and a layer that nothing uses."""

    def __init__(self, inplace=False):
        super().__init__()
        self.relu = nn.ReLU(inplace)
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.first, self.second = Block(self.relu), Block(self.relu)
        self.aside = nn.Conv2d(4, 4, 1)
        self.drop = nn.Dropout()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = self.first(functional.relu(self.stem(x - 0.1)))
        self.aside(x)
        return self.fc(self.drop(self.second(x).mean((2, 3))))


class Tokens(nn.Module):
    """Tokens, mixed over positions; an attention module gives a tuple."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 8)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = self.embed(x.flatten(2).transpose(1, 2))
        return self.fc(self.norm(x + self.mix(x, x, x)[0])[:, 0])


class Quiet(nn.Module):
    """Changes a module's output in place and goes on with that: stored outputs do not tell."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu, self.more = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = self.conv(x)
        self.relu(x)
        return self.fc(self.more(x).amax((2, 3)) + x.mean((2, 3)))


def layer(name, units=4, axis=1, key=None, call=1):
    return NetworkLayer(name, "", units=units, module_name=name.partition("@")[0], unit_axis=axis, key=key, call=call)


def make(kind, *arguments):
    torch.manual_seed(0)
    return kind(*arguments).eval()


def images(n=5):
    return torch.randn(n, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def slowly(module, of, batch, unit, instead=0.0):
    """Return class scores, one pass for the unit."""

    def silence(maps):
        maps[:, unit] = instead
        return maps

    with capture(module, [of], replace={of.name: silence}) as network:
        return network(batch)


def gathered(before, parts):
    """Return the scores without each unit, ``(units, items, classes)``; as they were for pairs left out."""
    scores = before.repeat(1 + max(int(part.units.max()) for part in parts), 1, 1)
    for part in parts:
        scores[part.units, part.items] = part.scores
    return scores


CASES = [
    (Residual, (), layer("second"), "closed"),
    (Residual, (True,), layer("second"), "closed"),
    (Residual, (), layer("fc", 3), "closed"),
    (Residual, (), layer("second.conv2"), "rest"),
    (Residual, (True,), layer("second.conv1"), "rest"),
    (Residual, (), layer("first"), "rest"),
    (Residual, (), layer("relu@3", call=3), "rest"),
    (Residual, (), layer("stem"), "rest"),
    (Tokens, (), layer("embed", 8, axis=2), "rest"),
    (Tokens, (), layer("mix[0]", 8, axis=2, key=0), "rest"),
    (Tokens, (), layer("norm", 8, axis=2), "rest"),
    (Quiet, (), layer("conv"), "rest"),
    (Quiet, (), layer("more"), "whole"),
]


@pytest.mark.parametrize(("kind", "arguments", "of", "way"), CASES)
def test_scores_are_those_of_one_pass_for_each_unit(kind, arguments, of, way):
    module, batch = make(kind, *arguments), images()
    of = layer(of.name.partition("[")[0], of.units, of.unit_axis, of.key, of.call) if of.key is not None else of
    if of.key is not None:
        of.name = f"{of.name}[{of.key}]"
    with capture(module, []), torch.no_grad():
        effects = LayerEffects(module, of, batch[:2])
        assert effects.way == way
        before, parts = effects.of_batch(batch, None)
        scores = gathered(before, list(parts))
        torch.testing.assert_close(before, module(batch))
        for unit in range(len(scores)):
            torch.testing.assert_close(scores[unit], slowly(module, of, batch, unit), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["second", "second.conv2", "first"])
def test_units_may_give_another_value_instead(name):
    module, batch = make(Residual), images()
    with capture(module, []), torch.no_grad():
        before, parts = LayerEffects(module, layer(name), batch[:2]).of_batch(
            batch, lambda maps, units, items: maps[(items + 1) % len(maps), units]
        )
        found = gathered(before, list(parts))
        with capture(module, [layer(name)], take=lambda maps: maps) as network:
            network(batch)
            maps = network.taken[name]
        for unit in range(4):
            expected = slowly(module, layer(name), batch, unit, maps[:, unit].roll(-1, 0))
            torch.testing.assert_close(found[unit], expected, rtol=1e-5, atol=1e-6)


def test_items_on_which_a_unit_is_silent_are_skipped():
    maps = torch.zeros(3, 2, 2, 2)
    maps[0, 1, 1, 1], maps[2, 0, 0, 0] = -1.0, 2.0
    pairs = [
        pair for units, items in pairs_of(maps, True, 1) for pair in zip(units.tolist(), items.tolist(), strict=True)
    ]
    assert pairs == [(0, 2), (1, 0)]
    assert sum(len(units) for units, _ in pairs_of(maps, False, 4)) == 6


def test_a_layer_that_nothing_uses_is_refused():
    module, batch = make(Residual), images()
    with (
        capture(module, []),
        torch.no_grad(),
        pytest.raises(UnitscopeError, match=r"no class score depends on .*aside"),
    ):
        LayerEffects(module, layer("aside"), batch[:2])


def test_modules_before_the_layer_do_not_run_again_and_unread_outputs_are_known():
    module, batch = make(Residual), images()
    ran = []
    with capture(module, []), torch.no_grad():
        stored = store(module, layer("second"), batch)
        unread = find_unread(stored)
        handles = [
            part.conv1.register_forward_pre_hook(lambda *_: ran.append(1)) for part in (module.first, module.second)
        ]
        again = stored.replay(torch.tensor([4, 0, 0]), unread=unread)
        for handle in handles:
            handle.remove()
    assert ran == []
    torch.testing.assert_close(again, stored.scores[[4, 0, 0]])
    names = {part: name for name, part in module.named_modules()}
    assert [names[part] for part, _ in stored.outputs] == ["stem", "first", "aside", "second"]
    assert unread == [True, True, True, False, True]


def test_an_output_that_is_added_after_the_layer_is_read():
    module, batch = make(Residual), images()
    with capture(module, []), torch.no_grad():
        stored = store(module, layer("second.conv2"), batch)
        unread = find_unread(stored)
    names = {part: name for name, part in module.named_modules()}
    read = [names[part] for (part, _), one in zip(stored.outputs, unread, strict=False) if not one]
    assert read == ["first", "second.conv2"]


def test_nothing_is_left_on_the_network():
    module, batch = make(Residual), images()
    with capture(module, []), torch.no_grad():
        effects = LayerEffects(module, layer("first"), batch[:2])
        before, parts = effects.of_batch(batch, None)
        next(parts)
        parts.close()
        stored = store(module, layer("first"), batch)
        with pytest.raises(KeyboardInterrupt):
            stored.replay(torch.arange(2), lambda maps: (_ for _ in ()).throw(KeyboardInterrupt))
        module.fc.register_forward_pre_hook(lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stored.replay(torch.arange(2))
        module.fc._forward_pre_hooks.clear()
    assert all("forward" not in vars(part) for part in module.modules())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    torch.testing.assert_close(module(batch), before)


def test_the_demo_network_and_one_that_is_compiled():
    model = load_model("demo:")
    scenes = torch.rand(3, 3, 64, 64)
    for module in (model.module, torch.compile(model.module, backend="eager")):
        of = layer("conv5" if module is model.module else "_orig_mod.conv5", 64)
        with capture(module, []), torch.no_grad():
            before, parts = LayerEffects(module, of, scenes[:2]).of_batch(scenes, None)
            scores = gathered(before, list(parts))
            for unit in (0, 31):
                torch.testing.assert_close(scores[unit], slowly(module, of, scenes, unit), rtol=1e-5, atol=1e-5)
