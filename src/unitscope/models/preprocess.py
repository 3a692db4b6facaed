"""From an item to the tensor that a network takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..errors import UnitscopeError, near_names

if TYPE_CHECKING:
    import torch

INTERPOLATIONS = {
    name: getattr(Image.Resampling, name.upper()) for name in ("nearest", "bilinear", "bicubic", "lanczos")
}
OPTIONS = ("resize", "crop", "size", "mean", "std", "interpolation")


@dataclass(frozen=True)
class Preprocess:
    """Turns an image into the network's input, and says how.

    Attributes
    ----------
    apply
        Takes an RGB image, returns a float32 tensor (channels, height, width).
    description
        What it does, in words; part of a run's identity.
    """

    apply: Callable[[Any], Any]
    description: str

    def __call__(self, item: Any) -> "torch.Tensor":
        """Preprocess an item: images become RGB first; tensors need no preprocessing where none was asked for."""
        import torch

        if isinstance(item, np.ndarray) and item.dtype == np.uint8:
            item = Image.fromarray(item)
        if isinstance(item, Image.Image):
            item = self.apply(item.convert("RGB"))
        elif isinstance(self.apply, Steps) and self.apply == Steps():
            item = torch.as_tensor(item)
        else:
            item = self.apply(item)
        if not isinstance(item, torch.Tensor):
            raise UnitscopeError(f"preprocessing gave a {type(item).__name__}, not a tensor; mend the preprocessing")
        return item


@dataclass(frozen=True)
class Steps:
    """Resize, crop, scale to 0..1, normalise: the preprocessing that can be given by options.

    Attributes
    ----------
    resize
        Length of the shorter side, in pixels.
    crop
        Side of the centre crop.
    size
        Both sides, whatever the shape was.
    mean, std
        Subtracted from, and divided into, values 0..1 of red, green and blue.
    interpolation
        How pixels are resampled, always with antialiasing.
    """

    resize: int | None = None
    crop: int | None = None
    size: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str = "bilinear"

    def __call__(self, image: Image.Image) -> "torch.Tensor":
        """Return the image as a tensor (3, height, width)."""
        import torch

        how = INTERPOLATIONS[self.interpolation]
        if self.size:
            image = image.resize((self.size, self.size), how)
        if self.resize:
            scale = self.resize / min(image.size)
            width, height = (self.resize if side == min(image.size) else round(side * scale) for side in image.size)
            image = image.resize((width, height), how)
        if self.crop:
            left, top = ((side - self.crop) // 2 for side in image.size)
            image = image.crop((left, top, left + self.crop, top + self.crop))
        tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float() / 255
        if self.mean:
            tensor -= torch.tensor(self.mean).view(-1, 1, 1)
        if self.std:
            tensor /= torch.tensor(self.std).view(-1, 1, 1)
        return tensor

    def describe(self) -> str:
        """Say in words what is done."""
        parts = ["RGB"]
        if self.size:
            parts.append(f"resized to {self.size} x {self.size} ({self.interpolation})")
        if self.resize:
            parts.append(f"shorter side {self.resize} ({self.interpolation})")
        if self.crop:
            parts.append(f"centre crop {self.crop}")
        parts.append("0..1")
        if self.mean:
            parts.append(f"minus {', '.join(map(str, self.mean))}")
        if self.std:
            parts.append(f"divided by {', '.join(map(str, self.std))}")
        return "; ".join(parts)


def steps_from_options(options: dict[str, Any]) -> Preprocess:
    """Make the preprocessing that ``-M resize=... crop=... size=... mean=... std=... interpolation=...`` describe.

    Examples
    --------
    >>> steps_from_options({"resize": 256, "crop": 227}).description
    'RGB; shorter side 256 (bilinear); centre crop 227; 0..1'
    """
    sides = {}
    for key in ("resize", "crop", "size"):
        if options.get(key) is not None:
            sides[key] = options[key]
            if not isinstance(sides[key], int) or sides[key] < 1:
                raise UnitscopeError(f"-M {key}={sides[key]} is no number of pixels; give a whole number of at least 1")
    numbers = {key: read_numbers(key, options[key]) for key in ("mean", "std") if options.get(key) is not None}
    interpolation = str(options.get("interpolation", "bilinear"))
    if interpolation not in INTERPOLATIONS:
        raise UnitscopeError(
            f"-M interpolation={interpolation} is unknown{near_names(interpolation, INTERPOLATIONS)}; "
            f"choose one of {', '.join(INTERPOLATIONS)}"
        )
    steps = Steps(**sides, **numbers, interpolation=interpolation)
    return Preprocess(steps, steps.describe())


def read_numbers(key: str, text: Any) -> tuple[float, ...]:
    """Read one number or three, separated by commas."""
    try:
        numbers = tuple(float(part) for part in str(text).split(","))
    except ValueError as error:
        raise UnitscopeError(
            f"-M {key}={text} is no list of numbers; write for instance {key}=.485,.456,.406"
        ) from error
    if len(numbers) not in (1, 3) or (key == "std" and 0 in numbers):
        raise UnitscopeError(f"-M {key}={text} does not fit; give one number or three, and no std of 0")
    return numbers
