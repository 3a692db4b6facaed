"""A network whose maps are whole numbers, so that any order of adding gives the same bits, and images for it."""

import os
import signal
from pathlib import Path

import torch
from PIL import Image
from torch import nn


class Whole(nn.Module):
    """Turns pixels from 0 to 1 into whole numbers from 0 to 255.

    The environment may say when the process is killed: ``DIE_AFTER=3:FILE`` after three batches, unless
    the file exists.
    """

    seen = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return pixels as whole numbers."""
        batches, _, marker = os.environ.get("DIE_AFTER", "-1:").partition(":")
        Whole.seen += 1
        if Whole.seen > int(batches) > 0 and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return (x * 255).round()


class Net(nn.Module):
    """``maps`` (8 x 8), ``pool`` (4 x 4), ``tokens`` (positions in one row), ``dense``; unit 3 of ``maps`` is dead."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.whole = Whole()
        self.first = nn.Conv2d(3, 5, 5, 2, 2)
        self.maps = nn.ReLU()
        self.pool = nn.MaxPool2d(2, 2)
        self.tokens = nn.Linear(5, 4)
        self.dense = nn.Linear(5, 6)
        generator = torch.Generator().manual_seed(int(seed))
        for layer in (self.first, self.tokens, self.dense):
            layer.weight.data = torch.randint(-3, 4, layer.weight.shape, generator=generator).float()
            nn.init.zeros_(layer.bias)
        self.first.bias.data[3] = -1e6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a number of each unit of ``dense``."""
        pooled = self.pool(self.maps(self.first(self.whole(x))))
        self.tokens(pooled.flatten(2).transpose(1, 2))
        return self.dense(pooled.amax((2, 3)))


class Blurred(nn.Module):
    """A convolution, ``wide``, whose every field is the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 4, 31, padding=15)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the maps."""
        return self.wide(x)


class Items:
    """Images of 16 x 16 random pixels."""

    def __init__(self, n: int = 40) -> None:
        self.n = int(n)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        pixels = torch.randint(0, 256, (16, 16, 3), generator=torch.Generator().manual_seed(index), dtype=torch.uint8)
        return Image.fromarray(pixels.numpy()), index % 2
