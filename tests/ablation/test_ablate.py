"""The table of ablation, against the network with hooks that silence one unit at a time, and however it is computed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from unitscope import UnitscopeError, ablate, ablated, load_data, measure_run, open_run, record  # noqa: E402
from unitscope.ablation.settings import batches_of, blocks_of  # noqa: E402
from unitscope.data import open_items  # noqa: E402
from unitscope.models import open_network  # noqa: E402
from unitscope.run import ItemBlock, read_status  # noqa: E402

N = 96

pytestmark = pytest.mark.filterwarnings("ignore:.*negative activations")  # of class scores


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the demo, measured and ablated."""
    directory = tmp_path_factory.mktemp("ablation") / "run"
    run = record("demo:", load_data("demo:", n=N), directory, layers="conv5,fc7,fc8", workers=0)
    measure_run(run, items="all")
    ablate(run, layers="conv5,fc*", orders=2, workers=0)
    return open_run(directory)


@pytest.fixture(scope="module")
def batch(run):
    network, data = open_network(run), open_items(run)
    items = [network.preprocess(data.load(item)) for item in range(N)]
    return torch.stack(items)  # noqa: PD013


def outcome(run, scores):
    """Return which items are correct, and the log-probability of the label."""
    labels = torch.tensor(run.labels)
    logs = scores.double().log_softmax(1)[torch.arange(N), labels].numpy()
    return (scores.argmax(1) == labels).numpy(), logs


@pytest.mark.parametrize("unit", ["conv5:3", "conv5:40", "fc7:17", "fc8:2"])
def test_the_numbers_are_those_of_a_network_without_the_unit(run, batch, unit):
    module = open_network(run).module
    with torch.no_grad():
        before, before_logs = outcome(run, module(batch))
        with ablated(module, [unit]):
            after, after_logs = outcome(run, module(batch))
    row = run.table("ablation").set_index("unit").loc[unit]
    assert row["accuracy_drop"] == pytest.approx(before.mean() - after.mean())
    assert row["log_probability_drop"] == pytest.approx((before_logs - after_logs).mean(), abs=1e-5)
    drops = run.unit_array("ablation", "drop", unit)
    logs = run.unit_array("ablation", "log_probability", unit)
    for place in range(len(run.classes)):
        of = run.labels == place
        if of.any():
            assert drops[place] == pytest.approx(before[of].mean() - after[of].mean())
            assert logs[place] == pytest.approx((before_logs - after_logs)[of].mean(), abs=1e-5)
        else:
            assert np.isnan(drops[place])
    assert row["class_drop"] == pytest.approx(np.nanmax(drops))


def test_some_unit_matters(run):
    table = run.table("ablation")
    assert table["accuracy_drop"].max() > 0.01
    assert (table["log_probability_drop_low"] > 0).any()
    assert (table["undefined"] == "").all()
    named = table["class_drop_class"].notna()
    assert (named == (table["class_drop"] > 0)).all()


def test_the_class_of_every_measure_has_its_drop(run):
    table, selectivity = (run.table(name).set_index("unit") for name in ("ablation", "selectivity"))
    places = {name: place for place, name in enumerate(run.classes["class"])}
    drops = run.array("ablation", "drop")
    own = [name for name in table if name.startswith("drop_of_") and name.endswith("_class")]
    assert "drop_of_auc_class" in own
    for name in own:
        picked = selectivity[name.removeprefix("drop_of_")]
        expected = [drops[row, places[of]] if of in places else np.nan for row, of in enumerate(picked)]
        np.testing.assert_allclose(table[name], expected)


@pytest.mark.parametrize("layer", ["conv5", "fc7"])
def test_accuracy_without_several_units_is_that_of_the_silenced_network(run, batch, layer):
    stored = run.stored_table("ablation")
    labels = stored.labels
    assert labels["share"][:2] == ["0", "0.1"]
    accuracy = stored.array("cumulative_accuracy")[labels["layer"].index(layer)]
    module = open_network(run).module
    values = run.table("selectivity").set_index("unit")["auc"]
    values = values[values.index.str.startswith(f"{layer}:")]
    for which, ascending in (("highest", False), ("lowest", True)):
        ranked = values.sort_values(ascending=ascending, kind="stable").index
        row = accuracy[labels["order"].index(f"selectivity.auc, {which} first")]
        for step in (0, 3, 10):
            removed = ranked[: round(len(ranked) * step / 10)]
            with torch.no_grad(), ablated(module, removed):
                correct, _ = outcome(run, module(batch))
            assert row[step] == pytest.approx(correct.mean()), (which, step)
    assert (accuracy[:, 0] == accuracy[0, 0]).all()
    assert (accuracy[:, -1] == accuracy[0, -1]).all()
    assert not (accuracy[0] == accuracy[1]).all()  # random orders differ


@pytest.mark.parametrize("value", ["mean", "resample"])
def test_units_may_give_their_mean_or_their_map_for_another_item(tmp_path, run, batch, value):
    copy = record("demo:", load_data("demo:", n=N), tmp_path / "run", layers="fc7,fc8", workers=0)
    table = ablate(copy, layers="fc7", value=value, workers=0).set_index("unit")
    assert table.loc["fc8:0", "undefined"] == "its layer was left out"
    assert np.isnan(table.loc["fc8:0", "accuracy_drop"])
    zero = run.table("ablation").set_index("unit").loc[table.index]
    assert not np.allclose(zero["log_probability_drop"][:128], table["log_probability_drop"][:128])
    if value == "mean":
        module = open_network(copy).module
        means = run.activations("fc7").mean(1, dtype=float)
        unit = f"fc7:{table['log_probability_drop'].abs().argmax()}"
        with torch.no_grad():
            _, before = outcome(copy, module(batch))
            with ablated(module, [unit], float(means[int(unit[4:])])):
                _, after = outcome(copy, module(batch))
        assert table.loc[unit, "log_probability_drop"] == pytest.approx((before - after).mean(), abs=1e-5)


def test_an_ablation_that_was_stopped_goes_on_to_the_same_bits(tmp_path, run):
    copy = record("demo:", load_data("demo:", n=N), tmp_path / "run", layers="conv5,fc7,fc8", workers=0)
    measure_run(copy, items="all")

    def stop(doing, done, total):
        if doing == "ablating" and done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ablate(copy, layers="conv5,fc*", orders=2, workers=0, progress=stop)
    assert "ablation" in str(read_status(tmp_path / "run"))
    ablate(copy, layers="conv5,fc*", orders=2, workers=0)
    np.testing.assert_array_equal(*(of.array("ablation", "cumulative_accuracy") for of in (copy, run)))
    pd.testing.assert_frame_equal(copy.table("ablation"), run.table("ablation"))


def test_processes_give_the_same_table(tmp_path, run):
    copy = record("demo:", load_data("demo:", n=N), tmp_path / "run", layers="conv5,fc7,fc8", workers=0)
    measure_run(copy, items="all")
    ablate(copy, layers="conv5,fc*", workers=0, threads=1, on="local:2")
    pd.testing.assert_frame_equal(copy.table("ablation"), run.table("ablation"), rtol=1e-6, atol=1e-7)


def test_blocks_and_batches_cover_all_items_and_none_is_alone():
    for n in (2, 31, 33, 47, 49, 1000, 5000):
        blocks = blocks_of(n)
        assert [blocks[0].first, blocks[-1].last] == [0, n]
        for size in (2, 7, 64):
            places = [place for block in blocks for batch in batches_of(block, size) for place in batch]
            assert places == [*range(n)]
            assert min(len(batch) for block in blocks for batch in batches_of(block, size)) > 1
    assert batches_of(ItemBlock(0, 5), 4) == [range(5)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": "conv6"}, "no layer of .* matches 'conv6' .did you mean 'conv5'.*it has: conv5, fc7, fc8"),
        ({"value": "one"}, "value"),
        ({"orders": 101}, "101 random orders are out of range; give 0 to 100"),
        ({"batch_size": 1}, "the batch size 1 is too small; give at least 2"),
    ],
)
def test_bad_options_are_one_sentence(run, options, message):
    with pytest.raises(UnitscopeError, match=message):
        ablate(run, workers=0, **options)


def test_runs_that_cannot_be_ablated_are_refused(make_run):
    activations = {"a": np.ones((4, 2))}
    without = make_run(activations, [0, 0, 1, 1], name="without")
    with pytest.raises(UnitscopeError, match="has no predictions, so that it has no accuracy to lose"):
        ablate(without)
    several = make_run(activations, np.eye(4, 2, dtype=bool), name="several")
    with pytest.raises(UnitscopeError, match="may have several classes"):
        ablate(several)
    made = make_run(activations, [0, 0, 1, 1], predicted=[0, 0, 1, 1], name="gone")
    identity = {**made.manifest.identity, "predictions": {"outputs": "logits", "class_outputs": "by order"}}
    made.manifest = replace(made.manifest, identity=identity)
    with pytest.raises(UnitscopeError, match="does not store the source of its items; give them with --items-from"):
        ablate(made)


def test_a_real_network_loses_little_without_a_unit_of_its_last_layer(real, tmp_path):
    for folder in sorted((real / "cifar10-test").iterdir()):
        (tmp_path / "images" / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir())[:20]:
            (tmp_path / "images" / folder.name / path.name).symlink_to(path)
    data = load_data(f"folder:{tmp_path / 'images'}")
    run = record(f"py:{real / 'models.py'}:resnet20", data, tmp_path / "run", layers="layer3.2", workers=0)
    table = ablate(run, workers=0)
    assert abs(table["accuracy_drop"].median()) < 0.02
    assert table["class_drop"].max() > 0.1
