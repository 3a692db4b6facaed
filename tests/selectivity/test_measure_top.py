"""`--top`: measuring a run over another number of most active items, and what reads such a run."""

import functools

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from unitscope.cli.main import app
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.figures import boxplots, class_set, correlations, disagreement, jitter, rank_disagreement, roc, top_units
from unitscope.measures import measure
from unitscope.report import write_report
from unitscope.report.claims_units import near_perfect_precision
from unitscope.report.observations import gather
from unitscope.run import open_run
from unitscope.selectivity import compare_runs, measure_run

RNG = np.random.default_rng(0)
LABELS = np.repeat(np.arange(6), 20)
VALUES = np.maximum(RNG.normal(size=(120, 70)) + 2 * (LABELS[:, None] == np.arange(70) % 6), 0).astype(np.float32)


def test_a_run_is_measured_like_an_array_and_keeps_its_top(make_run):
    run = make_run({"fc": VALUES}, LABELS)
    table = measure_run(run, top=20, permutations=20)
    expected = measure(VALUES, [f"class{label}" for label in LABELS], top=20)
    for name in expected.columns.drop("unit"):
        if name != "class_index_chance":  # estimated by permutations
            np.testing.assert_array_equal(table[name].to_numpy(), expected[name].to_numpy(), err_msg=name)
    assert run.parameters("selectivity")["top"] == 20
    assert {"precision_20_p", "precision_20_q", "precision_20_low", "n_classes_top_20_chance"} <= set(table)
    assert not any(name.startswith("precision_60") or "top_100" in name for name in table)
    assert run.columns("selectivity")["precision_20"].formula == "max_A |top 20 in A| / 20"
    np.testing.assert_array_equal(run.array("selectivity", "precision_20").max(1), table["precision_20"])
    assert measure_run(run)["precision_60"].notna().all()
    assert run.parameters("selectivity")["top"] is None


def test_another_top_does_not_go_on_with_the_parts_of_this_one(make_run):
    run = make_run({"fc": VALUES}, LABELS)

    def stop(doing, done, total):
        if done > 64:
            raise KeyboardInterrupt

    for top, first in ((20, 64), (10, 0)):
        with pytest.raises(KeyboardInterrupt):
            measure_run(run, top=20, progress=stop)
        seen = []
        progress = functools.partial(lambda seen, doing, done, total: seen.append(done), seen)
        table = measure_run(open_run(run.directory), top=top, progress=progress)
        assert seen[0] == first
        pd.testing.assert_frame_equal(table, measure_run(run, top=top))


def test_figures_and_reports_find_the_columns_of_any_top(make_run, no_drawing):
    run = make_run({"fc": VALUES[:, :7], "fc2": VALUES[:, 7:14]}, LABELS)
    measure_run(run, top=20, class_sets={"pair": ["class0", "class1"]})
    assert {"precision_20", "n_classes_top_20"} <= set(boxplots(run).frame()["measure"])
    assert correlations(run).columns[0].name == "precision_20"
    assert top_units(run).frame()["ranked_by"].unique().tolist() == ["ccmas", "precision_20"]
    assert disagreement(run, "precision_60", "ccmas").x.title == "Precision in the top 20"
    assert len(rank_disagreement(run)) == 14
    assert "precision_20" in class_set(run, "pair").frame()
    threshold = run.table("selectivity").set_index("unit").loc["fc:1", "precision_20_threshold"]
    assert (jitter(run, "fc:1").n_top, jitter(run, "fc:1").top_at) == (20, threshold)
    assert roc(run, "fc:1").marks["Top 20 items"] == threshold
    page = write_report(run).read_text()
    assert "By precision among the 20 most active items" in page
    assert "60 most active" not in page
    seen = gather(run)
    assert (seen.precision, seen.n_top) == ("precision_20", 20)
    assert near_perfect_precision.judge(seen).holds is not None  # classes of 20 can reach it, unlike among 60
    measure_run(run, top=50)
    said = near_perfect_precision.judge(gather(run)).numbers
    assert said == "The largest class has 20 items; a precision of 0.95 needs 48."


def test_runs_of_different_tops_are_not_compared_in_precision(make_run):
    one, two = (make_run({"fc": VALUES}, LABELS, name=name) for name in ("one", "two"))
    measure_run(one, top=20)
    measure_run(two)
    with pytest.warns(UnitscopeWarning, match="one and two were measured with different --top"):
        found = compare_runs(one, two)
    assert not found["measure"].str.startswith("precision").any()
    measure_run(two, top=20)
    assert "precision_20_held_out" in set(compare_runs(one, two)["measure"])


def test_the_command_takes_a_top(make_run):
    run = make_run({"fc": VALUES}, LABELS)
    result = CliRunner().invoke(app, ["measure", str(run.directory), "--top", "20"])
    assert result.exit_code == 0, result.output
    assert "Precision in the top 20" in result.output
    assert "precision_20" in run.table("selectivity")


def test_a_top_of_none_is_refused(make_run):
    run = make_run({"fc": VALUES}, LABELS)
    with pytest.raises(UnitscopeError, match="top must be a whole number of at least 1, not 0"):
        measure_run(run, top=0)
