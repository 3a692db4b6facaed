import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.specs import first_line, parse_options, parse_value, refuse_unknown, split_spec, whole_number

KNOWN = ["torchvision", "timm", "hf", "py", "demo"]
DATA = ["folder", "csv", "torchvision", "hf", "py", "demo"]


@given(st.sampled_from(KNOWN), st.text())
def test_splits_at_the_first_colon_and_leaves_the_rest_alone(scheme, rest):
    assert split_spec(f"{scheme}:{rest}", KNOWN, "model") == (scheme, rest)


@given(st.text())
def test_never_falls_back(text):
    scheme = text.partition(":")[0]
    if ":" in text and scheme in KNOWN:
        assert split_spec(text, KNOWN, "model")[0] == scheme
    else:
        with pytest.raises(UnitscopeError):
            split_spec(text, KNOWN, "model")


@pytest.mark.parametrize(
    ("spec", "kind", "suggested"),
    [
        ("alexnet", "model", ["torchvision:alexnet", "timm:alexnet"]),
        ("google/vit-base", "model", ["hf:google/vit-base", "timm:google/vit-base"]),
        ("nets.py", "model", ["py:nets.py"]),
        ("demo", "model", ["demo:"]),
        ("images/val", "data", ["folder:images/val", "csv:images/val"]),
        ("C:\\images", "data", ["folder:C:\\images"]),
        ("list.csv", "data", ["csv:list.csv"]),
        ("CIFAR10", "data", ["torchvision:CIFAR10"]),
    ],
)
def test_suggests_spellings_where_the_scheme_is_missing(spec, kind, suggested):
    with pytest.raises(UnitscopeError, match="has no scheme; did you mean") as caught:
        split_spec(spec, KNOWN if kind == "model" else DATA, kind)
    for words in suggested:
        assert repr(words) in str(caught.value)


def test_an_unknown_scheme_lists_the_known_ones():
    with pytest.raises(UnitscopeError, match=r"there is no model scheme 'tim' .did you mean 'timm'") as caught:
        split_spec("tim:resnet18", KNOWN, "model")
    assert all(f"{scheme}:" in str(caught.value) for scheme in KNOWN)


@given(st.integers())
def test_whole_numbers_come_back(number):
    assert parse_value(str(number)) == number
    assert type(parse_value(str(number))) is int


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_come_back(number):
    assert parse_value(repr(number)) == number


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "007", "0x10", "1,2", "n01440764", " 1", "1e", ".", "-"])
def test_what_only_resembles_a_number_stays_text(text):
    assert parse_value(text) == text


@pytest.mark.parametrize("word", ["true", "False", "NONE"])
def test_words(word):
    assert parse_value(word) is {"true": True, "false": False, "none": None}[word.lower()]


def test_a_value_may_hold_an_equals_sign():
    assert parse_options(["path=a=b"]) == {"path": "a=b"}


@pytest.mark.parametrize("text", ["resize", "=3", "a b=3", "3=4"])
def test_malformed_options(text):
    with pytest.raises(UnitscopeError, match="is not KEY=VALUE"):
        parse_options([text])


def test_an_option_given_twice():
    with pytest.raises(UnitscopeError, match="'resize' is given twice"):
        parse_options(["resize=1", "resize=2"])


def test_an_option_nobody_takes():
    with pytest.raises(UnitscopeError, match="demo: takes no option 'colour'; its options are n, seed"):
        refuse_unknown({"colour": 1}, ["n", "seed"], "demo:")
    with pytest.raises(UnitscopeError, match="takes no option 'x'; leave it out"):
        refuse_unknown({"x": 1}, [], "demo:")


@pytest.mark.parametrize("value", [0, -1, 2.0, "many", True])
def test_not_a_whole_number(value):
    with pytest.raises(UnitscopeError, match="must be a whole number of at least 1"):
        whole_number({"n": value}, "n", 1)


def test_first_line_of_an_empty_message():
    assert first_line(ValueError("")) == "ValueError"
    assert first_line(ValueError("\n  why.\nmore")) == "why"
