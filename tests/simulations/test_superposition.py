"""Networks under superposition: trials and gradient by hand, training stopped and resumed, localist units counted."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.errors import UnitscopeError
from unitscope.run import open_run
from unitscope.run.lock import locked
from unitscope.selectivity import measure_run
from unitscope.simulations.superposition import Simulation, read_outcomes, simulate_superposition
from unitscope.simulations.superposition.network import SHAPES, error, gradient, name_weights, respond, start_weights
from unitscope.simulations.superposition.simulation import network_path
from unitscope.simulations.superposition.train import Training, checkpoint_path, read_network
from unitscope.simulations.superposition.words import LETTERS, MEMBERS, WORDS, draw_lists, make_trials

CONDITIONS = ("superposition", "one-at-a-time")
ENOUGH = 4000
"""Updates after which localist units are seen; a full training has 20,000."""


def unitscope(*arguments, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One network of each condition, measured."""
    runs = {}
    for condition in CONDITIONS:
        directory = tmp_path_factory.mktemp("superposition") / condition
        runs[condition] = simulate_superposition(directory, condition=condition, seeds=1, updates=ENOUGH)
        measure_run(runs[condition], threads=1)
    return runs


def count_apart(values, members):
    """Count units, by definition, with a class entirely above all other items, and with one entirely below."""
    above = below = 0
    for unit in values:
        above += any(unit[letter].min() > unit[~letter].max() for letter in members.T)
        below += any(unit[letter].max() < unit[~letter].min() for letter in members.T)
    return above, below


# Words and trials


def test_the_vocabulary_is_all_words_of_three_letters():
    assert len(set(WORDS)) == 120
    assert (MEMBERS.sum(axis=1) == 3).all()
    assert (MEMBERS.sum(axis=0) == 36).all()
    assert not any((one == other).all() for one, other in combinations(MEMBERS, 2))


def test_trials_by_hand():
    lists = np.array([[0, 119], [1, 2]])  # abc hij, abd abe
    inputs, targets, is_cue = make_trials(lists, "superposition")
    assert is_cue.tolist() == [False, False, True, True]
    shown = [["".join(np.array([*LETTERS, "!"])[row > 0]) for row in step] for step in inputs]
    assert shown == [["abc", "abd"], ["hij", "abe"], ["!", "!"], ["!", "!"]]
    asked = [["".join(np.array(list(LETTERS))[row > 0]) for row in step] for step in targets]
    assert asked == [["abc", "abd"], ["hij", "abe"], ["abc", "abd"], ["hij", "abe"]]
    inputs, targets, is_cue = make_trials(lists, "one-at-a-time")
    assert is_cue.tolist() == [False, True, False, True]
    shown = [["".join(np.array([*LETTERS, "!"])[row > 0]) for row in step] for step in inputs]
    assert shown == [["abc", "abd"], ["!", "!"], ["hij", "abe"], ["!", "!"]]
    asked = [["".join(np.array(list(LETTERS))[row > 0]) for row in step] for step in targets]
    assert asked == [["abc", "abd"], ["abc", "abd"], ["hij", "abe"], ["hij", "abe"]]


def test_conditions_differ_in_nothing_else():
    lists = draw_lists(np.random.default_rng(0), 8, 4)
    assert all(len(set(words)) == 4 for words in lists.tolist())
    both = [make_trials(lists, condition) for condition in CONDITIONS]
    for one, other in zip(*both, strict=True):
        assert one.shape == other.shape
        assert sorted(one.reshape(8, -1).sum(axis=1)) == sorted(other.reshape(8, -1).sum(axis=1))


# Network and gradient


def test_one_unit_by_hand():
    vector = np.zeros(len(start_weights(np.random.default_rng(0))))
    weights = name_weights(vector)
    weights["input"][0, 0], weights["recurrent"][0, 0], weights["hidden_bias"][0] = 2, 4, -1
    weights["output"][0, 1], weights["output_bias"][1] = 3, -2
    inputs = np.zeros((2, 1, 11))
    inputs[0, 0, 0] = 1
    hidden, outputs = respond(weights, inputs)
    first = 1 / (1 + np.exp(-(2 + 4 * 0.5 - 1)))
    second = 1 / (1 + np.exp(-(4 * first - 1)))
    np.testing.assert_allclose(hidden[:, 0, 0], [0.5, first, second])
    np.testing.assert_allclose(hidden[1:, 0, 1:], 0.5)
    np.testing.assert_allclose(outputs[:, 0, 1], [3 * first - 2, 3 * second - 2])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_gradient_is_that_of_the_error(condition):
    rng = np.random.default_rng(1)
    vector = start_weights(rng).astype(float)
    vector += rng.normal(0, 0.1, len(vector))
    inputs, targets, _ = make_trials(draw_lists(rng, 4, 3), condition)
    slopes = gradient(vector, inputs, targets)
    starts = np.cumsum([0, *(int(np.prod(shape)) for shape in SHAPES.values())])
    for first, last in pairwise(starts):
        for place in rng.integers(first, last, 8):
            change = np.zeros_like(vector)
            change[place] = 1e-5
            up, down = (error(name_weights(vector + sign * change), inputs, targets) for sign in (1, -1))
            assert slopes[place] == pytest.approx((up - down) / 2e-5, abs=1e-8)


def test_the_first_update_moves_each_weight_by_the_learning_rate():
    # Adam's first step is the learning rate times the sign of the gradient.
    training = Training.begin(0)
    before = training.weights.copy()
    training.update(Simulation(updates=1000))
    moved = np.abs(training.weights - before)
    rate = 0.02 * (1 + np.cos(np.pi / 1000)) / 2
    large = training.mean**2 > 1e-8  # so that the small number added to the denominator does not matter
    assert large.sum() > 300
    np.testing.assert_allclose(moved[large], rate, rtol=0.02)
    assert (moved <= rate * 1.001).all()


# Training and recording


def test_localist_units_emerge_under_superposition_and_hardly_in_the_control(trained):
    # Seen with 3,000 to 5,000 updates: 5 to 12 and 0 to 1.
    counts = {condition: int(run.table("selectivity")["localist"].sum()) for condition, run in trained.items()}
    assert counts["superposition"] >= 4
    assert counts["one-at-a-time"] <= 3
    assert read_outcomes(trained["one-at-a-time"])["words_right"][0] > 0.95


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_table_counts_what_the_definition_says(trained, condition):
    run = trained[condition]
    values, table = run.activations("seed0"), run.table("selectivity")
    found = int(table["localist"].sum()), int(table["localist_off"].sum())
    assert count_apart(values, run.memberships) == found
    for unit, name in table.loc[table["localist"], ["unit", "localist_class"]].values:
        ours = np.array([name in word for word in run.items["item_id"]])
        assert run.unit_activations(unit)[ours].min() > run.unit_activations(unit)[~ours].max()
    shuffled = run.memberships[np.random.default_rng(0).permutation(120)]
    assert count_apart(values, shuffled) == (0, 0)


def test_the_run_holds_the_state_after_each_word_alone(trained):
    run = trained["superposition"]
    assert run.multi_label
    assert run.classes["name"].tolist() == list(LETTERS)
    np.testing.assert_array_equal(run.memberships, MEMBERS)
    weights = read_network(run.directory, 0)
    net = MEMBERS @ weights["input"][:10] + 0.5 * weights["recurrent"].sum(axis=0) + weights["hidden_bias"]
    np.testing.assert_allclose(run.activations("seed0").T, 1 / (1 + np.exp(-net)), atol=1e-5)


def contents(directory):
    """Return the networks and activations of a run."""
    paths = [*directory.glob("networks/*"), *directory.glob("activations.zarr/**/c/**/*")]
    return {path.relative_to(directory): path.read_bytes() for path in paths if path.is_file()}


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Two networks, trained a little without interruption."""
    return simulate_superposition(tmp_path_factory.mktemp("short") / "run", seeds=2, updates=600)


def test_a_killed_training_is_continued_to_the_same_bits(short, tmp_path):
    directory = tmp_path / "run"
    words = ["simulate", "superposition", "--seeds", "2", "--updates", "600", str(directory)]
    started = subprocess.Popen(
        [sys.executable, "-c", "import sys; from unitscope.cli.main import run; run()", *words],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not checkpoint_path(directory, 0).exists() and started.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL, "it finished before it was killed"
    with pytest.raises(UnitscopeError, match="continue it with the same command: unitscope simulate superposition"):
        open_run(directory)
    assert "next: the same command: unitscope simulate superposition --seeds 2" in unitscope("status", directory).stdout
    said = unitscope(*words).stdout
    assert f"recorded 100 units for 120 words in {directory}" in said
    assert f"next: unitscope measure {directory}" in said
    assert contents(directory) == contents(short.directory)


def test_a_training_continues_from_its_checkpoint(short, tmp_path):
    class StopError(Exception):
        pass

    def stop(doing, done, total):
        assert (doing, total) == ("training", 1200)
        if done >= 1100:  # the first network is done, the second has a checkpoint
            raise StopError

    with pytest.raises(StopError):
        simulate_superposition(tmp_path / "run", seeds=2, updates=600, progress=stop)
    assert Training.read(checkpoint_path(tmp_path / "run", 1)).updates == 500
    seen = []
    again = simulate_superposition(
        tmp_path / "run", seeds=2, updates=600, progress=lambda doing, done, total: seen.append(done)
    )
    assert seen == [1200]
    assert contents(again.directory) == contents(short.directory)


def test_elsewhere_it_is_the_same(short, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        elsewhere = simulate_superposition(tmp_path / "run", seeds=2, updates=600, on=pool)
    assert contents(elsewhere.directory) == contents(short.directory)


def test_a_damaged_network_is_named_and_trained_again(short, tmp_path):
    run = simulate_superposition(tmp_path / "run", seeds=2, updates=600)
    path = network_path(run.directory, 1)
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(UnitscopeError, match=r"seed1\.npz is damaged .*; repair it with the same simulate command"):
        read_outcomes(run)
    path.unlink()
    with pytest.raises(UnitscopeError, match=r"seed1\.npz is missing; repair it with the same simulate command"):
        read_outcomes(run)
    path.write_bytes(b"")
    again = simulate_superposition(run.directory, seeds=2, updates=600)
    assert contents(again.directory) == contents(short.directory)


WRONG = [
    (("--condition", "superpositon"), "did you mean 'superposition'"),
    (("--list-length", 1), "superposition needs lists of at least 2 words"),
    (("--list-length", 121), "choose a length from 1 to 120"),
    (("--seeds", 0), "--seeds 0 trains nothing"),
    (("--updates", 0), "--updates 0 trains nothing"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_impossible_settings_are_one_sentence_and_nothing_is_written(tmp_path, options, message):
    done = unitscope("simulate", "superposition", *options, tmp_path / "run", status=2)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_other_things_in_the_directory_are_left_alone(short, tmp_path):
    with pytest.raises(UnitscopeError, match=r"holds another run .*simulate.condition: superposition there"):
        simulate_superposition(short.directory, condition="one-at-a-time", seeds=2, updates=600)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UnitscopeError, match="neither a run nor empty"):
        simulate_superposition(tmp_path)
    with locked(short.directory, "training"), pytest.raises(UnitscopeError, match="another process works on"):
        simulate_superposition(short.directory, seeds=2, updates=600)


def test_other_commands_work_on_the_run(trained, tmp_path):
    run = trained["superposition"]
    done = unitscope("figure", "superposition", *(run.directory for run in trained.values()), "-o", tmp_path / "f.svg")
    assert done.stdout.split() == [str(tmp_path / "f.svg")]
    assert "verified" in unitscope("status", "--verify", run.directory).stdout
