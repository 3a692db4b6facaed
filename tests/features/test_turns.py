"""Rotated and mirrored images, and units that care about them or not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from unitscope import find_features, load_data, record
from unitscope.features.turns import ANGLES, AXES, matrices, orientation_curve, symmetry_curve, turn

NETWORK = f"py:{Path(__file__).with_name('constructed_network.py')}:Net"
RED, LUMA, EDGE, BLUE, DEAD, ROUND = range(6)


def turned(image, number):
    centre = np.array([[side / 2 for side in image.shape[2:]]])
    return turn(image, centre, matrices()[[number]])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_exact(quarters):
    image = torch.rand(1, 2, 7, 7)
    found = turned(image, ANGLES.index(90 * quarters))
    torch.testing.assert_close(found, torch.rot90(image, quarters, (2, 3)), atol=1e-6, rtol=0)


def test_mirrors_are_exact():
    image = torch.rand(1, 1, 6, 6)
    expected = {0: image.flip(2), 90: image.flip(3), 135: image.mT, 45: image.mT.flip(2, 3)}
    for number, axis in enumerate(AXES):
        torch.testing.assert_close(turned(image, len(ANGLES) + number), expected[axis], atol=1e-6, rtol=0)


def test_images_that_are_not_square_turn_about_any_centre():
    image = torch.rand(1, 1, 5, 9)
    found = turn(image, np.array([[2.5, 6.5]]), matrices()[[ANGLES.index(90)]])
    square = torch.rot90(image[:, :, :, 4:], 1, (2, 3))
    torch.testing.assert_close(found[:, :, :, 4:], square, atol=1e-6, rtol=0)


def test_small_turns_sample_between_pixels():
    rows, columns = torch.meshgrid(torch.arange(21.0), torch.arange(21.0), indexing="ij")
    image = (2 * rows + 3 * columns).view(1, 1, 21, 21)  # a plane stays a plane
    angle = np.radians(30)
    found = turned(image, ANGLES.index(30))[0, 0, 5:16, 5:16]
    down, right = rows - 10, columns - 10
    expected = (
        50 + 2 * (down * np.cos(angle) + right * np.sin(angle)) + 3 * (right * np.cos(angle) - down * np.sin(angle))
    )
    torch.testing.assert_close(found, expected[5:16, 5:16].float(), atol=1e-3, rtol=0)


def test_curves():
    responses = np.array([[2.0, 2.0], [1.0, np.nan], [np.nan, np.nan]])
    seen = np.full((3, 2, 27), np.nan)
    seen[0, 0], seen[0, 1], seen[1, 0] = 1.0, 3.0, 5.0
    seen[0, :, 0] = 0.5
    assert orientation_curve(responses, seen)[0, :2].tolist() == [0.75, 0.0]
    assert (orientation_curve(responses, seen)[1] == 0).all()
    assert (symmetry_curve(responses, seen)[:2] == 1).all()
    assert np.isnan(symmetry_curve(responses, seen)[2]).all()


def test_units_of_known_orientation(tmp_path):
    run = record(NETWORK, load_data("demo:", n=60), tmp_path / "run", layers="relu", predictions=False, workers=0)
    table = find_features(run, count=10, turned=6, workers=0)
    orientation, symmetry = table["orientation_index"], table["symmetry_index"]
    assert orientation[ROUND] < 0.1
    assert orientation[LUMA] < 0.1
    assert orientation[EDGE] > 0.4
    assert symmetry[ROUND] > 0.95
    assert symmetry[LUMA] > 0.95
    assert symmetry[EDGE] < 0.75
    assert orientation[[DEAD]].isna().all()
    curve, mirrored = run.array("features", "orientation"), run.array("features", "symmetry")
    # An edge that is bright on the left: upside down it is the same, turned around it is the opposite.
    assert mirrored[EDGE, AXES.index(0)] > 0.9
    assert mirrored[EDGE, AXES.index(90)] < 0.2
    assert curve[EDGE, ANGLES.index(180)] > 0.8
    assert curve[EDGE, ANGLES.index(15)] < 0.3
    assert curve[EDGE].argmax() in range(ANGLES.index(90), ANGLES.index(270) + 1)


def test_turned_responses_are_those_of_turned_images(tmp_path):
    from unitscope.models import capture, find_layers, open_network

    data = load_data("demo:", n=30)
    run = record("demo:", data, tmp_path / "run", layers="conv2,fc6", workers=0)
    find_features(run, count=3, turned=2, workers=0)
    network = open_network(run)
    layers = find_layers(run, network)
    for unit in run.table("features").query("n_top >= 2").groupby("layer")["unit"].first():
        layer, index = run.find_unit(unit)
        found = run.top_items(unit, 2)
        sums = np.zeros(27)
        for item, row, column in found[["item", "row", "column"]].to_numpy(int):
            start = np.array([row, column]) * 4 - 12
            centre = start + 12.5 if layer.name == "conv2" else np.array([32.0, 32.0])
            image = network.preprocess(data.load(item))[None].expand(27, -1, -1, -1)
            with capture(network.module, layers, take=lambda maps: maps) as hooked:
                hooked(turn(image, np.tile(centre, (27, 1)), matrices()))
            values = hooked.taken[layer.name][:, index]
            sums += (values[:, row, column] if values.ndim > 1 else values).numpy()
        ratios = sums / found["activation"].sum()
        np.testing.assert_allclose(
            run.unit_array("features", "orientation", unit), np.clip(1 - ratios[:23], 0, 1), atol=1e-4
        )
        np.testing.assert_allclose(run.unit_array("features", "symmetry", unit), np.clip(ratios[23:], 0, 1), atol=1e-4)


def test_units_of_a_map_turn_about_their_position_even_if_they_see_the_whole_image(tmp_path):
    network = f"py:{Path(__file__).with_name('deep_network.py')}:Net"
    run = record(network, load_data("demo:", n=40), tmp_path / "run", layers="local,deep", predictions=False, workers=0)
    table = find_features(run, count=8, turned=8, workers=0)
    assert table["field_height"].tolist() == [7, 7, 64, 64]
    for name in ("orientation", "symmetry"):
        local, deep = np.split(run.array("features", name), 2)
        np.testing.assert_allclose(local, deep, atol=1e-5)
