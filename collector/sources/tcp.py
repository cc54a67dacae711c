"""
TCP: RFC 6587, octet-counted or delimited frames, told apart per connection.

    sources:
      - tcp: 0.0.0.0:514
        max_connections: 10000
        idle_timeout: 1d

A file that cannot be written makes the senders wait instead of losing lines. There is no acknowledgement in this
protocol: what was under way when a connection breaks, the sender does not know of.
"""

import socket
from datetime import tzinfo
from typing import Annotated

from pydantic import Field

from collector.config.options import Address, Duration, Options, TimeZone
from collector.sources import Surroundings
from collector.sources.listen import listeners, peer_name
from collector.sources.quota import Quota
from collector.sources.stream import BACKLOG, StreamIntake

_LONGEST_KEEPALIVE = 32_767  # seconds; Linux refuses more (MAX_TCP_KEEPIDLE, net/tcp.h)


class TcpOptions(Options):
    target_field = "tcp"

    tcp: Address
    """Address and port to listen on."""

    max_connections: Annotated[int, Field(ge=1)] = 10_000
    """Connections held at once, over all workers; a further one is turned away and counted."""

    idle_timeout: Duration = 0.0
    """Close a connection that sent nothing for so long; 0 is never, as many senders are silent for days."""

    keepalive: Duration = 60.0
    """Ask a silent peer after this time whether it is still there (TCP keepalive); 0 never asks."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""


class TcpSource:
    Options = TcpOptions
    kind = "tcp"
    can_wait = True

    def __init__(self, options: TcpOptions) -> None:
        self.options = options
        self._quota = Quota(options.max_connections, 1)
        self._slot_of: dict[int, int] = {}

    @property
    def zone(self) -> tzinfo | None:
        return self.options.timezone

    @property
    def name(self) -> str:
        return f"tcp {self.options.tcp}"

    def bind(self, slots: int) -> list[list[socket.socket]]:
        bound = listeners(socket.SOCK_STREAM, self.options.tcp, slots)
        self._quota = Quota(self.options.max_connections, slots)
        self._slot_of = {sock.fileno(): slot for slot, row in enumerate(bound) for sock in row}
        for sock in (sock for row in bound for sock in row):
            sock.listen(BACKLOG)
        return bound

    def describe(self, sockets: list[list[socket.socket]]) -> str:
        return f"{self.kind} {', '.join(str(peer_name(sock.getsockname())) for sock in sockets[0])}"

    def warnings(self) -> list[str]:
        return []

    def release(self) -> None:
        """A port needs no tidying up."""

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> StreamIntake:
        return StreamIntake(
            sockets,
            surroundings,
            name=self.name,
            tune=self._tune,
            share=self._quota.share(self._slot_of[sockets[0].fileno()]),
            idle_timeout=self.options.idle_timeout,
        )

    def _tune(self, sock: socket.socket, address: object) -> str:
        if self.options.keepalive:
            seconds = min(max(1, int(self.options.keepalive)), _LONGEST_KEEPALIVE)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // 4))
        return peer_name(address)
