"""Where and how exactly a network computes: its device, its mode, its precision; all is put back afterwards."""

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import UnitscopeError
from ..specs import check_choice

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "tf32")


def choose_device(device: str, elsewhere: bool = False) -> str:
    """Return the device on which a network will run, ``"cpu"`` or ``"cuda"``.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for CUDA where it is available.
    elsewhere
        Whether the network will run on other machines, so that CUDA need not be available on this one.

    Raises
    ------
    UnitscopeError
        If the device is unknown or not available.
    """
    import torch

    check_choice("device", device, DEVICES)
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not elsewhere and not torch.cuda.is_available():
        raise UnitscopeError("no CUDA device is available on this machine; use --device cpu")
    return device


@contextlib.contextmanager
def on_device(module: "torch.nn.Module", device: str) -> Iterator[None]:
    """Move a network to a device; move it back when the context ends."""
    import torch

    if device == "cuda" and "LOCAL_RANK" in os.environ:  # several processes on one machine, each with its own GPU
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    before = next((tensor.device for tensor in itertools.chain(module.parameters(), module.buffers())), device)
    module.to(device)
    try:
        yield
    finally:
        module.to(before)


@contextlib.contextmanager
def evaluating(module: "torch.nn.Module") -> Iterator[None]:
    """Put a network into ``eval`` mode; put every module back into its own mode when the context ends."""
    training = [part for part in module.modules() if part.training]
    if training:
        module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


@contextlib.contextmanager
def frozen(module: "torch.nn.Module") -> Iterator[None]:
    """Compute no gradients of the weights, which would cost as much as those of the input, or more."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    try:
        for weight in weights:
            weight.requires_grad_(False)
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def uncompiled() -> contextlib.AbstractContextManager[Any]:
    """Run networks that `torch.compile` compiled as they were written: compiled ones ignore hooks that come later."""
    import torch

    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):  # PyTorch 2.6
        return contextlib.nullcontext()
    return torch.compiler.set_stance("force_eager")


@contextlib.contextmanager
def arithmetic(precision: str = "float32") -> Iterator[None]:
    """Compute in full float32 with repeatable kernels, or with TF32 on CUDA; restore all settings afterwards.

    Parameters
    ----------
    precision
        ``"float32"`` or ``"tf32"``. Either way autocast is off, and so are the reduced precisions of the CPU.
    """
    import torch

    check_choice("precision", precision, PRECISIONS)
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    flags = cudnn.deterministic, cudnn.benchmark
    older, newer = _older_settings(), _newer_settings()
    try:
        cudnn.deterministic, cudnn.benchmark = True, False
        for backend, _ in newer:
            backend.fp32_precision = "ieee"
        cudnn.allow_tf32 = matmul.allow_tf32 = precision == "tf32"
        with torch.autocast("cuda", enabled=False), torch.autocast("cpu", enabled=False):
            yield
    finally:
        cudnn.deterministic, cudnn.benchmark = flags
        if older is not None:
            torch.set_float32_matmul_precision(older[0])
            cudnn.allow_tf32 = older[1]
        for backend, value in newer:
            backend.fp32_precision = value


def _older_settings() -> tuple[str, bool] | None:
    """Return PyTorch's global settings of precision; None where the user set it for single backends."""
    import torch

    try:
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    except RuntimeError:  # PyTorch refuses to read them once both of its interfaces were used
        return None


def _newer_settings() -> list[tuple[Any, str]]:
    """Return the backends that have a precision of their own since PyTorch 2.9, with their settings."""
    import torch

    cuda, cudnn, mkldnn = (getattr(torch.backends, name) for name in ("cuda", "cudnn", "mkldnn"))
    if not hasattr(cudnn, "conv"):
        return []
    backends = [cuda.matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn]
    return [(backend, backend.fp32_precision) for backend in backends]
