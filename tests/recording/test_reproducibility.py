"""What is equal across batch sizes, processors and devices; docs/reproducibility.md promises what is tested here."""

import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import exact_network  # noqa: E402
from unitscope.data import load_data  # noqa: E402
from unitscope.recording import record  # noqa: E402
from unitscope.run import open_run  # noqa: E402

NET, ITEMS = (f"py:{exact_network.__file__}:{name}" for name in ("Net", "Items"))

RECORD = """
import sys
from unitscope.data import load_data
from unitscope.recording import record

folder, network, items = sys.argv[1:]
record(network, items, f"{folder}/exact", layers="maps,hidden,out", workers=0, device="cpu")
record("demo:", load_data("demo:", n=100), f"{folder}/demo", layers="conv5,fc6,fc8", workers=0, device="cpu")
"""

OTHER_KERNELS = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"}
"""Makes PyTorch, oneDNN and MKL take the kernels that they take on a processor without vector extensions."""


def exact(directory, **settings):
    """Record the network whose sums are exact."""
    chosen = {"layers": "maps,hidden,out", "workers": 0, "device": "cpu", **settings}
    return record(NET, ITEMS, directory, **chosen)


def demo(directory, **settings):
    """Record the demo's network, whose sums are rounded."""
    chosen = {"layers": "conv5,fc6,fc8", "workers": 0, "device": "cpu", **settings}
    return record("demo:", load_data("demo:", n=100), directory, **chosen)


def assert_same_bits(run, other):
    for layer in run.layers:
        np.testing.assert_array_equal(run.activations(layer.name), other.activations(layer.name))
    np.testing.assert_array_equal(run.items["predicted"], other.items["predicted"])


def assert_close(run, other, share):
    """Check that activations differ by no more than a share of the layer's largest."""
    for layer in run.layers:
        mine, theirs = run.activations(layer.name), other.activations(layer.name)
        assert np.abs(mine - theirs).max() <= share * np.abs(mine).max(), layer.name


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Record both networks on this processor, in batches of the default size."""
    folder = tmp_path_factory.mktemp("here")
    return exact(folder / "exact"), demo(folder / "demo")


def test_the_exact_network_is_exact_and_says_something(here):
    for layer, largest in (("maps", 2**12), ("hidden", 2**17), ("out", 2**23)):
        values = here[0].activations(layer)
        np.testing.assert_array_equal(values, np.round(values))
        assert 0 < np.abs(values).max() < largest
        assert len(np.unique(values)) > 20
    assert here[0].items["predicted"].nunique() > 1


@pytest.mark.parametrize("settings", [{"batch_size": 1}, {"batch_size": 7, "block_items": 30}])
def test_exact_sums_are_the_same_bits_in_batches_of_any_size(here, tmp_path, settings):
    assert_same_bits(exact(tmp_path / "run", **settings), here[0])


def test_batches_of_another_size_change_last_bits_only(here, tmp_path):
    assert_close(demo(tmp_path / "run", batch_size=7), here[1], 1e-5)


def test_kernels_of_another_processor_change_last_bits_only(here, tmp_path):
    subprocess.run(
        [sys.executable, "-c", RECORD, str(tmp_path), NET, ITEMS],
        env=os.environ | OTHER_KERNELS, check=True,
    )  # fmt: skip
    other = open_run(tmp_path / "exact")
    assert other.manifest.provenance["cpu"]["used_by_torch"] == "DEFAULT"
    assert_same_bits(other, here[0])
    assert_close(open_run(tmp_path / "demo"), here[1], 1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_graphics_card_changes_last_bits_only(here, tmp_path):
    assert_close(demo(tmp_path / "run", device="cuda"), here[1], 1e-4)
