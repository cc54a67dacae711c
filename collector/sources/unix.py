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
import time
from contextlib import suppress
from datetime import tzinfo
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from collector.config.options import Duration, Mode, Options, SocketPath, TimeZone
from collector.errors import CollectorError
from collector.protocol.framing.oversize import truncate
from collector.sources import Surroundings
from collector.sources.quota import Quota
from collector.sources.report import report
from collector.sources.stream import BACKLOG, StreamIntake

_PER_TURN = 512
_REST_OF_THE_SILENT = 0.01
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

    idle_timeout: Duration = 0.0
    """Close a connection that sent nothing for so long; 0 is never (stream)."""

    timezone: TimeZone | None = None
    """Zone of stamps that name none, for what arrives here; without it that of the whole configuration."""


class UnixSource:
    Options = UnixOptions
    kind = "unix"
    can_wait = True

    def __init__(self, options: UnixOptions) -> None:
        self.options = options

    @property
    def zone(self) -> tzinfo | None:
        return self.options.timezone

    @property
    def name(self) -> str:
        return f"unix {self.options.unix}"

    def bind(self, slots: int) -> list[list[socket.socket]]:
        """One socket, for the first worker: a path has no SO_REUSEPORT."""
        stream = self.options.type == "stream"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
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

    def describe(self, _sockets: list[list[socket.socket]]) -> str:
        return self.name

    def warnings(self) -> list[str]:
        return []

    def release(self) -> None:
        """Take the socket file away: nobody will answer there."""
        with suppress(FileNotFoundError):
            os.unlink(self.options.unix)

    def open(self, sockets: list[socket.socket], surroundings: Surroundings) -> "StreamIntake | UnixDatagramIntake":
        here = socket.gethostname()
        if self.options.type == "dgram":
            return UnixDatagramIntake(sockets, surroundings, name=self.name, hostname=here)
        return StreamIntake(
            sockets,
            surroundings,
            name=self.name,
            tune=lambda _sock, _address: here,
            share=Quota(self.options.max_connections, 1).share(0),
            idle_timeout=self.options.idle_timeout,
        )

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
    def __init__(self, sockets: list[socket.socket], surroundings: Surroundings, *, name: str, hostname: str) -> None:
        self._sockets = sockets
        self._to = surroundings
        self._name = name
        self._hostname = hostname
        self._held = False
        self._busy = False
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

    def tick(self, now: float) -> None:
        """Datagrams know no time-out."""

    def drain(self, deadline: float) -> None:
        for sock in self._sockets:
            while not self._held and self._read(sock) and time.monotonic() < deadline:
                pass
            self._to.poller.remove(sock.fileno())
            sock.close()

    def _watch(self) -> None:
        for sock in self._sockets:
            self._to.poller.add(sock.fileno(), partial(self._read, sock))

    def _read(self, sock: socket.socket) -> bool:
        frames: list[bytes] = []
        size = 0
        while len(frames) < _PER_TURN and size < _LARGEST:
            try:
                data = sock.recv(_LARGEST)
            except BlockingIOError:
                break
            frames.append(data)
            size += len(data)
        if frames:
            self._busy = True
            self._to.meter.count("received_bytes", size)
            self._to.deliver([self._within(one) for one in frames], lambda: repeat(self._hostname))
        return len(frames) == _PER_TURN or size >= _LARGEST

    def _within(self, frame: bytes) -> bytes:
        if len(frame) <= self._to.max_message:
            return frame
        cut, problem = truncate(frame, len(frame), self._to.max_message)
        report(problem, self._name, self._hostname, self._to)
        return cut
