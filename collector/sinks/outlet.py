"""
What pipes and terminals have in common: a descriptor that may take less than is there, or be gone.

    closed ──it can be opened──▶ open ──no room──▶ waiting     goes on when the poller says that there is room
      ▲                           │                   │
      └───── an error, told once ─┴───────────────────┘        until the next tick lines are dropped and counted
"""

import errno
import os
from abc import ABC, abstractmethod

from collector.errors import CollectorError
from collector.sinks import Surroundings
from collector.sinks.backlog import Backlog


class Outlet(ABC):
    """A ``LineSink``. What differs: how it is opened, how lines are written, and what an error means."""

    waits = False

    def __init__(self, label: str, queue: int, around: Surroundings) -> None:
        self._label = label
        self._around = around
        self._backlog = Backlog(queue, around.meter, full="full")
        self._fd = -1
        self._watched = False
        self._asleep = ""  # until the next tick: the reason for which lines are dropped
        self._told = ""

    @abstractmethod
    def _open(self) -> int:
        """Raises OSError, CollectorError."""

    @abstractmethod
    def _write(self) -> bool:
        """Write a piece of the backlog. Raises OSError; False is "not before the next tick"."""

    @abstractmethod
    def _explain(self, error: OSError) -> tuple[str, str]:
        """The reason for which lines are dropped, and the sentence for it."""

    def offer(self, data: bytes, rows: int) -> None:
        if self._backlog.fill(data, rows, self._flush) and self._told != "full":
            self._say("full", "it takes lines too slowly. They are dropped and counted until it catches up")

    def tick(self, _now: float) -> None:
        self._asleep = ""
        if self._backlog:
            self._flush()

    def drain(self, _deadline: float) -> bool:
        """A reader that is slow is not waited for, as it may as well have stopped."""
        if self._backlog:
            self._flush()
        return False

    def close(self) -> None:
        self._backlog.drop("shutdown")
        self._shut()

    def _flush(self) -> None:
        if self._asleep or not self._ready():
            self._backlog.drop(self._asleep)
            return
        try:
            goes_on = True
            while self._backlog and goes_on:
                goes_on = self._write()
        except BlockingIOError:
            self._watch(True)
            return
        except OSError as error:
            self._gone(error)
            return
        self._watch(False)
        if not self._backlog:
            self._say_back()

    def _ready(self) -> bool:
        """Whether it is open, or could be opened."""
        if self._fd >= 0:
            return True
        try:
            self._fd = self._open()
        except OSError as error:
            self._gone(error)
        except CollectorError as error:
            self._sleep("cannot_open", f"{error}; {error.hint}" if error.hint else str(error))
        return self._fd >= 0

    def _gone(self, error: OSError) -> None:
        self._shut()
        reason, why = self._explain(error)
        if reason == "cannot_open":
            self._around.meter.count("sink_errors", reason=errno.errorcode.get(error.errno or 0, "unknown"))
        self._sleep(reason, why)

    def _sleep(self, reason: str, why: str) -> None:
        self._asleep = reason
        self._backlog.drop(reason)
        if self._told != reason:
            self._say(reason, f"{why}. Lines are dropped and counted until that changes")

    def _say(self, reason: str, sentence: str) -> None:
        self._told = reason
        self._around.notice(f"state {self._label}", f"{self._label}: {sentence}.")

    def _say_back(self) -> None:
        if self._told:
            self._told = ""
            self._around.notice(f"state {self._label}", f"{self._label}: lines can be written again.")

    def _watch(self, wanted: bool) -> None:
        if wanted == self._watched:
            return
        self._watched = wanted
        if wanted:
            self._around.poller.add(self._fd, self._flush, writable=True)
        else:
            self._around.poller.remove(self._fd)

    def _shut(self) -> None:
        if self._fd >= 0:
            self._watch(False)
            os.close(self._fd)
            self._fd = -1
