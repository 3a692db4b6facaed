"""Pools that run tasks: processes of this machine, a Dask cluster, SLURM; and how work is divided between them.

A pool is anything with ``submit(function, *arguments)``, which returns a future. Tasks are functions that write their
results into the run, so that a task that is lost leaves nothing to clean up: running the same command again does it.
"""

from .batch_script import batch_script
from .pool import POOLS, Pool, open_pool
from .shards import Shard, cut, find_shard
from .tasks import run_shares, run_tasks

__all__ = ["POOLS", "Pool", "Shard", "batch_script", "cut", "find_shard", "open_pool", "run_shares", "run_tasks"]
