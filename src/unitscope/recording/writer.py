"""A thread that writes finished blocks while the network computes the next one."""

import queue
import threading
from types import TracebackType

import numpy as np
import pandas as pd

from ..run import RunWriter

Block = tuple[int, dict[str, np.ndarray], pd.DataFrame | None]


class BackgroundWriter:
    """Hands blocks to a `RunWriter` in a thread; at most one waits, so that memory stays flat.

    Leaving the context waits for the blocks handed over. An error of the thread is raised in the caller's.
    """

    def __init__(self, writer: RunWriter):
        self._writer = writer
        self._queue: queue.Queue[Block | None] = queue.Queue(maxsize=1)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="unitscope-writer")

    def __enter__(self) -> "BackgroundWriter":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if error is None:
            self._raise()

    def write(self, block: int, activations: dict[str, np.ndarray], predictions: pd.DataFrame | None) -> None:
        """Hand over a block; waits while another is still waiting."""
        self._raise()
        self._queue.put((block, activations, predictions))

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._writer.write_block(*job)
                except BaseException as error:
                    self._error = error
