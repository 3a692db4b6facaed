"""Simulated networks and data: the scenes and network of the demo, recurrent networks that hold words, and
constructed units with known selectivity.

Scenes are small drawings of sixteen classes of objects, with masks of object, part, colour, texture and background for
every pixel. Only the network needs PyTorch, which is imported when the network is loaded.
"""

from typing import TYPE_CHECKING

from ..errors import UnitscopeError
from .constructed import constructed_units
from .kinds import CLASSES
from .layers import CONCEPTS
from .scenes import Scene, Scenes, render
from .superposition import simulate_superposition

if TYPE_CHECKING:
    from .network import DemoNet

__all__ = [
    "CLASSES",
    "CONCEPTS",
    "Scene",
    "Scenes",
    "constructed_units",
    "load_demo_network",
    "render",
    "simulate_superposition",
]


def load_demo_network() -> "DemoNet":
    """Load the demo network with the weights that come with the package; see `network.load_demo_network`.

    Returns
    -------
    DemoNet
        In evaluation mode, on the CPU.

    Raises
    ------
    UnitscopeError
        If PyTorch is not installed.

    Examples
    --------
    >>> load_demo_network().fc6.out_features
    192
    """
    try:
        from .network import load_demo_network as load
    except ModuleNotFoundError as error:
        raise UnitscopeError(
            f"the demo network needs {error.name}, which is not installed: pip install 'unitscope[torch]'"
        ) from error
    return load()
