"""Tasks in which a process is killed, in a separate module that processes import quickly."""

import os
import signal
from pathlib import Path


def die_once(marker, function, *arguments):
    """Kill this process after the first block of a task the first time; run the whole task every other time."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        function(*arguments)
    else:
        function(*(argument[:1] if isinstance(argument, list) else argument for argument in arguments))
        os.kill(os.getpid(), signal.SIGKILL)


def die(*arguments):
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def call(function, *arguments):
    """Call a function."""
    return function(*arguments)
