"""Label maps: PNG images whose pixels are numbers of concepts, 0 for none."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import UnitscopeError
from ...specs import first_line
from ..pictures import decode
from .concepts import Numbers

HIGHEST = 65535
"""The highest number that a pixel can have."""


def read_colours(path: Path) -> Numbers:
    """Read one of Broden's label maps: an RGB image, number = red + 256 · green.

    Raises
    ------
    UnitscopeError
        If it cannot be read, or is not RGB.
    """
    image = read_png(path)
    if image.mode != "RGB":
        raise UnitscopeError(
            f"the label map {path} has pixels of mode {image.mode}, but Broden's are RGB, with number = "
            "red + 256 · green; convert it, or give a folder of masks as masks:DIR"
        )
    pixels = np.asarray(image).astype(np.uint16)  # before the multiplication, which uint8 would not hold
    return pixels[..., 0] + 256 * pixels[..., 1]


def read_numbers(path: Path) -> Numbers:
    """Read a mask: grey values or palette indexes are numbers.

    Raises
    ------
    UnitscopeError
        If it cannot be read, has colours, or has grey values of 2 or 4 bits, which decoders stretch to 8.
    """
    image = read_png(path)
    depth, colours = png_header(path)
    if image.mode not in ("1", "L", "P", "I;16", "I") or (colours == 0 and depth in (2, 4)):
        raise UnitscopeError(
            f"the mask {path} is a PNG image of mode {image.mode} with {depth} bits, whose values are not clearly "
            "numbers; save it as grey with 8 or 16 bits, or with a palette"
        )
    return np.asarray(image).astype(np.uint16)


def read_png(path: Path) -> Image.Image:
    """Decode a PNG file; raise with its name if it is none."""
    try:
        return decode(path, only="PNG")
    except UnitscopeError as error:
        raise UnitscopeError(f"the label map {path} cannot be read: {error}; replace it by a PNG image") from error


def png_header(path: Path) -> tuple[int, int]:
    """Return the bit depth and the colour type (0 is grey) of a PNG file, which every such file has in one place."""
    with path.open("rb") as file:
        header = file.read(26)
    return header[24], header[25]


def stack(maps: Mapping[Path, Numbers], shape: tuple[int, ...], source: str) -> Numbers:
    """Return the label maps of one image as layers.

    Parameters
    ----------
    maps
        Rows and columns of numbers, by file.
    shape
        Rows and columns that they must have.
    source
        Where the shape is from, for messages: ``"index.csv says"``.

    Raises
    ------
    UnitscopeError
        If one has another shape.
    """
    for path, numbers in maps.items():
        if numbers.shape != shape:
            rows, columns = numbers.shape
            raise UnitscopeError(
                f"the label map {path} has {rows} x {columns} pixels, but {source} {shape[0]} x {shape[1]}; give "
                "all label maps of an image one size"
            )
    return np.stack([*maps.values()]) if maps else np.zeros((0, *shape), np.uint16)


def lookup(numbers: Mapping[int, int]) -> NDArray[np.int32]:
    """Return an array that gives each number of the files its number in the table; -1 where there is none.

    The last entry stands for all higher numbers.

    Examples
    --------
    >>> lookup({2: 1, 4: 2}).tolist()
    [0, -1, 1, -1, 2, -1]
    """
    found = np.full(max(numbers, default=0) + 2, -1, np.int32)
    found[0] = 0
    for number, own in numbers.items():
        found[number] = own
    return found


def renumber(numbers: Numbers, found: NDArray[np.int32], path: Path, source: str) -> Numbers:
    """Turn numbers of a file into those of the table of concepts.

    Parameters
    ----------
    numbers
        Numbers of any shape.
    found
        As `lookup` returns it.
    path, source
        The file, and where its numbers should be listed, for messages.

    Raises
    ------
    UnitscopeError
        If a number is not in the table.

    Examples
    --------
    >>> renumber(np.array([0, 4, 2], np.uint16), lookup({2: 1, 4: 2}), Path("dog_object.png"), "label.csv").tolist()
    [0, 2, 1]
    """
    own = found.take(numbers, mode="clip")
    if (own < 0).any():
        raise UnitscopeError(
            f"the label map {path} has the number {numbers[own < 0][0]}, which {source} does not list; add it there, "
            "or correct the label map"
        )
    return own.astype(np.uint16)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content; raise if it is missing."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise UnitscopeError(f"there is no file {path}; restore it, or remove it from the data set's tables") from error
    except OSError as error:
        raise UnitscopeError(f"{path} cannot be read: {first_line(error)}") from error
