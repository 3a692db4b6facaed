"""Networks by spec string: loading, preprocessing, and what their layers give. PyTorch is imported when needed."""

from .choose import choose_layers
from .layers import Layer, example_batch, list_layers
from .load import LoadedModel, load_model
from .preprocess import Preprocess

__all__ = ["Layer", "LoadedModel", "Preprocess", "choose_layers", "example_batch", "list_layers", "load_model"]
