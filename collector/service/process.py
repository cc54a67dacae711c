"""One worker slot as the supervisor sees it: the process that fills it now, and the link to that process."""

import json
import os
import selectors
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collector.service.link import Link
from collector.service.ownlog import LEVELS, OwnLog

Events = Mapping[str, Callable[[int, dict[str, Any]], None]]
"""What is called, with the worker's slot, for what it says."""


class WorkerProcess:
    """
    ``pid`` is 0 between two processes. ``booted`` stays true once any process of the slot was ready.

    The link carries one JSON object per datagram: ``{"event": "ready"}`` and ``{"event": "log", "level", "class",
    "message"}`` come in, and those that ``events`` has a function for; commands such as ``{"do": "reopen"}`` go out.
    """

    def __init__(self, number: int, selector: selectors.BaseSelector, log: OwnLog, events: Events) -> None:
        self.number = number
        self.pid = 0
        self.ready = False
        self.booted = False
        self._link = Link(selector, self._hear)
        self._log = log
        self._events = events

    def __str__(self) -> str:
        return f"Worker {self.number} (pid {self.pid})" if self.pid else f"Worker {self.number}"

    def adopt(self, pid: int, link: socket.socket) -> None:
        """The process has been started. The selector gets the function to call when it says something."""
        self.pid, self.ready = pid, False
        self._link.connect(link)

    def poll(self) -> int | None:
        """The exit status (negative: the signal) of a process that has ended, its last words heard; else None."""
        if not self.pid:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        self._link.last_words()
        self.pid, self.ready = 0, False
        return os.waitstatus_to_exitcode(status)

    def listen(self) -> None:
        """Take what the process has said. The end of the link is not yet its death, which ``poll`` sees."""
        self._link.listen()

    def _hear(self, datagram: bytes) -> None:
        try:
            event = json.loads(datagram)
            if event["event"] == "ready":
                self.ready = self.booted = True
                if self._log.shows("debug"):
                    self.tell({"do": "talk"})
            elif event["event"] == "log" and event["level"] in LEVELS:
                self._log.write(event["level"], event["message"], event.get("class"))
            elif event["event"] in self._events:
                self._events[event["event"]](self.number, event)
        except (ValueError, KeyError, TypeError):
            self._log.warning(f"{self} reports something unreadable.", event="unreadable report")

    def tell(self, command: dict[str, Any], descriptors: Sequence[int] = ()) -> bool:
        """False when it does not take it: it is hung or dying, which will be noticed."""
        try:
            self._link.tell(command, descriptors)
        except OSError as error:
            self._log.debug(f"{self} did not take the command {command['do']}: {error.strerror}.")
            return False
        return bool(self._link)

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """In another worker, after the fork: close this end of the link without disturbing its owner."""
        self._link.let_go()
