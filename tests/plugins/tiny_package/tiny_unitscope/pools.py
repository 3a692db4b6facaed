"""``threads:4``: threads of this process."""

import contextlib
from concurrent.futures import ThreadPoolExecutor


@contextlib.contextmanager
def open_threads(rest, logs):
    """Open a pool of as many threads as `rest` says."""
    with ThreadPoolExecutor(int(rest or 1)) as pool:
        yield pool
