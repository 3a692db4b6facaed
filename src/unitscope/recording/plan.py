"""What a recording will do, settled and shown before anything is written."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import LabelledItems, match_labels
from ..errors import UnitscopeError
from ..models import Layer, LoadedModel, choose_layers, list_layers
from ..run import BLOCK_ITEMS, Manifest
from ..run import Layer as RunLayer
from ..run.machine import describe_machine
from .batches import Inputs, load_batches
from .predictions import are_probabilities, find_outputs
from .reduction import check_reduction

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Plan:
    """A recording, settled but not begun.

    Attributes
    ----------
    model, data
        The network and the items.
    layers
        The chosen layers.
    manifest
        What ``run.json`` will say.
    reduction
        How maps become numbers.
    device
        Where the network runs, ``"cpu"`` or ``"cuda"``.
    batch_size
        Items per forward pass.
    class_outputs
        ``(classes,)`` the network's output for each class; ``None`` without predictions.
    matched
        In words, how classes and outputs were matched.
    probabilities
        Whether the outputs are probabilities rather than logits.
    memory, memory_limit
        Where activations are counted instead of stored: about how many bytes of memory each layer will take, and
        how many all may take (``None`` where neither the user nor the system says).
    """

    model: LoadedModel
    data: LabelledItems
    layers: list[Layer]
    manifest: Manifest
    reduction: str
    device: str
    batch_size: int
    class_outputs: np.ndarray | None
    matched: str
    probabilities: bool
    memory: dict[str, int] | None = None
    memory_limit: int | None = None

    def layer_bytes(self, layer: Layer) -> int:
        """Return what a layer takes on disk before compression, or in memory if it is counted, in bytes."""
        if self.memory is not None:
            return self.memory[layer.name]
        return layer.units * self.manifest.n_items * np.dtype(self.manifest.dtype).itemsize

    @property
    def total_bytes(self) -> int:
        """What all layers take."""
        return sum(self.layer_bytes(layer) for layer in self.layers)


def plan_recording(
    model: LoadedModel,
    data: LabelledItems,
    *,
    layers: str,
    reduction: str = "max",
    batch_size: int = 64,
    device: str = "auto",
    precision: str = "float32",
    dtype: str = "float32",
    predictions: bool = True,
    label_map: str | None = None,
    block_items: int = BLOCK_ITEMS,
    elsewhere: bool = False,
) -> Plan:
    """Settle a recording: choose the layers, match labels and outputs, describe the run. Writes nothing.

    See `record` for the parameters; `elsewhere` says that other machines will run the network, so that
    ``"cuda"`` need not be here.
    """
    import torch

    check_reduction(reduction)
    device = choose_device(device, elsewhere)
    check_choice("precision", precision, ("float32", "tf32"))
    check_choice("dtype", dtype, ("float32", "float16"))
    if batch_size < 1:
        raise UnitscopeError(f"the batch size {batch_size} is too small; give at least 1")
    example = next(load_batches(Inputs(data, model.preprocess), [slice(0, min(2, len(data)))], workers=0))
    chosen = choose_layers(list_layers(model, example), layers)
    class_outputs, matched, probabilities = None, "no predictions", False
    if predictions:
        outputs = first_outputs(model, example)
        class_outputs, matched = match_labels(data.classes, model.classes, outputs.shape[1], label_map)
        probabilities = are_probabilities(outputs)
    code = {"code_sha256": model.code_sha256} if model.code_sha256 else {}
    identity: dict[str, Any] = {
        "model": {"spec": model.spec, "options": model.options, "weights_sha256": model.weights_sha256, **code},
        "preprocessing": model.preprocess.description,
        "data": {"fingerprint": data.fingerprint},
        "computation": {"device": device, "precision": precision, "batch_size": batch_size},
    }
    if class_outputs is not None:
        identity["predictions"] = {
            "outputs": "probabilities" if probabilities else "logits",
            "class_outputs": "by order"
            if np.array_equal(class_outputs, np.arange(outputs.shape[1]))
            else [int(index) for index in class_outputs],
        }
    machine = describe_machine()
    machine["cpu"]["used_by_torch"] = torch.backends.cpu.get_cpu_capability()  # may be less: ATEN_CPU_CAPABILITY
    manifest = Manifest(
        identity=identity,
        layers=tuple(
            RunLayer(layer.name, layer.units, tuple(layer.positions), reduction if layer.positions else "none")
            for layer in chosen
        ),
        n_items=len(data),
        dtype=dtype,
        block_items=block_items,
        predictions=predictions,
        provenance={
            "model": model.spec,
            "data": {"spec": data.spec, "options": data.options},
            "labels": matched,
            **machine,
        },
    )
    return Plan(model, data, chosen, manifest, reduction, device, batch_size, class_outputs, matched, probabilities)


def first_outputs(model: LoadedModel, example: "torch.Tensor") -> "torch.Tensor":
    """Run the network on a few items."""
    import torch

    with torch.inference_mode():
        return find_outputs(model.module(example))


def choose_device(device: str, elsewhere: bool = False) -> str:
    """Choose where the network runs: ``"auto"`` takes CUDA where there is one."""
    import torch

    check_choice("device", device, ("auto", "cpu", "cuda"))
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not elsewhere and not torch.cuda.is_available():
        raise UnitscopeError("there is no CUDA device here; use --device cpu")
    return device


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise if an option's value is none of its choices."""
    if value not in choices:
        raise UnitscopeError(f"--{option} {value} is unknown; choose one of {', '.join(choices)}")


def check_disk(directory: Path, plan: Plan, blocks: int) -> None:
    """Refuse to start where the disk cannot hold what is still to be written, counted without compression."""
    needed = plan.total_bytes * blocks // max(plan.manifest.n_blocks, 1)
    if plan.memory is not None:  # a checkpoint is there until the next one is whole
        needed = 2 * plan.total_bytes * (blocks > 0)
    place = directory.absolute()
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        raise UnitscopeError(f"{place} cannot be written to; choose another place for the run")
    free = shutil.disk_usage(place).free
    if needed > free:
        raise UnitscopeError(
            f"the recording may need {needed / 1e6:,.1f} MB, but the disk of {place} has {free / 1e6:,.1f} MB free; "
            "record fewer layers, choose another disk, or "
            + ("take fewer bins (--bins-per-octave)" if plan.memory is not None else "halve it with --dtype float16")
        )
