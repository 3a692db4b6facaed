"""The checks for authors of plug-ins: our own parts pass them, and each fault that they promise to find is found."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from analysis.toys import Means, Sums, UnitMeans
from unitscope.analysis import Part
from unitscope.columns import Column
from unitscope.compute import POOLS
from unitscope.data import DATA_SOURCES, LabelledItems, Loader, class_table, hash_rows, load_data, numbered_items
from unitscope.errors import UnitscopeError
from unitscope.figures import FIGURES
from unitscope.measures import CLASSWISE, COLUMNS, ExtraMeasure, measure_block
from unitscope.models import MODEL_SOURCES, Source
from unitscope.selectivity import measure_run
from unitscope.selectivity.analysis import Selectivity
from unitscope.selectivity.settings import Settings
from unitscope.testing import (
    check_analysis,
    check_data_source,
    check_figure,
    check_measure,
    check_model_source,
    check_pool,
)

TINY = str(Path(__file__).parents[1] / "plugins" / "tiny_package")


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.syspath_prepend(TINY)


@pytest.fixture
def run(make_run):
    rng = np.random.default_rng(0)
    values = {name: rng.integers(0, 9, (50, units)).astype(np.float32) for name, units in (("a", 5), ("b", 2))}
    return make_run(values, np.arange(50) % 3, class_names=["cat", "dog", "emu"], block_items=8)


# Measures


def ours(values, classes):
    found = measure_block(values, classes, threads=1)
    return {name: array for name, array in found.columns.items() if name in COLUMNS} | {
        f"classwise_{name}": array for name, array in found.classwise.items()
    }


def test_our_measures_pass():
    columns = [column for name, column in COLUMNS.items() if name not in ("unit", "layer", "index")]
    classwise = [replace(column, name=f"classwise_{name}") for name, column in CLASSWISE.items()]
    check_measure(ExtraMeasure(ours, columns, "1", classwise))


def test_the_tiny_package_s_measure_passes(tiny):
    from tiny_unitscope.measures import MEAN_CONTRAST

    check_measure(MEAN_CONTRAST)


def largest_mean(values, classes):
    return {"score": values.mean(1) * 0 + 0.5}


def one_column(function, **described):
    return ExtraMeasure(lambda values, classes: {"score": function(values, classes)},
                        [Column("score", "Score", "a score", low=0, high=1, **described)], "1")  # fmt: skip


def changing(values, classes):
    values[:] = np.sort(values, axis=1)
    return np.full(len(values), 0.5)


BAD = {
    "depends on the order of the items": one_column(lambda x, classes: x.argsort(1)[:, -1] / x.shape[1]),
    "depends on the other units": one_column(lambda x, classes: (x.max(1) < x.max()) * 0.5),
    "float64 differs": one_column(lambda x, classes: np.full(len(x), x.dtype.itemsize / 16)),
    "does not answer to the scale": one_column(lambda x, classes: (np.abs(x).max(1) > 8) * 0.5),
    "has an infinite value": one_column(lambda x, classes: np.full(len(x), np.inf)),
    "is beyond its bound 1": one_column(lambda x, classes: np.full(len(x), 2.0)),
    "is beyond its bound 0": one_column(lambda x, classes: np.full(len(x), -0.5)),
    "changes the activations": one_column(changing),
    "dead units: score is 1 of units that tell nothing": one_column(lambda x, classes: (x == 0).all(1) * 1.0),
    "constant units: score is 1 of units": one_column(lambda x, classes: ((np.ptp(x, axis=1) == 0) & x.all(1)) * 1.0),
    "one class: score is true of units": one_column(
        lambda x, classes: np.full(len(x), (classes.sizes > 0).sum() == 1), kind="flag"
    ),
    "is int64, not bool": one_column(lambda x, classes: np.zeros(len(x), int), kind="flag"),
    "is float64, not whole numbers of classes": one_column(lambda x, classes: np.zeros(len(x)), kind="class"),
    "class sets only: score is not -1 or from 4 to 5": one_column(
        lambda x, classes: x[:, 0].astype(int) * 0, kind="class"
    ),
    "is a class without items": one_column(
        lambda x, classes: np.full(len(x), max(classes.sizes.argmin(), classes.choose_from)), kind="class"
    ),
    "is of an unknown kind 'score'": one_column(largest_mean, kind="score"),
    "names other as its class": one_column(largest_mean, links={"class": "other"}),
}


@pytest.mark.parametrize("message", BAD)
def test_faults_of_measures_are_found(message):
    with pytest.raises(AssertionError, match=message):
        check_measure(BAD[message])


def test_a_class_without_its_measure_is_found():
    columns = [Column("score", "Score", "a score"), Column("score_class", "Class", "its class", kind="class")]
    measure = ExtraMeasure(
        lambda x, classes: {"score": np.full(len(x), np.nan), "score_class": np.full(len(x), len(classes.sizes) - 1)},
        columns, "1",
    )  # fmt: skip
    with pytest.raises(AssertionError, match="many ties: score_class is not -1 where score is NaN"):
        check_measure(measure)


def test_dependence_on_scale_can_be_declared():
    measure = ExtraMeasure(lambda x, classes: {"variance": x.astype(float).var(1)},
                           [Column("variance", "Variance", "variance of all activations", low=0)], "1")  # fmt: skip
    with pytest.raises(AssertionError, match="variance does not answer to the scale"):
        check_measure(measure)
    check_measure(measure, scale_dependent=["variance"])


# Sources


def write_pictures(folder):
    for number in range(9):
        path = folder / ("cat", "dog", "emu")[number % 3] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((9, 9, 3), 20 * number, np.uint8)).save(path)


@pytest.mark.parametrize("spec", ["folder:pictures", "csv:pictures/list.csv"])
def test_our_sources_of_files_pass(spec, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "pictures").mkdir()
    write_pictures(tmp_path / "pictures")
    rows = [(path.relative_to(tmp_path / "pictures"), path.parent.name) for path in tmp_path.rglob("*.png")]
    pd.DataFrame(rows, columns=["path", "label"]).to_csv(tmp_path / "pictures" / "list.csv", index=False)
    monkeypatch.chdir(tmp_path)
    record_with = "demo:" if spec.startswith("folder") else None
    check_data_source(spec.replace("pictures", str(tmp_path / "pictures")), record_with=record_with)


def test_our_demo_passes():
    pytest.importorskip("torch")
    check_data_source("demo:", n=6)  # the demo's network passes in the example of check_model_source


def test_py_specs_pass(exact):
    model, data = exact
    check_data_source(data, record_with=model, n=12)
    check_model_source(model, items=load_data(data, n=12))


def test_the_tiny_package_s_sources_pass(tiny):
    pytest.importorskip("torch")
    check_data_source("tiny:", record_with="tiny:", n=6)
    check_model_source("tiny:", items=load_data("tiny:", n=6), units=5)


CALLS = []
HERE = Path.cwd()


@dataclass(frozen=True)
class Numbers(Loader):
    """Items that may differ each time they are read, or in another directory."""

    fault: str

    def read(self, index):
        CALLS.append(index)
        added = {"again": len(CALLS), "directory": Path.cwd() != HERE}.get(self.fault, 0)
        return np.full((4, 4, 3), index + added, np.uint8)

    def name(self, index):
        return f"faulty:#{index}"


@dataclass(frozen=True)
class Unpicklable(Numbers):
    """Items that cannot be sent to other processes."""

    function: object = field(default_factory=lambda: lambda: None)


def faulty(rest, options):
    """Load items with the fault that the spec names."""
    items = numbered_items("faulty:", np.arange(6) % 3)
    if rest == "ids":
        items["item_id"] = "same"
    if rest == "labels":
        items["label"] += 1
    if rest == "order":
        items = items.sample(frac=1)
    seed = np.random.default_rng().random() if rest == "fingerprint" else 0
    load = Unpicklable(rest) if rest == "pickle" else Numbers(rest)
    return LabelledItems("faulty:", dict(options), items, class_table(["a", "b", "c"]), hash_rows([(seed,)]), load)


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("fingerprint", AssertionError, "loading faulty:fingerprint twice gives two fingerprints"),
        ("order", AssertionError, "the items of faulty:order, loaded twice,"),
        ("ids", AssertionError, "two items have the id 'same'"),
        ("labels", AssertionError, "a label is no row of the classes"),
        ("again", AssertionError, "items are not the same when they are read again"),
        ("directory", AssertionError, "items are not the same in another working directory"),
        ("pickle", Exception, "pickle"),
    ],
)
def test_faults_of_data_sources_are_found(fault, error, message, monkeypatch):
    monkeypatch.setitem(DATA_SOURCES._parts, "faulty", faulty)
    with pytest.raises(error, match=message):
        check_data_source(f"faulty:{fault}", record_with=None)


def faulty_network(rest, options, untrained):
    """Load a network with the fault that the spec names."""
    import torch

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12288, 2))
    if rest == "weights":
        torch.nn.init.constant_(network[1].bias, np.random.default_rng().random())
    if rest == "seed":
        torch.nn.init.ones_(network[1].weight)
        torch.nn.init.ones_(network[1].bias)
    return Source("other" if rest == "spec" else rest, network, None, None)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("weights", "faulty:weights, loaded again, has another weights_sha256"),
        ("spec", "faulty:other, loaded in another directory by the spec it reports, has another spec"),
        ("seed", "faulty:seed without training has the same weights with two seeds"),
    ],
)
def test_faults_of_model_sources_are_found(fault, message, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(MODEL_SOURCES._parts, "faulty", faulty_network)
    if fault == "spec":
        monkeypatch.setitem(
            MODEL_SOURCES._parts, "faulty", lambda *call: replace(faulty_network(*call), place=call[0] + "x")
        )
        message = "faulty:specx, loaded in another directory by the spec it reports, has another spec"
    with pytest.raises(AssertionError, match=message):
        check_model_source(f"faulty:{fault}", items=load_data("demo:", n=6))


# Figures


OPTIONS = {name: {"unit": "a:1"} for name in ("fits", "histogram", "jitter", "roc")}
OPTIONS |= {"boxplots": {"measures": ["precision_60", "auc"]}}  # all of them take seconds to draw
OPTIONS |= {"class-set": {"name": "cat"}, "disagreement": {"x": "ccmas", "y": "auc"}}


NEED_MORE = (
    "ablation",
    "ablation-by-measure",
    "concept-agreement",
    "constructed",
    "dissection",
    "examples",
    "indexes",
    "neuron-features",
    "superposition",
    "unit-map",
)
"""Figures that are checked where there is what they need: other tables, other runs, no run, pictures."""


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in NEED_MORE])
def test_our_figures_pass(run, name):
    measure_run(run)
    check_figure(FIGURES[name], run, **OPTIONS.get(name, {}))


def test_the_tiny_package_s_figure_passes(tiny, run):
    from tiny_unitscope.figures import profile

    check_figure(profile, run, unit="b:1", most=9)


@dataclass(frozen=True)
class Line:
    """A figure with a fault."""

    fault: str
    size: tuple[float, float] = (3.0, 2.0)

    def frame(self):
        value = np.random.default_rng().random() if self.fault == "numbers" else 1.0
        return pd.DataFrame({0 if self.fault == "names" else "value": [value]})

    def draw(self, ax):
        import matplotlib.pyplot as plt

        if self.fault == "settings":
            plt.rcParams["font.size"] += 1
        if self.fault == "pyplot":
            plt.figure()
        ax.plot(np.random.default_rng().random(3) if self.fault == "drawing" else [1, 2, 3])
        return ax


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("numbers", "the numbers of the figure, computed again,"),
        ("names", "frame.. has columns not named by text"),
        ("drawing", "drawn twice, the figure gives two different png"),
        ("pyplot", "the figure uses pyplot"),
        ("size", "the figure's size is .0, 2."),
        ("file", "the figure changes files of the run"),
    ],
)
def test_faults_of_figures_are_found(run, fault, message):
    import matplotlib.pyplot as plt

    def figure(run):
        if fault == "file":
            (run.directory / "left.txt").touch()
        return Line(fault, (0, 2) if fault == "size" else (3, 2))

    with pytest.raises(AssertionError, match=message):
        check_figure(figure, run)
    plt.close("all")


# Analyses


def test_our_analysis_and_a_sum_of_items_pass(run):
    for analysis in (Selectivity(Settings("all", permutations=5)), Sums()):
        check_analysis(analysis, run)


def test_the_tiny_package_s_analysis_passes(tiny, run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", TINY)
    from tiny_unitscope.analyses import Spread

    check_analysis(Spread(ddof=1), run)


# Pools


def test_the_tiny_package_s_pool_passes(tiny):
    check_pool("threads:2")


class FaultyPool(ThreadPoolExecutor):
    """Threads with a fault, or the processes of one executor, of which one that dies ends all."""

    def __init__(self, fault):
        super().__init__(2)
        self.fault = fault
        self.width = "two" if fault == "width" else 2
        self.retries = -1 if fault == "retries" else 0
        self.lost = RuntimeError if fault == "lost" else ()

    def submit(self, function, /, *arguments):
        if self.fault == "arguments":
            arguments = arguments[::-1][:1] * len(arguments)
        if self.fault == "error":
            return super().submit(quiet, function, *arguments)
        if self.fault == "type":
            return super().submit(retype, function, *arguments)
        return super().submit(function, *arguments)


def quiet(function, *arguments):
    try:
        return function(*arguments)
    except UnitscopeError:
        return None


def retype(function, *arguments):
    try:
        return function(*arguments)
    except UnitscopeError as error:
        raise RuntimeError(str(error)) from error


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("width", "width is 'two', not a positive whole number"),
        ("retries", "retries is -1"),
        ("lost", "not a tuple of exceptions"),
        ("arguments", "task 0 gives 1000000 instead of 0"),
        ("error", "an error of a task is lost"),
        ("type", "an error of a task arrives as RuntimeError"),
    ],
)
def test_faults_of_pools_are_found(fault, message, monkeypatch):
    monkeypatch.setitem(POOLS._parts, "faulty", lambda rest, logs: FaultyPool(rest))
    with pytest.raises(AssertionError, match=message):
        check_pool(f"faulty:{fault}")


def test_a_pool_that_gives_up_when_a_worker_dies_is_found(monkeypatch):
    monkeypatch.setitem(
        POOLS._parts, "one", lambda rest, logs: ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    )
    with pytest.raises(AssertionError, match="after a worker was killed, only 0 of 4 other tasks were done"):
        check_pool("one:")


@dataclass(frozen=True)
class Faulty(Means):
    """An analysis with a fault."""

    fault: str = ""

    def columns(self, run):
        columns = super().columns(run)
        return columns[::-1] if self.fault == "columns" else columns

    def parameters(self, run):
        return {"step": (1, 2)} if self.fault == "parameters" else {"step": self.step}

    def blocks(self, run):
        blocks = super().blocks(run)
        return blocks[1:] if self.fault == "blocks" else blocks

    def open(self, run, threads):
        return FaultyWorker(run, self.fail_at, self.fault)


class FaultyWorker(UnitMeans):
    def __init__(self, run, fail_at, fault):
        super().__init__(run, fail_at)
        self.fault, self.calls = fault, 0

    def compute(self, block, data, progress):
        self.calls += 1
        part = super().compute(block, data, progress)
        frame = part.frame
        if self.fault == "order of blocks":  # depends on how many blocks this process has computed
            frame = frame.assign(mean_activation=self.calls)
        return Part(frame, part.arrays, part.images)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("parameters", "the parameters do not survive as JSON"),
        ("blocks", "the blocks do not cover the 7 units or items once"),
        ("columns", "the table has .'unit', 'mean_activation'., not .'mean_activation', 'unit'."),
        ("order of blocks", "the table, in two processes,"),
    ],
)
def test_faults_of_analyses_are_found(run, fault, message):
    with pytest.raises(AssertionError, match=message):
        check_analysis(Faulty(fault=fault), run)


def test_one_block_is_too_few(make_run):
    run = make_run({"a": np.ones((6, 2))}, np.arange(6) % 2)
    with pytest.raises(AssertionError, match="the run gives 1 block; give one with more units or items"):
        check_analysis(Means(), run)
