"""A network whose units are known: for red, for brightness, for an edge, and so on."""

import torch
from torch import nn

RED, LUMA, EDGE, BLUE, DEAD, ROUND = range(6)
LUMA_WEIGHTS = (0.299, 0.587, 0.114)


class Net(nn.Module):
    """A convolution of 5 x 5 pixels, stride 2, padding 2; then maxima of 3 x 3, stride 2; then a mean of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 5, 2, 2)
        weights = torch.zeros(6, 3, 5, 5)
        weights[RED, 0], weights[RED, 1] = 1.0, -1.0
        for channel, weight in enumerate(LUMA_WEIGHTS):
            weights[LUMA, channel] = weight
            weights[EDGE, channel, :, :2], weights[EDGE, channel, :, 3:] = weight, -weight
            weights[ROUND, channel, 1:4, 1:4] = weight
        weights[BLUE, 2], weights[BLUE, 0], weights[BLUE, 1] = 1.0, -0.5, -0.5
        self.first.weight.data = weights
        self.first.bias.data = torch.tensor([0.0, 0.0, 0.0, 0.0, -1000.0, 0.0])
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of each unit."""
        return self.pool(self.relu(self.first(x))).mean((2, 3))
