"""A network of which every number is exact: mean colours of 2 x 2 pixels, averaged, and weights that are whole numbers.

The environment may say when the process is killed: ``DIE_AFTER=1:9:FILE`` after nine batches of one item, unless the
file exists.
"""

import os
import signal
from pathlib import Path

import torch
from torch import nn

WEIGHTS = ((8, -4, 0, 1), (-3, 8, -4, 1), (1, 2, 6, 0))
BIAS = (0.5, 0.0, -0.25)


class Whole(nn.Module):
    """Turns pixels from 0 to 1 into sixteenths of whole numbers from 0 to 255."""

    seen = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return pixels."""
        size, batches, marker = os.environ.get("DIE_AFTER", "0:0:").split(":", 2)
        Whole.seen += len(x) == int(size)
        if Whole.seen > int(batches) > 0 and not Path(marker).exists():
            Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return (x * 255).round() / 16


class Net(nn.Module):
    """Maps of red, green, blue and all colours, half as high and wide as the image; a score for each of 3 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = Whole()
        self.colour = nn.Conv2d(3, 4, 2, 2, bias=False)
        each = torch.cat([torch.eye(3), torch.ones(1, 3)])
        self.colour.weight.data = each.view(4, 3, 1, 1).expand(4, 3, 2, 2) / 4
        self.linear = nn.Linear(4, 3)
        self.linear.weight.data, self.linear.bias.data = torch.tensor(WEIGHTS).float(), torch.tensor(BIAS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        return self.linear(self.colour(self.whole(x)).mean((2, 3)))


class Dense(Net):
    """The same maps, but scores that are not linear in them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        return self.linear(self.colour(self.whole(x)).square().mean((2, 3)))


class Flat(nn.Module):
    """A network without maps."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.dense = nn.Linear(3 * 256, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        return self.dense(x.flatten(1))
