import colorsys

import numpy as np
import pytest

from unitscope.simulations import CONCEPTS, Scenes
from unitscope.simulations.colours import COLOURS, PAINTS, name_colours

# Hues in degrees between which a colour must lie, seen from the outside.
HUES = {
    "red": (335, 375), "orange": (10, 45), "yellow": (30, 75), "green": (60, 170),
    "blue": (180, 250), "purple": (240, 320), "pink": (290, 370),
}  # fmt: skip


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("gain", [0.85, 1.0, 1.1])
def test_paints_have_their_own_name(name, gain):
    pixel = np.clip(np.array(PAINTS[name]) * gain, 0, 255).astype(np.uint8)
    assert COLOURS[name_colours(pixel) - 1] == name


def test_named_pixels_have_that_colour():
    pixels = {name: [] for name in COLOURS}
    for scene in Scenes(160):
        for number in np.unique(scene.masks["colour"]):
            pixels[CONCEPTS["colour"][number]].append(scene.image[scene.masks["colour"] == number])
    means = {name: np.concatenate(found).mean(axis=0) / 255 for name, found in pixels.items()}
    for name, (low, high) in HUES.items():
        hue, saturation, _ = colorsys.rgb_to_hsv(*means[name])
        assert any(low <= hue * 360 + turn <= high for turn in (0, 360)), name
        assert saturation > 0.25, name
    for name in ("black", "grey", "white"):
        assert np.ptp(means[name]) < 0.12, name
    assert means["black"].mean() < 0.25 < means["grey"].mean() < 0.75 < means["white"].mean()
