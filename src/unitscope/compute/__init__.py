"""Where tasks run: processes of this machine, a Dask cluster, SLURM; and how work is shared between them.

All it asks of a place is ``submit(function, *arguments)``, which returns a future. Tasks are pure functions that write
their results into the run, so a task that is lost leaves nothing behind but work that is still to be done.
"""

from .batch_script import batch_script
from .pool import Pool, open_pool
from .shards import Shard, cut, find_shard
from .tasks import run_tasks

__all__ = ["Pool", "Shard", "batch_script", "cut", "find_shard", "open_pool", "run_tasks"]
