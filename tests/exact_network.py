"""A network whose sums are exact, and its items: for tests that compare bits.

A float32 sum depends on the order in which it is added up, which libraries choose by processor, batch size and number
of threads. Here weights and inputs are small whole numbers, so every sum stays a whole number below 2**24, which
float32 holds exactly: any order gives the same bits.

Tests take the specs of both from the fixture `exact`, so that other processes can load them too.
"""

import os
import signal
from pathlib import Path

import numpy as np
import torch
from torch import nn

CHANNELS, POSITIONS, MAPS, UNITS, CLASSES = 4, 6, 6, 70, 3


class Net(nn.Module):
    """A convolution, ``maps``, and two dense layers, ``hidden`` and ``out``; more units than one block of units holds.

    The environment may name an item: ``DIE_AT=100:FILE`` kills the process when the network sees item 100, unless the
    file exists, and makes the file first, so that this happens once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv1d(CHANNELS, MAPS, 1)
        self.hidden = nn.Linear(MAPS * POSITIONS, UNITS)
        self.out = nn.Linear(UNITS, CLASSES)
        rng = np.random.default_rng(0)
        for layer, largest in ((self.maps, 4), (self.hidden, 1), (self.out, 4)):
            weights = rng.integers(-largest, largest + 1, tuple(layer.weight.shape))
            layer.weight.data = torch.from_numpy(weights).float()
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of the three classes."""
        item, _, marker = os.environ.get("DIE_AT", "-1:").partition(":")
        if (x[:, 0] == int(item)).any() and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        maps = self.maps(x[:, 1:].unflatten(1, (CHANNELS, POSITIONS)))
        return self.out(torch.relu(self.hidden(torch.relu(maps).flatten(1))))


class Items:
    """The item's number, and whole numbers in -90..90 that depend on its class, ``index % 3``."""

    def __init__(self, n: int = 200) -> None:
        rng = np.random.default_rng(0)
        size = CHANNELS * POSITIONS
        features = rng.integers(-40, 41, (CLASSES, size))[np.arange(n) % CLASSES] + rng.integers(-50, 51, (n, size))
        self.values = np.column_stack([np.arange(n), features]).astype(np.float32)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return self.values[index], index % CLASSES
