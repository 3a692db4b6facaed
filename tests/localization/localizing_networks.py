"""Small networks that end in different ways, and whose maps are known."""

import numpy as np
import torch
from torch import nn

from unitscope.models import LoadedModel
from unitscope.models.preprocess import steps_from_options

WEIGHTS = ((1.0, 0.0, -0.5), (0.0, 2.0, 0.0))
BIAS = (0.25, -1.0)


def loaded(module, classes=None):
    """A network as `load_model` gives it."""
    return LoadedModel("py:test", {}, module.eval(), steps_from_options({}), classes, "0" * 64)


class Colours(nn.Module):
    """Three maps, one for each colour, of half the size of the image; red minus half of blue, and green, twice."""

    def __init__(self):
        super().__init__()
        self.colour = nn.Conv2d(3, 3, 2, 2, bias=False)
        self.colour.weight.data = torch.eye(3).view(3, 3, 1, 1).expand(3, 3, 2, 2) / 4
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(3, 2)
        self.linear.weight.data, self.linear.bias.data = torch.tensor(WEIGHTS), torch.tensor(BIAS)

    def forward(self, x):
        return self.linear(self.dropout(self.colour(x).mean((2, 3))))


class Network(nn.Module):
    """A strided convolution, and an end that is given as a function of its maps and of named parts."""

    def __init__(self, end, units=5, **parts):
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv2d(3, units, 3, 2, 1)
        self.end = end
        for name, part in parts.items():
            setattr(self, name, part())

    def forward(self, x):
        return self.end(self, self.conv(x))


class Transformer(nn.Module):
    """Patches of 4 x 4 pixels, a class token, two blocks; the head reads the class token or the mean of the others."""

    def __init__(self, token=True):
        super().__init__()
        torch.manual_seed(5)
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.blocks = nn.Sequential(Block(), Block())
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 4)
        self.reads_token = token

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = self.norm(self.blocks(torch.cat([self.token.expand(len(x), 1, 8), tokens], 1)))
        return self.head(tokens[:, 0] if self.reads_token else tokens[:, 1:].mean(1))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.queries_keys_values = nn.Linear(8, 24)
        self.dense = nn.Linear(8, 8)

    def forward(self, x):
        x = x + nn.functional.scaled_dot_product_attention(*self.queries_keys_values(self.norm1(x)).chunk(3, dim=-1))
        return x + torch.relu(self.dense(self.norm2(x)))


def noise(items=2, height=16, width=16, seed=0):
    """A batch of images of noise."""
    return torch.from_numpy(np.random.default_rng(seed).random((items, 3, height, width), np.float32))
