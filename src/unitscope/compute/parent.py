"""Worker processes end with the process that started them, even when that one is killed."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Start a thread that ends this process as soon as the process that started it is gone.

    A worker waits for tasks from its parent. When the parent is killed with ``kill -9`` nobody tells the worker, and it
    would wait, with all its memory, until the machine is restarted.

    Call it first in a worker, in the initializer of a pool. Workers of PyTorch's DataLoader have a watch of their own.
    """
    threading.Thread(target=_wait_for_parent, name="unitscope-parent", daemon=True).start()


def _wait_for_parent() -> None:
    """Wait until the parent is gone, then end at once."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
