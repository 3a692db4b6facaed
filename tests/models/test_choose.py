import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.models import NetworkLayer, choose_layers
from unitscope.models.choose import glob_expression

NAMES = [
    "conv1",
    "relu@1",
    "relu@2",
    "layer1",
    "layer1.0",
    "layer1.0.conv",
    "layer2.0",
    "lstm[0]",
    "lstm[hidden]",
    "fc",
]


def layers(*names):
    return [NetworkLayer(name, "Conv2d", units=4) for name in names or NAMES]


def chosen(patterns, *names):
    return [layer.name for layer in choose_layers(layers(*names), patterns)]


def matches(pattern, name):
    """The definition: ``*`` within a dotted part, ``**`` anywhere, ``?`` one character, all else literal."""
    if not pattern:
        return not name
    if pattern.startswith("**"):
        return any(matches(pattern[2:], name[k:]) for k in range(len(name) + 1))
    if pattern[0] == "*":
        within = len(name.split(".")[0])
        return any(matches(pattern[1:], name[k:]) for k in range(within + 1))
    if not name or (pattern[0] == "?" and name[0] == "."):
        return False
    return pattern[0] in ("?", name[0]) and matches(pattern[1:], name[1:])


@given(st.text("ab.*?[1", max_size=7), st.text("ab.[1", max_size=7))
def test_globs_match_as_defined(pattern, name):
    assert bool(glob_expression(pattern).fullmatch(name)) == matches(pattern, name)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ("layer*", ["layer1"]),
        ("layer*.*", ["layer1.0", "layer2.0"]),
        ("layer1.**", ["layer1.0", "layer1.0.conv"]),
        ("**.conv", ["layer1.0.conv"]),
        ("fc, conv?", ["conv1", "fc"]),
        ("relu@2", ["relu@2"]),
        ("relu@*", ["relu@1", "relu@2"]),
        ("lstm[0]", ["lstm[0]"]),
        ("lstm[*]", ["lstm[0]", "lstm[hidden]"]),
        ("fc,fc,f*", ["fc"]),
        ("**", NAMES),
    ],
)
def test_layers_come_once_in_the_networks_order(patterns, found):
    assert chosen(patterns) == found


@pytest.mark.parametrize(
    ("patterns", "reason"),
    [
        ("conv2", "no layer matches 'conv2' .did you mean 'conv1'"),
        ("fc,layer9.*", r"no layer matches 'layer9\.\*'"),
        ("relu", "no layer matches 'relu'; choose relu@1 or relu@2"),
        ("lstm", r"choose lstm\[0\] or lstm\[hidden\]"),
        ("FC", "no layer matches 'FC'"),
        ("", "no layers were chosen"),
        (" , ", "no layers were chosen"),
    ],
)
def test_a_pattern_that_matches_nothing(patterns, reason):
    with pytest.raises(UnitscopeError, match=reason):
        chosen(patterns)


def test_layers_that_cannot_be_recorded():
    some = [*layers("a", "b"), NetworkLayer("c", "Flatten", warnings=["cannot be recorded: gives no tensor"])]
    assert [layer.name for layer in choose_layers(some, "*")] == ["a", "b"]
    with pytest.raises(UnitscopeError, match="layer c cannot be recorded: gives no tensor; choose another"):
        choose_layers(some, "a,c")
