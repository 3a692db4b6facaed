"""Networks of other libraries, by each library's own loading path."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from torchvision_stub import torchvision
from unitscope.errors import UnitscopeError
from unitscope.models import choose_layers, example_batch, list_layers, load_model

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder where PyTorch looks for downloaded weights, and no network."""

    def unreachable(*arguments, **options):
        raise OSError("<urlopen error [Errno -2] Name or service not known>")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def offline(monkeypatch):
    """No access to the Hugging Face hub, said at once rather than after several attempts."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def weights_file(hub, name):
    weights = torchvision.models.get_model_weights(name).DEFAULT
    return hub / weights.url.rpartition("/")[2]


def test_torchvision_with_weights(hub):
    source = torchvision.models.squeezenet1_1()
    torch.save(source.state_dict(), weights_file(hub, "squeezenet1_1"))
    model = load_model("torchvision:squeezenet1_1")
    assert torch.equal(model.module.features[0].weight, source.features[0].weight)
    assert model.classes[:2] == ["tench", "goldfish"]
    assert model.preprocess(PICTURE).shape == (3, 224, 224)
    assert "mean=[0.485, 0.456, 0.406]" in model.preprocess.description
    assert "\n" not in model.preprocess.description
    assert torch.equal(pickle.loads(pickle.dumps(model.preprocess))(PICTURE), model.preprocess(PICTURE))
    assert load_model("torchvision:squeezenet1_1", weights="IMAGENET1K_V1").weights_sha256 == model.weights_sha256


def test_torchvision_layers():
    model = load_model("torchvision:resnet18", weights=None, num_classes=5)
    assert model.classes is None
    assert model.preprocess(PICTURE).shape == (3, 224, 224)
    rows = list_layers(model, example_batch(model))
    by_name = {row.name: row for row in rows}
    assert by_name["fc"].units == 5
    assert any("in place" in warning for warning in by_name["layer1.0.bn2"].warnings)  # out += identity
    assert any("called 2 times" in warning for warning in by_name["layer1.0.relu@1"].warnings)
    assert [row.name for row in choose_layers(rows, "layer?")] == ["layer1", "layer2", "layer3", "layer4"]
    assert by_name["layer4"].positions == (7, 7)


def test_torchvision_units_last():
    model = load_model("torchvision:swin_t", untrained=True)
    rows = {row.name: row for row in list_layers(model, example_batch(model))}
    assert (rows["features.0"].units, rows["features.0"].positions) == (96, (56, 56))
    assert (rows["features.1"].units, rows["features.7"].units) == (96, 768)
    assert rows["head"].units == 1000


def test_torchvision_untrained_is_without_weights_and_repeatable(hub):
    fresh = load_model("torchvision:squeezenet1_1", untrained=True)
    assert fresh.weights_sha256 == load_model("torchvision:squeezenet1_1", weights=None).weights_sha256
    assert fresh.weights_sha256 != load_model("torchvision:squeezenet1_1", weights=None, seed=1).weights_sha256
    assert fresh.classes is None


class Malice:
    """A pickle that would run code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_weights_that_would_run_code_are_refused(hub, tmp_path):
    torch.save({"features.0.weight": Malice(tmp_path / "ran")}, weights_file(hub, "squeezenet1_1"))
    with pytest.raises(UnitscopeError, match=r"cannot be loaded .*Weights only load failed"):
        load_model("torchvision:squeezenet1_1")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("spec", "options", "reason"),
    [
        ("alexnett", {}, "torchvision has no model 'alexnett' .did you mean 'alexnet'"),
        ("alexnet", {"weights": "V2"}, "alexnet has no weights V2; choose none or one of IMAGENET1K_V1"),
        ("alexnet", {}, "torchvision:alexnet cannot be loaded .*Name or service not known.*check its name.*connection"),
        ("alexnet", {"weights": None, "colour": 3}, "torchvision:alexnet takes no option 'colour'"),
        ("alexnet", {"weights": None, "crop": 100}, "give mean and std as well"),
    ],
)
def test_what_can_be_wrong_with_torchvision(hub, spec, options, reason):
    with pytest.raises(UnitscopeError, match=reason) as caught:
        load_model(f"torchvision:{spec}", **options)
    assert "\n" not in str(caught.value)


def test_timm_with_weights(tmp_path):
    import timm
    from timm.models import save_for_hf

    source = timm.create_model("test_resnet", num_classes=3)
    save_for_hf(
        source,
        tmp_path / "net",
        model_config={"num_classes": 3, "label_names": ["a", "b", "c"]},
        safe_serialization=True,
    )
    model = load_model(f"timm:local-dir:{tmp_path}/net")
    assert all(torch.equal(a, b) for a, b in zip(model.module.parameters(), source.parameters(), strict=True))
    assert model.classes == ["a", "b", "c"]
    size = source.pretrained_cfg["input_size"][1]
    assert model.preprocess(PICTURE).shape == (3, size, size)
    assert torch.equal(pickle.loads(pickle.dumps(model.preprocess))(PICTURE), model.preprocess(PICTURE))


def test_timm_from_a_checkpoint(tmp_path):
    import timm

    source = timm.create_model("test_resnet")
    torch.save(source.state_dict(), tmp_path / "net.pt")
    model = load_model("timm:test_resnet.r160_in1k", checkpoint_path=str(tmp_path / "net.pt"))
    assert torch.equal(model.module.conv1[0].weight, source.conv1[0].weight)
    torch.save({"state_dict": Malice(tmp_path / "ran")}, tmp_path / "bad.pt")
    with pytest.raises(UnitscopeError, match="cannot be loaded"):
        load_model("timm:test_resnet.r160_in1k", checkpoint_path=str(tmp_path / "bad.pt"))
    assert not (tmp_path / "ran").exists()


def test_timm_tokens():
    model = load_model("timm:test_vit.r160_in1k", untrained=True, seed=2)
    rows = {row.name: row for row in list_layers(model, example_batch(model))}
    assert rows["blocks.0"].positions == (101,)
    assert rows["blocks.0"].units == rows["blocks.0"].shape[-1] == 64
    assert rows["patch_embed.proj"].positions == (10, 10)
    assert "Resize" in model.preprocess.description


def test_what_can_be_wrong_with_timm(offline):
    for spec, options, reason in [
        ("resnet_18.a1_in1k", {}, "timm has no model 'resnet_18.a1_in1k' .did you mean 'resnet"),
        ("resnet18.nobodys_weights", {}, "cannot be loaded .*Invalid pretrained tag"),
        ("resnet18.a1_in1k", {}, "timm:resnet18.a1_in1k cannot be loaded .*check its name"),
        ("resnet18.a1_in1k", {"pretrained": False, "colour": 3}, "timm:resnet18.a1_in1k takes no option 'colour'"),
    ]:
        with pytest.raises(UnitscopeError, match=reason) as caught:
            load_model(f"timm:{spec}", **options)
        assert "\n" not in str(caught.value)


@pytest.fixture
def classifier(tmp_path):
    """A tiny image classifier in a folder, as transformers writes it."""
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8,
        id2label={0: "cat", 1: "dog", 2: "eel"}, label2id={"cat": 0, "dog": 1, "eel": 2},
    )  # fmt: skip
    network = ViTForImageClassification(config)
    network.save_pretrained(tmp_path / "vit")
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "vit")
    return tmp_path / "vit", network


def test_hf_with_weights(classifier):
    folder, network = classifier
    model = load_model(f"hf:{folder}")
    assert model.classes == ["cat", "dog", "eel"]
    assert torch.equal(model.module.classifier.weight, network.classifier.weight)
    assert model.preprocess(PICTURE).shape == (3, 32, 32)
    assert "image_mean" in model.preprocess.description
    assert torch.equal(pickle.loads(pickle.dumps(model.preprocess))(PICTURE), model.preprocess(PICTURE))
    rows = {row.name: row for row in list_layers(model, example_batch(model))}
    assert rows["classifier"].units == 3
    tokens = [row for row in rows.values() if row.shape == (17, 16) and row.units == 16]
    assert any("last_hidden_state" in row.name for row in tokens)


def test_hf_untrained(classifier):
    folder, _ = classifier
    fresh = load_model(f"hf:{folder}", untrained=True)
    assert fresh.weights_sha256 == load_model(f"hf:{folder}", untrained=True).weights_sha256
    assert fresh.weights_sha256 != load_model(f"hf:{folder}").weights_sha256
    assert fresh.classes is None


def test_what_can_be_wrong_with_hf(classifier, offline, tmp_path):
    folder, _ = classifier
    for spec, options, reason in [
        ("nobody/nothing@v1", {}, "hf:nobody/nothing@v1 cannot be loaded .*check its name"),
        (folder, {"trust_remote_code": True}, "trust_remote_code is not supported"),
        (folder, {"colour": 3}, "takes no option 'colour'"),
        (folder, {"untrained": True, "colour": 3}, "takes no option 'colour'"),
        (f"{tmp_path}/absent", {}, "cannot be loaded"),
    ]:
        with pytest.raises(UnitscopeError, match=reason) as caught:
            load_model(f"hf:{spec}", **options)
        assert "\n" not in str(caught.value)


def test_hf_weights_that_would_run_code_are_refused(classifier, tmp_path):
    folder, _ = classifier
    (folder / "model.safetensors").unlink()
    torch.save({"classifier.weight": Malice(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(UnitscopeError, match="cannot be loaded"):
        load_model(f"hf:{folder}")
    assert not (tmp_path / "ran").exists()


def test_a_library_that_is_not_there(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UnitscopeError, match=r"timm cannot be imported .*; pip install timm"):
        load_model("timm:resnet18")
