"""Checks of sources of data and models: identity, worker processes, other directories, recordings that are resumed."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from ..compute import open_pool
from ..data import LabelledItems, Loader, load_data, open_items
from ..errors import UnitscopeError
from ..models import LoadedModel, Preprocess, load_model, open_network
from ..recording import record
from ..run import Run

MOST_ITEMS = 1000
"""A check records all items: more would take too long."""


def check_data_source(spec: str, /, *, record_with: str | None = "demo:", **options: Any) -> None:
    """Check that a source of data gives the same items every time and everywhere.

    - Loading twice gives the same fingerprint, the same items in the same order, and the same classes.
    - Items have unique ids, and labels that are rows of the classes.
    - Items are read the same again, in another working directory, and in another process.
    - A recording that is stopped and resumed is the same as one that is not; the items are found again from the run.

    Parameters
    ----------
    spec
        A spec of the source.
    record_with
        Spec of the network to record the items with; the demo's takes images of any size. ``None`` leaves recording
        out, which needs no PyTorch then.
    **options
        Options that load a few items, from 3 to 1,000.

    Raises
    ------
    AssertionError
        Saying what differs.
    UnitscopeError
        If the source, or recording, refuses the spec or the options.

    See Also
    --------
    check_model_source : The same for networks.

    Examples
    --------
    >>> check_data_source("demo:", record_with=None, n=32)
    """
    data, again = load_data(spec, **options), load_data(spec, **options)
    assert 3 <= len(data) <= MOST_ITEMS, f"{spec} has {len(data)} items; choose options that load 3 to {MOST_ITEMS:,}"
    assert data.fingerprint, f"{spec} has no fingerprint"
    assert data.fingerprint == again.fingerprint, f"loading {spec} twice gives two fingerprints"
    pd.testing.assert_frame_equal(data.items, again.items, obj=f"the items of {spec}, loaded twice,")
    pd.testing.assert_frame_equal(data.classes, again.classes, obj=f"the classes of {spec}, loaded twice,")
    assert data.options == options, f"{spec} keeps the options {data.options} instead of {options}"
    check_items(data)
    check_reading(data, again)
    if record_with is not None:
        with working_directory() as directory:
            run = check_resuming(load_model(record_with), load_data(spec, **options), directory)
            reopened = open_items(run, trust=True)
        pd.testing.assert_frame_equal(reopened.items, data.items, obj=f"the items of {spec}, opened from a run,")


def check_items(data: LabelledItems) -> None:
    """Check the tables of items and classes."""
    assert list(data.items.columns[:3]) == ["item_id", "uri", "label"], (
        f"the items have the columns {list(data.items.columns)}; the first must be item_id, uri and label"
    )
    ids = data.items["item_id"]
    assert all(isinstance(name, str) and name for name in ids), "an item_id is not text, or is empty"
    assert ids.is_unique, f"two items have the id {ids[ids.duplicated()].iloc[0]!r}"
    assert data.items["label"].dtype == np.int64, f"labels are {data.items['label'].dtype}, not int64"
    assert data.items["label"].between(0, len(data.classes) - 1).all(), "a label is no row of the classes"
    assert list(data.classes.columns[:2]) == ["class", "name"], (
        f"the classes have the columns {list(data.classes.columns)}; the first must be class and name"
    )
    assert data.classes["class"].is_unique, "two classes have one id"


def check_reading(data: LabelledItems, again: LabelledItems) -> None:
    """Check that items are read the same again, elsewhere, and in another process."""
    sample = sorted({0, len(data) // 2, len(data) - 1})
    for index in sample:
        data.load.check(index)
        assert data.load.name(index), f"item {index} has no name"
    first = hash_items(data.load, sample)
    assert hash_items(again.load, sample) == first, "items are not the same when they are read again"
    with working_directory():
        assert hash_items(data.load, sample) == first, "items are not the same in another working directory"
    with open_pool("local:1") as pool:
        elsewhere = pool.submit(hash_items, data.load, sample).result()
    assert elsewhere == first, "items are not the same when another process reads them"


def hash_items(load: Loader, indexes: Sequence[int]) -> list[str]:
    """Return type, shape and content of some items."""
    arrays = [np.asarray(load(index)) for index in indexes]
    return [f"{array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}" for array in arrays]


def check_model_source(spec: str, /, *, items: LabelledItems | None = None, **options: Any) -> None:
    """Check that a source of networks gives the same network every time and everywhere.

    - Loading twice gives the same weights, code, preprocessing and classes; so does the spec that the loaded network
      reports, in another working directory.
    - The network is in ``eval`` mode and its parameters need no gradient.
    - Without training it has weights that depend on the seed alone. A source may refuse this (``UnitscopeError``).
    - The preprocessing gives the same in another process.
    - A recording that is stopped and resumed is the same as one that is not; the network is found again from the run.

    Parameters
    ----------
    spec
        A spec of the source.
    items
        Items that the network takes, from 3 to 1,000; default: 24 images of the demo.
    **options
        Options of the source.

    Raises
    ------
    AssertionError
        Saying what differs.
    UnitscopeError
        If the source, or recording, refuses the spec or the options.

    See Also
    --------
    check_data_source : The same for data.

    Examples
    --------
    >>> check_model_source("demo:")
    """
    items = load_data("demo:", n=24) if items is None else items
    network = load_model(spec, **options)
    check_same(network, load_model(spec, **options), "loaded again")
    with working_directory():
        check_same(network, load_model(network.spec, **options), "loaded in another directory by the spec it reports")
    assert not network.module.training, f"{spec} is in training mode"
    assert not any(weights.requires_grad for weights in network.module.parameters()), f"parameters of {spec} need grad"
    check_untrained(spec, options)
    first = hash_preprocessed(network.preprocess, items.load)
    with open_pool("local:1") as pool:
        elsewhere = pool.submit(hash_preprocessed, network.preprocess, items.load).result()
    assert elsewhere == first, "the preprocessing gives another result in another process"
    with working_directory() as directory:
        run = check_resuming(network, items, directory)
        check_same(network, open_network(run, trust=True), "opened from a run")


def check_same(one: LoadedModel, other: LoadedModel, how: str) -> None:
    """Compare the identities of two networks."""
    for what in ("spec", "weights_sha256", "code_sha256", "classes"):
        assert getattr(one, what) == getattr(other, what), f"{one.spec}, {how}, has another {what}"
    assert one.preprocess.description == other.preprocess.description, f"{one.spec}, {how}, has other preprocessing"


def check_untrained(spec: str, options: dict[str, Any]) -> None:
    """Check that fresh weights depend on the seed alone."""
    try:
        hashes = [load_model(spec, **options, untrained=True, seed=seed).weights_sha256 for seed in (0, 0, 1)]
    except UnitscopeError:
        return
    assert hashes[0] == hashes[1], f"{spec} without training has other weights each time, with one seed"
    assert hashes[0] != hashes[2], f"{spec} without training has the same weights with two seeds"


def hash_preprocessed(preprocess: Preprocess, load: Loader) -> str:
    """Return a hash of the network's input for the first item."""
    return hashlib.sha256(preprocess(load(0)).numpy().tobytes()).hexdigest()


def check_resuming(network: LoadedModel, items: LabelledItems, directory: Path) -> Run:
    """Compare a recording that is stopped and resumed with one that is not; return the run."""
    settings: Any = {"layers": "*", "workers": 0, "device": "cpu", "block_items": -(-len(items) // 3), "batch_size": 4}
    settings["predictions"] = False  # the network's classes need not be those of the items

    def stop(doing: str, done: int, total: int) -> None:
        if doing == "recording" and done > settings["block_items"]:
            raise KeyboardInterrupt

    whole = record(network, items, directory / "whole", **settings)
    with contextlib.suppress(KeyboardInterrupt):
        record(network, items, directory / "resumed", **settings, progress=stop)
    resumed = record(network, items, directory / "resumed", **settings)
    for layer in whole.layers:
        same = np.array_equal(whole.activations(layer.name), resumed.activations(layer.name))
        assert same, f"a recording that was resumed has other activations of {layer.name}"
    pd.testing.assert_frame_equal(resumed.items, whole.items, obj="the items of a recording that was resumed")
    return resumed


@contextlib.contextmanager
def working_directory() -> Iterator[Path]:
    """Work in an empty directory, and remember what is recorded there as trusted code only in it."""
    with (
        tempfile.TemporaryDirectory() as place,
        mock.patch.dict(os.environ, XDG_STATE_HOME=place),
        contextlib.chdir(place),
    ):
        yield Path(place)
