"""The claims on recurrent networks: where they hold, where they do not, and what they need."""

import numpy as np
import pytest
from typer.testing import CliRunner

from simulated_networks import simulated_run
from unitscope.cli import main
from unitscope.errors import UnitscopeError
from unitscope.report import claims_superposition as claims
from unitscope.report import reproduce
from unitscope.report.observations import gather
from unitscope.selectivity import measure_run

NAMES = ("superposed_are_localist", "controls_are_not", "far_from_recurrent", "superposition")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, make_shared_run):
    """A convolutional network's stand-in, and recurrent networks by name."""
    folder = tmp_path_factory.mktemp("networks")
    noise = np.random.default_rng(0).uniform(1, 2, (90, 4))
    made = {
        "images": make_shared_run({"fc6": noise}, np.arange(90) % 3),
        "many": simulated_run(folder / "many", "superposition", [(5, 2), (3, 0)]),
        "few": simulated_run(folder / "few", "superposition", [(5, 2), (1, 0)]),
        "none": simulated_run(folder / "none", "one-at-a-time", [(0, 1), (0, 0)]),
        "some": simulated_run(folder / "some", "one-at-a-time", [(0, 0), (2, 0)], list_length=1),
    }
    for run in made.values():
        measure_run(run, threads=1)
    return made


CASES = [
    ("images", (), (None, None, None, None)),
    ("images", ("many",), (True, None, True, None)),
    ("images", ("none",), (None, True, None, None)),
    ("images", ("many", "none"), (True, True, True, True)),
    ("images", ("many", "some"), (True, False, True, True)),
    ("images", ("few", "none"), (False, True, True, True)),
    ("images", ("few", "some"), (False, False, True, False)),
    ("many", ("none",), (True, True, None, True)),
    ("some", ("many", "few"), (False, False, None, False)),
]


@pytest.mark.parametrize(("run", "others", "expected"), CASES)
def test_claims_hold_where_they_are_true_and_only_there(runs, run, others, expected):
    seen = gather(runs[run], [runs[other] for other in others])
    verdicts = [getattr(claims, name).judge(seen) for name in NAMES]
    assert tuple(verdict.holds for verdict in verdicts) == expected
    assert all(verdict.numbers.endswith(".") for verdict in verdicts)


def test_numbers_are_those_of_each_network(runs):
    said = claims.superposition.judge(gather(runs["images"], [runs["many"], runs["none"], runs["some"]])).numbers
    assert said == (
        "Superposition, up to 3 words: 5, 3 of 50 units localist (2, 0 below all others), at least 99.0% of words "
        "recalled. One word at a time, up to 1 word: 0, 2 of 50 units localist (0, 0 below all others), at least "
        "99.0% of words recalled; up to 3 words: 0, 0 of 50 units localist (1, 0 below all others), at least 99.0% of "
        "words recalled."
    )
    needed = claims.controls_are_not.judge(gather(runs["images"])).numbers
    assert "unitscope simulate superposition --condition one-at-a-time" in needed
    assert "--with" in needed


def test_a_localist_unit_of_the_run_is_not_far(runs, make_run):
    labels = np.arange(90) % 3
    run = make_run({"fc6": np.where(labels == 0, 2.0, 1.0)[:, None] + np.linspace(0, 0.1, 90)[:, None]}, labels)
    measure_run(run, threads=1)
    verdict = claims.far_from_recurrent.judge(gather(run, [runs["many"]]))
    assert verdict.holds is False
    assert verdict.numbers == "It is 1.00 in this run and 1.00 under superposition."


def test_the_page_has_the_figure_and_the_verdicts(runs, no_drawing, tmp_path):
    words = ["reproduce", str(runs["images"].directory), str(tmp_path / "page")]
    for name in ("many", "none"):
        words += ["--with", str(runs[name].directory)]
    done = CliRunner().invoke(main.app, words)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "page" / "index.md").read_text()
    assert "superposition.png" in page
    assert (tmp_path / "page" / "superposition.csv").is_file()
    assert page.count("**Holds:** Localist units emerge where several things") == 1


def test_other_runs_are_refused_before_anything_is_written(runs, tmp_path):
    with pytest.raises(UnitscopeError, match="was not made by `unitscope simulate superposition`"):
        reproduce(runs["images"], tmp_path / "page", others=[runs["images"]])
    unmeasured = simulated_run(tmp_path / "new", "superposition", [(1, 0)])
    with pytest.raises(UnitscopeError, match=r"run `unitscope measure .*new` first"):
        reproduce(runs["images"], tmp_path / "page", others=[unmeasured])
    assert not (tmp_path / "page").exists()
