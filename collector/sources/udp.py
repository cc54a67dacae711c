"""
UDP: RFC 5426, a message per datagram.

    sources:
      - udp: 0.0.0.0:514
        receive_buffer: 32MiB

UDP has no way to slow a sender down: what arrives while the receive buffer is full is lost in the kernel. The buffer
is therefore asked for beyond ``net.core.rmem_max`` where permitted, a smaller one is said in the log, and losses are
read from the kernel and shown by ``status`` (``kernel_drops``).
"""

import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import compress, islice
from typing import Annotated, Literal

from pydantic import Field

from collector.config.options import Address, Many, MaxSkew, Network, Options, Rate, Size, Switch, TimeZone
from collector.protocol.policy import DAY, Policy
from collector.sources import Surroundings
from collector.sources.allow import AllowList
from collector.sources.gate import Gate
from collector.sources.inherited import NOTHING, Inherited, Lent
from collector.sources.listen import ask_receive_buffer, listeners, peer_name
from collector.sources.rate import RateLimiter
from collector.sources.recvmmsg import SLOTS, Datagrams
from collector.sources.repeats import Repeats
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

    allow: Annotated[Many[Network], Field(min_length=1)] | None = None
    """Who may send: addresses and networks; without it everybody. Others are refused and counted."""

    rate_limit: Rate | None = None
    """Most messages of one address, over all workers: "1000/s" or {messages: 1000, per: 1s}. More are dropped."""

    repeat_reduction: Switch = False
    """Write "last message repeated N times" instead of what one sender repeats but for the time stamp."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""

    time: Literal["sender", "arrival"] = "sender"
    """arrival: put the time of arrival in place of the sender's, for senders whose clocks are not to be believed."""

    max_skew: MaxSkew = DAY
    """A stamp further off our clock does not count as the time of its message; none believes every stamp."""

    hostname: Literal["message", "peer"] = "message"
    """peer: put the name or address of the sender in place of the host name in the message."""


class UdpSource:
    Options = UdpOptions
    kind = "udp"
    can_wait = False

    def __init__(self, options: UdpOptions) -> None:
        self.options = options
        self.granted = options.receive_buffer
        self._is_lent = False
        self._idle_slots = 0

    @property
    def policy(self) -> Policy:
        options = self.options
        return Policy(options.timezone, options.hostname, options.time, options.max_skew)

    @property
    def name(self) -> str:
        return f"udp {self.options.udp}"

    def shared_words(self, slots: int) -> int:
        return RateLimiter.words(slots) if self.options.rate_limit else 0

    def bind(self, slots: int, inherited: Inherited = NOTHING) -> list[list[socket.socket]]:
        bound = listeners(socket.SOCK_DGRAM, self.options.udp, slots, inherited)
        self.adjust(bound)
        return bound

    def adjust(self, sockets: list[list[socket.socket]]) -> None:
        every = [sock for row in sockets for sock in row]
        self._idle_slots = sockets.count([])
        self._is_lent = any(isinstance(sock, Lent) for sock in every)
        self.granted = min(ask_receive_buffer(sock, self.options.receive_buffer) for sock in every)

    def describe(self, sockets: list[list[socket.socket]]) -> str:
        return f"{self.kind} {', '.join(str(peer_name(sock.getsockname())) for sock in sockets[0])}"

    def warnings(self) -> list[str]:
        texts = []
        if self._idle_slots:
            texts.append(
                f"{self.name}: {self._idle_slots} of the workers read nothing here, as fewer sockets were inherited "
                "than there are workers. Cure: ReusePort=yes and one ListenDatagram= for each worker in the socket "
                "unit, or fewer workers."
            )
        wanted = self.options.receive_buffer
        if self.granted < wanted:
            unit = f"ReceiveBuffer={wanted} in the socket unit"
            cure = unit if self._is_lent else f"sysctl -w net.core.rmem_max={wanted}, or start with CAP_NET_ADMIN"
            texts.append(
                f"{self.name}: the kernel gave a receive buffer of {self.granted} bytes instead of {wanted}; bursts "
                f"may be lost. Cure: {cure}."
            )
        return texts

    def release(self) -> None:
        """A port needs no tidying up."""

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> "UdpIntake":
        return UdpIntake(sockets, surroundings, self)


class UdpIntake:
    def __init__(self, sockets: list[socket.socket], surroundings: Surroundings, source: UdpSource) -> None:
        self._sockets: dict[socket.socket, Datagrams] = {}
        self._to = surroundings
        self._name = source.name
        self._repeats: Repeats | None = None
        self._taken = 0
        self._more = False
        self._take_up(sockets)
        self.change(source, surroundings)
        self._pause = self._patience

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

    def change(self, source: UdpSource, surroundings: Surroundings) -> None:
        options, before, to = source.options, self._to, surroundings
        self._to = to
        if to.max_message != before.max_message:
            self._take_up(list(self._sockets))
        self._wanted = options.receive_buffer
        self._look_at_room()
        allow = AllowList(options.allow) if options.allow else None
        limiter = RateLimiter.within(to.memory, to.slot, to.slots, options.rate_limit) if options.rate_limit else None
        self._gate = Gate(allow, limiter, to) if allow or limiter else None
        if self._repeats and not options.repeat_reduction:
            self._repeats.close()
        self._repeats = (self._repeats or Repeats(to)) if options.repeat_reduction else None

    def _take_up(self, sockets: Sequence[socket.socket]) -> None:
        """Read from these, each with memory for messages of the longest size."""
        for sock in sockets:
            datagrams = self._sockets[sock] = Datagrams(self._to.max_message)
            self._to.poller.remove(sock.fileno())
            self._to.poller.add(sock.fileno(), partial(self._read, sock, datagrams), urgent=True)

    def _look_at_room(self) -> None:
        """
        How long datagrams may gather. The supervisor brings sockets to another ``receive_buffer`` only when all workers
        know of it: a smaller one counts before, a larger one afterwards.
        """
        given = min(sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for sock in self._sockets)
        room = min(given, 2 * self._wanted)
        self._patience = min(_LONGEST_REST, room / _BYTES_BOOKED * _SECONDS_PER_DATAGRAM)

    def tick(self, now: float) -> None:
        self._look_at_room()
        if self._repeats:
            self._repeats.overdue(now)

    def drain(self, deadline: float) -> None:
        for sock, datagrams in self._sockets.items():
            while self._read(sock, datagrams) and time.monotonic() < deadline:
                pass
            self._to.poller.remove(sock.fileno())
            sock.close()
        if self._repeats:
            self._repeats.close()

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
        counts = datagrams.senders()
        self._account(frames, datagrams, counts)
        if datagrams.problems:
            self._report(datagrams)
        passes = self._gate.sift(counts, datagrams.addresses, time.monotonic()) if self._gate else None
        if passes is None and not self._repeats and datagrams.received_bytes <= _LARGEST_BATCH:
            self._to.deliver(frames, len(frames), datagrams.peers)
        else:
            self._take_some(frames, datagrams, passes)

    def _take_some(self, frames: list[bytes], datagrams: Datagrams, passes: list[bool] | None) -> None:
        """Deliver those that may come in, with repetitions folded, in pieces that are not too large."""
        peers: Sequence[str | None] = datagrams.peers()
        if passes is not None:
            frames, peers = list(compress(frames, passes)), list(compress(peers, passes))
        if self._repeats:
            frames, peers = self._repeats.take(frames, peers, time.monotonic())
        step = max(1, len(frames) * _LARGEST_BATCH // max(1, datagrams.received_bytes))
        for start in range(0, len(frames), step):
            part = frames[start : start + step]
            self._to.deliver(part, len(part), partial(islice, peers, start, None))

    def _account(self, frames: list[bytes], datagrams: Datagrams, counts: Mapping[str, int]) -> None:
        senders = self._to.senders
        wanted = senders.all_came(counts)
        if wanted:
            firsts = datagrams.firsts()
            for sender in wanted:
                senders.sample(sender, sender, frames[firsts[sender]])

    def _report(self, datagrams: Datagrams) -> None:
        peers = datagrams.peers()
        for slot, problem in datagrams.problems:
            report(problem, self._name, peers[slot], self._to)
        datagrams.problems.clear()
