"""A TCP connection to another receiver, which never waits."""

import array
import errno
import fcntl
import os
import socket
import termios

from collector.sinks.backlog import Backlog

_PIECE = 256 * 1024
_TCP_CLOSE = 7  # the state of a connection that was reset (linux/tcp_states.h)
_SILENCE = 60
"""
Seconds after which an idle peer is asked whether it is there (keepalive), and after which one that does not acknowledge
what was sent is given up: what is sent to a dead one until then is lost.
"""


class StreamPeer:
    """A ``Transport`` of ``sinks/forward.py``."""

    connects = True

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._under_way = 0

    @property
    def fd(self) -> int:
        return self._socket.fileno() if self._socket else -1

    def open(self, address: str, port: int) -> None:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
        made = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _SILENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)
        code = made.connect_ex(target)
        if code not in (0, errno.EINPROGRESS):
            made.close()
            raise OSError(code, os.strerror(code))
        self._socket = made

    def is_open(self) -> bool:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        try:
            peer = self._socket.getpeername()
        except OSError:
            return False
        if peer == self._socket.getsockname():  # TCP lets a socket connect to itself when nobody listens
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return True

    def write(self, backlog: Backlog) -> None:
        assert self._socket is not None
        backlog.advance(self._socket.send(backlog.piece(_PIECE)))
        self._under_way = _unacknowledged(self._socket)

    def listen(self) -> None:
        """Syslog has no answers; but the end of the connection is heard, before a message is lost to it."""
        assert self._socket is not None
        try:
            heard = self._socket.recv(65536)
        except BlockingIOError:
            return
        if not heard:
            raise ConnectionError("it closed the connection")

    def complaint(self) -> str:
        return ""

    def close(self) -> int:
        assert self._socket is not None
        # A reset has the kernel throw its queue away: what was in it after the last write is then all that is known.
        was_reset = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE
        under_way = self._under_way if was_reset else _unacknowledged(self._socket)
        self._socket.close()
        self._socket, self._under_way = None, 0
        return under_way


def _unacknowledged(sock: socket.socket) -> int:
    queued = array.array("i", [0])
    fcntl.ioctl(sock, termios.TIOCOUTQ, queued)  # SIOCOUTQ (tcp(7))
    return queued[0]
