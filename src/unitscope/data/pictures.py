"""Image files: opened as RGB pixels, or one sentence why not."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import UnitscopeError
from ..specs import first_line

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jp2", ".png", ".ppm", ".pgm", ".pbm", ".bmp", ".tif", ".tiff", ".webp", ".gif"}
)
"""What an image file's name ends with, in lower case."""


def read_picture(path: str | Path) -> Image.Image:
    """Read an image file whole, as RGB.

    A note on orientation in the file (EXIF) is ignored, as is the practice with ImageNet: networks are trained
    and tested on pixels as they are stored.

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
        With the reason alone, if it is missing, empty, truncated, no image, or too large to be meant.
    """
    return as_rgb(_decode(path))


def check_picture(path: str | Path) -> None:
    """Decode a whole image file, JPEG at an eighth of its size, and throw the pixels away.

    Raises
    ------
    UnitscopeError
        As `read_picture` does.
    """
    _check_mode(_decode(path, small=True))


def _decode(path: str | Path, small: bool = False) -> Image.Image:
    """Open a file and decode all its pixels; errors give the reason without the file's name."""
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise UnitscopeError("it is not a file")  # a pipe or device would be waited for
        with Image.open(path, formats=formats()) as image:
            if small:
                image.draft(None, (1, 1))  # JPEG: every coefficient is still read, few are transformed
            image.load()
            return image
    except FileNotFoundError as error:
        raise UnitscopeError("the file does not exist") from error
    except UnidentifiedImageError as error:
        empty = path.stat().st_size == 0
        raise UnitscopeError("the file is empty" if empty else "it is not an image, or its start is damaged") from error
    except Image.DecompressionBombError as error:
        raise UnitscopeError("it has more pixels than a picture should (a decompression bomb?)") from error
    except PermissionError as error:
        raise UnitscopeError("there is no permission to read it") from error
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more
        raise UnitscopeError(first_line(error)) from error


def as_rgb(image: Image.Image) -> Image.Image:
    """Turn any picture into RGB.

    Grey is repeated, CMYK and palettes are converted, transparency is dropped (the colour stored under it
    shows), 16-bit grey is scaled to 8 bits.

    Parameters
    ----------
    image
        A Pillow image of any mode but 32-bit whole numbers or floats.

    Returns
    -------
    PIL.Image.Image
        Mode ``"RGB"``; the image itself if it is that already.

    Raises
    ------
    UnitscopeError
        If its pixels have no agreed range.

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
    """Return the kinds of images that are read: all that Pillow knows but PostScript, which is a program."""
    Image.init()
    return [name for name in Image.ID if name != "EPS"]


def _check_mode(image: Image.Image) -> None:
    """Refuse pixels that Pillow would clip rather than convert."""
    if image.mode in ("I", "F"):
        raise UnitscopeError(f"its pixels are 32-bit numbers (mode {image.mode}); convert it to 8 bits per colour")
