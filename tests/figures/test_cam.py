"""Class maps of one item: scores that are the sums of what is shown, boxes, classes by name and number."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from unitscope import load_data, load_model, localize, open_run, record  # noqa: E402
from unitscope.errors import UnitscopeError  # noqa: E402
from unitscope.figures import cam, make_figure  # noqa: E402
from unitscope.models import open_network  # noqa: E402
from unitscope.testing import check_figure  # noqa: E402

N = 32


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return record("demo:", load_data("demo:", n=N), tmp_path_factory.mktemp("run") / "run", layers="conv5", workers=0)


def test_it_is_drawn_as_all_figures_are(run):
    check_figure(cam, run, item="00005")
    check_figure(cam, run, item=5, classes=["car"], centred=True)


def test_classes_of_the_highest_scores(run):
    drawn = cam(run, "00009", count=4)
    network, data = open_network(run), load_data("demo:", n=N)
    with torch.no_grad():
        scores = network.module(network.preprocess(data.load(9))[None])[0]
    best = scores.argsort(descending=True)[:4]
    assert drawn.frame()["output"].tolist() == best.tolist()
    np.testing.assert_allclose(drawn.frame()["score"], scores[best], rtol=1e-5)
    assert drawn.frame()["class"].tolist() == [run.classes["name"][int(each)] for each in best]
    assert drawn.frame()["map_sum"].isna().all()  # of Grad-CAM
    assert drawn.note.startswith("Grad-CAM of conv5; scores are not proven to be sums")
    np.testing.assert_array_equal(drawn.picture, np.asarray(data.load(9)))


def test_its_box_is_that_of_the_localization(run):
    localize(run, workers=0)
    boxes = open_run(run.directory).array("localization", "box")
    for item in (0, 7, 30):
        row = cam(run, item, count=1).frame().iloc[0]
        assert row[["top", "left", "bottom", "right"]].tolist() == boxes[item].tolist()
        patch = make_figure(cam(run, item, count=1)).axes[0].patches[0]
        assert patch.get_height() == pytest.approx((row["bottom"] - row["top"]) * 0.94 / 64)


def test_classes_that_are_asked_for(run):
    drawn = cam(run, 3, ["dog", "0"])
    assert drawn.frame()["class"].tolist() == ["dog", run.classes["name"][0]]
    assert len(drawn.maps) == 2


@pytest.mark.parametrize("show", [lambda run: cam(run, 5, centred=True), lambda run: localize(run, centred=True)])
def test_unknown_centres_are_said(run, show, monkeypatch):
    fields = {"conv5": SimpleNamespace(centre=None, stride=None)}
    monkeypatch.setattr("unitscope.localization.worker.receptive_fields", lambda *_: fields)
    with pytest.raises(UnitscopeError, match="centres of the receptive fields of layer conv5 are not known; leave out"):
        show(run)


@pytest.mark.parametrize(
    ("item", "options", "message"),
    [
        ("00032", {}, r"has no item 00032 .*; give the id of an item, such as '00000', or its number, 0 to 31"),
        (-1, {}, "has no item -1"),
        (3, {"classes": ["dgo"]}, r"demo: has no class 'dgo' \(did you mean 'dog'"),
        (3, {"classes": ["16"]}, "there is no class 16; demo: has classes 0 to 15"),
        (3, {"count": 0}, "0 classes cannot be shown; give at least 1"),
        (3, {"layer": "fc6"}, "has no layer 'fc6' with a map"),
    ],
)
def test_what_is_not_there_is_said(run, item, options, message):
    with pytest.raises(UnitscopeError, match=message):
        cam(run, item, **options)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "folder", "options", "layer"),
    [
        ("resnet20", "cifar10-test", {"size": 32}, "layer3"),
        ("squeezenet", "imagenet-samples", {"resize": 256, "crop": 227}, "conv10"),
    ],
)
def test_scores_of_real_networks_are_sums_of_the_maps_shown(real, name, folder, options, layer, tmp_path):
    model = load_model(f"py:{real / 'models.py'}:{name}", **options)
    data = load_data(f"folder:{real / folder}", limit=1)
    if name == "squeezenet":  # one image of some classes suffices
        from unitscope.data.items import without

        data = without(data, range(8, len(data)))
    run = record(model, data, tmp_path / "run", layers=layer, workers=0)
    for item in range(0, len(data), 3):
        found = cam(run, item, network=model, data=data).frame()
        np.testing.assert_allclose(found["map_sum"] + found["bias"], found["score"], rtol=1e-5)
    localize(run, network=model, data=data, workers=0)
    assert run.parameters("localization")["method"] == "cam"
    evidence = run.array("localization", "evidence")
    some = ~np.isnan(evidence).all(0)
    with torch.no_grad():
        scores = torch.cat([model.module(model.preprocess(data.load(item))[None]) for item in range(len(data))])
    bias = model.module.linear.bias.detach().numpy() if name == "resnet20" else np.zeros(scores.shape[1])
    own = [float(scores[item, label]) - bias[label] for item, label in enumerate(run.labels)]  # one item of each class
    np.testing.assert_allclose(evidence.sum(0)[some], own, rtol=1e-4, atol=1e-4)
