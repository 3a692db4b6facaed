"""``export --to paper``: the layout of the activation files of Gale et al., one group per class, one file per layer."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UnitscopeError
from ..progress import Progress
from ..run import Layer, Run
from ..run.atomic import whole_directory, whole_file
from ..run.layout import array_name
from .contents import need
from .hdf5_file import create_hdf5
from .write_arrays import read_blocks


def write_paper(run: Run, path: Path, report: Progress) -> None:
    """Write one file if there is one layer, else a folder with one file per layer."""
    h5py = need("h5py", path)
    if run.multi_label:
        raise UnitscopeError(
            f"the items of {run.directory} have several classes, but this layout has one group per class; "
            "export to h5, npz or h5ad"
        )
    if len(run.layers) == 1:
        with whole_file(path) as temporary:
            write_layer(h5py, run, run.layers[0], temporary, report)
        return
    with whole_directory(path) as folder:
        for layer in run.layers:
            write_layer(h5py, run, layer, folder / f"{array_name(layer.name)}.h5", report)


def write_layer(h5py: Any, run: Run, layer: Layer, path: Path, report: Progress) -> None:
    """Write one layer, block by block; the rows of each class are in item order.

    In addition to the paper's datasets, ``item_index`` is the row of each item in the run, ``probability`` that of its
    label, and ``class_names`` the readable names of the classes. Attributes of the file hold the layer's name and
    whether ``label_mappings`` are predictions.
    """
    labels = run.labels
    counts = np.bincount(labels, minlength=len(run.classes))
    with create_hdf5(h5py, path) as (file, check):
        file.attrs["layer"], file.attrs["predictions"] = layer.name, run.manifest.predictions
        for label in np.flatnonzero(counts):
            write_class(run, file, layer, int(label), np.flatnonzero(labels == label))
            check()
        written = np.zeros(len(counts), np.int64)
        for rows, values in read_blocks(run, layer.name, report):
            for label in np.unique(labels[rows]):
                members = values[labels[rows] == label]
                place = file[group_name(run, int(label))]["activations"]
                place[written[label] : written[label] + len(members)] = members[:, :, None, None]
                written[label] += len(members)
            check()


def write_class(run: Run, file: Any, layer: Layer, label: int, members: np.ndarray) -> None:
    """Create the group of a class and write everything except the activations."""
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
    predicted = np.full(len(members), label)
    if run.manifest.predictions:
        predicted = items["predicted"].to_numpy(np.int64)
        group["probability"] = items["probability"].to_numpy(np.float32)
    group["label_mappings"] = np.where(predicted >= 0, ids[predicted], b"")[:, None]


def group_name(run: Run, label: int) -> str:
    """Return the name of a class's group: the class ID, with path separators escaped."""
    return array_name(str(run.classes["class"].iloc[label]))


def encoded(texts: Any) -> np.ndarray:
    """Return texts as bytes of one length, as in the paper's files."""
    return np.array([str(text).encode() for text in texts])
