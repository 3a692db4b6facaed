"""Getting a run's network back: from any directory, verified, and never by code that the run brings along."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from unitscope import trust  # noqa: E402
from unitscope.data import load_data, open_items  # noqa: E402
from unitscope.errors import UnitscopeError  # noqa: E402
from unitscope.models import find_layers, load_model, open_network, run_batches  # noqa: E402
from unitscope.recording import record  # noqa: E402
from unitscope.run import open_run  # noqa: E402

NET = """
from pathlib import Path
import torch

Path(__file__).with_name("executed").touch()

def net(scale=1.0):
    made = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1),
                               torch.nn.Flatten(), torch.nn.Linear(4, 16))
    with torch.no_grad():
        for place, weight in enumerate(made.parameters()):
            weight.copy_(torch.linspace(-scale, scale, weight.numel()).reshape(weight.shape))
    return made
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of a network of the user's own, recorded in its directory, which the test then leaves."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "nets.py").write_text(NET)
    with contextlib.chdir(tmp_path / "project"):
        record("py:nets.py:net", load_data("demo:", n=24), tmp_path / "run", layers="1,4", workers=0)
    (tmp_path / "project" / "executed").unlink()
    from unitscope.models.open_network import load_once

    load_once.cache_clear()
    monkeypatch.chdir(tmp_path)
    return open_run(tmp_path / "run")


def test_network_and_items_give_the_activations_that_were_recorded(run):
    network, items = open_network(run), open_items(run)
    layers = find_layers(run, network, items)
    assert [layer.name for layer in layers] == ["1", "4"]
    found = [
        batch.taken["1"].amax((2, 3))
        for batch in run_batches(network, items, [range(24)], layers, take={"1": lambda maps: maps}, workers=0)
    ]
    np.testing.assert_allclose(torch.cat(found).T, run.activations("1"), rtol=1e-5)
    assert open_network(run) is network  # loaded once per process


def test_changed_code_is_not_executed(run, tmp_path):
    path = tmp_path / "project" / "nets.py"
    path.write_text(NET + "\n# changed\n")
    with pytest.raises(UnitscopeError, match=r"names py:.*nets.py:net as its model, which can run code .*--trust"):
        open_network(run)
    assert not (tmp_path / "project" / "executed").exists()
    with pytest.raises(UnitscopeError, match=r"is not the network that .* was recorded with: its code differs"):
        open_network(run, trust=True)


def test_a_received_run_executes_nothing(run, tmp_path):
    content = json.loads((run.directory / "run.json").read_text())
    content["identity"]["model"] |= {"spec": "py:os:system", "options": {"command": f"touch {tmp_path}/pwned"}}
    (run.directory / "run.json").write_text(json.dumps(content))
    with pytest.raises(UnitscopeError, match=r"names py:os:system .* as its model"):
        open_network(open_run(run.directory))
    assert not (tmp_path / "pwned").exists()


def test_other_weights_are_refused(run):
    other = load_model("py:project/nets.py:net", scale=2.0)
    with pytest.raises(UnitscopeError, match=r"its weights differ \(.* then, .* now\); restore it, or give"):
        open_network(run, network=other)


def test_other_preprocessing_is_refused(run):
    same = load_model("py:project/nets.py:net")
    other = dataclasses.replace(same, preprocess=load_model("py:project/nets.py:net", mean=0.5, std=1).preprocess)
    with pytest.raises(UnitscopeError, match="its preprocessing differs"):
        open_network(run, network=other)
    assert open_network(run, network=same) is same


def test_a_run_without_a_network_says_how_to_give_it(make_run):
    imported = make_run({"fc": np.zeros((4, 2), np.float32)}, [0, 1, 0, 1])
    with pytest.raises(UnitscopeError, match=r"does not say which network .*; give it with --network"):
        open_network(imported)


def test_a_network_made_in_python_says_how_to_give_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = dataclasses.replace(load_model("demo:"), spec="my network")
    recorded = record(made, load_data("demo:", n=24), tmp_path / "run", layers="fc8", workers=0)
    with pytest.raises(UnitscopeError, match=r"does not say which network .*; give it with --network"):
        open_network(recorded)
    assert open_network(recorded, network=made) is made


def test_a_layer_that_the_network_lacks_is_named(run):
    changed = dataclasses.replace(run.manifest.layers[0], name="conv9")
    run.manifest = dataclasses.replace(run.manifest, layers=(changed,))
    with pytest.raises(UnitscopeError, match="has no layer conv9 of 4 units"):
        find_layers(run, open_network(run))


def test_recording_remembers_the_network(run, tmp_path):
    with contextlib.chdir(tmp_path / "project"):
        assert trust.is_remembered(run.manifest.identity["model"]["spec"], {})
