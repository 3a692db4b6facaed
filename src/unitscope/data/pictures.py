"""Read image files as RGB; errors give the reason in one sentence."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import UnitscopeError
from ..specs import first_line

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jp2", ".png", ".ppm", ".pgm", ".pbm", ".bmp", ".tif", ".tiff", ".webp", ".gif"}
)
"""Suffixes of image files, in lower case."""


def read_picture(path: str | Path) -> Image.Image:
    """Read an image file as RGB.

    The EXIF orientation is ignored, as is usual for ImageNet: networks are trained and tested on pixels as stored.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    PIL.Image.Image
        Mode ``"RGB"``.

    Raises
    ------
    UnitscopeError
        If the file is missing, empty, truncated, not an image, or too large; the message has no path.
    """
    return as_rgb(decode(path))


def check_picture(path: str | Path) -> None:
    """Decode a whole image file, JPEG at an eighth of its size, without returning the pixels.

    Raises
    ------
    UnitscopeError
        As `read_picture` does.
    """
    _check_mode(decode(path, small=True))


def decode(path: str | Path, small: bool = False, only: str = "") -> Image.Image:
    """Open a file and decode all its pixels; errors give the reason without the path.

    Parameters
    ----------
    path
        The file.
    small
        Decode JPEG at an eighth of its size.
    only
        The one format to read, such as ``"PNG"``; default: all of `formats`.
    """
    with opened(path, only) as image:
        if small:
            image.draft(None, (1, 1))  # JPEG: every coefficient is still read, few are transformed
        image.load()
        return image


def picture_size(path: str | Path) -> tuple[int, int]:
    """Return height and width in pixels, as the header of a file has them.

    Raises
    ------
    UnitscopeError
        As `read_picture` does.
    """
    with opened(path) as image:
        return image.height, image.width


@contextmanager
def opened(path: str | Path, only: str = "") -> Iterator[Image.Image]:
    """Open a file without decoding it; errors, also those inside the context, give the reason without the path."""
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UnitscopeError("it is not a file")  # reading a pipe or device may block
        with Image.open(path, formats=[only] if only else formats()) as image:
            yield image
    except FileNotFoundError as error:
        raise UnitscopeError("the file does not exist") from error
    except UnidentifiedImageError as error:
        empty = path.stat().st_size == 0
        kind = f"a {only} image" if only else "an image"
        raise UnitscopeError("the file is empty" if empty else f"it is not {kind}, or its start is damaged") from error
    except Image.DecompressionBombError as error:
        raise UnitscopeError("it has too many pixels (a decompression bomb?)") from error
    except PermissionError as error:
        raise UnitscopeError("there is no permission to read it") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more
        raise UnitscopeError(first_line(error)) from error


def as_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB.

    Grey is repeated, CMYK and palettes are converted, transparency is removed (the colour stored under it is used), and
    16-bit grey is scaled to 8 bits.

    Parameters
    ----------
    image
        A Pillow image of any mode except 32-bit integers or floats.

    Returns
    -------
    PIL.Image.Image
        Mode ``"RGB"``; the image itself if it already has this mode.

    Raises
    ------
    UnitscopeError
        If the range of pixel values is not defined.

    See Also
    --------
    load_data : Loads images by spec, as RGB.

    Examples
    --------
    >>> as_rgb(Image.new("L", (1, 1), 7)).getpixel((0, 0))
    (7, 7, 7)
    """
    _check_mode(image)
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


@functools.cache
def formats() -> list[str]:
    """Return the image formats to read: all formats of Pillow except PostScript, which is a program."""
    Image.init()
    return [name for name in Image.ID if name != "EPS"]


def _check_mode(image: Image.Image) -> None:
    """Raise for modes that Pillow would clip instead of converting."""
    if image.mode in ("I", "F"):
        raise UnitscopeError(f"its pixels are 32-bit numbers (mode {image.mode}); convert it to 8 bits per colour")
