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

INPUTS, UNITS, CLASSES = 12, 70, 3


class Net(nn.Module):
    """Two dense layers, ``hidden`` (before the ReLU) and ``out``; more units than one block of units holds.

    The environment may name an item: ``DIE_AT=100:FILE`` kills the process when the network sees item 100, unless the
    file exists, and makes the file first, so that this happens once.
    """

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        hidden = rng.integers(-4, 5, (UNITS, INPUTS))
        hidden[:, 0] = 0  # the item's number, which is no feature
        self.hidden = nn.Linear(INPUTS, UNITS)
        self.out = nn.Linear(UNITS, CLASSES)
        for layer, weights in ((self.hidden, hidden), (self.out, rng.integers(-4, 5, (CLASSES, UNITS)))):
            layer.weight.data = torch.from_numpy(weights).float()
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of the three classes."""
        item, _, marker = os.environ.get("DIE_AT", "-1:").partition(":")
        if (x[:, 0] == int(item)).any() and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.out(torch.relu(self.hidden(x)))


class Items:
    """Whole numbers in -350..350; the first is the item's number, the others depend on its class, ``index % 3``."""

    def __init__(self, n: int = 200) -> None:
        rng = np.random.default_rng(0)
        centres = rng.integers(-150, 151, (CLASSES, INPUTS))
        self.values = (centres[np.arange(n) % CLASSES] + rng.integers(-200, 201, (n, INPUTS))).astype(np.float32)
        self.values[:, 0] = np.arange(n)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return self.values[index], index % CLASSES
