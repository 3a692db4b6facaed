"""Load data sets of other libraries and of the user: ``torchvision:``, ``hf:``, ``py:``, and the built-in ``demo:``."""

import hashlib
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import UnitscopeError, near_names
from ..python_specs import Imported, call_function, hash_source
from ..specs import first_line, refuse_unknown, whole_number
from .encoding import encode_labels
from .items import LabelledItems, Loader, class_table, hash_rows, numbered_items
from .pictures import as_rgb


@dataclass(frozen=True)
class Pairs(Loader):
    """A map-style data set of (item, label) pairs."""

    spec: str
    dataset: Imported

    def read(self, index: int) -> Any:
        """Return the first element of a pair."""
        item = self.dataset.value[index][0]
        return as_rgb(item) if isinstance(item, Image.Image) else item

    def name(self, index: int) -> str:
        """Return spec and number."""
        return f"{self.spec}#{index}"


def load_py(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load the map-style data set that a function returns, ``py:path/file.py:function``. This runs the code.

    The data set has a length and returns ``(item, label)`` pairs by index. Items are Pillow images, uint8 arrays of
    shape ``(height, width, 3)``, or float arrays or tensors that need no preprocessing. Labels are class numbers or
    names. The optional attribute ``classes`` lists the names of classes, ``targets`` all labels.

    Options are passed to the function as keyword arguments.
    """
    spec = f"py:{rest}"
    code = hash_source(rest)  # before it runs, because code may change its own file
    dataset = call_function(rest, options)
    for method in ("__len__", "__getitem__"):
        if not hasattr(dataset, method):
            raise UnitscopeError(
                f"{spec} returned a {type(dataset).__name__}, which has no {method}; "
                "return a data set of (item, label) pairs with a length"
            )
    return replace(_from_pairs(spec, options, Imported(rest, dataset)), code_sha256=code)


def load_torchvision(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load a data set from torchvision, ``torchvision:CIFAR10``.

    Options are passed to torchvision's class: ``root``, ``download=true``, ``split`` or ``train``, and others. For
    classes that only have ``train``, ``split=train`` and ``split=test`` are translated.
    """
    spec = f"torchvision:{rest}"
    try:
        from torchvision import datasets
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another version of PyTorch
        raise UnitscopeError(f"{spec} needs torchvision, which cannot be imported: {first_line(error)}") from error
    if rest not in datasets.__all__:
        raise UnitscopeError(f"torchvision has no data set {rest!r}{near_names(rest, datasets.__all__)}")
    make = getattr(datasets, rest)
    known = [name for name in inspect.signature(make).parameters if not name.endswith(("transform", "transforms"))]
    arguments = dict(options)
    if "split" in arguments and "split" not in known and "train" in known:
        if arguments["split"] not in ("train", "test"):
            raise UnitscopeError(f"{spec} has no split {arguments['split']!r}; choose train or test")
        arguments["train"] = arguments.pop("split") == "train"
    refuse_unknown(arguments, known, spec)
    if "root" in known and "root" not in arguments:
        raise UnitscopeError(f"{spec} needs the directory of its files; give -D root=DIR")
    if "root" in arguments:  # files are read later, possibly from another directory
        arguments["root"] = str(Path(str(arguments["root"])).expanduser().absolute())
    try:
        dataset = make(**arguments)
    except Exception as error:
        hint = "" if arguments.get("download") or "download" not in known else "; download it with -D download=true"
        raise UnitscopeError(f"{spec} cannot be loaded: {first_line(error)}{hint}") from error
    return _from_pairs(spec, options, Imported("torchvision.datasets:" + rest, dataset))


def _from_pairs(spec: str, options: dict[str, Any], dataset: Imported) -> LabelledItems:
    """Return labelled items from a map-style data set."""
    if not len(dataset.value):
        raise UnitscopeError(f"{spec} has no items; choose data with at least one")
    names = getattr(dataset.value, "classes", None)
    if names is not None:  # torchvision's ImageNet has a tuple of synonyms for each class
        names = [name if isinstance(name, str) else str(name[0]) for name in names]
    labels, names = encode_labels(_all_labels(spec, dataset.value), names, spec)
    load = Pairs(spec, dataset)
    items = numbered_items(spec, labels)
    return LabelledItems(spec, dict(options), items, class_table(names), _hash_sample(labels, names, load), load)


def _all_labels(spec: str, dataset: Any) -> Sequence[Any]:
    """Return all labels, from an attribute of the data set if it agrees with the pairs, or else from each pair."""
    n = len(dataset)
    try:
        for name in ("targets", "labels", "_labels"):
            kept = getattr(dataset, name, None)
            if kept is not None and len(kept) == n and all(kept[i] == dataset[i][1] for i in {0, n // 2, n - 1}):
                return [kept[index] for index in range(n)]
        return [dataset[index][1] for index in range(n)]
    except Exception as error:
        raise UnitscopeError(
            f"{spec}: reading the labels failed ({first_line(error)}); "
            "the data set must return (item, label) pairs, or list its labels in an attribute 'targets'"
        ) from error


def _hash_sample(labels: np.ndarray, names: Sequence[str], load: Loader) -> str:
    """Return a hash of all labels and of the contents of up to 64 evenly spaced items."""
    rows: list[tuple[object, ...]] = [tuple(names), (len(labels), hashlib.sha256(labels.tobytes()).hexdigest())]
    for index in sorted({int(place) for place in np.linspace(0, len(labels) - 1, 64)}):
        try:
            values = np.ascontiguousarray(load(index))
            content = hashlib.sha256(values.tobytes()).hexdigest()
        except UnitscopeError:
            rows.append((index, "unreadable"))  # reported when all items are checked
        else:
            rows.append((index, values.dtype, values.shape, content))
    return hash_rows(rows)


@dataclass(frozen=True)
class DatasetColumn(Loader):
    """The image column of a data set from the ``datasets`` library."""

    spec: str
    dataset: Any
    column: str

    def read(self, index: int) -> Any:
        """Return a row's image, or its array."""
        item = self.dataset[index][self.column]
        return as_rgb(item) if isinstance(item, Image.Image) else np.asarray(item)

    def name(self, index: int) -> str:
        """Return spec and number."""
        return f"{self.spec}#{index}"


def load_hf(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load a data set with Hugging Face's ``datasets``, ``hf:owner/name`` or ``hf:`` and a directory.

    Images are rotated according to their EXIF orientation, as that library does by default.

    Options: ``split`` (required if there are several), ``image`` and ``label`` (names of the columns, required if
    there are several candidates). Others, such as ``name``, ``revision`` and ``data_dir``, are passed to
    ``datasets.load_dataset``.
    """
    spec = f"hf:{rest}"
    try:
        import datasets
    except ImportError as error:
        raise UnitscopeError(
            f"{spec} needs the package datasets, which cannot be imported: {first_line(error)}"
        ) from error
    arguments = {key: value for key, value in options.items() if key not in ("image", "label")}
    if {"trust_remote_code", "streaming"} & set(arguments):
        raise UnitscopeError(f"{spec}: trust_remote_code and streaming are not supported; remove them")
    if rest == "pandas":
        raise UnitscopeError(f"{spec} reads pickles, which can run code; convert them to Parquet and give that folder")
    try:
        dataset = datasets.load_dataset(rest, trust_remote_code=False, **arguments)  # older versions run scripts
    except Exception as error:
        raise UnitscopeError(f"{spec} cannot be loaded: {first_line(error)}") from error
    if isinstance(dataset, dict):
        if len(dataset) > 1:
            raise UnitscopeError(f"{spec} has several splits; choose one: " + _choices("split", dataset))
        dataset = next(iter(dataset.values()))
    if not len(dataset):
        raise UnitscopeError(f"{spec} has no items; choose data with at least one")
    features = dataset.features
    image = _column(spec, "image", options, features, lambda feature: isinstance(feature, datasets.Image))
    label = _column(spec, "label", options, features, lambda feature: isinstance(feature, datasets.ClassLabel))
    names = features[label].names if isinstance(features[label], datasets.ClassLabel) else None
    labels, names = encode_labels(list(dataset[label]), names, spec)
    fingerprint = hash_rows([(dataset._fingerprint, image), tuple(names), labels.tolist()])
    split = str(dataset.split) if dataset.split is not None else None
    items = numbered_items(spec, labels, split)
    return LabelledItems(
        spec, dict(options), items, class_table(names), fingerprint, DatasetColumn(spec, dataset, image)
    )


def _column(spec: str, key: str, options: dict[str, Any], features: dict[str, Any], fits: Any) -> str:
    """Return the column given as an option, or the only one of the right type."""
    if key in options:
        column = str(options[key])
        if column not in features:
            raise UnitscopeError(f"{spec} has no column {column!r}; choose one: " + _choices(key, features))
        return column
    fitting = [name for name, feature in features.items() if fits(feature)]
    if len(fitting) == 1:
        return fitting[0]
    if key in fitting or (not fitting and key in features):
        return key
    found = "several" if fitting else "no obvious"
    raise UnitscopeError(f"{spec} has {found} {key} columns; choose one: " + _choices(key, fitting or features))


def _choices(key: str, names: Any) -> str:
    """Return the possible options as text, for messages."""
    return ", ".join(f"-D {key}={name}" for name in names)


@dataclass(frozen=True)
class DemoScenes(Loader):
    """Scenes of the built-in demo world."""

    seed: int
    split: str

    def read(self, index: int) -> Image.Image:
        """Draw a scene."""
        from ..simulations import render

        return Image.fromarray(render(index, seed=self.seed, split=self.split).image)

    def name(self, index: int) -> str:
        """Return spec and number."""
        return f"demo:#{index}"

    def check(self, index: int) -> None:
        """Do nothing, because drawing a scene cannot fail."""


def load_demo(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load scenes of the built-in demo world, ``demo:``.

    Options: ``n`` (number of scenes, default 3000), ``seed`` (default 0), ``split`` (``test`` or ``train``).
    """
    from ..simulations import CLASSES

    refuse_unknown(options, ("n", "seed", "split"), "demo:")
    if rest:
        raise UnitscopeError(f"the data spec 'demo:{rest}' has extra text; write demo: and options such as -D n=100")
    n = whole_number(options, "n", at_least=1) or 3000
    seed = whole_number(options, "seed", at_least=0) or 0
    split = str(options.get("split", "test"))
    if not re.fullmatch("test|train", split):
        raise UnitscopeError(f"demo: has no split {split!r}; choose test or train")
    labels = np.arange(n) % len(CLASSES)
    return LabelledItems(
        "demo:",
        dict(options),
        numbered_items("demo:", labels, split),
        class_table(CLASSES),
        hash_rows([("demo", n, seed, split)]),
        DemoScenes(seed, split),
    )
