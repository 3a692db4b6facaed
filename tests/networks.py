"""A network and items whose sums are exact: small whole numbers, so that no order of adding changes a bit.

For tests that compare activations bit by bit: processors, batch sizes and numbers of threads choose another order of
adding, which changes the last bits of any other network's activations. Every sum stays far below 2**24, up to which
float32 holds whole numbers exactly. The file is loaded by the specs `EXACT_NETWORK` and `EXACT_ITEMS`.
"""

import numpy as np

EXACT_NETWORK = f"py:{__file__}:exact_network"
EXACT_ITEMS = f"py:{__file__}:ExactItems"


def exact_network():
    """Make a network of a convolution and two dense layers with whole weights from -2 to 2."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential()
    network.add_module("conv", nn.Conv2d(1, 6, 3))
    network.add_module("relu", nn.ReLU())
    network.add_module("pool", nn.MaxPool2d(2))
    network.add_module("flat", nn.Flatten())
    network.add_module("dense", nn.Linear(54, 40))
    network.add_module("relu2", nn.ReLU())
    network.add_module("scores", nn.Linear(40, 4))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randint(-2, 3, parameter.shape))
    return network


class ExactItems:
    """100 maps of 8 x 8 whole numbers from 0 to 7, of 4 classes."""

    def __init__(self):
        self.targets = [number % 4 for number in range(100)]
        self.classes = ["a", "b", "c", "d"]
        self.maps = np.random.default_rng(0).integers(0, 8, (100, 1, 8, 8)).astype(np.float32)

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        return self.maps[index], self.targets[index]
