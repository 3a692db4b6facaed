"""Waiting for what another process does, however busy the machine is."""

import time
from pathlib import Path


def wait_for(path: Path, seconds: float = 120) -> None:
    """Wait until a file exists.

    Raises
    ------
    AssertionError
        If it does not exist after so many seconds.
    """
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} has not been written within {seconds} seconds"
        time.sleep(0.05)
