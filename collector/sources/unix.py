"""
Unix sockets: what programs on this machine send to ``/dev/log``.

    sources:
      - unix: /run/collector/log
        type: dgram
        mode: "0666"

Local programs leave the host name out (glibc's syslog(3) does): the machine's own name stands in.
"""

import errno
import os
import socket
import struct
import time
from contextlib import suppress
from functools import partial
from itertools import repeat
from pathlib import Path
from stat import S_IMODE
from typing import Annotated, Literal

from pydantic import Field

from collector.config.options import Duration, MaxSkew, Mode, Options, Rate, SocketPath, Switch, TimeZone
from collector.errors import CollectorError
from collector.protocol.framing.oversize import truncate
from collector.protocol.policy import DAY, Policy
from collector.sources import Surroundings
from collector.sources.doorkeeper import Doorkeeper, Limits
from collector.sources.inherited import NOTHING, Inherited
from collector.sources.own_lines import OwnLines, may_come_back
from collector.sources.rate import RateLimiter
from collector.sources.repeats import Repeats
from collector.sources.report import report
from collector.sources.stream import BACKLOG, StreamIntake

_PER_TURN = 512
_REST_OF_THE_SILENT = 0.01
_EVERYBODY = "local programs"
_LARGEST = 1024 * 1024  # above net.core.wmem_max as systems ship it, which bounds what a sender can put into one


class UnixOptions(Options):
    target_field = "unix"

    unix: SocketPath
    """Path of the socket."""

    type: Literal["dgram", "stream"] = "dgram"
    """dgram is what syslog(3) uses; stream carries frames as TCP does."""

    mode: Mode = 0o666
    """Who may send: the permissions of the socket."""

    max_connections: Annotated[int, Field(ge=1)] = 1000
    """Connections held at once (stream)."""

    rate_limit: Rate | None = None
    """Most messages of one program (stream), or of all together (dgram): "1000/s". Then they have to wait."""

    repeat_reduction: Switch = False
    """Write "last message repeated N times" for what is repeated but for the time stamp: of a connection, or dgram."""

    idle_timeout: Duration = 0.0
    """Close a connection that sent nothing for so long; 0 is never (stream)."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""

    time: Literal["sender", "arrival"] = "sender"
    """arrival: put the time of arrival in place of the sender's, for senders whose clocks are not to be believed."""

    max_skew: MaxSkew = DAY
    """A stamp further off our clock does not count as the time of its message; none believes every stamp."""


class UnixSource:
    Options = UnixOptions
    kind = "unix"
    can_wait = True

    def __init__(self, options: UnixOptions) -> None:
        self.options = options
        self._is_inherited = False

    @property
    def policy(self) -> Policy:
        options = self.options
        return Policy(options.timezone, "message", options.time, options.max_skew)

    @property
    def name(self) -> str:
        return f"unix {self.options.unix}"

    @property
    def limits(self) -> Limits:
        return Limits(self.options.max_connections, rate=self.options.rate_limit)

    def shared_words(self, slots: int) -> int:
        return self.limits.words(slots)

    def bind(self, slots: int, inherited: Inherited = NOTHING) -> list[list[socket.socket]]:
        """One socket, for the first worker: a path has no SO_REUSEPORT."""
        stream = self.options.type == "stream"
        kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
        given = inherited.claim(kind, os.path.abspath(self.options.unix))
        self._is_inherited = bool(given)
        if given:
            return [[*given], *([] for _ in range(slots - 1))]
        sock = socket.socket(socket.AF_UNIX, kind)
        try:
            self._claim(sock)
            sock.setblocking(False)
            if stream:
                sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            raise CollectorError(
                f"cannot listen on {self.options.unix}: {error.strerror}",
                hint="the folder must exist and be writable for this user" if error.errno != errno.EADDRINUSE else None,
            ) from error
        except CollectorError:
            sock.close()
            raise
        return [[sock], *([] for _ in range(slots - 1))]

    def adjust(self, sockets: list[list[socket.socket]]) -> None:
        stream = socket.SOCK_STREAM if self.options.type == "stream" else socket.SOCK_DGRAM
        if any(sock.type != stream for row in sockets for sock in row):
            raise CollectorError("its type takes effect at the next start")
        try:
            if S_IMODE(os.stat(self.options.unix).st_mode) != self.options.mode:
                os.chmod(self.options.unix, self.options.mode)
        except OSError as error:
            raise CollectorError(f"the mode of {self.options.unix} cannot be changed: {error.strerror}") from error

    def describe(self, _sockets: list[list[socket.socket]]) -> str:
        return self.name

    def warnings(self) -> list[str]:
        return []

    def release(self) -> None:
        """Take the socket file away: nobody will answer there. That of a service manager stays, as its socket does."""
        if self._is_inherited:
            return
        with suppress(FileNotFoundError, PermissionError):  # its folder may be root's, who we were
            os.unlink(self.options.unix)

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> "StreamIntake | UnixDatagramIntake":
        if not sockets or sockets[0].type == socket.SOCK_DGRAM:  # as it was bound: a change of type waits
            return UnixDatagramIntake(sockets, surroundings, self)
        return StreamIntake(sockets, surroundings, self)

    def tune(self, _sock: socket.socket, _address: object) -> str:
        """The peer of a local connection is this machine."""
        return socket.gethostname()

    def limited(self, sock: socket.socket, _address: object) -> str:
        """The program that connected (SO_PEERCRED, unix(7))."""
        pid, _, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
        return f"process {pid}"

    def _claim(self, sock: socket.socket) -> None:
        path = self.options.unix
        try:
            sock.bind(path)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not _left_behind(path, sock.type):
                if error.errno == errno.EADDRINUSE:
                    raise _taken(path) from error
                raise
            os.unlink(path)
            sock.bind(path)
        os.chmod(path, self.options.mode)


def _taken(path: str) -> CollectorError:
    place = Path(path)
    if place.is_socket():
        hint = f"`ss -xlp src {path}` names the program"
        return CollectorError(f"cannot listen on {path}: another program listens there", hint=hint)
    kinds = {"a plain file": place.is_file, "a folder": place.is_dir, "a symbolic link": place.is_symlink}
    kind = next((kind for kind, is_so in kinds.items() if is_so()), "no socket")
    return CollectorError(f"cannot listen on {path}: it is {kind}", hint="move it away, or listen on another path")


def _left_behind(path: str, kind: int) -> bool:
    """A socket file nobody listens on any more: its program ended without taking it away."""
    if not Path(path).is_socket():
        return False
    with socket.socket(socket.AF_UNIX, kind) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


class UnixDatagramIntake:
    """
    Senders share one queue, so they share its limit: while one rate is used up, no datagram is read, and all of them
    wait as soon as the queue is full.
    """

    def __init__(self, sockets: list[socket.socket], surroundings: Surroundings, source: UnixSource) -> None:
        self._sockets = sockets
        self._name = source.name
        self._hostname = socket.gethostname()
        self._own = OwnLines(_LARGEST) if may_come_back() else None
        self._repeats: Repeats | None = None
        self._until = 0.0
        self._held = False
        self._busy = False
        if self._own:
            for sock in sockets:
                self._own.watch(sock)
        self.change(source, surroundings)
        self._watch()

    def rest(self) -> float:
        """The queue holds few datagrams (net.unix.max_dgram_qlen), and senders wait while it is full."""
        busy, self._busy = self._busy, False
        return 0.0 if busy else _REST_OF_THE_SILENT

    def flush(self) -> None:
        """Datagrams are delivered as they are read."""

    def hold(self) -> None:
        if not self._held:
            self._held = True
            for sock in self._sockets:
                self._to.poller.remove(sock.fileno())

    def resume(self) -> None:
        if self._held:
            self._held = False
            self._watch()

    def change(self, source: UnixSource, surroundings: Surroundings) -> None:
        to = self._to = surroundings
        self._limiter = Doorkeeper(source.limits, to.memory, to.slot, to.slots).limiter
        self._go_on()  # it may have waited for the old rate
        if self._repeats and not source.options.repeat_reduction:
            self._repeats.close()
        self._repeats = (self._repeats or Repeats(to)) if source.options.repeat_reduction else None

    def tick(self, now: float) -> None:
        if self._until <= now:
            self._go_on()
        if self._repeats:
            self._repeats.overdue(now)

    def drain(self, deadline: float) -> None:
        self._limiter = None
        for sock in self._sockets:
            while not self._held and self._read(sock) and time.monotonic() < deadline:
                pass
            self._to.poller.remove(sock.fileno())
            sock.close()
        if self._repeats:
            self._repeats.close()

    def _go_on(self) -> None:
        if self._until:
            self._until = 0.0
            if not self._held:
                self._watch()

    def _watch(self) -> None:
        if self._until:
            return
        for sock in self._sockets:
            self._to.poller.add(sock.fileno(), partial(self._read, sock))

    def _read(self, sock: socket.socket) -> bool:
        frames: list[bytes] = []
        size = 0
        most = _PER_TURN if self._limiter is None else self._room(self._limiter)
        while len(frames) < most and size < _LARGEST:
            try:
                data = sock.recv(_LARGEST) if self._own is None else self._own.receive(sock)
            except BlockingIOError:
                break
            if data is None:
                self._to.meter.count("received_messages")
                self._to.meter.count("rejected_messages", reason="own")
                continue
            frames.append(data)
            size += len(data)
        if frames:
            self._busy = True
            self._to.meter.count("received_bytes", size)
            self._take(frames)
        return len(frames) == most or size >= _LARGEST

    def _take(self, frames: list[bytes]) -> None:
        if self._to.senders.came(self._hostname, len(frames)):
            self._to.senders.sample(self._hostname, self._hostname, frames[0])
        now = time.monotonic()
        if self._limiter is not None:
            self._limiter.count(_EVERYBODY, len(frames), now)
        frames = [self._within(one) for one in frames]
        if self._repeats:
            frames, _ = self._repeats.take(frames, repeat(self._hostname), now)
        if frames:
            self._to.deliver(frames, len(frames), lambda: repeat(self._hostname))

    def _room(self, limiter: RateLimiter) -> int:
        """How many datagrams to read; with 0 none are read for a while."""
        now = time.monotonic()
        room = limiter.room(_EVERYBODY, now)
        if not room:
            self._until = limiter.next_span(now)
            for sock in self._sockets:
                self._to.poller.remove(sock.fileno())
            self._to.meter.count("connections_throttled")
            self._to.refuse("throttled", _EVERYBODY, 1, str(limiter.rate))
        return min(room, _PER_TURN)

    def _within(self, frame: bytes) -> bytes:
        if len(frame) <= self._to.max_message:
            return frame
        cut, problem = truncate(frame, len(frame), self._to.max_message)
        report(problem, self._name, self._hostname, self._to)
        return cut
