"""Recording: what the hooks take, what a run then holds, resuming, and input that is at fault."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from unitscope.data import load_data  # noqa: E402
from unitscope.errors import UnitscopeError  # noqa: E402
from unitscope.models import load_model  # noqa: E402
from unitscope.recording import RecordingSettings, plan_recording, record  # noqa: E402
from unitscope.recording.predictions import are_probabilities, predict  # noqa: E402
from unitscope.run import open_run  # noqa: E402
from waiting import wait_for  # noqa: E402

MODEL = '''
import torch
from torch import nn


class Net(nn.Module):
    """Small, awkward: an in-place ReLU, a module used twice, a tuple output."""

    def __init__(self, bad=0.0):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 5, 3)
        self.relu = nn.ReLU(inplace=True)
        self.mix = nn.Conv2d(5, 5, 1)
        self.rnn = nn.LSTM(5, 4, batch_first=True)
        self.fc = nn.Linear(5, 3)
        self.bad = bad

    def forward(self, x):
        x = self.relu(self.conv(x))
        x = self.relu(self.mix(x))
        self.rnn(x.flatten(2).transpose(1, 2))
        x = self.fc(x.mean((2, 3)))
        if self.bad:
            x = x / (x.abs() > self.bad)
        return x


def net(bad=0.0):
    return Net(bad)
'''


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "awkward_net.py"
    path.write_text(MODEL)
    return path


@pytest.fixture
def images(tmp_path):
    """Make 3 folders of 7, 5 and 1 images of 8 x 8 noise."""
    rng = np.random.default_rng(0)
    for name, count in (("ant", 7), ("bee", 5), ("cow", 1)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(count):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{index}.png")
    return tmp_path / "images"


def inputs(images):
    data = load_data(f"folder:{images}")
    pixels = np.stack([np.asarray(data.load(index)) for index in range(len(data))])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


def test_recorded_values_are_the_modules_outputs_before_anything_changes_them(model_file, images, tmp_path):
    run = record(
        f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="conv,relu@1,relu@2,rnn[0],fc", workers=0
    )
    net = load_model(f"py:{model_file}:net").module
    x = inputs(images)
    with torch.no_grad():
        conv = net.conv(x)
        first = conv.clamp(min=0)
        second = net.mix(first).clamp(min=0)
        tokens = net.rnn(second.flatten(2).transpose(1, 2))[0]
        out = net.fc(second.mean((2, 3)))
    expected = {
        "conv": conv.amax((2, 3)),  # negative values in it: not what the in-place ReLU made of it
        "relu@1": first.amax((2, 3)),
        "relu@2": second.amax((2, 3)),
        "rnn[0]": tokens.amax(1),
        "fc": out,
    }
    assert (conv.amin((2, 3)) < 0).any()
    assert [layer.name for layer in run.layers] == ["conv", "relu@1", "relu@2", "rnn[0]", "fc"]
    for layer, values in expected.items():
        np.testing.assert_allclose(run.activations(layer), values.T.numpy(), rtol=1e-5, atol=1e-6, err_msg=layer)
    np.testing.assert_array_equal(run.items["predicted"], out.argmax(1).numpy())
    own = out.softmax(1).numpy()[np.arange(len(x)), run.labels]
    np.testing.assert_allclose(run.items["probability"], own, rtol=1e-5)
    assert run.classes["class"].tolist() == ["ant", "bee", "cow"]
    assert run.manifest.identity["computation"]["precision"] == "float32"


def test_probabilities_are_not_put_through_softmax_again():
    shares = torch.tensor([[0.7, 0.2, 0.1]])
    assert are_probabilities(shares)
    assert not are_probabilities(torch.tensor([[0.7, 0.2, 0.2]]))
    frame = predict(shares, np.array([1]), np.arange(3), True, ["a"])
    assert frame["probability"].item() == pytest.approx(0.2)


def test_outputs_that_belong_to_no_class_are_predicted_as_minus_one():
    frame = predict(torch.tensor([[0.0, 9.0, 0.0]]), np.array([0]), np.array([2]), False, ["a"])
    assert frame["predicted"].item() == -1
    assert not frame["correct"].item()


SETTINGS = {"layers": "maps,hidden", "block_items": 64, "batch_size": 16, "workers": 0, "device": "cpu"}


@pytest.fixture
def small(exact):
    """Return a function that records the network of exact sums on 200 items in blocks of 64."""
    return lambda directory, **changes: record(*exact, directory, **{**SETTINGS, **changes})


def shards(directory):
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.glob("activations.zarr/**/c/*/0"))
    }


def test_stopped_by_ctrl_c_it_goes_on_and_ends_with_the_same_bits(small, tmp_path):
    whole = small(tmp_path / "whole")

    def interrupt(doing, done, total):
        if doing == "recording" and done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "parts", progress=interrupt)
    with pytest.raises(UnitscopeError, match="not finished"):
        open_run(tmp_path / "parts")
    started = []
    parts = small(tmp_path / "parts", progress=lambda doing, done, total: started.append(done))
    assert shards(tmp_path / "parts") == shards(tmp_path / "whole")
    assert len(shards(tmp_path / "parts")) == 8
    np.testing.assert_array_equal(parts.items, whole.items)


SCRIPT = """
import sys, time
from unitscope.recording import record

def slowly(doing, done, total):
    if doing == "recording" and done > 100:
        print("under way", flush=True)
        time.sleep(60)

record(*sys.argv[1:], layers="maps,hidden", block_items=64, batch_size=16, workers=0, device="cpu", progress=slowly)
"""


def test_killed_without_warning_it_goes_on_and_ends_with_the_same_bits(small, exact, tmp_path):
    small(tmp_path / "whole")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *exact, str(tmp_path / "parts")], stdout=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout.readline() == b"under way\n"
    wait_for(tmp_path / "parts" / "ledger" / "000000.json")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert sorted(path.name for path in (tmp_path / "parts" / "ledger").iterdir()) == ["000000.json"]
    small(tmp_path / "parts")
    assert shards(tmp_path / "parts") == shards(tmp_path / "whole")


def test_workers_and_processes_change_no_bit(small, tmp_path):
    small(tmp_path / "one")
    small(tmp_path / "two", workers=2)
    assert shards(tmp_path / "one") == shards(tmp_path / "two")


def test_another_batch_size_changes_the_last_bits_at_most(tmp_path):
    runs = [
        record(
            "demo:", load_data("demo:", n=48), tmp_path / str(size), layers="conv5,fc6,fc8", batch_size=size, workers=0
        )
        for size in (7, 48)
    ]
    for layer in ("conv5", "fc6", "fc8"):
        one, other = (run.activations(layer) for run in runs)
        assert np.abs(one - other).max() <= 1e-5 * np.abs(one).max()


def test_a_finished_run_is_returned_without_computing(small, tmp_path):
    small(tmp_path / "run")
    before = shards(tmp_path / "run")
    stamps = [path.stat().st_mtime_ns for path in (tmp_path / "run" / "ledger").iterdir()]
    small(tmp_path / "run")
    assert [path.stat().st_mtime_ns for path in (tmp_path / "run" / "ledger").iterdir()] == stamps
    assert shards(tmp_path / "run") == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": "maps"}, "layers.1.name: hidden there, nothing now"),
        ({"reduction": "mean"}, "reduction: max there, mean now"),
        ({"batch_size": 8}, "batch_size: 16 there, 8 now"),
        ({"dtype": "float16"}, "dtype: float32 there, float16 now"),
    ],
)
def test_another_recording_in_the_same_place_is_refused(small, tmp_path, changes, message):
    small(tmp_path / "run")
    before = shards(tmp_path / "run")
    with pytest.raises(UnitscopeError, match=message):
        small(tmp_path / "run", **changes)
    assert shards(tmp_path / "run") == before


def test_other_weights_are_another_run(small, exact, tmp_path):
    small(tmp_path / "run")
    with pytest.raises(UnitscopeError, match=r"model\.options\.untrained|weights_sha256"):
        record(load_model(exact[0], untrained=True), exact[1], tmp_path / "run", **SETTINGS)


def test_a_corrupt_image_is_named_before_anything_is_written(model_file, images, tmp_path):
    victim = images / "bee" / "3.png"
    victim.write_bytes(victim.read_bytes()[:60])
    with pytest.raises(UnitscopeError, match=f"{victim} cannot be read.*--skip-unreadable"):
        record(f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="fc", workers=0)
    assert not (tmp_path / "run").exists()
    run = record(
        f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="fc", workers=0, skip_unreadable=True
    )
    assert run.manifest.n_items == 12
    assert run.skipped["item_id"].tolist() == ["bee/3.png"]
    assert "bee/3.png" not in run.items["item_id"].tolist()
    again = record(
        f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="fc", workers=0, skip_unreadable=True
    )
    assert again.manifest.n_items == 12


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_vanishes_while_recording_is_named(model_file, images, tmp_path, workers):
    data = load_data(f"folder:{images}")
    (images / "cow" / "0.png").unlink()
    with pytest.raises(UnitscopeError, match=r"cow/0\.png"):
        record(load_model(f"py:{model_file}:net"), data, tmp_path / "run", layers="fc", workers=workers)


def test_values_that_are_not_finite_are_named(model_file, images, tmp_path):
    model = load_model(f"py:{model_file}:net")
    model.module.conv.weight.data[3] = float("nan")
    with pytest.raises(UnitscopeError, match=r"layer conv, unit 3 gave nan for item ant/0\.png"):
        record(model, f"folder:{images}", tmp_path / "run", layers="conv", workers=0)
    with pytest.raises(UnitscopeError, match="not finite"):
        record(load_model(f"py:{model_file}:net", bad=0.5), f"folder:{images}", tmp_path / "other", layers="conv",
               workers=0)  # fmt: skip


def test_labels_that_do_not_match_the_outputs(model_file, images, tmp_path):
    (images / "dog").mkdir()
    Image.new("RGB", (8, 8)).save(images / "dog" / "0.png")
    with pytest.raises(UnitscopeError, match=r"3 outputs.*4 classes.*--label-map.*--no-predictions"):
        record(f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="fc", workers=0)
    assert not (tmp_path / "run").exists()
    run = record(
        f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers="fc", workers=0, predictions=False
    )
    assert "predicted" not in run.items


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("cnov", "no layer matches 'cnov' .did you mean 'conv'"),
        ("relu", "choose relu@1 or relu@2"),
        ("", "no layers were chosen"),
    ],
)
def test_layers_that_match_nothing(model_file, images, tmp_path, layers, message):
    with pytest.raises(UnitscopeError, match=message):
        record(f"py:{model_file}:net", f"folder:{images}", tmp_path / "run", layers=layers, workers=0)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reduction": "median"}, "no reduction 'median'"),
        ({"device": "tpu"}, "--device tpu is unknown"),
        ({"dtype": "int8"}, "--dtype int8 is unknown"),
        ({"batch_size": 0}, "batch size 0 is too small"),
    ],
)
def test_options_out_of_range(small, tmp_path, changes, message):
    with pytest.raises(UnitscopeError, match=message):
        small(tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_a_disk_too_small_is_refused_before_anything_is_written(small, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("unitscope.recording.plan.shutil.disk_usage", lambda path: usage)
    with pytest.raises(UnitscopeError, match=r"may need 0\.1 MB, but the disk"):
        small(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_disk_that_fills_up_keeps_what_was_finished(small, tmp_path, monkeypatch):
    from unitscope.run import writing

    enter = writing.enter_block

    def full(directory, block, *rest):
        if block == 2:
            raise OSError(28, "No space left on device")
        enter(directory, block, *rest)

    monkeypatch.setattr(writing, "enter_block", full)
    with pytest.raises(UnitscopeError, match="is full"):
        small(tmp_path / "run")
    monkeypatch.undo()
    assert {"000000.json", "000001.json"} <= {path.name for path in (tmp_path / "run" / "ledger").iterdir()}
    assert small(tmp_path / "run").manifest.n_blocks == 4


def test_float16_rounds_and_refuses_what_it_cannot_hold(small, exact, tmp_path):
    half, full = small(tmp_path / "half", dtype="float16"), small(tmp_path / "full")
    rounded = full.activations("hidden").astype(np.float16)
    np.testing.assert_array_equal(half.activations("hidden"), rounded)
    assert (rounded != full.activations("hidden")).any()
    model = load_model(exact[0])
    model.module.hidden.weight.data.mul_(1000)
    with pytest.raises(UnitscopeError, match=r"layer hidden has values beyond 65,504"):
        record(model, exact[1], tmp_path / "big", **SETTINGS, dtype="float16")


def test_the_plan_says_what_will_be_written(tmp_path):
    settings = RecordingSettings(layers="conv5,fc6", block_items=64)
    plan = plan_recording(load_model("demo:"), load_data("demo:", n=200), settings)
    assert [plan.layer_bytes(layer) for layer in plan.layers] == [200 * 64 * 4, 200 * 192 * 4]
    assert plan.total_bytes == 200 * 256 * 4
    assert plan.manifest.n_blocks == 4
    assert list(tmp_path.iterdir()) == []


LARGE = """
import resource

import numpy as np
from torch import nn

from unitscope.data import load_data
from unitscope.models import load_model
from unitscope.recording import record


class Items:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return np.full(100_000, index % 7, np.float32), index % 2


def net():
    return nn.Sequential(nn.Linear(100_000, 3))


if __name__ == "__main__":
    model = load_model(f"py:{__file__}:net")
    for n in (64, 1000):
        data = load_data(f"py:{__file__}:Items", n=n)
        record(model, data, f"run-{n}", layers="0", block_items=64, batch_size=16, workers=0, predictions=False)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_stays_flat_however_many_items(tmp_path):
    # In a process of its own: this one's largest memory is that of the tests before.
    (tmp_path / "large.py").write_text(LARGE)
    words = [sys.executable, tmp_path / "large.py"]
    done = subprocess.run(words, cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True)
    few, many = map(int, done.stdout.split())
    assert (many - few) / 1024 < 100  # MiB; the inputs of all items, if they were kept, are 380


@pytest.mark.real
def test_resnet20_is_as_accurate_as_it_should_be(real, tmp_path):
    data = load_data(f"folder:{real / 'cifar10-test'}", limit=50)
    run = record(f"py:{real / 'models.py'}:resnet20", data, tmp_path / "run", layers="layer*.*,linear")
    assert run.items["correct"].mean() == pytest.approx(0.81, abs=0.06)
    assert [layer.name for layer in run.layers][-2:] == ["layer3.2", "linear"]


@pytest.mark.real
def test_squeezenet_on_some_classes_with_a_label_map(real, tmp_path):
    folders = sorted(path for path in (real / "imagenet-samples").iterdir())
    chosen = list(range(0, 1000, 20))
    images = [(next(folders[index].iterdir()), folders[index].name) for index in chosen]
    (tmp_path / "list.csv").write_text("path,label\n" + "".join(f"{path},{name}\n" for path, name in images))
    (tmp_path / "map.csv").write_text("class,output\n" + "".join(f"{folders[i].name},{i}\n" for i in chosen))
    model = load_model(f"py:{real / 'models.py'}:squeezenet", resize=256, crop=227)
    run = record(model, f"csv:{tmp_path / 'list.csv'}", tmp_path / "run", layers="fire9",
                 label_map=str(tmp_path / "map.csv"))  # fmt: skip
    assert run.items["correct"].mean() == pytest.approx(0.615, abs=0.2)
    assert run.items["predicted"].min() == -1  # outputs of the other 950 classes win at times
