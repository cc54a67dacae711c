"""
Threads for deliveries, which may take their time. They are made when they are needed, and kept.

    pool.start(job)           deliver(job) runs in a thread
    pool.fileno()             can be read when some have ended
    for job, error in pool.ended(): …
"""

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Pool(Generic[Job, Result]):
    def __init__(self, deliver: Callable[[Job], Result]) -> None:
        self.running = 0
        self._deliver = deliver
        self._threads = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._ended: deque[tuple[Job, Result]] = deque()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._bell

    def start(self, job: Job) -> None:
        self.running += 1
        if self.running > self._threads:
            self._threads += 1
            threading.Thread(target=self._work, name=f"delivery-{self._threads}", daemon=True).start()
        self._jobs.put(job)

    def ended(self) -> Iterator[tuple[Job, Result]]:
        """Those that have ended since the last call."""
        try:
            os.eventfd_read(self._bell)
        except BlockingIOError:
            return
        for _ in range(len(self._ended)):
            self.running -= 1
            yield self._ended.popleft()

    def close(self) -> None:
        """No more jobs. Where some still run, the bell stays for them: the process is about to end."""
        for _ in range(self._threads):
            self._jobs.put(None)
        if not self.running:
            os.close(self._bell)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._ended.append((job, self._deliver(job)))
            os.eventfd_write(self._bell, 1)
