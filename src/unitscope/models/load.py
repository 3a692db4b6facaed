"""Models by spec string; the registry of model sources."""

import contextlib
import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..plugins import Registry
from ..python_specs import load_function, takes_option
from ..specs import split_spec, whole_number
from . import sources
from .preprocess import OPTIONS, Preprocess, steps_from_options

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LoadedModel:
    """A network, ready to record.

    Attributes
    ----------
    spec, options
        How it was named; paths are absolute.
    module
        The network, in ``eval`` mode.
    preprocess
        From an item to the network's input.
    classes
        Names of the outputs, where the library knows them.
    weights_sha256
        sha256 over names, types, shapes and bytes of all parameters and stored buffers.
    code_sha256
        sha256 of the source files of the function and of the network's classes where it is of a ``py:`` spec, else
        empty: libraries say by their version what they compute, a file of one's own says it only by its content.
    """

    spec: str
    options: dict[str, Any]
    module: "torch.nn.Module"
    preprocess: Preprocess
    classes: list[str] | None
    weights_sha256: str
    code_sha256: str = ""


MODEL_SOURCES: Registry[Callable[[str, dict[str, Any], bool], sources.Source]] = Registry(
    "unitscope.models",
    {
        "torchvision": sources.load_torchvision,
        "timm": sources.load_timm,
        "hf": sources.load_hf,
        "py": sources.load_py,
        "demo": sources.load_demo,
    },
)
"""The function that loads the network of each scheme from the rest of the spec, the options, and whether untrained."""


def load_model(spec: str, /, **options: Any) -> LoadedModel:
    """Load a network by spec.

    Parameters
    ----------
    spec
        ``torchvision:NAME``, ``timm:NAME``, ``hf:OWNER/NAME[@REVISION]``, ``py:module:function`` or
        ``py:file.py:function`` (these two run that code), ``demo:``, or a scheme of an installed package. No other
        scheme of Unitscope's executes downloaded code.
    **options
        ``resize``, ``crop``, ``size``, ``mean``, ``std``, ``interpolation`` replace the preprocessing that comes with
        the model, all of it; ``untrained=True`` gives fresh weights; ``seed`` (default 0) is PyTorch's seed while the
        network is built, and goes to a function that has such a parameter; all others go to the library or function.

    Returns
    -------
    LoadedModel

    Raises
    ------
    UnitscopeError
        If there is no such model, it cannot be loaded, or an option is not taken.

    See Also
    --------
    unitscope.open_network : The network of a run.
    unitscope.testing.check_model_source : Checks that a source of your own must pass.

    Examples
    --------
    >>> model = load_model("demo:")
    >>> len(model.classes)
    16
    """
    scheme, rest = split_spec(spec, MODEL_SOURCES, "model")
    torch = sources.need("torch", "'unitscope[torch]'")
    own = {key: value for key, value in options.items() if key in OPTIONS}
    for_library = {key: value for key, value in options.items() if key not in (*OPTIONS, "untrained", "seed")}
    if scheme == "py" and "seed" in options and takes_option(rest, "seed"):
        for_library["seed"] = options["seed"]
    untrained = options.get("untrained", False)
    if not isinstance(untrained, bool):
        raise UnitscopeError(f"-M untrained={untrained} is neither true nor false")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(whole_number(options, "seed", at_least=0) or 0)
        source = MODEL_SOURCES[scheme](rest, for_library, untrained)
    module = source.module.eval().requires_grad_(False)
    preprocess = choose_preprocess(spec, source.preprocess, own)
    code = hash_code(load_function(rest), module) if scheme == "py" else ""
    return LoadedModel(
        f"{scheme}:{source.place}", dict(options), module, preprocess, source.classes, hash_weights(module), code
    )


def choose_preprocess(spec: str, comes_with: Preprocess | None, own: dict[str, Any]) -> Preprocess:
    """Take the preprocessing that options describe, or else that of the model, or else none but 0..1."""
    if comes_with is None:
        return steps_from_options(own)
    if not own:
        return comes_with
    if not {"mean", "std"} <= set(own):
        raise UnitscopeError(
            f"-M {next(iter(own))} would replace all preprocessing of {spec}, its normalisation too; "
            "give mean and std as well (mean=0 and std=1 for none)"
        )
    return steps_from_options(own)


def hash_weights(module: "torch.nn.Module") -> str:
    """Return the sha256 of a network's weights."""
    import torch

    total = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if not isinstance(tensor, torch.Tensor):
            continue
        total.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        total.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def hash_code(function: Callable[..., Any], module: "torch.nn.Module") -> str:
    """Return the sha256 of the files of a function and of the classes of what it made, but for those of PyTorch."""
    makers: list[Callable[..., Any]] = [function, *{type(part) for part in module.modules()}]
    files = set()
    for made in makers:
        if made.__module__.startswith("torch."):
            continue
        with contextlib.suppress(OSError, TypeError):  # made without a file, for instance at a prompt
            files.add(inspect.getsourcefile(made) or inspect.getfile(made))
    digests = sorted(hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files)
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()
