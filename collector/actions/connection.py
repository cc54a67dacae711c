"""
Connections that end in time, whatever the other side does.

The timeout of a socket is for one call: a server that sends a byte every few seconds would go on for ever, and a name
with many dead addresses would be tried for long. Here a whole conversation has one.
"""

import contextlib
import os
import socket
import threading
import time
from types import TracebackType
from typing import Self

_LATER = 5.0
"""The timeout of the socket itself comes so much later: it is the watchdog that tells what has happened."""


class Watchdog:
    """
    with Watchdog(10) as watchdog:
        watchdog.watch(sock)

    When the time is over the connection is shut down, which wakes whoever waits for it.
    """

    def __init__(self, seconds: float) -> None:
        self.barked = False
        self._ends = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._bark)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds; never 0, which sockets take for "do not wait"."""
        return max(0.001, self._ends - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        """Of a duplicate: to put TLS over a connection takes the descriptor away from its first object."""
        with self._lock:
            self._watched.append(socket.socket(fileno=os.dup(sock.fileno())))
            if self.barked:
                self._shut_down()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for sock in self._watched:
            sock.close()

    def _bark(self) -> None:
        with self._lock:
            self.barked = True
            self._shut_down()

    def _shut_down(self) -> None:
        for sock in self._watched:
            with contextlib.suppress(OSError):  # the other side was faster
                sock.shutdown(socket.SHUT_RDWR)


def connect(host: str, port: int, watchdog: Watchdog) -> socket.socket:
    """A connection over TCP to the first address of a name that answers. Raises OSError, TimeoutError among them."""
    error: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(watchdog.left)
            sock.connect(address)
            watchdog.watch(sock)
            sock.settimeout(watchdog.left + _LATER)
        except OSError as failed:
            sock.close()
            error = failed
        else:
            return sock
    raise error
