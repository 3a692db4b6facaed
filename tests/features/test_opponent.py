"""Images without colour, and hues."""

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.features.opponent import GREYS, HUES, OPPONENT, count_hues, hue_of, principal_axis, remove_colour

WHOLE = [grey for grey in GREYS if grey != "pca-crop"]
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("grey", WHOLE)
@settings(max_examples=30, deadline=None)
@given(seeds)
def test_nothing_of_colour_is_left(grey, seed):
    images = torch.from_numpy(np.random.default_rng(seed).random((2, 3, 6, 5)))
    found = remove_colour(images, grey)
    assert found.shape == images.shape
    assert (found == found[:, :1]).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("grey", WHOLE)
def test_grey_images_stay_as_they_are(grey):
    image = torch.from_numpy(np.random.default_rng(0).random((1, 1, 7, 7))).expand(-1, 3, -1, -1)
    torch.testing.assert_close(remove_colour(image, grey), image)
    flat = torch.full((1, 3, 4, 4), 0.3)
    torch.testing.assert_close(remove_colour(flat, grey), flat)


@settings(max_examples=50, deadline=None)
@given(seeds, st.floats(0.0, 0.3))
def test_pca_is_the_projection_on_the_first_component(seed, colour):
    rng = np.random.default_rng(seed)
    grey = rng.normal(0.5, 0.08, (1, 8, 8))
    pixels = np.clip(grey + colour * rng.normal(0, 0.3, (3, 8, 8)), 0.05, 0.95)
    flat = (OPPONENT @ pixels.reshape(3, -1)).T
    centred = flat - flat.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axis = axes[0] * np.sign(axes[0][0])
    expected = (flat[:, 0].mean() + centred @ axis) / 2
    found = remove_colour(torch.from_numpy(pixels)[None], "pca")[0, 0].numpy().ravel()
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-9)
    if expected.min() > 0 and expected.max() < 1:  # the mean intensity stays
        assert found.mean() == pytest.approx(pixels.mean(), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_pca_of_a_part_is_that_of_the_part_alone(seed):
    images = torch.from_numpy(np.random.default_rng(seed).random((3, 3, 7, 8)))
    boxes = np.array([[0, 0, 7, 8], [2, 1, 5, 4], [6, 7, 7, 8]])
    found = remove_colour(images, "pca-crop", boxes)
    for image, grey, (top, left, bottom, right) in zip(images, found, boxes, strict=True):
        alone = remove_colour(image[None, :, top:bottom, left:right], "pca")[0]
        torch.testing.assert_close(grey[:, top:bottom, left:right], alone)


def test_edges_between_equally_bright_colours_stay_with_pca_only():
    edge = torch.zeros(1, 3, 4, 4)
    edge[:, 0, :, :2], edge[:, 1, :, 2:] = 0.587, 0.299  # red and green of equal luma
    assert remove_colour(edge, "luma601").std() < 1e-6
    assert remove_colour(edge, "pca").std() > 0.1


def test_hues_follow_those_of_hsv():
    hues = np.arange(0, 360, 10)
    colours = np.array([colorsys.hsv_to_rgb(hue / 360, 1, 0.6) for hue in hues])
    _, red_green, yellow_blue = OPPONENT @ colours.T
    found = hue_of(red_green, yellow_blue)
    turned = np.unwrap(np.radians(found))
    assert (np.diff(turned) > 0).all()
    assert np.degrees(turned[-1] - turned[0]) < 360
    for hue, expected in ((0, 26.6), (60, 90), (120, 153.4), (180, 206.6), (240, 270), (300, 333.4)):
        assert found[hue // 10] == pytest.approx(expected, abs=0.1)


def test_hues_are_counted_where_there_is_colour():
    pixels = np.array([[1, 0, 0], [0.52, 0.48, 0.5], [1, 1, 0.97], [0.02, 0, 0], [0, 0, 1], [1, 0, 0]])
    found = count_hues(pixels)
    assert found.sum() == 3
    assert found[int(26.6 / 5)] == 2
    assert found[int(270 / 5)] == 1
    assert len(found) == HUES


def test_brighter_yellow_stays_brighter_where_only_yellow_and_blue_vary():
    """Equally bright, equally red and green: the axis is that of yellow against blue, and yellow comes out brighter."""
    amounts = torch.tensor([0.0, 0.1, 0.2, 0.3], dtype=torch.float64)
    yellow = torch.stack([0.4 + amounts, 0.4 + amounts, 0.6 - 2 * amounts])
    for image in (yellow, yellow.flip(1)):
        found = remove_colour(image.view(1, 3, 2, 2), "pca")[0, 0].flatten()
        assert (found.diff().sign() == (image[0].diff().sign())).all()
    # Whatever the solver of eigenvectors makes of a sign: it is settled by the axis.
    _, axes = principal_axis(torch.einsum("oc,cn->on", torch.as_tensor(OPPONENT), yellow).unsqueeze(0))
    assert axes[0, 2] == pytest.approx(1)
