import json
import subprocess
import sys

import numpy as np
import pytest

from unitscope.errors import UnitscopeError
from unitscope.simulations import CLASSES, Scenes, load_demo_network

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors")

from unitscope.simulations.network import WEIGHTS, DemoNet  # noqa: E402
from unitscope.simulations.train import accuracy, main, render_all  # noqa: E402

LAYERS = {
    "conv1": (32, 32, 32), "conv2": (48, 16, 16), "conv3": (64, 8, 8), "conv4": (64, 8, 8), "conv5": (64, 8, 8),
    "fc6": (192,), "fc7": (128,), "fc8": (16,),
}  # fmt: skip


def outputs(net, images):
    seen = {}
    for name in LAYERS:
        net.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out}))
    with torch.inference_mode():
        net(images)
    return seen


def training(path):
    with safetensors.safe_open(path, "pt") as file:
        return json.loads(file.metadata()["training"])


def test_layers_have_their_shapes_and_all_but_the_last_are_rectified():
    seen = outputs(DemoNet().eval(), torch.rand(3, 3, 64, 64))
    assert {name: tuple(out.shape) for name, out in seen.items()} == {n: (3, *s) for n, s in LAYERS.items()}
    for name in LAYERS:
        assert (seen[name].min() < 0) == (name == "fc8"), name
    assert list(LAYERS) == [name for name, _ in DemoNet().named_children() if name.startswith(("conv", "fc"))]


def test_nothing_happens_in_place():
    net = load_demo_network()
    seen, kept = {}, {}
    for name in LAYERS:

        def keep(_, __, out, name=name):
            seen[name], kept[name] = out, out.clone()

        net.get_submodule(name).register_forward_hook(keep)
    images = torch.rand(2, 3, 64, 64)
    before = images.clone()
    with torch.inference_mode():
        net(images)
    assert torch.equal(images, before)
    assert all(torch.equal(seen[name], kept[name]) for name in LAYERS)


def test_shipped_weights_are_small_and_ready():
    net = load_demo_network()
    assert WEIGHTS.stat().st_size < 2_000_000
    assert not net.training
    assert net.fc8.out_features == len(CLASSES)


def test_shipped_accuracy_is_what_was_written_down():
    stated = training(WEIGHTS)["accuracy"]
    assert 0.85 <= stated <= 0.95
    n = 480
    reached = accuracy(load_demo_network(), *render_all(Scenes(n)))
    # Four standard errors of a share.
    assert reached == pytest.approx(stated, abs=4 * (stated * (1 - stated) / n) ** 0.5)


def test_layers_are_sparse_and_mostly_alive():
    images, _ = render_all(Scenes(320))
    seen = outputs(load_demo_network(), images / 255)
    for name, out in seen.items():
        if name != "fc8":
            largest = out.flatten(2).amax(2) if out.ndim == 4 else out
            assert (largest.amax(0) > 0).float().mean() > 0.85, name
    for name in ("fc6", "fc7"):
        assert 0.5 < (seen[name] == 0).float().mean() < 0.95, name


def test_training_is_repeatable_and_writes_what_it_used(tmp_path, capsys):
    tiny = ["--scenes", "160", "--held-out", "32", "--epochs", "2", "--threads", "1"]
    threads = torch.get_num_threads()
    try:
        for name in ("a", "b"):
            main([*tiny, "--out", str(tmp_path / name)])
        main([*tiny, "--seed", "1", "--out", str(tmp_path / "c")])
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
    printed = capsys.readouterr().out
    assert "accuracy on 32 held-out scenes: 0." in printed
    files = [(tmp_path / name).read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]
    record = training(tmp_path / "a")
    assert (record["scenes"], record["epochs"], record["seed"], record["threads"]) == (160, 2, 0, 1)
    assert f"{record['accuracy']:.4f}" in printed
    with safetensors.safe_open(tmp_path / "a", "pt") as file:
        assert set(file.keys()) == set(DemoNet().state_dict())


def test_training_learns():
    images, labels = render_all(Scenes(64, split="train"))
    few = (labels < 4).nonzero()[:, 0]
    from unitscope.simulations.train import train

    net = train(images[few], labels[few], epochs=120, seed=0)
    assert accuracy(net, images[few], labels[few]) > 0.9


def test_rendering_all_keeps_order_and_pixels():
    images, labels = render_all(Scenes(20))
    np.testing.assert_array_equal(labels, [i % 16 for i in range(20)])
    np.testing.assert_array_equal(images[18].permute(1, 2, 0), Scenes(20)[18].image)


def test_scenes_need_no_torch():
    program = "from unitscope.simulations import render; render(0); import sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_without_torch_the_network_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "unitscope.simulations.network")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UnitscopeError, match=r"needs torch.*unitscope\[torch\]"):
        load_demo_network()
