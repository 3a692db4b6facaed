"""Shards of the work, ``--shard 3/16``, for independent processes."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..errors import UnitscopeError

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """One process's shard of the work.

    Attributes
    ----------
    number
        Number of the shard, from 1 to `count`.
    count
        Number of shards.
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def blocks(self, n_blocks: int) -> range:
        """Return the blocks of a run that belong to this shard.

        They are consecutive, so that a process reads neighbouring items, and depend on the two numbers only, so that a
        process that is restarted gets the same blocks.

        Examples
        --------
        >>> [list(Shard(number, 3).blocks(7)) for number in (1, 2, 3)]
        [[0, 1], [2, 3], [4, 5, 6]]
        """
        return range((self.number - 1) * n_blocks // self.count, self.number * n_blocks // self.count)


def find_shard(text: str, environment: Mapping[str, str] = os.environ) -> Shard:
    """Return the shard that a text describes.

    Parameters
    ----------
    text
        ``"3/16"``: the third of sixteen, counted from 1; or ``"auto"``: read from the environment,
        ``SLURM_ARRAY_TASK_ID`` (with ``_MIN``, ``_MAX``, ``_STEP``, ``_COUNT``), or ``RANK`` and ``WORLD_SIZE`` as
        torchrun sets them, or both: several ranks in each task of an array.
    environment
        The environment's variables.

    Returns
    -------
    Shard

    Raises
    ------
    UnitscopeError
        If the text is not a shard, or the environment does not determine one.

    Examples
    --------
    >>> find_shard("3/16")
    Shard(number=3, count=16)
    >>> find_shard("auto", {"RANK": "0", "WORLD_SIZE": "8"})
    Shard(number=1, count=8)
    """
    if text == "auto":
        return from_environment(environment)
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if not match:
        raise UnitscopeError(f"--shard {text} is not a shard; write for instance 3/16, or auto")
    shard = Shard(int(match[1]), int(match[2]))
    if not 1 <= shard.number <= shard.count:
        raise UnitscopeError(f"--shard {text} does not exist: shards are counted from 1 to {shard.count}")
    return shard


def from_environment(environment: Mapping[str, str]) -> Shard:
    """Return the shard from the variables that SLURM or torchrun set."""
    task, n_tasks, rank, n_ranks = 0, 1, 0, 1
    if "SLURM_ARRAY_TASK_ID" in environment:
        number = whole("SLURM_ARRAY_TASK_ID", environment)
        first, last = (whole(f"SLURM_ARRAY_TASK_{name}", environment, number) for name in ("MIN", "MAX"))
        step = whole("SLURM_ARRAY_TASK_STEP", environment, 1)
        n_tasks = whole("SLURM_ARRAY_TASK_COUNT", environment)
        if (n_tasks - 1) * step != last - first:
            raise UnitscopeError(
                f"--shard auto cannot count the tasks of this array: it has {n_tasks} from {first} to {last}, "
                "which is not a range; write --shard $SLURM_ARRAY_TASK_ID/N"
            )
        task = (number - first) // step
    if "WORLD_SIZE" in environment:
        rank, n_ranks = whole("RANK", environment), whole("WORLD_SIZE", environment)
        if rank >= n_ranks:
            raise UnitscopeError(f"--shard auto found RANK {rank} of {n_ranks}, but ranks are counted from 0")
    elif n_tasks == 1 and "SLURM_ARRAY_TASK_ID" not in environment:
        raise UnitscopeError(
            "--shard auto found neither SLURM_ARRAY_TASK_ID nor RANK and WORLD_SIZE in the environment; "
            "write for instance --shard 3/16"
        )
    return Shard(task * n_ranks + rank + 1, n_tasks * n_ranks)


def whole(name: str, environment: Mapping[str, str], default: int | None = None) -> int:
    """Return a variable that must be a whole number."""
    text = environment.get(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isdecimal():
        raise UnitscopeError(f"--shard auto needs {name} as a whole number, but it is {text or 'not set'}")
    return int(text)


def cut(sequence: Sequence[T], parts: int) -> list[Sequence[T]]:
    """Cut a sequence into parts of nearly the same length, none of them empty.

    Examples
    --------
    >>> cut([1, 2, 3, 4, 5], 2), cut([1, 2], 4)
    ([[1, 2], [3, 4, 5]], [[1], [2]])
    """
    parts = min(parts, len(sequence))
    shares = [Shard(number, parts).blocks(len(sequence)) for number in range(1, parts + 1)]
    return [sequence[share.start : share.stop] for share in shares]
