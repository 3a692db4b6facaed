"""Tasks in which a process is killed. A module of its own, because processes import it quickly."""

import os
import signal
from pathlib import Path


def die_once(marker, function, directory, blocks, *others):
    """Do the first block of a measuring task and be killed; all later calls do all."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        function(directory, blocks, *others)
    else:
        function(directory, blocks[:1], *others)
        os.kill(os.getpid(), signal.SIGKILL)


def die(*arguments):
    """Be killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def call(function, *arguments):
    """Call a function."""
    return function(*arguments)
