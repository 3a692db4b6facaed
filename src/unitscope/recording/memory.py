"""The memory that histograms take, estimated from some items before a recording begins, and what there is of it."""

import functools
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import UnitscopeError, UnitscopeWarning
from ..measures import BINS_PER_OCTAVE, Histograms
from ..models import reduce_positions, run_batches
from .plan import Plan

PROBE_ITEMS = 256
"""Items that are tried, evenly spread over the data."""

USABLE = 0.8
"""Share of the free memory that histograms may take unless told otherwise."""

BLOCKS_HELD = 3
"""Blocks of activations in memory at a time: one being filled, one waiting, one being counted."""


def plan_histograms(plan: Plan) -> Plan:
    """Return a plan that counts activations instead of storing them: which items, in which bins, in how much memory.

    Parameters
    ----------
    plan
        The recording. Of its settings, `bins_per_octave` is by default the largest of 128, 32 and 8 that fits into
        memory; `items` are by default the correct ones where there are predictions, otherwise all; `memory` is by
        default 80 % of what is free now.

    Returns
    -------
    Plan
        With ``identity.histograms`` in its manifest, the estimate, and the limit.

    Raises
    ------
    UnitscopeError
        If it would take more memory than there is.

    Warns
    -----
    UnitscopeWarning
        If storing would take less room on disk than the histograms take in memory.
    """
    settings = plan.settings
    items = settings.items or ("correct" if settings.predictions else "all")
    limit = memory_limit(settings.memory)
    octaves = estimate_octaves(plan)
    for bins in BINS_PER_OCTAVE if settings.bins_per_octave is None else (settings.bins_per_octave,):
        needed = {layer.name: layer_memory(plan, octaves[layer.name], bins) for layer in plan.layers}
        if limit is None or sum(needed.values()) <= limit:
            break
    if limit is not None and sum(needed.values()) > limit:
        refuse(plan, bins, sum(needed.values()), limit)
    if sum(needed.values()) > plan.total_bytes:
        warnings.warn(
            f"storing these activations takes at most {plan.total_bytes / 1e6:,.1f} MB on disk, less than the "
            f"{sum(needed.values()) / 1e6:,.1f} MB of memory of the histograms, and measures are then exact: record "
            "without --no-store where the disk has room",
            UnitscopeWarning,
            stacklevel=2,
        )
    identity = {**plan.manifest.identity, "histograms": {"bins_per_octave": bins, "items": items}}
    return replace(plan, manifest=replace(plan.manifest, identity=identity), memory=needed, memory_limit=limit)


def refuse(plan: Plan, bins: int, needed: int, limit: int) -> None:
    """Raise because histograms would not fit into memory, and say what would."""
    least = min(BINS_PER_OCTAVE)
    fewer = f", take fewer bins (--bins-per-octave {least})" if bins > least else ""
    raise UnitscopeError(
        f"histograms of {sum(layer.units for layer in plan.layers):,} units and {len(plan.data.classes):,} classes "
        f"with {bins} bins per octave would take about {needed / 1e6:,.1f} MB of memory, more than the "
        f"{limit / 1e6:,.1f} MB that may be used (--memory); record fewer layers at a time{fewer}, or store the "
        f"activations (without --no-store), at most {plan.total_bytes / 1e6:,.1f} MB on disk"
    )


def layer_memory(plan: Plan, octaves: np.ndarray, bins: int) -> int:
    """Return the bytes that a layer takes while it is counted: histograms and blocks of activations."""
    n_units, n_classes = len(octaves), len(plan.data.classes)
    fixed = Histograms.empty(1, n_classes, bins).nbytes
    block = min(plan.manifest.block_items, plan.manifest.n_items) * 4
    return int(octaves.sum() * bins * n_classes * 4) + n_units * (fixed + BLOCKS_HELD * block)


def estimate_octaves(plan: Plan) -> dict[str, np.ndarray]:
    """Estimate for each unit of each layer in how many octaves it will have values, from some items.

    Near zero, twice as many items reach one octave further down, on each side of zero on which there are values.
    """
    n = plan.manifest.n_items
    size = min(plan.settings.batch_size, PROBE_ITEMS)
    starts = np.linspace(0, max(n - size, 0), max(min(PROBE_ITEMS, n) // size, 1)).astype(int)
    batches = [range(start, min(start + size, n)) for start in sorted({int(start) for start in starts})]
    passes = run_batches(
        plan.model,
        plan.data,
        batches,
        plan.layers,
        take=functools.partial(reduce_positions, reduction=plan.settings.reduction),
        stop=True,
        device=plan.settings.device,
        precision=plan.settings.precision,
        workers=0,
    )
    values: dict[str, list[np.ndarray]] = {layer.name: [] for layer in plan.layers}
    for batch in passes:
        for name, taken in batch.taken.items():
            values[name].append(taken.cpu().numpy())
    tried = sum(map(len, batches))
    return {name: octaves_of(np.concatenate(parts), n / tried) for name, parts in values.items()}


def octaves_of(values: np.ndarray, times: float) -> np.ndarray:
    """Estimate the octaves of units, ``(U,)``, that had `values`, ``(n, U)``, given `times` as many items.

    A unit that was silent is taken for one like the others.

    Examples
    --------
    >>> octaves_of(np.array([[1.0, 0.0], [5.0, 0.0]]), 4)
    array([6, 6])
    """
    octaves = np.zeros(values.shape[1], np.int64)
    for side in (values, -values):
        positive = np.where(side > 0, side, np.nan)
        some = ~np.isnan(positive).all(0)
        exponents = np.frexp(positive[:, some])[1].astype(float)
        exponents[np.isnan(positive[:, some])] = np.nan
        span = np.nanmax(exponents, 0) - np.nanmin(exponents, 0) + 1 if some.any() else 0
        octaves[some] += (span + 1 + np.ceil(np.log2(times))).astype(np.int64) if some.any() else 0
    silent = octaves == 0
    typical = int(np.ceil(np.median(octaves[~silent]))) if not silent.all() else 1
    return np.where(silent, typical, octaves)


def memory_limit(memory: float | None) -> int | None:
    """Return how many bytes histograms may take: what the user gave, or a share of what is free, or None if unknown."""
    free = available_memory()
    if memory is not None:
        return int(memory)
    return None if free is None else int(USABLE * free)


def available_memory() -> int | None:
    """Return the memory that is free for use, in bytes; ``None`` where the system does not say."""
    found = []
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    group = Path("/sys/fs/cgroup")  # a container's own limit
    if (group / "memory.max").exists() and (most := (group / "memory.max").read_text().strip()) != "max":
        found.append(int(most) - int((group / "memory.current").read_text()))
    if not found and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(min(found), 0) if found else None
