"""The network of a run, loaded again from the run alone: verified, and never by code that the run brings along."""

import contextlib
import functools
import json
from pathlib import Path
from typing import Any

from ..data import LabelledItems
from ..data.open_items import choose_directory
from ..errors import UnitscopeError
from ..run import Run
from ..trust import check_trust
from .layers import NetworkLayer, example_batch, list_layers
from .load import LoadedModel, load_model


def open_network(
    run: Run, *, device: str = "cpu", network: LoadedModel | str | None = None, trust: bool = False
) -> LoadedModel:
    """Open the network that a run was recorded with.

    It is looked for where the run was recorded and in the current directory, and loaded once per process.

    Parameters
    ----------
    run
        An open run.
    device
        ``"cpu"`` or ``"cuda"``: where to put the network.
    network
        The network, or its spec, where the run cannot say where it is (it was imported, or recorded from a Python
        object), or it has moved.
    trust
        Use what the run names even if it can run code that this user has not recorded with on this machine.

    Returns
    -------
    LoadedModel

    Raises
    ------
    UnitscopeError
        If the run does not say which network it was recorded with, the network has other weights, code or
        preprocessing than then, or loading it could run code that is not trusted; the message says what to do.

    See Also
    --------
    unitscope.data.open_items : The same for the items.
    find_layers : The run's layers in the network.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="fc8", workers=0)
    >>> open_network(run).spec
    'demo:'
    """
    recorded = run.manifest.identity.get("model")
    recorded = recorded if isinstance(recorded, dict) else {}
    if network is None:
        network = load_stored(run, recorded, trust)
    elif isinstance(network, str):
        network = load_model(network)
    difference = find_difference(run, recorded, network)
    if difference:
        raise UnitscopeError(
            f"{network.spec} is not the network that {run.directory} was recorded with: {difference}; restore it, or "
            "give that network with --network (network=)"
        )
    network.module.to(device)
    return network


def load_stored(run: Run, recorded: dict[str, Any], trust: bool) -> LoadedModel:
    """Load the network that a run names."""
    spec, options = recorded.get("spec"), recorded.get("options")
    if not isinstance(spec, str) or ":" not in spec or not isinstance(options, dict):
        raise UnitscopeError(
            f"the run {run.directory} does not say which network it was recorded with; give it with --network "
            "(network=)"
        )
    with contextlib.chdir(choose_directory(run, spec, {})):
        check_trust("model", spec, options, trust=trust, run=run.directory)
        return load_once(spec, json.dumps(options), str(Path.cwd()))


@functools.lru_cache(maxsize=1)
def load_once(spec: str, options: str, directory: str) -> LoadedModel:
    """Load a network by a stored spec in the current directory; the last one is kept."""
    return load_model(spec, **json.loads(options))


def find_difference(run: Run, recorded: dict[str, Any], network: LoadedModel) -> str:
    """Describe how a network differs from the one that a run was recorded with; empty if it is the same."""
    pairs = {
        "its weights": (recorded.get("weights_sha256"), network.weights_sha256),
        "its code": (recorded.get("code_sha256", ""), network.code_sha256),
        "its preprocessing": (run.manifest.identity.get("preprocessing"), network.preprocess.description),
    }
    for what, (then, now) in pairs.items():
        if then and then != now:
            return f"{what} differ{'s' * (not what.endswith('weights'))} ({str(then)[:16]} then, {str(now)[:16]} now)"
    return ""


def find_layers(run: Run, network: LoadedModel, data: LabelledItems | None = None) -> list[NetworkLayer]:
    """Return the layers of a network that a run was recorded from, in the run's order.

    Parameters
    ----------
    run
        An open run.
    network
        Its network, from `open_network`.
    data
        Its items, where the network accepts nothing else.

    Raises
    ------
    UnitscopeError
        If the network has no such layer.
    """
    layers = {layer.name: layer for layer in list_layers(network, example_batch(network, data))}
    for layer in run.layers:
        if layer.name not in layers or layers[layer.name].units != layer.units:
            raise UnitscopeError(
                f"{network.spec} has no layer {layer.name} of {layer.units} units, which {run.directory} was recorded "
                "from; give the network that it was recorded with, --network (network=)"
            )
    return [layers[layer.name] for layer in run.layers]
