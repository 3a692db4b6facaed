"""Where images lie on the network's input, against resizing and cropping images that have coordinates painted in."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from torchvision_stub import torchvision, v2
from unitscope.errors import UnitscopeError
from unitscope.models import Placement, placement_of
from unitscope.models.preprocess import Preprocess, steps_from_options

T = torchvision.transforms
BICUBIC = T.InterpolationMode.BICUBIC


def numbered(height, width):
    """Return an image in which every pixel has its number, from 1, and labels of the same numbers."""
    numbers = np.arange(1, height * width + 1).reshape(height, width)
    image = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=-1)
    return Image.fromarray(image.astype(np.uint8)), numbers


def numbers_in(made):
    """Return the numbers of the pixels in an input made of a numbered image."""
    red, green, blue = (made * 255).round().numpy().astype(int)
    return red + 256 * green + 65536 * blue


sides = st.integers(1, 60)
options = st.one_of(
    st.fixed_dictionaries({"size": sides}),
    st.fixed_dictionaries({"resize": st.integers(20, 60), "crop": st.integers(1, 20)}),
    st.fixed_dictionaries({"resize": sides}),
    st.just({}),
)


@given(sides, sides, options)
def test_labels_against_images_resized_to_the_nearest_pixel(height, width, options):
    steps = steps_from_options(options | {"interpolation": "nearest"})
    image, labels = numbered(height, width)
    placement = placement_of(steps, (height, width))
    found, expected = placement.labels(labels), numbers_in(steps(image))
    tied = [  # the middle of a pixel of the input is between two pixels of the image: Pillow takes either
        (2 * np.arange(placement.size[axis]) + 1 - 2 * placement.corner[axis]) * placement.image[axis]
        % (2 * placement.resized[axis]) == 0
        for axis in (0, 1)
    ]  # fmt: skip
    differ = found != expected
    assert not differ[~tied[0]][:, ~tied[1]].any()
    assert placement.image != placement.resized or not differ.any()


def test_label_maps_of_another_size_by_hand():
    placement = placement_of(steps_from_options({"resize": 4, "crop": 2}), (8, 16))  # resized to 4 x 8
    assert placement == Placement((8, 16), (4, 8), (-1, -3), (2, 2))
    labels = np.arange(1, 9).reshape(1, 2, 4)  # each covers 4 x 4 pixels of the image, 2 x 2 resized ones
    assert placement.labels(labels).tolist() == [[[2, 3], [6, 7]]]
    assert placement.labels(labels.astype(np.uint16)).dtype == np.uint16


@given(sides, sides, options, st.integers(1, 70), st.integers(1, 70))
def test_visible_label_pixels_are_those_whose_middle_is_on_the_input(height, width, options, rows, columns):
    placement = placement_of(steps_from_options(options), (height, width))
    for axis, pixels in enumerate((rows, columns)):
        kept, places = placement.visible(axis, pixels)
        places = places / (2 * pixels)
        middles = (np.arange(pixels) + 0.5) / pixels * placement.image[axis]
        on_input = middles * placement.scale[axis] + placement.corner[axis]
        np.testing.assert_allclose(on_input[kept], places, atol=1e-9)
        seen = np.flatnonzero((on_input >= 1e-9) & (on_input < placement.size[axis] - 1e-9))
        assert set(seen) <= set(range(pixels)[kept])
        assert ((places >= 0) & (places < placement.size[axis])).all()


@given(sides, sides, options)
def test_boxes_of_what_is_seen_come_back(height, width, options):
    placement = placement_of(steps_from_options(options), (height, width))
    whole = np.array([0, 0, *placement.size], float)
    seen = placement.inverse(whole)
    np.testing.assert_allclose(placement.boxes(seen), whole, atol=1e-9)
    assert (seen >= 0).all()
    assert (seen[2:] <= placement.image).all()


def test_boxes_against_a_painted_box():
    image = np.zeros((60, 90, 3), np.uint8)
    image[20:40, 30:60] = 255
    steps = steps_from_options({"resize": 30, "crop": 24, "interpolation": "nearest"})  # halves, then cuts 3 and 11, 10
    made = steps(Image.fromarray(image))[0].numpy()
    rows, columns = np.flatnonzero(made.any(1)), np.flatnonzero(made.any(0))
    drawn = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    placement = placement_of(steps, (60, 90))
    boxes = np.array([[[20, 30, 40, 60]], [[0, 0, 60, 90]], [[0, 0, 5, 5]]])
    placed = placement.boxes(boxes)
    assert placed.tolist() == [[drawn], [[0, 0, 24, 24]], [[0, 0, 0, 0]]]
    assert placement.inverse(placed)[0].tolist() == [[20, 30, 40, 60]]


def test_padding_has_no_labels_and_boxes_beyond_the_image_are_cut_off():
    placement = Placement((2, 3), (4, 6), (1, 2), (6, 10))
    labels = placement.labels(np.array([[1, 2, 3], [4, 5, 6]]))
    expected = np.zeros((6, 10), int)
    expected[1:5, 2:8] = np.repeat(np.repeat([[1, 2, 3], [4, 5, 6]], 2, 0), 2, 1)
    assert labels.tolist() == expected.tolist()
    assert placement.inverse(np.array([0, 0, 6, 10])).tolist() == [0, 0, 2, 3]


def compose(*steps):
    return T.Compose([*steps, T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])


ON_TENSORS = v2.Compose([v2.ToImage(), v2.Resize(64), v2.CenterCrop(56), v2.ToDtype(torch.float32, scale=True)])
TRANSFORMS = {  # for images of 150 x 200: resized, corner, size
    "resize, crop": (compose(T.Resize(64), T.CenterCrop(56)), (64, 85), (-4, -14), (56, 56)),
    "bicubic": (compose(T.Resize(64, BICUBIC), T.CenterCrop(56)), (64, 85), (-4, -14), (56, 56)),
    "on tensors": (ON_TENSORS, (64, 85), (-4, -14), (56, 56)),
    "stretch": (compose(T.Resize((64, 48))), (64, 48), (0, 0), (64, 48)),
    "enlarge": (compose(T.Resize(300), T.CenterCrop(256)), (300, 400), (-22, -72), (256, 256)),
    "crop first": (compose(T.CenterCrop(90), T.Resize(56)), (280 / 3, 1120 / 9), (-56 / 3, -308 / 9), (56, 56)),
    "pad": (compose(T.Resize(60), T.Pad((3, 5, 7, 9), fill=200)), (60, 80), (5, 3), (74, 90)),
    "small crop": (compose(T.CenterCrop(24)), (150, 200), (-63, -88), (24, 24)),
    "grey": (T.Compose([T.Resize(64), T.Grayscale(), T.ToTensor()]), (64, 85), (0, 0), (64, 85)),
    "negative": (T.Compose([T.Resize(64), T.ToTensor(), lambda made: 1 - made]), (64, 85), (0, 0), (64, 85)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_that_are_tried(name):
    transform, resized, corner, size = TRANSFORMS[name]
    placement = placement_of(Preprocess(transform, name), (150, 200))
    assert (placement.image, placement.size) == ((150, 200), size)
    np.testing.assert_allclose(placement.resized, resized, rtol=1e-12)
    np.testing.assert_allclose(placement.corner, corner, rtol=1e-12, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.integers(24, 300), st.integers(24, 300), st.integers(32, 200), st.floats(0.5, 1))
@example(188, 215, 188, 1)  # 13 ramps, whose length times 13 is not exactly the width
def test_trying_finds_the_steps(height, width, resize, share):
    steps = steps_from_options({"resize": resize, "crop": round(share * resize)})
    tried = placement_of(Preprocess(lambda image: steps.apply(image), "tried"), (height, width))
    known = placement_of(steps, (height, width))
    assert (tried.image, tried.size) == (known.image, known.size)
    for edge in (0, *known.size):  # to about a tenth of a pixel of image or input, whatever the resampling
        on_image = [placement.inverse(np.full(4, edge)) for placement in (known, tried)]
        np.testing.assert_allclose(*on_image, atol=0.15 * max(1, *(1 / scale for scale in known.scale)))


@pytest.mark.parametrize(
    ("transform", "why"),
    [
        (compose(T.Resize(64), T.RandomHorizontalFlip(1)), "it mirrors them"),
        (compose(T.Resize(64), T.RandomRotation((8, 8))), "no rectangle"),
        (
            compose(T.CenterCrop(100), T.Lambda(lambda image: image.rotate(8)), T.CenterCrop(50)),
            "it does more than resize",
        ),
        (T.Compose([T.Resize(64), T.ToTensor(), lambda made: made.transpose(1, 2)]), "it does more than resize"),
        (T.Compose([T.ToTensor(), lambda made: made.flatten()]), "does not make images of one size"),
        (T.Compose([T.ToTensor(), lambda made: made * 0]), "no rectangle"),
    ],
)
def test_what_is_no_resizing_and_cropping_is_refused(transform, why):
    with pytest.raises(UnitscopeError, match=f"200 x 150 pixels lie .* since .*({why})"):
        placement_of(Preprocess(transform, "a description"), (150, 200))


@pytest.mark.parametrize("size", [(1, 1), (15, 300), (300, 2)])
def test_images_too_small_to_try_it_on_are_refused(size):
    with pytest.raises(UnitscopeError, match="since fewer than 16 rows or columns"):
        placement_of(Preprocess(compose(T.Resize((64, 64))), "a description"), size)


def test_random_crops_are_refused():
    torch.manual_seed(0)
    with pytest.raises(UnitscopeError, match="since it"):
        placement_of(Preprocess(compose(T.RandomCrop(40)), "a description"), (150, 200))


def test_images_smaller_than_the_crop():
    with pytest.raises(UnitscopeError, match="20 x 10 pixels is smaller than crop=11"):
        placement_of(steps_from_options({"crop": 11}), (10, 20))


def test_timm_and_hugging_face():
    timm, transformers = pytest.importorskip("timm"), pytest.importorskip("transformers")
    transform = timm.data.create_transform(input_size=(3, 56, 56), crop_pct=0.875, interpolation="bicubic")
    processor = transformers.ViTImageProcessor(size={"height": 56, "width": 56})
    clip = transformers.CLIPImageProcessor(size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56})
    prepare = [
        transform,
        *(lambda image, made=made: made(image, return_tensors="pt")["pixel_values"][0] for made in (processor, clip)),
    ]
    found = [placement_of(Preprocess(apply, "a library's"), (150, 200)) for apply in prepare]
    assert [(placement.resized, placement.size) for placement in found] == [
        ((64, 85), (56, 56)), ((56, 56), (56, 56)), ((64, 85), (56, 56)),
    ]  # fmt: skip
    assert [placement.corner[0] for placement in found] == [-4, 0, -4]
