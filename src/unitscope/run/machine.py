"""Where numbers were computed: host, processor and versions of libraries, kept in a run's provenance."""

import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from ..version import __version__

LIBRARIES = ("numpy", "zarr", "torch", "torchvision", "timm", "transformers", "pillow")

EXTENSIONS = ("amx", "asimd", "avx", "bf16", "f16c", "fma", "i8mm", "neon", "sme", "sse4", "sve")
"""What the names of those instruction set extensions start with by which libraries choose their numerical kernels."""


def describe_machine() -> dict[str, Any]:
    """Return the host, its processor and the versions of the libraries that numbers may depend on."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "unitscope": __version__,
        "python": platform.python_version(),
        "host": platform.node(),
        "system": platform.platform(),
        "cpu": describe_cpu(),
        "versions": versions,
        "created": now(),
    }


def describe_cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """Return the processor's ``model`` and its ``instructions``: extensions that libraries choose kernels by.

    Parameters
    ----------
    cpuinfo
        The file in which Linux describes the processor. Without it `model` is what Python knows, and `instructions`
        is empty.
    """
    try:
        described = parse_cpuinfo(cpuinfo.read_text(encoding="utf-8", errors="replace"))
    except OSError:  # another system
        described = {"model": "", "instructions": []}
    return {**described, "model": described["model"] or platform.processor() or platform.machine()}


def parse_cpuinfo(text: str) -> dict[str, Any]:
    r"""Return the model and the instruction set extensions of the first processor in ``/proc/cpuinfo``.

    On ARM the model is given in numbers: who made the core, and which of their cores it is.

    Examples
    --------
    >>> parse_cpuinfo("model name : AMD EPYC 7763\nflags : fpu avx avx2 sse4_2\n")
    {'model': 'AMD EPYC 7763', 'instructions': ['avx', 'avx2', 'sse4_2']}
    >>> parse_cpuinfo("Features : fp asimd sve\nCPU implementer : 0x41\nCPU part : 0xd40\n")
    {'model': 'CPU implementer 0x41, part 0xd40', 'instructions': ['asimd', 'sve']}
    """
    facts: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            facts.setdefault(name.strip(), value.strip())
    model = facts.get("model name", "")
    if not model and "CPU part" in facts:
        model = f"CPU implementer {facts.get('CPU implementer', 'unknown')}, part {facts['CPU part']}"
    flags = facts.get("flags") or facts.get("Features") or ""
    return {"model": model, "instructions": sorted(flag for flag in flags.split() if flag.startswith(EXTENSIONS))}


def now() -> str:
    """Return the time, to the second, in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
