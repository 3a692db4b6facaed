"""Units that see the whole image at every position of their map, and the same units without that."""

import torch
from torch import nn


class Net(nn.Module):
    """A map of dark spots and edges (``local``); the same plus 0 times its mean (``deep``); its mean."""

    def __init__(self) -> None:
        super().__init__()
        weights = torch.zeros(2, 3, 7, 7)
        weights[0], weights[0, :, 2:5, 2:5] = 1 / 40, -1 / 9  # a dark spot
        weights[1, :, :, :3], weights[1, :, :, 4:] = 1.0, -1.0
        self.first = nn.Conv2d(3, 2, 7, 1, 3, bias=False)
        self.first.weight.data = weights
        self.local, self.deep = nn.ReLU(), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of each unit."""
        maps = self.local(self.first(x))
        return self.deep(maps + 0 * maps.mean((1, 2, 3), keepdim=True)).mean((2, 3))
