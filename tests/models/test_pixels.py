"""From a network's input back to colours."""

import numpy as np
import pytest
import torch
from PIL import Image

from unitscope.errors import UnitscopeError
from unitscope.models.pixels import find_pixels
from unitscope.models.preprocess import Preprocess, steps_from_options

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8))


def as_tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


@pytest.mark.parametrize(
    "apply",
    [
        steps_from_options({}).apply,
        steps_from_options({"mean": ".485,.456,.406", "std": ".229,.224,.225"}).apply,
        lambda image: as_tensor(image).flip(0) * 255 - torch.tensor([103.9, 116.8, 123.7]).view(3, 1, 1),  # BGR
        lambda image: 1 - as_tensor(image),
        lambda image: as_tensor(image)[[1, 2, 0]] * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1),
    ],
)
def test_colours_come_back_and_input_too(apply):
    pixels = find_pixels(Preprocess(apply, ""))
    batch = torch.stack([apply(PICTURE)])
    colours = pixels.to_colours(batch)
    torch.testing.assert_close(colours, as_tensor(PICTURE)[None], atol=1e-5, rtol=0)
    torch.testing.assert_close(pixels.to_input(colours), batch, atol=1e-3, rtol=1e-5)
    assert not pixels.is_grey


def test_networks_of_grey_images():
    luma = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    pixels = find_pixels(Preprocess(lambda image: (as_tensor(image) * luma).sum(0, keepdim=True) * 2 - 1, ""))
    assert pixels.is_grey
    batch = torch.tensor([-1.0, 0.0, 1.0]).view(1, 1, 1, 3)
    colours = pixels.to_colours(batch)
    torch.testing.assert_close(colours[0, :, 0], torch.tensor([0, 0.5, 1]).expand(3, -1))
    torch.testing.assert_close(pixels.to_input(colours), batch)


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (lambda image: as_tensor(image) ** 2.2, "cannot be undone"),
        (lambda image: as_tensor(image).flatten(), "not images"),
        (lambda image: torch.cat([as_tensor(image)] * 2), "6 channels"),
        (lambda image: as_tensor(image)[:2], "2 channels"),
        (lambda image: as_tensor(image)[[0, 0, 0]], "do not stand for colours"),
        (lambda image: as_tensor(image) * torch.linspace(0, 1, image.width), "does not keep the colour"),
    ],
)
def test_what_cannot_be_undone_is_refused(apply, message):
    with pytest.raises(UnitscopeError, match=message):
        find_pixels(Preprocess(apply, "a description"))
