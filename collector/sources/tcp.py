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
from typing import Annotated, Literal

from pydantic import Field

from collector.config.options import Address, Duration, Many, MaxSkew, Network, Options, Rate, Switch, TimeZone
from collector.protocol.hosts import address_of
from collector.protocol.policy import DAY, Policy
from collector.sources import Surroundings
from collector.sources.doorkeeper import Limits
from collector.sources.inherited import NOTHING, Inherited
from collector.sources.listen import listeners, peer_name
from collector.sources.stream import BACKLOG, StreamIntake

_LONGEST_KEEPALIVE = 32_767  # seconds; Linux refuses more (MAX_TCP_KEEPIDLE, net/tcp.h)


class TcpOptions(Options):
    target_field = "tcp"

    tcp: Address
    """Address and port to listen on."""

    max_connections: Annotated[int, Field(ge=1)] = 10_000
    """Connections held at once, over all workers; a further one is turned away and counted."""

    max_connections_per_sender: Annotated[int, Field(ge=1)] | None = None
    """The same for each address."""

    allow: Annotated[Many[Network], Field(min_length=1)] | None = None
    """Who may connect: addresses and networks; without it everybody. Others are closed at once and counted."""

    rate_limit: Rate | None = None
    """Most messages of one address, over all workers: "1000/s" or {messages: 1000, per: 1s}. Then it has to wait."""

    repeat_reduction: Switch = False
    """Write "last message repeated N times" instead of what one connection repeats but for the time stamp."""

    idle_timeout: Duration = 0.0
    """Close a connection that sent nothing for so long; 0 is never, as many senders are silent for days."""

    keepalive: Duration = 60.0
    """Ask a silent peer after this time whether it is still there (TCP keepalive); 0 never asks."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""

    time: Literal["sender", "arrival"] = "sender"
    """arrival: put the time of arrival in place of the sender's, for senders whose clocks are not to be believed."""

    max_skew: MaxSkew = DAY
    """A stamp further off our clock does not count as the time of its message; none believes every stamp."""

    hostname: Literal["message", "peer"] = "message"
    """peer: put the name or address of the sender in place of the host name in the message."""


class TcpSource:
    Options = TcpOptions
    kind = "tcp"
    can_wait = True

    def __init__(self, options: TcpOptions) -> None:
        self.options = options

    @property
    def policy(self) -> Policy:
        options = self.options
        return Policy(options.timezone, options.hostname, options.time, options.max_skew)

    @property
    def name(self) -> str:
        return f"tcp {self.options.tcp}"

    @property
    def limits(self) -> Limits:
        options = self.options
        return Limits(
            options.max_connections, options.allow or (), options.max_connections_per_sender, options.rate_limit
        )

    def shared_words(self, slots: int) -> int:
        return self.limits.words(slots)

    def bind(self, slots: int, inherited: Inherited = NOTHING) -> list[list[socket.socket]]:
        bound = listeners(socket.SOCK_STREAM, self.options.tcp, slots, inherited)
        for sock in (sock for row in bound for sock in row):
            sock.listen(BACKLOG)
        return bound

    def adjust(self, sockets: list[list[socket.socket]]) -> None:
        """All options are those of connections."""

    def describe(self, sockets: list[list[socket.socket]]) -> str:
        return f"{self.kind} {', '.join(str(peer_name(sock.getsockname())) for sock in sockets[0])}"

    def warnings(self) -> list[str]:
        return []

    def release(self) -> None:
        """A port needs no tidying up."""

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> StreamIntake:
        return StreamIntake(sockets, surroundings, self)

    def tune(self, sock: socket.socket, address: object) -> str:
        """Prepare an accepted socket; returns the name of its peer."""
        if self.options.keepalive:
            seconds = min(max(1, int(self.options.keepalive)), _LONGEST_KEEPALIVE)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // 4))
        return peer_name(address)

    def limited(self, _sock: socket.socket, address: object) -> str:
        """The address, of whatever port and interface."""
        return address_of(peer_name(address)).partition("%")[0]
