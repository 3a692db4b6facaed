"""Networks by spec string: loading, preprocessing, layers, forward passes. PyTorch is imported when needed.

Every analysis runs a network by `capture`, or over items by `run_batches`.
"""

from .batches import BatchOutputs, Inputs, check_workers, cut_batches, load_batches, run_batches
from .choose import choose_layers
from .computing import arithmetic, choose_device, on_device
from .forward import HookedNetwork, capture
from .layers import NetworkLayer, example_batch, list_layers
from .load import MODEL_SOURCES, LoadedModel, load_model
from .open_network import find_layers, open_network
from .outputs import class_scores
from .placement import Placement, placement_of
from .preprocess import Preprocess
from .receptive_fields import ReceptiveFields, receptive_fields
from .reduction import check_reduction, reduce_positions
from .sources import Source
from .untrained import reset_weights

__all__ = [
    "MODEL_SOURCES",
    "BatchOutputs",
    "HookedNetwork",
    "Inputs",
    "LoadedModel",
    "NetworkLayer",
    "Placement",
    "Preprocess",
    "ReceptiveFields",
    "Source",
    "arithmetic",
    "capture",
    "check_reduction",
    "check_workers",
    "choose_device",
    "choose_layers",
    "class_scores",
    "cut_batches",
    "example_batch",
    "find_layers",
    "list_layers",
    "load_batches",
    "load_model",
    "on_device",
    "open_network",
    "placement_of",
    "receptive_fields",
    "reduce_positions",
    "reset_weights",
    "run_batches",
]
