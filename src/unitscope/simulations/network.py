"""The demo's network: AlexNet's order of layers, small enough to train and to record on a laptop."""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_model
from torch import Tensor, nn

from .kinds import CLASSES

WEIGHTS = Path(__file__).with_name("demo.safetensors")


class Normalise(nn.Module):
    """Pixels in 0-1 to numbers around zero."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Subtract the middle and divide by a typical spread."""
        return (pixels - 0.5) / 0.25


class ConvReLU(nn.Conv2d):
    """A convolution whose output is what is left after the ReLU, as in the blobs ``conv1`` ... of Caffe."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the rectified maps, shape (B, channels, height, width)."""
        return torch.relu(super().forward(x))


class LinearReLU(nn.Linear):
    """A dense layer whose output is what is left after the ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the rectified activations, shape (B, units)."""
        return torch.relu(super().forward(x))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel_size=3, stride=2, padding=1)


class DemoNet(nn.Sequential):
    """AlexNet in small (Krizhevsky et al. 2012): five convolutional and three dense layers for 64 x 64 scenes.

    ``conv1`` to ``conv5``, ``fc6`` and ``fc7`` give activations after the ReLU, which is never in place.
    ``fc8`` gives logits, one for each of `CLASSES`; a ReLU after it would spoil them, so it has none. The input
    is a float tensor of shape (B, 3, 64, 64), red, green and blue in 0-1; normalisation is inside.

    Examples
    --------
    >>> net = DemoNet()
    >>> net(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 16])
    """

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                normalise=Normalise(),
                conv1=ConvReLU(3, 32, kernel_size=5, stride=2, padding=2),
                pool1=_pool(),
                conv2=ConvReLU(32, 48, kernel_size=5, padding=2),
                pool2=_pool(),
                conv3=ConvReLU(48, 64, kernel_size=3, padding=1),
                conv4=ConvReLU(64, 64, kernel_size=3, padding=1),
                conv5=ConvReLU(64, 64, kernel_size=3, padding=1),
                pool5=_pool(),
                flatten=nn.Flatten(),
                drop6=nn.Dropout(0.5),
                fc6=LinearReLU(64 * 4 * 4, 192),
                drop7=nn.Dropout(0.5),
                fc7=LinearReLU(192, 128),
                fc8=nn.Linear(128, len(CLASSES)),
            )
        )


def load_demo_network() -> DemoNet:
    """Load the demo network with the weights that come with the package.

    Returns
    -------
    DemoNet
        In evaluation mode, on the CPU.

    Examples
    --------
    >>> from unitscope.simulations import CLASSES, load_demo_network, render
    >>> scene = render(5)
    >>> pixels = torch.from_numpy(scene.image).permute(2, 0, 1)[None] / 255
    >>> CLASSES[load_demo_network()(pixels).argmax()]
    'car'
    """
    net = DemoNet()
    load_model(net, WEIGHTS)
    return net.eval()
