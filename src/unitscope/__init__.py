"""How selective are the single units of a neural network?"""

from .version import __version__

__all__ = ["__version__"]
