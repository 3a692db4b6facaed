"""Models by spec string."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..specs import split_spec
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
    """

    spec: str
    options: dict[str, Any]
    module: "torch.nn.Module"
    preprocess: Preprocess
    classes: list[str] | None
    weights_sha256: str


SCHEMES = {
    "torchvision": sources.load_torchvision,
    "timm": sources.load_timm,
    "hf": sources.load_hf,
    "py": sources.load_py,
    "demo": sources.load_demo,
}


def load_model(spec: str, **options: Any) -> LoadedModel:
    """Load a network by spec.

    Parameters
    ----------
    spec
        ``torchvision:NAME``, ``timm:NAME``, ``hf:OWNER/NAME[@REVISION]``, ``py:module:function`` or
        ``py:file.py:function`` (these two run that code), or ``demo:``. No other scheme executes downloaded code.
    **options
        ``resize``, ``crop``, ``size``, ``mean``, ``std``, ``interpolation`` replace the preprocessing that comes with
        the model; ``untrained=True`` gives fresh weights (from ``seed``, default 0); all others go to the library.

    Returns
    -------
    LoadedModel

    Raises
    ------
    UnitscopeError
        If there is no such model, it cannot be loaded, or an option is not taken.

    Examples
    --------
    >>> model = load_model("demo:")
    >>> len(model.classes)
    16
    """
    scheme, rest = split_spec(spec, SCHEMES, "model")
    torch = sources.need("torch", "'unitscope[torch]'")
    own = {key: value for key, value in options.items() if key in OPTIONS}
    untrained = options.get("untrained", False)
    seed = options.get("seed", 0)
    for_library = {key: value for key, value in options.items() if key not in (*OPTIONS, "untrained", "seed")}
    torch.manual_seed(int(seed or 0))
    source = SCHEMES[scheme](rest, for_library, bool(untrained))
    if not isinstance(source.module, torch.nn.Module):
        raise UnitscopeError(f"{spec} gave a {type(source.module).__name__}, not a torch.nn.Module; return the module")
    preprocess = steps_from_options(own) if own or source.preprocess is None else source.preprocess
    module = source.module.eval().requires_grad_(False)
    return LoadedModel(
        f"{scheme}:{source.place}", dict(options), module, preprocess, source.classes, hash_weights(module)
    )


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
