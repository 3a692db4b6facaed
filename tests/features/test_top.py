"""Top items of every unit against a full sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.features.top import find_top, largest


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=30), st.integers(1, 40))
def test_the_largest_are_those_of_a_full_sort(values, count):
    values = np.array(values)
    assert largest(values, count).tolist() == np.argsort(-values, kind="stable")[:count].tolist()


@pytest.mark.parametrize("items", [None, "all"])
def test_top_items_are_those_of_the_run(make_run, items):
    rng = np.random.default_rng(0)
    values = rng.integers(-2, 6, (90, 70)).astype(float)
    values[:, 3], values[:, 4], values[:, 5] = 0.0, 2.0, -1.0  # dead, constant, negative
    run = make_run({"a": values, "b": values[:, :2]}, np.arange(90) % 3, predicted=np.arange(90) % 2)
    top = find_top(run, 7, items)
    keep = run.choose_items(items)
    assert top.n_items == keep.sum()
    for row, unit in enumerate(run.units["unit"]):
        expected = run.top_items(unit, 7, items)
        expected = expected[expected["activation"] > 0]
        known = top.items[row] >= 0
        assert top.items[row][known].tolist() == expected["item"].tolist()
        assert top.activations[row][known].tolist() == expected["activation"].tolist()
        assert (top.activations[row][~known] == 0).all()
    assert (top.items[[3, 4, 5]] == -1).all()
    assert top.union.tolist() == sorted(set(top.items[top.items >= 0].tolist()))
