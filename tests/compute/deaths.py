"""Tasks in which a process is killed. A module of its own, because processes import it quickly."""

import os
import signal
from pathlib import Path


def die_once(marker, function, *arguments):
    """Do the first of a task's blocks and be killed; all later calls do all."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        function(*arguments)
    else:
        function(*(argument[:1] if isinstance(argument, list) else argument for argument in arguments))
        os.kill(os.getpid(), signal.SIGKILL)


def die(*arguments):
    """Be killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def call(function, *arguments):
    """Call a function."""
    return function(*arguments)
