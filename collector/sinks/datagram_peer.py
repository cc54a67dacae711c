"""A UDP socket to another receiver: one message per datagram (RFC 5426)."""

import errno
import socket
from collections import deque
from operator import length_hint

from collector.protocol.framing.oversize import kept_part
from collector.sinks import SinkMeter
from collector.sinks.backlog import Backlog

_BLOCK = 64 * 1024
_NOT_SENT = (errno.ECONNREFUSED, errno.EMSGSIZE)
"""Errors of one datagram; all others are of the way to the peer, and what was to be sent waits for a better one."""


class DatagramPeer:
    """
    A ``Transport`` of ``sinks/forward.py``.

    The socket is connected, so that the kernel tells when the peer's refuses (ICMP). It tells so of an earlier
    datagram, in place of sending the present one, which is therefore sent once more.
    """

    connects = False

    def __init__(self, limit: int, meter: SinkMeter) -> None:
        self._limit = limit
        self._meter = meter
        self._socket: socket.socket | None = None
        self._complaint = ""

    @property
    def fd(self) -> int:
        return self._socket.fileno() if self._socket else -1

    def open(self, address: str, port: int) -> None:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )[0]
        made = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
        try:
            made.connect(target)
        except OSError:
            made.close()
            raise
        self._socket = made

    def is_open(self) -> bool:
        return True

    def write(self, backlog: Backlog) -> None:
        assert self._socket is not None
        lines = bytes(backlog.whole(_BLOCK))[:-1].split(b"\n")
        left = iter(lines if max(map(len, lines)) <= self._limit else list(map(self._cut, lines)))
        try:
            deque(map(self._socket.send, left), maxlen=0)
        except OSError as error:
            sent = len(lines) - length_hint(left) - 1
            self._sent(lines[:sent], backlog)
            self._again(lines[sent], backlog, error)
        else:
            self._sent(lines, backlog)

    def _again(self, line: bytes, backlog: Backlog, error: OSError) -> None:
        """One that could not be sent; that it could not may be said of another."""
        assert self._socket is not None
        if error.errno not in _NOT_SENT:
            raise error
        self._refused(error)
        try:
            self._socket.send(self._cut(line))
        except OSError as second:
            if second.errno not in _NOT_SENT:
                raise
            self._refused(second)
            backlog.advance(len(line) + 1, dropped="unreachable")
        else:
            self._sent([line], backlog)

    def _sent(self, lines: list[bytes], backlog: Backlog) -> None:
        lengths = list(map(len, lines))
        backlog.advance(sum(lengths) + len(lengths))
        if lengths and max(lengths) > self._limit:
            cut = sum(length > self._limit for length in lengths)
            self._meter.count("sink_errors", cut, "truncated")

    def _cut(self, line: bytes) -> bytes:
        if len(line) <= self._limit:
            return line
        mark = b" [truncated, %d bytes lost]"
        kept = kept_part(line, self._limit - len(mark % len(line)))
        return kept + mark % (len(line) - len(kept))

    def _refused(self, error: OSError) -> None:
        self._meter.count("sink_errors", reason=errno.errorcode.get(error.errno or 0, "unknown"))
        self._complaint = "nobody listens there" if error.errno == errno.ECONNREFUSED else str(error.strerror)

    def listen(self) -> None:
        assert self._socket is not None
        try:
            self._socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionRefusedError as error:
            self._refused(error)

    def complaint(self) -> str:
        complaint, self._complaint = self._complaint, ""
        return complaint

    def close(self) -> int:
        assert self._socket is not None
        self._socket.close()
        self._socket = None
        return 0
