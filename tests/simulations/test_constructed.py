import numpy as np
import pytest

from unitscope.simulations import constructed_units

ACTIVATIONS, LABELS, NAMES = constructed_units()


def ccmas(unit):
    ours, rest = unit[LABELS == 0].mean(dtype=float), unit[LABELS != 0].mean(dtype=float)
    return (ours - rest) / (ours + rest)


def test_ten_classes_of_a_hundred():
    assert ACTIVATIONS.shape == (1000, 3)
    assert ACTIVATIONS.dtype == np.float32
    assert NAMES == ["one_item", "grandmother", "slightly_higher"]
    np.testing.assert_array_equal(np.bincount(LABELS), [100] * 10)


def test_one_item_is_on():
    unit = ACTIVATIONS[:, 0]
    assert np.count_nonzero(unit) == 1
    assert LABELS[unit.argmax()] == 0
    assert ccmas(unit) == 1


def test_the_grandmother_is_on_for_its_class_alone():
    unit = ACTIVATIONS[:, 1]
    assert (unit[LABELS == 0] > 0.8).all()
    assert not unit[LABELS != 0].any()
    assert ccmas(unit) == 1


def test_the_slightly_higher_class_is_apart_though_its_ccmas_is_low():
    unit = ACTIVATIONS[:, 2]
    ours, rest = unit[LABELS == 0], unit[LABELS != 0]
    assert ours.min() > rest.max()
    assert rest.min() > 0.7
    # Means .9 and .8: .1 / 1.7.
    assert ccmas(unit) == pytest.approx(1 / 17, abs=1e-6)
    for other in rest.reshape(9, 100):
        np.testing.assert_allclose(ours, other + 0.1, atol=1e-6)
