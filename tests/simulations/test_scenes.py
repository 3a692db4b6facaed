import hashlib
from collections import Counter

import numpy as np
import pytest

from unitscope.errors import UnitscopeError
from unitscope.simulations import CLASSES, CONCEPTS, Scenes, render
from unitscope.simulations.backdrops import MATERIALS, PLACES, draw_backdrop
from unitscope.simulations.kinds import KINDS
from unitscope.simulations.layers import PARTS

SOME = [render(i) for i in range(20 * len(CLASSES))]


def digest(scene):
    parts = [scene.image, *(scene.masks[category] for category in CONCEPTS)]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


GOLDEN = {
    (0, 0, "test"): "3007f88fd213d3a3",
    (1, 0, "train"): "04dd7b82eb520cad",
    (5, 0, "test"): "db4450b8193a336f",
    (8, 7, "test"): "613aa1c06e2e5829",
    (11, 0, "train"): "3a63e9c01c609a65",
    (14, 2, "test"): "294c66e94183bc09",
    (123_456, 0, "test"): "5a0b90b5c9157847",
    (2**40, 3, "train"): "5220a940030db064",
}


@pytest.mark.parametrize(("arguments", "expected"), GOLDEN.items())
def test_scenes_never_change(arguments, expected):
    assert digest(render(*arguments)) == expected


def test_a_scene_depends_on_nothing_but_its_own_numbers():
    few, many = Scenes(7, seed=3), Scenes(500, seed=3)
    backwards = [digest(many[i]) for i in reversed(range(7))][::-1]
    assert [digest(scene) for scene in few] == backwards
    assert digest(few[-1]) == backwards[-1]


def test_seeds_and_splits_share_no_scene():
    digests = {
        hashlib.sha256(scene.image.tobytes()).hexdigest()
        for split in ("train", "test")
        for seed in (0, 1, 2)
        for scene in Scenes(32, seed, split)
    }
    assert len(digests) == 2 * 3 * 32


def test_classes_come_in_turn_and_equally_often():
    labels = [scene.label for scene in Scenes(3 * len(CLASSES))]
    assert labels[: len(CLASSES)] == list(range(len(CLASSES)))
    assert set(Counter(labels).values()) == {3}


def test_a_row_of_scenes_ends():
    scenes = Scenes(5)
    assert len(scenes) == 5
    with pytest.raises(IndexError, match="scene 5 of 5"):
        scenes[5]
    with pytest.raises(UnitscopeError, match="at least 1"):
        Scenes(0)


@pytest.mark.parametrize(("index", "seed", "split"), [(0, 0, "validation"), (-1, 0, "test"), (0, -1, "test")])
def test_scenes_that_do_not_exist_are_refused(index, seed, split):
    with pytest.raises(UnitscopeError, match=r"choose 'train' or 'test'|count from 0"):
        render(index, seed, split)


def test_pictures_and_masks_have_their_form():
    for scene in SOME:
        assert scene.image.shape == (64, 64, 3)
        assert scene.image.dtype == np.uint8
        assert sorted(scene.masks) == sorted(CONCEPTS)
        for category, mask in scene.masks.items():
            assert mask.shape == (64, 64)
            assert mask.dtype == np.uint8
            assert mask.max() < len(CONCEPTS[category])


def test_every_concept_is_shown_by_some_scene():
    for category, names in CONCEPTS.items():
        shown = set(np.concatenate([np.unique(scene.masks[category]) for scene in SOME]).tolist())
        assert shown | {0} == set(range(len(names))), category


def test_the_labelled_object_can_be_seen():
    for scene in SOME:
        visible = scene.masks["object"] == scene.label + 1
        assert visible.sum() >= 50


def test_the_box_fits_the_labelled_object():
    for scene in SOME:
        left, top, right, bottom = scene.box
        assert 0 <= left < right <= 64
        assert 0 <= top < bottom <= 64
        visible = scene.masks["object"] == scene.label + 1
        inside = visible[top:bottom, left:right]
        assert inside.sum() == visible.sum()
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))


def test_parts_lie_in_objects_and_objects_hide_the_background():
    for scene in SOME:
        thing = scene.masks["object"] > 0
        assert thing[scene.masks["part"] > 0].all()
        np.testing.assert_array_equal(scene.masks["background"] == 0, thing)


def test_there_is_at_most_one_other_smaller_object():
    companies = 0
    for scene in SOME:
        shown, pixels = np.unique(scene.masks["object"][scene.masks["object"] > 0], return_counts=True)
        assert len(shown) <= 2
        companies += len(shown) - 1
        assert dict(zip(shown, pixels, strict=True))[scene.label + 1] == pixels.max()
    assert 0.2 < companies / len(SOME) < 0.45


def test_objects_differ_from_what_is_around_them():
    """A mask that did not fit its picture would have as much contrast at its edge when moved elsewhere."""
    here, elsewhere = [], []
    for scene in SOME:
        grey = scene.image.mean(axis=2)
        edges = np.diff((scene.masks["object"] > 0).astype(int), axis=0) != 0
        steps = np.abs(np.diff(grey, axis=0))
        here.append(steps[edges].mean())
        elsewhere.append(steps[np.roll(edges, 9, axis=1)].mean())
    assert np.mean(here) > 1.8 * np.mean(elsewhere)


def test_classes_share_parts():
    owners = {part: {kind.name for kind in KINDS for shape in drawings(kind) if shape.part == part} for part in PARTS}
    assert owners["wheel"] == {"bicycle", "bus", "car", "tractor", "truck"}
    assert owners["wing"] == {"bird", "butterfly", "plane"}
    assert owners["leg"] == {"bird", "cat", "dog", "horse"}
    assert all(owners.values())


def drawings(kind):
    return [shape for seed in range(8) for shape in kind.draw(np.random.default_rng(seed))]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_drawings_name_known_parts_and_vary(kind):
    assert {shape.part for shape in drawings(kind)} <= {"", *PARTS}
    first, second = (np.concatenate([s.points for s in kind.draw(np.random.default_rng(i))]) for i in (1, 2))
    assert first.shape != second.shape or not np.allclose(first, second)
    assert set(kind.places) <= set(PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_places_show_their_materials(place):
    upper, lower = (MATERIALS.index(material) for material in PLACES[place])
    backdrop = draw_backdrop(np.random.default_rng(0), place, horizon=30)
    assert (backdrop.material[:16] == upper).all()
    assert (backdrop.material[44:] == lower).all()
    assert set(np.unique(backdrop.material)) <= {upper, lower}
    assert backdrop.picture[backdrop.material == upper].std() > 3
    bare = draw_backdrop(np.random.default_rng(0), place, horizon=80)
    assert (bare.material == upper).all()
