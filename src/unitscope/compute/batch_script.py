"""A script for ``sbatch`` that runs a command as a job array, to be printed and edited."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


def batch_script(words: Sequence[str], name: str, shards: int) -> str:
    """Return a batch script.

    Parameters
    ----------
    words
        The words of the command, after ``unitscope``.
    name
        The job's name; characters other than letters, numbers, dots, dashes and underscores become dashes.
    shards
        Number of tasks of the job array, each of which takes one shard.

    Returns
    -------
    str

    Examples
    --------
    >>> print(batch_script(["record", "demo:", "demo:", "my run"], "demo", 8).splitlines()[2])
    #SBATCH --array=1-8
    """
    name = re.sub(r"[^\w.-]+", "-", name)
    # The number of shards is part of the command, not read from --array, so that some tasks can be submitted again.
    return f"""\
#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --array=1-{shards}
#SBATCH --output={name}-%A_%a.log
#SBATCH --time=04:00:00
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --requeue
# remove one # to use these:
##SBATCH --partition=NAME
##SBATCH --account=NAME
##SBATCH --gpus=1

# A task that is stopped loses the block in progress: submit this script again, or only some of its tasks
# (sbatch --array=3,7 SCRIPT). To see what is finished: unitscope status RUN
set -eu
cd {shlex.quote(str(Path.cwd()))}

{shlex.join([program(), *words])} --shard "$SLURM_ARRAY_TASK_ID/{shards}"
"""


def program() -> str:
    """Return the path of ``unitscope`` in the current environment, or its bare name."""
    beside = Path(sys.executable).with_name("unitscope")
    return str(beside) if beside.is_file() else "unitscope"
