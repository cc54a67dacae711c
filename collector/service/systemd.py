"""
Talking to systemd: sd_notify(3) without a library. Everything is a no-op where no ``NOTIFY_SOCKET`` is set.

    NOTIFY_SOCKET=/run/systemd/notify  (or "@name" for the abstract namespace)
    WATCHDOG_USEC=30000000             a WATCHDOG=1 is expected at least this often; sent twice as often
"""

import math
import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """
    ``address`` of the service manager's socket, or None; ``interval`` in seconds between two watchdog messages.

    A service manager that cannot be reached is ignored: the service itself is well.
    """

    def __init__(self, address: str | None = None, interval: float = math.inf) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        self.interval = interval
        self._next_beat = 0.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Notifier":
        microseconds = environ.get("WATCHDOG_USEC", "")
        is_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = is_for_us and microseconds.isdecimal() and int(microseconds) > 0
        return cls(environ.get("NOTIFY_SOCKET"), int(microseconds) / 2_000_000 if watched else math.inf)

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read again; ``ready`` ends it (sd_notify(3), Type=notify-reload)."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1\nSTATUS=Writing what was received.")

    def status(self, status: str) -> None:
        self._send(f"STATUS={status}")

    def watchdog(self, now: float) -> None:
        """Say that the service is well, as often as asked for. ``now`` is monotonic time."""
        if self.interval == math.inf or now < self._next_beat:
            return
        self._next_beat = now + self.interval
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notify:
            try:
                notify.sendto(message.encode(), self._address)
            except OSError:
                return
