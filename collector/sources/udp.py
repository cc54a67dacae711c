"""
UDP: RFC 5426, a message per datagram.

    sources:
      - udp: 0.0.0.0:514
        receive_buffer: 32MiB

UDP has no way to slow a sender down: what arrives while the receive buffer is full is lost in the kernel. The buffer
is therefore asked for beyond ``net.core.rmem_max`` where permitted, a smaller one is said at start, and losses are read
from the kernel and shown by ``status`` (``kernel_drops``).
"""

import socket
import time
from datetime import tzinfo
from functools import partial
from itertools import islice

from collector.config.options import Address, Options, Size, TimeZone
from collector.sources import Surroundings
from collector.sources.listen import ask_receive_buffer, listeners, peer_name
from collector.sources.recvmmsg import SLOTS, Datagrams
from collector.sources.report import report

_SECONDS_PER_TURN = 0.03
_LONGEST_REST = 0.01
_SHORTEST_REST = 0.001
_BATCH = 700
_LARGEST_BATCH = 1024 * 1024
# What the kernel books for a datagram of syslog size (skb truesize), and the rest in which a part of the buffer fills
# even at a million datagrams a second.
_BYTES_BOOKED = 1280
_LEAST_BOOKED = 512
_SECONDS_PER_DATAGRAM = 0.5e-6


class UdpOptions(Options):
    target_field = "udp"

    udp: Address
    """Address and port to listen on; [::]:514 for IPv6."""

    receive_buffer: Size = 32 * 1024 * 1024
    """Kernel receive buffer of each socket."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""


class UdpSource:
    Options = UdpOptions
    kind = "udp"
    can_wait = False

    def __init__(self, options: UdpOptions) -> None:
        self.options = options
        self.granted = options.receive_buffer

    @property
    def zone(self) -> tzinfo | None:
        return self.options.timezone

    @property
    def name(self) -> str:
        return f"udp {self.options.udp}"

    def bind(self, slots: int) -> list[list[socket.socket]]:
        bound = listeners(socket.SOCK_DGRAM, self.options.udp, slots)
        self.granted = min(ask_receive_buffer(sock, self.options.receive_buffer) for row in bound for sock in row)
        return bound

    def describe(self, sockets: list[list[socket.socket]]) -> str:
        return f"{self.kind} {', '.join(str(peer_name(sock.getsockname())) for sock in sockets[0])}"

    def warnings(self) -> list[str]:
        if self.granted >= self.options.receive_buffer:
            return []
        wanted = self.options.receive_buffer
        text = (
            f"{self.name}: the kernel gave a receive buffer of {self.granted} bytes instead of {wanted}; bursts may be "
            f"lost. Cure: sysctl -w net.core.rmem_max={wanted}, or start with CAP_NET_ADMIN."
        )
        return [text]

    def release(self) -> None:
        """A port needs no tidying up."""

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> "UdpIntake":
        return UdpIntake(sockets, surroundings, self.name)


class UdpIntake:
    def __init__(self, sockets: list[socket.socket], surroundings: Surroundings, name: str) -> None:
        self._sockets = [(sock, Datagrams(surroundings.max_message)) for sock in sockets]
        self._to = surroundings
        self._name = name
        room = min(sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for sock in sockets)
        self._patience = min(_LONGEST_REST, room / _BYTES_BOOKED * _SECONDS_PER_DATAGRAM)
        self._pause = self._patience
        self._taken = 0
        self._more = False
        for sock, datagrams in self._sockets:
            surroundings.poller.add(sock.fileno(), partial(self._read, sock, datagrams), urgent=True)

    def rest(self) -> float:
        """
        As long as it takes for a batch to gather: longer when the last rest brought little, shorter when it brought
        more than a batch, which only grows cold in the kernel.
        """
        taken, self._taken = self._taken, 0
        more, self._more = self._more, False
        if taken > _BATCH:
            self._pause = max(self._pause * 0.7, _SHORTEST_REST)
        elif taken < _BATCH // 2:
            self._pause = min(self._pause * 1.4, self._patience)
        return 0.0 if more else min(self._pause, self._patience)

    def flush(self) -> None:
        """Datagrams are delivered as they are read."""

    def hold(self) -> None:
        """Datagrams are read on, and counted where they cannot be written: in the kernel they would be lost unnamed."""

    def resume(self) -> None:
        """Nothing was held."""

    def tick(self, now: float) -> None:
        """Datagrams know no time-out."""

    def drain(self, deadline: float) -> None:
        for sock, datagrams in self._sockets:
            while self._read(sock, datagrams) and time.monotonic() < deadline:
                pass
            self._to.poller.remove(sock.fileno())
            sock.close()

    def _read(self, sock: socket.socket, datagrams: Datagrams) -> bool:
        """Empty the socket, but leave others a turn; True when there may be more."""
        ends = time.monotonic() + _SECONDS_PER_TURN
        while time.monotonic() < ends:
            try:
                frames = datagrams.receive(sock.fileno())
            except ConnectionError:
                continue  # ICMP's answer to something sent from this port: no datagram of ours was lost
            if frames:
                self._take(frames, datagrams)
            if len(frames) < SLOTS:
                return False
        self._more = True
        return True

    def _take(self, frames: list[bytes], datagrams: Datagrams) -> None:
        self._taken += len(frames)
        self._to.meter.count("received_bytes", datagrams.received_bytes)
        if datagrams.problems:
            self._report(datagrams)
        if datagrams.received_bytes <= _LARGEST_BATCH:
            self._to.deliver(frames, datagrams.peers)
            return
        peers = datagrams.peers()
        step = max(1, len(frames) * _LARGEST_BATCH // datagrams.received_bytes)
        for start in range(0, len(frames), step):
            self._to.deliver(frames[start : start + step], partial(islice, peers, start, None))

    def _report(self, datagrams: Datagrams) -> None:
        peers = datagrams.peers()
        for slot, problem in datagrams.problems:
            report(problem, self._name, peers[slot], self._to)
        datagrams.problems.clear()
