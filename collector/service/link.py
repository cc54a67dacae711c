"""The supervisor's end of the link to a process it forked: one JSON object per SOCK_SEQPACKET datagram, each way."""

import json
import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Any

_DATAGRAM = 256 * 1024
_AT_ONCE = 100
"""Datagrams taken from one process before the others have their turn."""


class Link:
    """
    ``hear`` gets what the process says, datagram by datagram, when the selector finds that there is something.

    Between two processes it is hung up: nothing is heard, and ``tell`` tells nobody.
    """

    def __init__(self, selector: selectors.BaseSelector, hear: Callable[[bytes], None]) -> None:
        self._selector = selector
        self._hear = hear
        self._socket: socket.socket | None = None

    def __bool__(self) -> bool:
        """There is somebody to talk to."""
        return self._socket is not None

    def connect(self, sock: socket.socket) -> None:
        """A process has been started; ``sock`` does not block."""
        self._socket = sock
        self._selector.register(sock, selectors.EVENT_READ, self.listen)

    def tell(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Raises OSError when it is not taken: the process is hung, dying, or does not keep up."""
        if self._socket is not None:
            socket.send_fds(self._socket, [json.dumps(message).encode()], descriptors)

    def listen(self, limit: int = _AT_ONCE) -> None:
        """Take what has been said. The end of the link is not yet the death of the process."""
        for _ in range(limit):
            if self._socket is None:
                return
            try:
                datagram = self._socket.recv(_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                datagram = b""
            if not datagram:
                self.hang_up()
                return
            self._hear(datagram)

    def last_words(self) -> None:
        """The process has died: hear what it said before, and hang up."""
        self.listen(limit=100 * _AT_ONCE)
        self.hang_up()

    def hang_up(self) -> None:
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def let_go(self) -> None:
        """In another process, after the fork: close this end without disturbing its owner."""
        if self._socket is not None:
            self._socket.close()
