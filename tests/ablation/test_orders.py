"""Orders in which units are removed, and the accuracy that the figure shows of them."""

import numpy as np
import pytest
from matplotlib.figure import Figure

torch = pytest.importorskip("torch")

from unitscope import UnitscopeError, ablate, load_data, measure_run, open_run, record  # noqa: E402
from unitscope.ablation.orders import STEPS, Orders, orders_of, steps_of  # noqa: E402
from unitscope.figures import ablation  # noqa: E402
from unitscope.testing import check_figure  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.*negative activations")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("orders") / "run"
    run = record("demo:", load_data("demo:", n=64), directory, layers="fc7,fc8", workers=0)
    measure_run(run, items="all")
    ablate(run, layers="fc7", orders=3, workers=0)
    return open_run(directory)


def test_masks_grow_from_a_tenth_to_all():
    order = np.array([[3, 1, 0, 2], [0, 1, 2, 3]])
    masks = Orders(("a", "b"), order).masks().reshape(2, STEPS, 4)
    assert masks.sum(2).tolist() == [steps_of(4)[1:].tolist()] * 2
    first = np.flatnonzero(masks[0].sum(1) == 2)[0]
    assert np.flatnonzero(masks[0, first]).tolist() == [1, 3]
    assert masks[:, -1].all()


def test_every_order_has_every_unit_once(run):
    for number, orders in orders_of(run, 3).items():
        assert (np.sort(orders.units, 1) == np.arange(run.layers[number].units)).all()
    assert orders_of(run, 0) == {}
    auc = run.table("selectivity").query("layer == 'fc7'")["auc"].to_numpy()
    fc7 = orders_of(run, 3)[0]
    highest = fc7.units[fc7.names.index("selectivity.auc, highest first")]
    assert (np.diff(np.nan_to_num(auc[highest], nan=-1)) <= 0).all()  # dead units come last


def test_the_area_is_the_mean_accuracy_while_units_go(run):
    drawn = ablation(run, "fc7")
    assert drawn.frame()["share"].iloc[:2].tolist() == [0, 0.1]
    row = drawn.accuracy[drawn.orders.index("random 2")]
    expected = ((row[1:] + row[:-1]) / 2).mean()
    assert drawn.areas["random 2"] == pytest.approx(expected)
    assert drawn.shown == ("selectivity.precision_60", "selectivity.class_selectivity", "selectivity.max_informedness")


def test_it_is_a_figure(run):
    check_figure(ablation, run, layer="fc7")


def test_it_draws_two_lines_for_each_measure(run):
    drawn = ablation(run, "fc7", ["selectivity.auc"])
    ax = drawn.draw(Figure(figsize=drawn.size).add_subplot())
    labels = [line.get_label() for line in ax.lines]
    assert [label.split(":")[0] for label in labels] == [
        "at random, 3 orders", "selectivity.auc, highest first", "selectivity.auc, lowest first",
    ]  # fmt: skip
    np.testing.assert_array_equal(
        ax.lines[1].get_ydata(), drawn.accuracy[drawn.orders.index("selectivity.auc, highest first")]
    )


@pytest.mark.parametrize(
    ("layer", "measures", "message"),
    [
        ("fc8", None, "layer fc8 was not ablated; choose fc7"),
        ("fc9", None, "has no layer fc9"),
        ("fc7", ["selectivity.aux"], "no units were removed by selectivity.aux .did you mean 'selectivity.auc'"),
    ],
)
def test_what_was_not_computed_is_said(run, layer, measures, message):
    with pytest.raises(UnitscopeError, match=message):
        ablation(run, layer, measures)


def test_a_run_without_orders_is_told_how_to_get_them(tmp_path):
    run = record("demo:", load_data("demo:", n=32), tmp_path / "run", layers="fc8", workers=0)
    with pytest.raises(UnitscopeError, match="was not ablated"):
        ablation(run, "fc8")
    ablate(run, workers=0)
    with pytest.raises(UnitscopeError, match="run `unitscope ablate` with --orders 5"):
        ablation(run, "fc8")
