import pickle
import sys

import pytest
import torch
from PIL import Image
from torch import nn

from unitscope.errors import UnitscopeError
from unitscope.models import load_model
from unitscope.models.load import hash_weights

NETS = """
import torch
from torch import nn

def plain(width=4, seed=None):
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width))

def half(image):
    return torch.full((3, image.height // 2, image.width // 2), 0.5)

def with_preprocessing():
    return plain(), half

def seeded(seed=7):
    net = plain()
    nn.init.constant_(net[0].bias, seed)
    return net

class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

def wrong():
    return 3
"""


@pytest.fixture
def nets(tmp_path):
    (tmp_path / "nets.py").write_text(NETS)
    return f"py:{tmp_path}/nets.py:"


def test_a_function_of_the_users_own(nets):
    model = load_model(f"{nets}plain", width=6)
    assert model.spec == f"{nets}plain"
    assert model.options == {"width": 6}
    assert model.module[0].out_channels == 6
    assert not model.module.training
    assert model.classes is None
    assert model.preprocess.description == "RGB; 0..1"


def test_a_relative_path_becomes_absolute(nets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_model("py:nets.py:plain").spec == f"{nets}plain"


def test_the_same_spec_gives_the_same_weights_even_without_training(nets):
    prints = [load_model(f"{nets}plain", **options).weights_sha256 for options in ({}, {}, {"seed": 1})]
    assert prints[0] == prints[1] != prints[2]


def test_the_code_of_ones_own_network_is_part_of_what_it_is(tmp_path, monkeypatch):
    """Weights do not tell a changed ``forward``, in the file itself or in one that it imports."""
    body = "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x * {}\n"
    make = "from beside_nets import Net as Other\ndef make():\n    return nn.Sequential(Net(), Other())\n"
    models = []
    for number, (own, neighbour) in enumerate([(1, 1), (1, 1), (2, 1), (1, 2)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "beside_nets.py").write_text(body.format(neighbour))
        (folder / "nets.py").write_text(body.format(own) + make)
        with monkeypatch.context() as fresh:
            fresh.setattr(sys, "path", [*sys.path])
            models.append(load_model(f"py:{folder}/nets.py:make"))
            sys.modules.pop("beside_nets")
    codes = [model.code_sha256 for model in models]
    assert codes[0] == codes[1]
    assert len(set(codes)) == 3
    assert len({model.weights_sha256 for model in models}) == 1
    assert load_model("demo:").code_sha256 == ""


def test_building_a_network_leaves_the_random_stream_alone(nets):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load_model(f"{nets}plain")
    assert torch.equal(torch.rand(1), expected)


def test_a_function_that_takes_a_seed_is_given_it(nets):
    assert load_model(f"{nets}seeded", seed=5).module[0].bias[0] == 5
    assert load_model(f"{nets}seeded").module[0].bias[0] == 7


def test_untrained_keeps_the_architecture_and_forgets_the_weights(nets):
    trained = load_model(f"{nets}seeded")
    fresh = load_model(f"{nets}seeded", untrained=True)
    assert fresh.weights_sha256 == load_model(f"{nets}seeded", untrained=True).weights_sha256
    assert fresh.weights_sha256 != trained.weights_sha256
    assert fresh.module[0].bias.abs().max() < 1
    assert load_model("demo:", untrained=True).weights_sha256 != load_model("demo:").weights_sha256
    with pytest.raises(UnitscopeError, match="the network itself cannot be given fresh weights"):
        load_model(f"{nets}Own", untrained=True)
    with pytest.raises(UnitscopeError, match="untrained=yes is neither true nor false"):
        load_model(f"{nets}plain", untrained="yes")


def test_untrained_attention_is_as_its_constructor_makes_it(tmp_path):
    (tmp_path / "attending.py").write_text(
        "from torch import nn\ndef make():\n    net = nn.MultiheadAttention(8, 2)\n"
        "    nn.init.constant_(net.in_proj_weight, 9)\n    return net\n"
    )
    module = load_model(f"py:{tmp_path}/attending.py:make", untrained=True).module
    assert module.in_proj_weight.abs().max() < 2
    assert (module.out_proj.bias == 0).all()


def test_preprocessing_of_the_users_own(nets):
    model = load_model(f"{nets}with_preprocessing")
    assert model.preprocess(Image.new("L", (8, 6))).shape == (3, 3, 4)
    assert model.preprocess.description == f"half of {nets}with_preprocessing"
    assert pickle.loads(pickle.dumps(model.preprocess))(Image.new("L", (8, 6))).shape == (3, 3, 4)


def test_options_replace_all_preprocessing_and_so_must_say_all(nets):
    with pytest.raises(UnitscopeError, match=r"-M resize would replace all preprocessing .* give mean and std as well"):
        load_model(f"{nets}with_preprocessing", resize=8)
    model = load_model(f"{nets}with_preprocessing", resize=8, mean=0, std=1)
    assert model.preprocess(Image.new("L", (8, 16))).shape == (3, 16, 8)
    assert load_model(f"{nets}plain", resize=8).preprocess.description == "RGB; shorter side 8 (bilinear); 0..1"


def test_demo():
    model = load_model("demo:")
    assert len(model.classes) == 16
    assert model.preprocess(Image.new("L", (200, 100))).shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("spec", "options", "reason"),
    [
        ("alexnet", {}, "has no scheme; did you mean 'torchvision:alexnet'"),
        ("onnx:net", {}, "there is no model scheme 'onnx'.*torchvision:, timm:, hf:, py:, demo:"),
        ("demo:big", {}, "says too much"),
        ("demo:", {"width": 3}, "demo: takes no option 'width'"),
        ("{nets}plain", {"depth": 3}, "unexpected keyword argument 'depth'"),
        ("{nets}wrong", {}, "returned a int, not a torch.nn.Module"),
        ("{nets}plane", {}, "no function 'plane' .did you mean 'plain'"),
        ("{nets}plain", {"seed": -1}, "seed=-1 must be a whole number"),
    ],
)
def test_what_can_be_wrong(nets, spec, options, reason):
    with pytest.raises(UnitscopeError, match=reason):
        load_model(spec.format(nets=nets), **options)


def test_the_hash_follows_names_types_shapes_and_every_bit():
    def module(**tensors):
        made = nn.Module()
        for name, tensor in tensors.items():
            made.register_buffer(name, tensor)
        return hash_weights(made)

    ones = torch.ones(4)
    changed = ones.clone()
    changed[2] = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))
    others = [
        {"a": changed}, {"b": ones}, {"a": ones.double()}, {"a": ones.view(2, 2)}, {"a": ones.bfloat16()},
        {"a": ones, "b": ones}, {"a": torch.tensor(1)}, {},
    ]  # fmt: skip
    assert len({module(a=ones), *(module(**tensors) for tensors in others)}) == len(others) + 1
    assert module(a=ones, b=changed) == module(b=changed, a=ones)
    assert module(a=torch.ones(4, 2).t()) == module(a=torch.ones(2, 4))
    assert module(a=-torch.zeros(2)) != module(a=torch.zeros(2))


@pytest.mark.real
def test_real_networks(real):
    from unitscope.data import load_data

    data = load_data(f"folder:{real}/cifar10-test", limit=20)
    model = load_model(f"py:{real}/models.py:resnet20")
    batch = torch.stack([model.preprocess(data.load(index)) for index in range(len(data))])
    with torch.inference_mode():
        correct = model.module(batch).argmax(1).numpy() == data.items["label"].to_numpy()
    assert 0.7 < correct.mean() < 0.92
    assert model.weights_sha256 == load_model(f"py:{real}/models.py:resnet20").weights_sha256
