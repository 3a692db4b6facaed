import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from torchvision_stub import v2
from unitscope.errors import UnitscopeError
from unitscope.models import Preprocess
from unitscope.models.preprocess import Steps, steps_from_options


def noise(width, height):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def test_without_options_pixels_become_0_to_1():
    image = noise(5, 4)
    tensor = steps_from_options({})(image)
    assert tensor.dtype == torch.float32
    assert tensor.shape == (3, 4, 5)
    assert np.array_equal((tensor * 255).round().numpy().transpose(1, 2, 0), np.asarray(image))
    assert steps_from_options({}).description == "RGB; 0..1"


@given(st.integers(20, 90), st.integers(20, 90), st.integers(20, 40))
def test_resizes_as_torchvision_does(width, height, resize):
    reference = v2.functional.resize(noise(width, height), [resize])
    tensor = steps_from_options({"resize": resize})(noise(width, height))
    assert np.array_equal((tensor * 255).round().numpy().transpose(1, 2, 0), np.asarray(reference))


@given(st.integers(5, 12), st.integers(5, 12), st.integers(1, 5))
def test_crops_the_centre(width, height, crop):
    image = noise(width, height)
    top, left = (height - crop + 1) // 2, (width - crop + 1) // 2  # of two middles the later
    expected = np.asarray(image)[top : top + crop, left : left + crop]
    tensor = steps_from_options({"crop": crop})(image)
    assert np.array_equal((tensor * 255).round().numpy().transpose(1, 2, 0), expected)


def test_size_and_normalisation():
    steps = steps_from_options({"size": 7, "mean": "0.1,0.2,0.3", "std": 0.5, "interpolation": "nearest"})
    tensor = steps(Image.new("RGB", (3, 9), (51, 102, 153)))
    assert tensor.shape == (3, 7, 7)
    assert torch.allclose(tensor[:, 3, 3], torch.tensor([0.2, 0.4, 0.6]))
    for words in ("7 x 7", "nearest", "0.1, 0.2, 0.3", "0.5"):
        assert words in steps.description


def test_different_steps_have_different_descriptions():
    options = [
        {}, {"resize": 8}, {"crop": 8}, {"size": 8}, {"mean": 0.5}, {"std": 0.5}, {"resize": 9},
        {"resize": 8, "interpolation": "bicubic"}, {"mean": "0.5,0.4,0.5"},
    ]  # fmt: skip
    assert len({steps_from_options(option).description for option in options}) == len(options)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "1"])
def test_any_mode(mode):
    assert steps_from_options({})(Image.new(mode, (4, 3))).shape == (3, 3, 4)


def test_arrays_and_tensors():
    plain, crop = steps_from_options({}), steps_from_options({"crop": 2})
    assert plain(np.full((4, 4), 255, np.uint8)).max() == 1
    assert plain(np.array([1.0, -2.0])).tolist() == [1, -2]
    assert plain(torch.tensor([1, 2])).dtype == torch.float32
    with pytest.raises(UnitscopeError, match="the items are Tensors, not images"):
        crop(torch.zeros(3, 4, 4))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"resize": 0}, "resize=0 must be a whole number of at least 1"),
        ({"crop": "big"}, "crop=big must be a whole number"),
        ({"size": 8, "resize": 8}, "contradict each other"),
        ({"mean": "a,b,c"}, "mean=a,b,c is no list of numbers"),
        ({"mean": "1,2"}, "one number or three"),
        ({"std": "0.5,0,0.5"}, "no std of 0"),
        ({"interpolation": "bilinar"}, "did you mean 'bilinear'"),
    ],
)
def test_what_can_be_wrong_with_options(options, reason):
    with pytest.raises(UnitscopeError, match=reason):
        steps_from_options(options)


def test_an_image_smaller_than_the_crop():
    with pytest.raises(UnitscopeError, match="20 x 10 pixels is smaller than crop=11"):
        steps_from_options({"crop": 11})(noise(20, 10))


def test_preprocessing_of_the_users_own_that_fails():
    with pytest.raises(UnitscopeError, match=r"preprocessing failed .ZeroDivisionError"):
        Preprocess(lambda image: 1 / 0, "mine")(noise(2, 2))
    with pytest.raises(UnitscopeError, match="gave a Image, not a tensor"):
        Preprocess(lambda image: image, "mine")(noise(2, 2))


def test_steps_can_be_pickled():
    steps = steps_from_options({"resize": 8, "mean": 0.5})
    assert pickle.loads(pickle.dumps(steps)) == steps
    assert isinstance(steps.apply, Steps)
