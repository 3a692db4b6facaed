import io

import numpy as np
import pytest
from PIL import Image

from unitscope.data.pictures import as_rgb, check_picture, read_picture
from unitscope.errors import UnitscopeError


@pytest.fixture
def jpeg():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "YCbCr", "RGBA", "HSV", "LAB"])
def test_every_mode_becomes_rgb(mode):
    image = (
        as_rgb(Image.new("RGB", (4, 3), (255, 255, 255)).convert("L").convert("RGB").convert(mode))
        if mode not in ("LAB",)
        else as_rgb(Image.new("LAB", (4, 3)))
    )
    assert image.mode == "RGB"
    assert image.size == (4, 3)


def test_grey_survives_exactly():
    values = np.arange(256, dtype=np.uint8)[None]
    assert (np.asarray(as_rgb(Image.fromarray(values))) == values[..., None]).all()


def test_cmyk_colours():
    assert as_rgb(Image.new("CMYK", (1, 1), (0, 255, 255, 0))).getpixel((0, 0)) == (255, 0, 0)


def test_transparency_is_dropped_and_the_colour_under_it_shows(tmp_path):
    assert as_rgb(Image.new("RGBA", (1, 1), (9, 8, 7, 0))).getpixel((0, 0)) == (9, 8, 7)
    palette = Image.new("P", (2, 2))
    palette.putpalette([1, 2, 3, 200, 100, 0])
    palette.putpixel((1, 1), 1)
    palette.save(tmp_path / "palette.png", transparency=b"\x00\xff")
    image = read_picture(tmp_path / "palette.png")  # Pillow warns here unless it goes by way of RGBA
    assert [image.getpixel(place) for place in ((0, 0), (1, 1))] == [(1, 2, 3), (200, 100, 0)]


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16)).save(tmp_path / "deep.png")
    assert np.asarray(read_picture(tmp_path / "deep.png"))[0, :, 0].tolist() == [0, 128, 255]


def test_pixels_without_an_agreed_range_are_refused(tmp_path):
    Image.fromarray(np.ones((2, 2), np.float32)).save(tmp_path / "float.tif")
    for read in (read_picture, check_picture):
        with pytest.raises(UnitscopeError, match="32-bit numbers"):
            read(tmp_path / "float.tif")


def test_the_orientation_note_is_ignored(tmp_path):
    image = Image.new("RGB", (8, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # turn by 90 degrees
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert read_picture(tmp_path / "turned.jpg").size == (8, 4)


@pytest.mark.parametrize("read", [read_picture, check_picture])
class TestUnreadable:
    def refuse(self, read, path, reason):
        with pytest.raises(UnitscopeError, match=reason) as caught:
            read(path)
        assert "\n" not in str(caught.value)

    def test_good(self, read, tmp_path, jpeg):
        (tmp_path / "good.jpg").write_bytes(jpeg)
        read(tmp_path / "good.jpg")

    def test_missing(self, read, tmp_path):
        self.refuse(read, tmp_path / "none.jpg", "does not exist")

    def test_empty(self, read, tmp_path):
        (tmp_path / "empty.jpg").touch()
        self.refuse(read, tmp_path / "empty.jpg", "the file is empty")

    def test_not_an_image(self, read, tmp_path):
        (tmp_path / "text.jpg").write_text("this is no image")
        self.refuse(read, tmp_path / "text.jpg", "not an image")

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
    def test_truncated_jpeg(self, read, tmp_path, jpeg, share):
        (tmp_path / "cut.jpg").write_bytes(jpeg[: int(len(jpeg) * share)])
        self.refuse(read, tmp_path / "cut.jpg", "truncated")

    def test_damaged_tables(self, read, tmp_path, jpeg):
        (tmp_path / "bad.jpg").write_bytes(jpeg[:25] + bytes(300) + jpeg[325:])
        self.refuse(read, tmp_path / "bad.jpg", ".")

    @pytest.mark.parametrize("share", [0.5, 0.9])
    def test_truncated_png(self, read, tmp_path, share):
        file = io.BytesIO()
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)).save(file, "PNG")
        (tmp_path / "cut.png").write_bytes(file.getvalue()[: int(len(file.getvalue()) * share)])
        self.refuse(read, tmp_path / "cut.png", ".")

    def test_a_bomb(self, read, tmp_path, monkeypatch):
        Image.new("1", (100, 100)).save(tmp_path / "bomb.png")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        self.refuse(read, tmp_path / "bomb.png", "too many pixels")

    def test_a_directory(self, read, tmp_path):
        self.refuse(read, tmp_path, "directory")
