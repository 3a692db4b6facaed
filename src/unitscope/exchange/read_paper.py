"""Read the ``.h5`` activation files of Gale et al. (2020): one file per class, or one group per class.

Each class has ``activations`` (n, units, 1, 1), ``labels`` (all classes), ``label_mappings`` (n, 1) (the network's
predictions), ``file_names`` (n,) and ``activation_labels/<class>`` (the rows that belong to the class).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .contents import DEFAULT_LAYER, Choice, FileContents, Matrix, as_text, make_matrix, need
from .prepare import split_wnids

SUFFIXES = (".h5", ".hdf5", ".hdf")


@dataclass(frozen=True)
class PaperPart:
    """The items of one class: a file, or a group of a merged file."""

    path: Path
    group: str
    shape: tuple[int, ...]
    itemsize: int


def is_paper(file: Any) -> bool:
    """Return whether an open HDF5 file has this layout, for one class or for several."""
    return is_part(file) or (
        len(file) > 0 and all(hasattr(thing, "keys") and is_part(thing) for thing in file.values())
    )


def is_part(group: Any) -> bool:
    """Return whether a group has the datasets of one class."""
    return "activations" in group and ("activation_labels" in group or "label_mappings" in group)


def read_folder(path: Path, choice: Choice) -> FileContents:
    """Read a folder with one file per class (and layer), or one merged file per layer."""
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
    if not files:
        raise UnitscopeError(f"the folder {path} has no .h5 files; give a folder of the paper's files, one per class")
    return read_paper(path, files, choice)


def read_paper(path: Path, files: list[Path], choice: Choice) -> FileContents:
    """Read files in this layout and join those of the same layer."""
    choice.refuse_rows(path)
    h5py = need("h5py", path)
    layers: dict[str, list[PaperPart]] = {}
    for part in files:
        with h5py.File(part, "r") as file:
            if not is_paper(file):
                raise UnitscopeError(
                    f"{part} is not one of the paper's files: it has {', '.join(list(file)[:10]) or 'nothing'}, "
                    "not activations, label_mappings and activation_labels"
                )
            groups = [""] if is_part(file) else sorted(file)
            layer = layer_name(part, file, merged=groups != [""], single=len(files) == 1)
            for group in groups:
                data = file[f"{group}/activations"]
                layers.setdefault(layer, []).append(PaperPart(part, group, data.shape, data.dtype.itemsize))
    layers = {layer: layers[layer] for layer in choice.select_layers(layers, path)}
    described = {layer: about_items(h5py, parts) for layer, parts in layers.items()}
    (first, about), *rest = described.items()
    for layer, other in rest:
        if not other.items.equals(about.items):
            raise UnitscopeError(f"the layers {first} and {layer} in {path} have different items; import each alone")
    name = choice.layer_name(list(layers))
    matrices = [to_matrix(h5py, name or layer, parts, described[layer].places) for layer, parts in layers.items()]
    return FileContents(
        "h5 of the paper",
        len(about.items),
        matrices,
        columns=about.items[["item_id"]],
        labels=about.items["label"].to_numpy(object),
        classes=about.classes,
        predicted=about.items["predicted"].to_numpy(object) if "predicted" in about.items else None,
        probability=about.items["probability"].to_numpy() if "probability" in about.items else None,
    )


def layer_name(path: Path, file: Any, *, merged: bool, single: bool) -> str:
    """Return the layer of a file: as stored by an export, or the blob in ``<class>_<blob>_max.h5``."""
    if "layer" in file.attrs:
        return str(file.attrs["layer"])
    if merged:
        return DEFAULT_LAYER if single else path.stem
    return path.stem.partition("_")[2].removesuffix("_max") or DEFAULT_LAYER


@dataclass(frozen=True)
class About:
    """Items and classes in the files of one layer; `places` are the part and row of each item, ``(N, 2)``."""

    items: pd.DataFrame
    classes: pd.DataFrame | None
    places: np.ndarray


def about_items(h5py: Any, parts: list[PaperPart]) -> About:
    """Return IDs, labels and predictions of all items, in the order of the parts or that stored by an export."""
    frames = []
    known = True
    classes = None
    for number, part in enumerate(parts):
        with h5py.File(part.path, "r") as file:
            group = file[part.group or "/"]
            n = part.shape[0]
            frame = pd.DataFrame({"label": row_labels(part, group), "part": number, "row": np.arange(n)})
            frame["item_id"] = as_text(group["file_names"][:].ravel()) if "file_names" in group else ""
            known &= "label_mappings" in group and bool(file.attrs.get("predictions", True))
            if "label_mappings" in group:
                answers = group["label_mappings"][:].reshape(n, -1)
                frame["predicted"] = [split_wnids(text)[0] for text in as_text(answers[:, 0])] if n else ""
            for name in ("probability", "item_index"):
                if name in group:
                    frame[name] = group[name][:]
            classes = read_classes(group) if classes is None else classes
        frames.append(frame)
    items = pd.concat(frames, ignore_index=True)
    if "item_index" in items and items["item_index"].notna().all():
        items = items.sort_values("item_index", ignore_index=True).drop(columns="item_index")
    if not items["item_id"].is_unique:
        items["item_id"] = items["label"] + "/" + items["item_id"]
    if not items["item_id"].is_unique:
        items["item_id"] = [f"{label}/{row}" for label, row in zip(items["label"], items["row"], strict=True)]
    if not known:
        items = items.drop(columns="predicted", errors="ignore")
    if classes is not None and not set(items["label"]) <= set(classes["class"]):
        classes = None
    return About(items.drop(columns=["part", "row"]), classes, items[["part", "row"]].to_numpy(np.int64))


def row_labels(part: PaperPart, group: Any) -> list[str]:
    """Return the labels of a part's rows, from ``activation_labels`` or the name of the group or file."""
    labels = [
        split_wnids(unquote((part.group or part.path.stem.partition("_")[0]).removesuffix(".h5")))[0]
    ] * part.shape[0]
    for name, rows in group["activation_labels"].items() if "activation_labels" in group else ():
        for row in rows[:].tolist():
            if row < len(labels):
                labels[row] = split_wnids(unquote(name))[0]
    return labels


def read_classes(group: Any) -> pd.DataFrame | None:
    """Read the list of all classes: IDs or lines ``wnid name``, with readable names if an export stored them."""
    if "labels" not in group:
        return None
    ids, names = zip(*(split_wnids(line) for line in as_text(group["labels"][:].ravel())), strict=True)
    if "class_names" in group:
        names = tuple(as_text(group["class_names"][:]))
    return pd.DataFrame({"class": ids, "name": names}, dtype=object)


def to_matrix(h5py: Any, layer: str, parts: list[PaperPart], places: np.ndarray) -> Matrix:
    """Return a layer from its parts."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise UnitscopeError(
            f"the classes of layer {layer} have different shapes: {' and '.join(map(str, sorted(shapes)))}"
        )

    def read(rows: slice) -> np.ndarray:
        wanted = places[rows]
        values = np.empty((len(wanted), *parts[0].shape[1:]), f"f{max(part.itemsize for part in parts)}")
        for number in np.unique(wanted[:, 0]):
            here = np.flatnonzero(wanted[:, 0] == number)
            own = wanted[here, 1]
            with h5py.File(parts[number].path, "r") as file:
                stored = file[f"{parts[number].group}/activations"][own.min() : own.max() + 1]
            values[here] = stored[own - own.min()]
        return values

    return make_matrix(layer, (len(places), *parts[0].shape[1:]), parts[0].itemsize, read)
