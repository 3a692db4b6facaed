"""Columns from the responses to top items: colour index and its interval, classes, similar units."""

import copy
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unitscope.data.wordnet import common_noun
from unitscope.features.crops import SIDE
from unitscope.features.pictures import as_png, layer_images, sheet, stretched
from unitscope.features.sums import LayerSums, Sums, add_up
from unitscope.features.table import ClassNames, colour_index, features_of, mean_colour, most_similar, name_classes
from unitscope.run import Layer


def test_colour_index_is_the_lost_share():
    responses = np.array([[[4, 1], [2, 2]], [[1, 3], [1, np.nan]], [[np.nan, np.nan]] * 2, [[2, 1], [np.nan, np.nan]]])
    responses[1, 1] = 1, 0
    index, low, high = colour_index(responses)
    np.testing.assert_allclose(index, [0.5, -0.5, np.nan, 0.5])
    assert np.isnan(low[2:]).all()
    assert np.isnan(high[2:]).all()
    assert low[0] == 0
    assert high[0] == 0.75


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("spread", [0.1, 0.5])
def test_intervals_cover_the_index_of_more_items(n, spread):
    rng = np.random.default_rng(n)
    colour = rng.gamma(4, 1, (3000, n))
    share = np.clip(rng.normal(0.6, spread, (3000, n)), 0, None)
    truth = 1 - np.clip(rng.normal(0.6, spread, 10**6), 0, None).mean()
    _, low, high = colour_index(np.stack([colour, colour * share], axis=2))
    covered = ((low <= truth) & (truth <= high)).mean()
    assert covered > (0.91 if n == 20 else 0.935)
    assert covered < 0.965


def test_hue_of_opposite_colours_cancels(monkeypatch):
    sums = LayerSums.empty(np.array([[1, 2], [1, 2], [1, 2]]), 1)
    for unit, colours in enumerate(([[1, 0, 0], [1, 0, 0]], [[1, 0, 0], [0, 1, 1]], [[0.5] * 3] * 2)):
        sums.feature[unit, :3, 0] = np.array(colours).T * 1000
        sums.feature[unit, 3, 0] = 1000
    hue, chroma = mean_colour(features_of(sums, np.ones((3, 1))))
    assert hue[0] == pytest.approx(26.57, abs=0.01)
    assert np.isnan(hue[1:]).all()
    np.testing.assert_allclose(chroma, [np.hypot(1, 0.5), 0, 0], atol=1e-9)


def test_classes_are_named_by_their_weighted_frequency(make_run):
    run = make_run({"fc": np.zeros((4, 1))}, [0, 1, 2, 2], class_names=["n02084071", "n02121808", "n02958343"])
    named, common = name_classes(
        ClassNames.of(run),
        np.array([[0, 1, -1], [2, 0, 3], [-1, -1, -1]]),
        np.array([[3.0, 1, 0], [9, 0.5, 0.5], [0, 0, 0]]),
    )
    assert named == ["n02084071 .75, n02121808 .25", "n02958343 .95", ""]
    assert common == ["carnivore", "car", ""]


def test_classes_without_wordnet_have_no_common_noun(make_run):
    run = make_run({"fc": np.zeros((2, 1))}, [0, 1], class_names=["cat", "dog"])
    assert name_classes(ClassNames.of(run), np.array([[0, 1]]), np.array([[1.0, 1.0]]))[1] == [""]
    many = make_run({"fc": np.zeros((2, 1))}, np.eye(2, dtype=bool), name="many")
    assert name_classes(ClassNames.of(many), np.array([[0, 1]]), np.array([[1.0, 1.0]]))[0] == [""]


def test_common_nouns_are_the_closest():
    assert common_noun(["n02123045", "n02123159"]) == "domestic cat"  # tabby, tiger cat
    assert common_noun(["n02123045", "n02958343"]) not in ("domestic cat", "car")


def test_most_similar_units():
    names, values = most_similar(Layer("a", 3), np.array([[1, 0.2, 0.5], [0.9, 1, 0.1], [0, 0, 0]], np.float32))
    assert names == ["a:2", "a:0", ""]
    np.testing.assert_allclose(values, [0.5, 0.9, np.nan], rtol=1e-6)
    assert most_similar(Layer("a", 1), np.ones((1, 1), np.float32))[0] == [""]


def test_a_unit_that_responds_to_no_other_crops_has_no_most_similar_unit():
    names, values = most_similar(Layer("a", 2), np.array([[1, -0.2], [0, 1]], np.float32))
    assert names == ["", ""]
    assert np.isnan(values).all()


def test_similarity_is_of_means_where_units_have_different_numbers_of_top_items():
    sums = LayerSums.empty(np.array([[1, 1], [1, 1]]), 4)
    sums.similar[:] = [[400, 100], [30, 60]]  # of 4 top items of the first unit, and of 2 of the second
    found = features_of(sums, np.array([[4.0, 3, 2, 1], [2, 1, 0, 0]])).similarity
    np.testing.assert_allclose(found, [[1, (30 / 2) / (400 / 4)], [(100 / 4) / (60 / 2), 1]], rtol=1e-6)


def test_sums_add_up_in_any_order():
    rng = np.random.default_rng(0)
    parts = []
    for part in range(3):
        layer = LayerSums.empty(np.array([[2, 3], [4, 1]]), 3)
        layer.feature += rng.integers(0, 1000, layer.feature.shape).astype(np.int32)
        layer.squares += rng.integers(0, 1000, 2)
        layer.similar += rng.integers(-1000, 1000, (2, 2))
        layer.positions[:, part], layer.boxes[:, part], layer.responses[:, part] = part, part + 1, part + 0.5
        parts.append(Sums([layer], rng.integers(0, 9, 72)).arrays())
    first, second = add_up(copy.deepcopy(parts)), add_up(parts[::-1])
    for name, values in first.arrays().items():
        np.testing.assert_array_equal(values, second.arrays()[name], err_msg=name)
    assert first.layers[0].positions[0, :, 0].tolist() == [0, 1, 2]
    assert first.layers[0].responses[1, :, 1].tolist() == [0.5, 1.5, 2.5]


def test_pictures_are_stretched_alike_for_all_colours_and_grey_where_nothing_is_seen():
    feature = np.array([[[0.2, 0.4, 0.6], [0.4, 0.4, 0.4], [np.nan] * 3]])
    shown = stretched(feature, np.array([[1.0, 1.0, 0.0]]))
    assert shown.tolist() == [[[0, 128, 255], [128, 128, 128], [128, 128, 128]]]
    assert stretched(np.full((1, 1, 3), 0.25), np.ones((1, 1))).tolist() == [[[64, 64, 64]]]
    assert as_png(sheet([shown, shown]))[:4] == b"\x89PNG"
    assert SIDE == 64


def test_columns_are_described(make_run):
    from unitscope.features.describe import COLUMNS

    assert pd.Index([column.name for column in COLUMNS]).is_unique
    assert all(column.definition for column in COLUMNS)


def test_images_of_units_that_see_nothing_and_of_layers_with_slashes():
    nothing = features_of(LayerSums.empty(np.zeros((2, 2), int), 1), np.zeros((2, 1)))
    images = dict(layer_images(Layer("a/b", 2), nothing))
    assert list(images) == ["a%2Fb/0.png", "a%2Fb/1.png", "a%2Fb.png"]
    assert np.unique(np.asarray(Image.open(io.BytesIO(images["a%2Fb/0.png"])))).tolist() == [128]
    others = dict(layer_images(Layer("a_b", 2), nothing))
    assert not images.keys() & others.keys()
