"""
What waits and what was lost in the kernel's receive queues, read from the sockets themselves (SO_MEMINFO).

A datagram that does not fit into its socket's buffer is dropped by the kernel without a word to the program. The count
is kept with the socket, so it survives the worker that should have read it.
"""

import socket
from array import array
from collections.abc import Iterable

from collector.metrics import Key, Layout, Slot
from collector.service.ownlog import OwnLog
from collector.service.sockets import Listeners

SO_MEMINFO = 55
"""Linux, asm-generic/socket.h: an array of u32 about one socket, since Linux 4.12."""

_RMEM_ALLOC, _RCVBUF, _DROPS, _WORDS = 0, 1, 8, 9
"""SK_MEMINFO_*, linux/sock_diag.h."""


def keys(source_names: Iterable[str]) -> list[Key]:
    """The numbers kept of each datagram source."""
    return [
        key
        for name in source_names
        for key in (_drops(name), _gauge("receive_queue_bytes", name), _gauge("receive_buffer_bytes", name))
    ]


class ReceiveQueues:
    """
    The queues of all datagram sources; ``read`` brings their numbers into ``slot``.

    Stream sources are left out: their back-pressure reaches the sender, nothing is dropped.
    """

    def __init__(self, listeners: Listeners, layout: Layout, slot: Slot) -> None:
        self._listeners = listeners
        self._last: dict[socket.socket, int] = {}
        self.move(layout, slot)

    def move(self, layout: Layout, slot: Slot) -> None:
        """Another plan is in force: look at its sources, and count here."""
        self._layout, self._slot = layout, slot
        self._sockets = {name: _datagram(self._listeners.of_source(name)) for name in self._listeners.names}
        self._last = {sock: self._last.get(sock, 0) for sockets in self._sockets.values() for sock in sockets}

    def read(self, log: OwnLog) -> None:
        for name, sockets in self._sockets.items():
            if sockets:
                self._read_source(name, sockets, log)
        self._slot.publish()

    def _read_source(self, name: str, sockets: list[socket.socket], log: OwnLog) -> None:
        readings = [_meminfo(sock) for sock in sockets]
        self._set(_gauge("receive_queue_bytes", name), sum(reading[_RMEM_ALLOC] for reading in readings))
        self._set(_gauge("receive_buffer_bytes", name), sum(reading[_RCVBUF] for reading in readings))
        grown = sum(self._growth(sock, reading[_DROPS]) for sock, reading in zip(sockets, readings, strict=True))
        if not grown:
            return
        index = self._layout.index(_drops(name))
        self._slot.add(index, grown)
        log.warning(_loss(name, self._slot.values[index], sockets, readings), event=f"kernel drops of {name}")

    def _growth(self, sock: socket.socket, drops: int) -> int:
        """The kernel counts in 32 bits and begins again at 0."""
        grown = (drops - self._last[sock]) & 0xFFFFFFFF
        self._last[sock] = drops
        return grown

    def _set(self, key: Key, value: int) -> None:
        self._slot.values[self._layout.index(key)] = value


def _loss(name: str, total: int, sockets: list[socket.socket], readings: list["array[int]"]) -> str:
    # The kernel shows twice what was asked for, as it counts its own overhead too (socket(7), SO_RCVBUF).
    buffer = readings[0][_RCVBUF] // 2
    return (
        f"The kernel dropped messages of {name}, {total:,} so far: they came faster than they were read, and the "
        f"receive buffer ({buffer:,} bytes on each of {len(sockets)} sockets) was full. Raise receive_buffer of this "
        "source, with net.core.rmem_max, or the number of workers."
    )


def _meminfo(sock: socket.socket) -> "array[int]":
    return array("I", sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _WORDS * 4))


def _datagram(sockets: list[socket.socket]) -> list[socket.socket]:
    return [sock for sock in sockets if sock.type == socket.SOCK_DGRAM]


def _drops(name: str) -> Key:
    return Key("kernel_drops", (("source", name),))


def _gauge(number: str, name: str) -> Key:
    return Key(number, (("source", name),), kind="gauge")
