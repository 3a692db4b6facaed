import numpy as np
import pytest

from unitscope.simulations.raster import CELL, SAMPLES, SIZE, STEP, fill_polygons, shade, stretch
from unitscope.simulations.shapes import bar, box, ellipse, panel, polygon, ring, turn

SIDE = SIZE * SAMPLES


def filled(*polygons, shape=(24, 24)):
    canvas = np.zeros(shape, np.uint8)
    points = np.rint(np.concatenate(polygons) * STEP).astype(np.int64)
    fill_polygons(points, np.cumsum([0, *map(len, polygons)]), canvas)
    return canvas


def shaded(canvas, colours, pattern=(0, 0, 0), light=(0, 0), ground=100):
    n = len(colours)
    return shade(
        canvas,
        np.array([((0,) * 3,) * 2, *colours]),
        np.array([(0, 0, 0)] + [pattern] * n),
        np.array([(0, 0)] + [light] * n),
        np.full((SIZE, SIZE, 3), ground, np.uint8),
    )


def test_a_box_covers_the_samples_whose_centres_it_holds():
    expected = np.zeros((24, 24), np.uint8)
    expected[3:7, 5:9] = 1
    np.testing.assert_array_equal(filled(box(5, 3, 9, 7)), expected)
    np.testing.assert_array_equal(filled(box(4.6, 2.6, 9.4, 7.4)), expected)
    np.testing.assert_array_equal(filled(box(5, 3, 9, 7)[::-1]), expected)


def test_a_box_shared_by_two_halves_is_covered_once():
    left, right = polygon((2, 2), (17, 3), (5, 20)), polygon((17, 3), (20, 22), (5, 20))
    one, other = filled(left) > 0, filled(right) > 0
    assert not (one & other).any()
    np.testing.assert_array_equal(one | other, filled(polygon((2, 2), (17, 3), (20, 22), (5, 20))) > 0)


def test_the_last_polygon_lies_on_top():
    canvas = filled(box(2, 2, 12, 12), box(6, 6, 20, 20))
    assert canvas[4, 4] == 1
    assert canvas[8, 8] == 2
    assert canvas[22, 22] == 0


def test_polygons_may_leave_the_canvas():
    assert (filled(box(-50, -50, 90, 90)) == 1).all()
    assert (filled(box(30, 30, 90, 90)) == 0).all()


def test_a_ring_has_a_hole():
    canvas = filled(ring(12, 12, 10, 3))
    assert canvas[12, 12] == 0
    assert canvas[12, 3] == 1
    assert canvas[12, 20] == 1
    assert canvas.sum() == pytest.approx(np.pi * (100 - 49), rel=0.05)


@pytest.mark.parametrize(
    ("points", "area"),
    [
        (ellipse(12, 12, 8, 5), np.pi * 40),
        (ellipse(12, 12, 8, 5, 0.3), np.pi * 40),
        (panel(2, 4, 20, 18, 3), 18 * 14 - 4 * 4.5),
        (bar(4, 4, 16, 20, 3), 20 * 3),
    ],
)
def test_forms_have_their_area(points, area):
    assert filled(points).sum() == pytest.approx(area, rel=0.05)


@pytest.mark.parametrize("angle", [-2.0, -0.3, 0.0, 0.5, 1.5])
def test_turning_by_the_half_angle_tangent_turns_by_the_angle(angle):
    points = np.array([[1.0, 0.0], [0.0, 2.0], [-3.0, 1.0]])
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(turn(points, np.tan(angle / 2)), points @ rotation, atol=1e-12)


def test_shading_averages_samples_and_leaves_bare_ground_alone():
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[: 10 * SAMPLES] = 1
    picture = shaded(canvas, [((200, 60, 30),) * 2])
    assert (picture[11:] == 100).all()
    assert (picture[:9] == (200, 60, 30)).all()
    # The lowest of the last row's three samples is outline, at 5/8.
    assert (picture[9] == ((200 * 2 + 125) // 3, (60 * 2 + 37) // 3, (30 * 2 + 18) // 3)).all()


def test_a_shadow_darkens_the_ground_without_an_outline():
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[: 10 * SAMPLES] = 1
    picture = shaded(canvas, [((-1,) * 3,) * 2])
    assert (picture[:10] == 62).all()
    assert (picture[10:] == 100).all()


def test_light_falls_off_downwards():
    canvas = np.ones((SIDE, SIDE), np.uint8)
    column = shaded(canvas, [((128,) * 3,) * 2], light=(SIDE // 2, 8))[:, 5, 0].astype(int)
    assert (np.diff(column) <= 0).all()
    assert column[0] == pytest.approx(128 * (1 + 96 * 8 / 4096), abs=1)
    assert column[-1] == pytest.approx(128 * (1 - 96 * 8 / 4096), abs=1)


@pytest.mark.parametrize(("kind", "share"), [(0, 0), (1, 0.5), (2, np.pi * (5 / 16) ** 2), (3, 0.5), (4, 0.5)])
def test_patterns_show_their_second_colour_on_their_share(kind, share):
    canvas = np.ones((SIDE, SIDE), np.uint8)
    # Eight pixels a period: the scene holds eight periods either way.
    picture = shaded(canvas, [((0,) * 3, (200,) * 3)], pattern=(kind, CELL // (8 * SAMPLES), 0))
    assert picture.mean() / 200 == pytest.approx(share, abs=0.03)
    # 4096 / 24 is no whole number, so that periods drift by less than a pixel over the scene.
    assert abs(picture[:, 8:24].astype(int) - picture[:, :16]).mean() < 12


def test_stretched_tones_pass_through_their_lattice():
    lattice = np.array([[0, 255, 10], [200, 40, 90], [30, 60, 120]], np.uint8)
    tones = stretch(lattice)
    np.testing.assert_array_equal(tones[::32, ::32], lattice[:2, :2])
    assert tones[16, 0] == 100
    assert tones[0, 16] == 127
    assert tones.min() >= 0
    assert tones.max() <= 255
