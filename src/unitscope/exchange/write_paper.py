"""``export --to paper``: the merged layout of the paper's activation files, one group per class, one file per layer."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UnitscopeError
from ..progress import Progress
from ..run import Layer, Run
from ..run.atomic import creating, replacing
from ..run.layout import array_name
from .blocks import item_blocks
from .found import need
from .hdf5_file import create_hdf5


def write_paper(run: Run, path: Path, report: Progress) -> None:
    """Write one file for the only layer, or a folder with a file for each."""
    h5py = need("h5py", path)
    if run.multi_label:
        raise UnitscopeError(
            f"the items of {run.directory} have several classes, but this layout has one group per class; "
            "export to h5, npz or h5ad"
        )
    if len(run.layers) == 1:
        with replacing(path) as temporary:
            write_layer(h5py, run, run.layers[0], temporary, report)
        return
    with creating(path) as making:
        for layer in run.layers:
            write_layer(h5py, run, layer, making / f"{array_name(layer.name)}.h5", report)


def write_layer(h5py: Any, run: Run, layer: Layer, path: Path, report: Progress) -> None:
    """Write one layer: every class's rows in item order, block by block.

    Beyond the paper's datasets, ``item_index`` says each item's place in the run, ``probability`` that of its
    label, and ``class_names`` what people call the classes; attributes of the file name the layer and say whether
    ``label_mappings`` are predictions.
    """
    labels = run.labels
    counts = np.bincount(labels, minlength=len(run.classes))
    with create_hdf5(h5py, path) as (file, check):
        file.attrs["layer"], file.attrs["predictions"] = layer.name, run.manifest.predictions
        for label in np.flatnonzero(counts):
            write_class(run, file, layer, int(label), np.flatnonzero(labels == label))
            check()
        written = np.zeros(len(counts), np.int64)
        for rows, values in item_blocks(run, layer.name, report):
            for label in np.unique(labels[rows]):
                own = values[labels[rows] == label]
                place = file[group_name(run, int(label))]["activations"]
                place[written[label] : written[label] + len(own)] = own[:, :, None, None]
                written[label] += len(own)
            check()


def write_class(run: Run, file: Any, layer: Layer, label: int, members: np.ndarray) -> None:
    """Write all of a class's group but the activations themselves."""
    items = run.items.iloc[members]
    ids = encoded(run.classes["class"])
    group = file.create_group(group_name(run, label))
    activations = group.create_dataset("activations", (len(members), layer.units, 1, 1), run.manifest.dtype)
    activations.attrs["image_count"], activations.attrs["neuron_count"] = len(members), layer.units
    group["labels"] = ids
    group["class_names"] = encoded(run.classes["name"])
    group["file_names"] = encoded(items["item_id"])
    group[f"activation_labels/{group_name(run, label)}"] = np.arange(len(members))
    group["item_index"] = members
    answers = np.full(len(members), label)
    if run.manifest.predictions:
        answers = items["predicted"].to_numpy(np.int64)
        group["probability"] = items["probability"].to_numpy(np.float32)
    group["label_mappings"] = np.where(answers >= 0, ids[answers], b"")[:, None]


def group_name(run: Run, label: int) -> str:
    """Name a class's group like the class, the path separator made harmless."""
    return array_name(str(run.classes["class"].iloc[label]))


def encoded(texts: Any) -> np.ndarray:
    """Write texts as bytes of one length, as the paper's files do."""
    return np.array([str(text).encode() for text in texts])
