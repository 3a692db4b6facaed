"""What a recording will do, decided and shown before anything is written."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data import LabelledItems, match_labels
from ..errors import UnitscopeError
from ..models import (
    Inputs,
    LoadedModel,
    NetworkLayer,
    capture,
    choose_device,
    choose_layers,
    class_scores,
    list_layers,
    load_batches,
)
from ..run import Layer, Manifest
from ..run.machine import describe_machine
from .predictions import are_probabilities
from .settings import RecordingSettings


@dataclass(frozen=True)
class Plan:
    """What a recording will do.

    Attributes
    ----------
    model, data
        The network and the items.
    settings
        The options; the device is ``"cpu"`` or ``"cuda"``.
    layers
        The chosen layers.
    manifest
        What ``run.json`` will say.
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
    settings: RecordingSettings
    layers: list[NetworkLayer]
    manifest: Manifest
    class_outputs: np.ndarray | None
    matched: str
    probabilities: bool
    memory: dict[str, int] | None = None
    memory_limit: int | None = None

    def layer_bytes(self, layer: NetworkLayer) -> int:
        """Return what a layer takes on disk before compression, or in memory if it is counted, in bytes."""
        if self.memory is not None:
            return self.memory[layer.name]
        return layer.units * self.manifest.n_items * np.dtype(self.manifest.dtype).itemsize

    @property
    def total_bytes(self) -> int:
        """What all layers take."""
        return sum(self.layer_bytes(layer) for layer in self.layers)


def plan_recording(
    model: LoadedModel, data: LabelledItems, settings: RecordingSettings, *, elsewhere: bool = False
) -> Plan:
    """Return what a recording will do: choose the layers, match labels and outputs, describe the run.

    Writes nothing.

    Parameters
    ----------
    model, data
        The network and the items.
    settings
        The options.
    elsewhere
        Whether the network will run on other machines, so that CUDA need not be available on this one.
    """
    import torch

    settings = replace(settings, device=choose_device(settings.device, elsewhere))
    inputs = Inputs(data, model.preprocess)
    example = next(load_batches(inputs, [range(min(2, len(data)))], workers=0))
    chosen = choose_layers(list_layers(model, example), settings.layers)
    class_outputs, matched, probabilities = None, "no predictions", False
    if settings.predictions:
        with capture(model.module, []) as network:
            outputs = class_scores(network(example))
        class_outputs, matched = match_labels(data.classes, model.classes, outputs.shape[1], settings.label_map)
        probabilities = are_probabilities(outputs)
    code, data_code = ({"code_sha256": made.code_sha256} if made.code_sha256 else {} for made in (model, data))
    identity: dict[str, Any] = {
        "model": {"spec": model.spec, "options": model.options, "weights_sha256": model.weights_sha256, **code},
        "preprocessing": model.preprocess.description,
        "data": {"fingerprint": data.fingerprint, **data_code},
        "computation": {
            "device": settings.device,
            "precision": settings.precision,
            "batch_size": settings.batch_size,
        },
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
            Layer(layer.name, layer.units, tuple(layer.positions), settings.reduction if layer.positions else "none")
            for layer in chosen
        ),
        n_items=len(data),
        dtype=settings.dtype,
        block_items=settings.block_items,
        predictions=settings.predictions,
        provenance={
            "model": model.spec,
            "data": {"spec": data.spec, "options": data.options},
            "directory": str(Path.cwd()),  # relative paths in the specs are read against it
            "labels": matched,
            **machine,
        },
    )
    return Plan(model, data, settings, chosen, manifest, class_outputs, matched, probabilities)


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
