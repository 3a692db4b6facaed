"""What tests of several rooms share: tiny runs made on the spot, and the way to the real networks and images."""

import os
from pathlib import Path

# The tests' networks are tiny, and beside other test processes threads would spin while they wait for a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import pytest

from unitscope.run import Layer, Manifest, Run, create_run, open_run

REAL = Path(__file__).parents[2] / "shared" / "real"

collect_ignore = ["conftest.py", "exact_network.py"]  # no doctests: conftest.py is there twice, the other needs torch


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real networks and images, or a skip where it is absent."""
    if not REAL.is_dir():
        pytest.skip("the real networks and images (../shared/real) are not here")
    return REAL


@pytest.fixture(scope="session", autouse=True)
def state_directory(tmp_path_factory):
    """Keep what recordings remember of trusted code out of the user's real state directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def exact() -> tuple[str, str]:
    """Return the specs of the network whose sums are exact and of its items, for tests that compare bits."""
    pytest.importorskip("torch")
    path = Path(__file__).with_name("exact_network.py")
    return f"py:{path}:Net", f"py:{path}:Items"


@pytest.fixture
def make_run(tmp_path):
    """Return a function that makes a small run from arrays, as a recording would."""
    return run_maker(tmp_path)


@pytest.fixture(scope="module")
def make_shared_run(tmp_path_factory):
    """Return a function that makes a small run for all tests of a file, which must leave it as it is."""
    return run_maker(tmp_path_factory.mktemp("shared"))


def run_maker(directory: Path):
    """Return a function that makes small runs in a directory."""

    def make(
        activations: dict[str, np.ndarray],
        labels,
        predicted=None,
        class_names=None,
        block_items: int = 64,
        name: str = "run",
        **provenance,
    ) -> Run:
        labels = np.asarray(labels)
        n = len(labels)
        several = labels.ndim == 2  # an items x classes boolean matrix
        names = class_names or [f"class{i}" for i in range(labels.shape[1] if several else int(labels.max()) + 1)]
        manifest = Manifest(
            identity={"model": {"spec": "py:test", "weights_sha256": "0" * 64}, "data": {"fingerprint": "1" * 64}},
            layers=tuple(Layer(layer, values.shape[1]) for layer, values in activations.items()),
            n_items=n,
            block_items=block_items,
            predictions=predicted is not None,
            provenance=provenance,
        )
        items = pd.DataFrame(
            {
                "item_id": [f"item{i:05d}" for i in range(n)],
                "uri": [f"item{i:05d}.png" for i in range(n)],
                **({"labels": [np.flatnonzero(row) for row in labels]} if several else {"label": labels}),
            }
        )
        writer = create_run(directory / name, manifest, items, pd.DataFrame({"class": names, "name": names}))
        for block in writer.blocks_to_do():
            rows = manifest.block(block)
            predictions = None
            if predicted is not None:
                guess = np.asarray(predicted)[rows]
                predictions = pd.DataFrame(
                    {"predicted": guess, "correct": guess == labels[rows], "probability": np.float32(0.5)}
                )
            values = {layer: np.asarray(a, np.float32)[rows].T for layer, a in activations.items()}
            writer.write_block(block, values, predictions)
        assert writer.finish()
        return open_run(directory / name)

    return make


@pytest.fixture
def no_drawing(monkeypatch):
    """Let pages show the numbers of figures in place of the figures, which take seconds to draw."""

    def write_numbers(drawn, path, **options):
        path.write_text(repr(drawn))
        return path

    for name in ("as_svg", "as_png"):
        monkeypatch.setattr(f"unitscope.report.render.{name}", lambda drawn: repr(drawn))
    monkeypatch.setattr("unitscope.report.reproduction.save_figure", write_numbers)
