"""Networks and data made here: the demo's scenes and network, and units constructed to test measures.

Scenes are small pictures, drawn rather than photographed, of sixteen classes of objects; every pixel of them
is known by object, part, colour, texture and background. Only the network needs PyTorch, which is imported
when it is loaded.
"""

from typing import TYPE_CHECKING

from ..errors import UnitscopeError
from .constructed import constructed_units
from .kinds import CLASSES
from .layers import CONCEPTS
from .scenes import Scene, Scenes, render

if TYPE_CHECKING:
    from .network import DemoNet

__all__ = ["CLASSES", "CONCEPTS", "Scene", "Scenes", "constructed_units", "load_demo_network", "render"]


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
