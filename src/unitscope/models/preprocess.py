"""From an item to the tensor that a network takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..data import as_rgb
from ..errors import UnitscopeError, near_names
from ..specs import first_line, whole_number

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
        """Preprocess an item.

        Parameters
        ----------
        item
            A Pillow image or uint8 array ``(height, width[, 3])``, which becomes RGB first; or, where no
            preprocessing was asked for, an array or tensor of numbers, which is taken as it is.

        Returns
        -------
        torch.Tensor
            float32.

        Raises
        ------
        UnitscopeError
            If the item does not fit, or the preprocessing fails.
        """
        import torch

        if isinstance(item, np.ndarray) and item.dtype == np.uint8:
            item = Image.fromarray(item)
        if isinstance(item, Image.Image):
            try:
                item = self.apply(as_rgb(item))
            except UnitscopeError:
                raise
            except Exception as error:
                raise UnitscopeError(f"preprocessing failed ({type(error).__name__}: {first_line(error)})") from error
        elif self.apply != Steps():
            raise UnitscopeError(
                f"the items are {type(item).__name__}s, not images, but the preprocessing is for images: "
                f"{self.description}; give images, or a network that comes without preprocessing"
            )
        try:
            return torch.as_tensor(item).float()
        except (TypeError, ValueError, RuntimeError) as error:
            raise UnitscopeError(
                f"preprocessing gave a {type(item).__name__}, not a tensor; return float tensors"
            ) from error


def stack_inputs(inputs: "list[torch.Tensor]") -> "torch.Tensor":
    """Return preprocessed items as one batch.

    Raises
    ------
    UnitscopeError
        If they have different shapes.
    """
    import torch

    shapes = sorted({tuple(made.shape) for made in inputs})
    if len(shapes) > 1:
        raise UnitscopeError(
            f"items have different shapes after preprocessing ({shapes[0]} and {shapes[-1]}); give images of one size, "
            "or record with a preprocessing that brings them to one size: -M resize=... -M crop=..., or -M size=..."
        )
    return torch.stack(inputs)


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

        resized, (left, top), (width, height) = self.place(*image.size)
        if self.size or self.resize:
            image = image.resize(resized, INTERPOLATIONS[self.interpolation])
        if self.crop:
            image = image.crop((left, top, left + width, top + height))
        tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float() / 255
        if self.mean:
            tensor -= torch.tensor(self.mean).view(-1, 1, 1)
        if self.std:
            tensor /= torch.tensor(self.std).view(-1, 1, 1)
        return tensor

    def place(self, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Return how an image of this size is resized and cropped, each number first across, then down.

        Returns
        -------
        resized
            Size after resizing.
        corner
            Left upper corner of the crop.
        size
            Size of the crop.

        Raises
        ------
        UnitscopeError
            If the image is smaller than the crop.

        Examples
        --------
        >>> Steps(resize=256, crop=224).place(500, 375)
        ((341, 256), (59, 16), (224, 224))
        """
        if self.size:
            width, height = self.size, self.size
        if self.resize:  # the longer side is rounded down, as torchvision does
            width, height = (self.resize * side // min(width, height) for side in (width, height))
        if not self.crop:
            return (width, height), (0, 0), (width, height)
        if min(width, height) < self.crop:
            raise UnitscopeError(
                f"an image of {width} x {height} pixels is smaller than crop={self.crop}; "
                f"give resize={self.crop} or more as well"
            )
        left, top = ((side - self.crop + 1) // 2 for side in (width, height))  # of two middles the later
        return (width, height), (left, top), (self.crop, self.crop)

    def describe(self) -> str:
        """Return a description of the steps in words."""
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
    sides: dict[str, int] = {}
    for key in ("resize", "crop", "size"):
        if options.get(key) is not None:
            sides[key] = whole_number(options, key, at_least=1) or 0
    if "size" in sides and "resize" in sides:
        raise UnitscopeError("-M size and -M resize contradict each other; give one of them")
    mean, std = (None if options.get(key) is None else read_numbers(key, options[key]) for key in ("mean", "std"))
    interpolation = str(options.get("interpolation", "bilinear"))
    if interpolation not in INTERPOLATIONS:
        raise UnitscopeError(
            f"-M interpolation={interpolation} is unknown{near_names(interpolation, INTERPOLATIONS)}; "
            f"choose one of {', '.join(INTERPOLATIONS)}"
        )
    steps = Steps(**sides, mean=mean, std=std, interpolation=interpolation)
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
