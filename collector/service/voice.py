"""What a worker says to the supervisor: how far it is, and sentences for the own log."""

import json
import socket
from collections import Counter
from typing import Any

from collector.service.meter import Meter

_NOTICES_PER_TICK = 10


class Voice:
    """``talks``: the own log shows all that there is to say. ``tick`` is to be called about once a second."""

    def __init__(self, link: socket.socket, meter: Meter) -> None:
        self.talks = False
        self._link = link
        self._meter = meter
        self._notices = Counter[str]()

    def say(self, message: dict[str, Any]) -> bool:
        """False when the supervisor is gone or behind in reading: nothing that is said here is worth waiting for it."""
        try:
            self._link.send(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def notice(self, event_class: str, message: str) -> None:
        self._log("warning", event_class, message)

    def debug(self, event_class: str, message: str) -> None:
        if self.talks:
            self._log("debug", event_class, message)

    def tick(self) -> None:
        self._notices.clear()

    def _log(self, level: str, event_class: str, message: str) -> None:
        """The supervisor shows one of a class in ten seconds; what a flood brings beyond a few is not even sent."""
        self._notices[event_class] += 1
        few = self._notices[event_class] <= _NOTICES_PER_TICK
        if not (few and self.say({"event": "log", "level": level, "class": event_class, "message": message})):
            self._meter.count("lost_notices")
