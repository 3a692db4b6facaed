"""The scenes of the demo as concepts: the masks that they are drawn with, at the places of the same items."""

import pickle

import numpy as np
import pytest

from unitscope.data import load_concepts, load_data
from unitscope.errors import UnitscopeError
from unitscope.simulations import CONCEPTS, render


def test_items_are_those_of_the_data():
    concepts, data = load_concepts("demo:", n=17, seed=2), load_data("demo:", n=17, seed=2)
    assert concepts.items.items.equals(data.items)
    assert concepts.items.fingerprint == data.fingerprint
    assert np.array_equal(concepts.items.load(16), data.load(16))


@pytest.mark.parametrize("options", [{}, {"seed": 5}, {"seed": 5, "split": "train"}])
def test_labels_name_what_the_masks_name(options):
    concepts = load_concepts("demo:", n=8, **options)
    assert concepts.table["number"].tolist() == list(range(1, 80))
    assert concepts.categories == tuple(CONCEPTS)
    named = np.array(["none", *concepts.table["concept"]])
    categories = np.array(["", *concepts.table["category"]])
    for index in range(8):
        labels = concepts.labels(index)
        assert labels.maps.shape == (5, 64, 64)
        assert labels.maps.dtype == np.uint16
        masks = render(index, **options).masks
        for layer, category in zip(labels.maps, CONCEPTS, strict=True):
            assert np.array_equal(named[layer], np.array(CONCEPTS[category])[masks[category]])
            assert set(categories[layer[layer > 0]]) <= {category}


def test_the_fingerprint_follows_the_settings():
    seen = {
        load_concepts("demo:", **options).fingerprint for options in ({}, {"n": 9}, {"seed": 1}, {"split": "train"})
    }
    assert len(seen) == 4
    assert load_concepts("demo:", n=3000, seed=0).fingerprint in seen


def test_loaders_can_be_pickled():
    labels = load_concepts("demo:", n=3).labels
    assert np.array_equal(pickle.loads(pickle.dumps(labels))(2).maps, labels(2).maps)


def test_what_can_be_wrong():
    with pytest.raises(UnitscopeError, match="the concept spec 'demo:100' has extra text; write demo: and options"):
        load_concepts("demo:100")
    with pytest.raises(UnitscopeError, match="demo: takes no option 'categories'"):
        load_concepts("demo:", categories="object")
    with pytest.raises(UnitscopeError, match="the concept spec 'demo' has no scheme; did you mean 'demo:'"):
        load_concepts("demo")
