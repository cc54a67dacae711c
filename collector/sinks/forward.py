"""
Forwarding: messages for another syslog receiver, over UDP or TCP.

    routes:
      - select: "*.*"
        to: {forward: "tcp://central.example.net:514"}

A message goes out as other receivers expect it: ``<PRI>`` and the traditional line. A peer that is slow or away holds
nothing up: up to ``queue`` bytes wait for it, then messages are dropped and counted (``queue_full``). It is said once
when the peer is away and once when it is back.

Neither protocol acknowledges. ``written`` is what the kernel has taken; what was under way there when a connection
broke, or a datagram nobody received, is lost unseen. A message that was cut by the end of a connection is sent again
whole over the next one.

                 ┌──────── no address is known, or the pause is not over
                 ▼        │
    start ───▶ away ──────┴── now ──▶ connecting ──▶ open ──▶ messages go out as the peer takes them
                 ▲                        │            │
                 └──────── an error, or the peer closed; the pause gets longer, up to 30 s
"""

import errno
import ipaddress
import os
import select
import time
from typing import Annotated, ClassVar, Literal, Protocol, Self

from pydantic import Field, model_validator

from collector.config.options import Options, Peer, Size
from collector.config.values import BadValueError, format_size
from collector.sinks import Surroundings
from collector.sinks.backlog import Backlog, counted, cut_counted, cut_lines
from collector.sinks.datagram_peer import DatagramPeer
from collector.sinks.stream_peer import StreamPeer

_MAX_PAUSE = 30.0
_PATIENCE = 10.0
"""Seconds for a connection to come about; and for which it must have lasted to be called good."""


_NAMELESS = 5
"""Seconds for which a name may be without an address until it is said: DNS takes its time."""


class ForwardOptions(Options):
    kind: ClassVar[str] = "forward"
    target_field = "forward"

    forward: Peer
    """The receiver: udp://host:514 or tcp://host:514."""

    format: str = "traditional"
    """traditional, rfc5424, json, raw, or one of your templates; all but json and raw begin with the PRI."""

    framing: Literal["lf", "octet_counting"] = "lf"
    """How messages are told apart over TCP: by LF, or by a count before each (RFC 6587)."""

    queue: Annotated[Size, Field(ge=64 * 1024)] = 8 * 1024 * 1024
    """How much may wait, in each worker, for a peer that is slow or away; what comes then is dropped and counted."""

    max_datagram: Annotated[Size, Field(ge=480, le=65507)] = 65507
    """Longer messages are cut and marked when they are sent over UDP."""

    @model_validator(mode="after")
    def _fits_transport(self) -> Self:
        option, transport = ("framing", "tcp") if self.forward.transport == "udp" else ("max_datagram", "udp")
        if option in self.model_fields_set:
            raise BadValueError(f"{option} is for {transport}://", hint="leave it out", option=option)
        return self

    @property
    def label(self) -> str:
        """As in syslog.conf."""
        return f"{'@' if self.forward.transport == 'udp' else '@@'}{self.forward.address}"


class Transport(Protocol):
    connects: bool
    """To open one takes time, and the peer can close it."""

    @property
    def fd(self) -> int:
        """-1 while it is closed."""

    def open(self, address: str, port: int) -> None:
        """Begin to connect. Raises OSError, and is closed then."""

    def is_open(self) -> bool:
        """Whether it is connected by now. Raises OSError when it cannot be."""

    def write(self, backlog: Backlog) -> None:
        """Write a piece of the backlog. Raises OSError; BlockingIOError while there is no room."""

    def listen(self) -> None:
        """Throw away what the peer says. Raises OSError when it has closed the connection."""

    def complaint(self) -> str:
        """What was wrong since it was asked last, though it is open."""

    def close(self) -> int:
        """Returns how many bytes were under way."""


class ForwardSink:
    Options = ForwardOptions
    waits = False

    def __init__(self, options: ForwardOptions, around: Surroundings) -> None:
        self._address = options.forward.address
        self._label = options.label
        self._room = format_size(options.queue)
        self._around = around
        self._counted = options.framing == "octet_counting"
        udp = options.forward.transport == "udp"
        self._transport: Transport = DatagramPeer(options.max_datagram, around.meter) if udp else StreamPeer()
        cut = cut_counted if self._counted else cut_lines
        self._backlog = Backlog(options.queue, around.meter, full="queue_full", cut=cut)
        self._open = False
        self._writable = False  # what the poller was asked for
        self._left: list[str] = []  # addresses still to try in this round
        self._to = ""
        self._nameless = 0  # how often there was no address
        self._now = self._since = self._not_before = 0.0
        self._pause = 1.0
        self._sent = self._full = False
        self._away = ""  # what was told

    def offer(self, data: bytes, rows: int) -> None:
        lost = self._backlog.fill(counted(data) if self._counted else data, rows, self._flush)
        if lost and not self._full:
            self._full = True
            self._say(f"{self._room} wait, and that is all. Messages are dropped and counted")

    def tick(self, now: float) -> None:
        self._now = now
        if self._transport.fd < 0:
            if now >= self._not_before:
                self._begin()
        elif not self._open:
            if now >= self._since + _PATIENCE:
                self._lost(OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
        else:
            self._look_after()
        if self._transport.connects:
            self._around.meter.set("sink_connections", int(self._open))

    def drain(self, deadline: float) -> bool:
        left = 1.0
        while self._backlog and self._transport.fd >= 0 and left > 0:
            left = deadline - time.monotonic()
            waiting = select.poll()
            waiting.register(self._transport.fd, select.POLLIN | select.POLLOUT)
            if waiting.poll(max(0.0, left) * 1000):
                self._ready()
        return len(self._backlog) > 0 and self._transport.fd >= 0

    def close(self) -> None:
        self._backlog.drop("shutdown")
        if self._transport.fd >= 0:
            self._shut()

    def _begin(self) -> None:
        self._left = self._addresses()
        if self._left:
            self._nameless = 0
            self._try_next()
            return
        self._nameless += 1
        if self._nameless == _NAMELESS:
            self._stay_away("its name has no address", "unresolved")

    def _addresses(self) -> list[str]:
        host = self._address.host
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return list(self._around.resolve(host) or ())
        return [host]

    def _try_next(self, why: OSError | None = None) -> None:
        """Until an attempt is under way; ``why`` the one before it failed."""
        while self._left:
            self._to = self._left.pop(0)
            try:
                self._transport.open(self._to, self._address.port)
                self._around.poller.add(self._transport.fd, self._ready, writable=True)
                self._writable, self._since = True, self._now
                if self._transport.is_open():
                    self._opened()
            except OSError as error:
                why = error
                self._shut()
                continue
            return
        assert why is not None
        self._stay_away(f"it cannot be reached: {why.strerror or why}", _name_of(why))

    def _opened(self) -> None:
        self._open = True
        self._since = self._now
        self._flush()

    def _look_after(self) -> None:
        """Once a second, while it is open."""
        if self._now >= self._since + _PATIENCE:
            self._pause = 1.0
        complaint = self._transport.complaint()
        if complaint:
            self._say_away(f"{complaint}. Datagrams are lost")
        elif self._transport.connects or self._sent:
            self._say_back()
        self._sent = False
        addresses = [] if self._transport.connects else self._addresses()
        if addresses and self._to not in addresses:
            self._shut()  # the name leads elsewhere
            self._begin()

    def _ready(self) -> None:
        """It can be written, has said something, or has an error."""
        try:
            if not self._open:
                if not self._transport.is_open():
                    return
                self._opened()
            if self._open:
                self._transport.listen()
        except OSError as error:
            self._lost(error)
            return
        self._flush()

    def _flush(self) -> None:
        if not self._open:
            return
        try:
            while self._backlog:
                self._transport.write(self._backlog)
                self._sent = True
        except BlockingIOError:
            self._want(writable=True)
        except OSError as error:
            self._lost(error)
        else:
            self._full = False
            self._want(writable=False)

    def _want(self, *, writable: bool) -> None:
        if writable != self._writable:
            self._writable = writable
            self._around.poller.change(self._transport.fd, writable=writable)

    def _lost(self, error: OSError) -> None:
        was_open = self._open
        under_way = self._shut()
        if not was_open:
            self._try_next(error)
            return
        lost = f"; {under_way:,} bytes that were under way may be lost" if under_way else ""
        what = "the connection broke" if self._transport.connects else "it cannot be reached"
        why = f"{what}: {error.strerror}" if error.strerror else str(error)
        self._stay_away(f"{why}{lost}", _name_of(error))

    def _shut(self) -> int:
        """Returns how many bytes were under way."""
        self._open = False
        self._backlog.rewind()
        if self._transport.fd < 0:
            return 0
        self._around.poller.remove(self._transport.fd)
        return self._transport.close()

    def _stay_away(self, why: str, name: str) -> None:
        self._not_before = self._now + self._pause
        self._pause = min(2 * self._pause, _MAX_PAUSE)
        self._around.meter.count("sink_errors", reason=name)
        self._say_away(f"{why}. Messages wait, up to {self._room}, and are then dropped and counted")

    def _say_away(self, sentence: str) -> None:
        if not self._away:
            self._away = sentence
            self._say(sentence)

    def _say_back(self) -> None:
        if self._away:
            self._away = ""
            self._say("messages go out again")

    def _say(self, sentence: str) -> None:
        self._around.notice(f"state {self._label}", f"{self._label}: {sentence}.")


def _name_of(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "closed")
