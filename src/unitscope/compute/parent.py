"""Worker processes end with the process that started them, even when that one is killed."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Start a thread that ends this process as soon as its parent process has ended.

    A worker waits for tasks from its parent. When the parent is killed with ``kill -9``, the worker is not notified and
    would wait forever, keeping its memory.

    Call it in the initializer of a pool. Workers of PyTorch's DataLoader watch their parent themselves.
    """
    threading.Thread(target=_wait_for_parent, name="unitscope-parent", daemon=True).start()


def _wait_for_parent() -> None:
    """Wait until the parent process has ended, then exit."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
