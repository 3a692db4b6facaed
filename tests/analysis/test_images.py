"""Images of an analysis replace those that it wrote, and nothing else."""

import pytest

from unitscope.analysis import images
from unitscope.analysis.images import digests_of, replace_images
from unitscope.errors import UnitscopeError


@pytest.fixture
def made(tmp_path):
    """Return a function that makes a directory of new files, and the directory in the run."""

    def make(**files):
        directory = tmp_path / "parts" / "images"
        for path in directory.rglob("*.png"):
            path.unlink()
        for name, content in files.items():
            path = directory / name.replace("_", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".png").write_text(content)
        return directory

    return make


@pytest.fixture
def place(tmp_path):
    return tmp_path / "run" / "images" / "table"


def read(place):
    return {
        path.relative_to(place).as_posix(): path.read_text()
        for path in place.rglob("*")
        if path.is_file() and path.name != images.WRITTEN
    }


def test_files_of_the_user_stay(made, place):
    replace_images(made(a="1", b_0="2"), place)
    (place / "notes.txt").write_text("mine")
    (place / "b" / "copy.png").write_text("2")
    replace_images(made(a="3", c_0="4"), place)
    assert read(place) == {"a.png": "3", "c/0.png": "4", "b/copy.png": "2", "notes.txt": "mine"}


def test_directories_that_are_empty_are_removed(made, place):
    replace_images(made(b_0="2"), place)
    replace_images(made(a="3"), place)
    assert sorted(path.name for path in place.iterdir()) == [images.WRITTEN, "a.png"]


@pytest.mark.parametrize("name", ["a.png", "c.png"])
def test_files_of_the_user_are_not_replaced(made, place, name):
    replace_images(made(a="1", b="2"), place)
    (place / name).write_text("edited")
    before = read(place)
    with pytest.raises(UnitscopeError, match=rf"{name} was not written by Unitscope, or was changed since; move it"):
        replace_images(made(a="3", c="4"), place)
    assert read(place) == before


def test_no_images_leave_no_directory(tmp_path, place):
    replace_images(tmp_path / "none", place)
    assert not place.exists()


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_replacement_that_was_stopped_can_be_repeated_or_followed_by_another(made, place, monkeypatch, after):
    replace_images(made(a="1", b="2", z="9"), place)
    copied = []

    def stop(source, target):
        if len(copied) == after:
            raise KeyboardInterrupt
        copied.append(source)
        target.write_bytes(source.read_bytes())

    new = made(a="3", b="4", c="5")
    monkeypatch.setattr(images.shutil, "copyfile", stop)
    with pytest.raises(KeyboardInterrupt):
        replace_images(new, place)
    monkeypatch.undo()
    replace_images(made(a="6", b="7"), place)
    assert read(place) == {"a.png": "6", "b.png": "7"}
    assert digests_of(place).keys() == {"a.png", "b.png"}
