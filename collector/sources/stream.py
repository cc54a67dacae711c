"""
Connections that carry a stream of frames: what TCP, stream sockets and later TLS have in common.

A connection reads once per turn of the loop; what a turn brings from all connections is delivered together, in large
batches. A sender that fills its window is slowed down by not being read (back-pressure), never by dropping.
"""

import errno
import socket
import time
from collections.abc import Iterable
from functools import partial
from itertools import chain, repeat
from typing import Any, Protocol

from collector.protocol.framing import Frames
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.hosts import address_of
from collector.protocol.libc import count_lines
from collector.protocol.reduce import Reduced, Run
from collector.sources import Surroundings
from collector.sources.connection import Connection
from collector.sources.doorkeeper import Doorkeeper, Limits
from collector.sources.inherited import Lent
from collector.sources.pace import Pace
from collector.sources.rate import RateLimiter
from collector.sources.repeats import book
from collector.sources.report import report

_REST = 0.004
_REST_OF_THE_SILENT = 0.01
_SHORT_REST = 0.001
_LITTLE = 4 * 1024
_MUCH = 16 * 1024
_ACCEPTED_PER_TURN = 256
_LEAST_MESSAGE = 64  # bytes; who may send one more message is read so far
_LEAST_READ = 256
_UNDER_WAY = 16 * 1024 * 1024  # more than the kernels of both ends hold of a connection (tcp(7), tcp_rmem and tcp_wmem)

BACKLOG = 4096
"""Connections that may wait to be accepted (listen(2))."""

_CURES = {errno.EMFILE: " Cure: raise LimitNOFILE= of the service, or lower max_connections."}


class StreamSource(Protocol):
    """What an intake asks of its source."""

    options: Any

    @property
    def name(self) -> str: ...
    @property
    def limits(self) -> Limits: ...
    def tune(self, sock: socket.socket, address: object, /) -> str:
        """Prepare an accepted socket; returns the name of its peer."""

    def limited(self, sock: socket.socket, address: object, /) -> str:
        """Under which name the sender is limited."""


class StreamIntake:
    """
    Listening stream sockets and their connections in one worker.

    A connection over a limit is closed at once, counted and logged; one whose sender sent too much is not read for a
    while.
    """

    def __init__(self, sockets: list[socket.socket], surroundings: Surroundings, source: StreamSource) -> None:
        self._listeners = sockets
        self._to = surroundings
        self._source = source
        self._name = source.name
        self._door = Doorkeeper(source.limits, surroundings.memory, surroundings.slot, surroundings.slots)
        self._waiting: set[Connection] = set()
        self._connections: dict[int, Connection] = {}
        self._blocks: list[tuple[bytes, str | None, int]] = []
        self._lists: list[tuple[list[bytes], str | None]] = []
        self._gathered = 0
        self._pace = Pace()
        self._most = 0
        self._now = 0.0
        self._held = False
        self._listen()

    def rest(self) -> float:
        """
        A sender that fills its window is not kept waiting: the window may be as small as what it sent, and would then
        be filled only once in each rest.
        """
        most, self._most = self._most, 0
        if not most:
            return _REST_OF_THE_SILENT
        if most >= _MUCH:
            return 0.0
        return _REST if most < _LITTLE else _SHORT_REST

    def flush(self) -> None:
        started, size = time.monotonic(), self._gathered
        if self._blocks:
            blocks, self._blocks = self._blocks, []
            text = blocks[0][0] if len(blocks) == 1 else b"".join([block for block, _, _ in blocks])
            self._to.deliver(text, sum([count for _, _, count in blocks]), partial(_block_peers, blocks))
        if self._lists:
            lists, self._lists = self._lists, []
            frames = list(chain.from_iterable([frames for frames, _ in lists]))
            self._to.deliver(frames, len(frames), partial(_list_peers, lists))
        if size:
            self._pace.worked(size, time.monotonic() - started)
        self._gathered = 0

    def hold(self) -> None:
        if not self._held:
            self._held = True
            for fd in self._connections:
                self._to.poller.remove(fd)

    def resume(self) -> None:
        if self._held:
            self._held = False
            for connection in self._connections.values():
                self._watch(connection)

    def change(self, source: StreamSource, surroundings: Surroundings) -> None:
        to, self._to, self._source = surroundings, surroundings, source
        self._door = Doorkeeper(source.limits, to.memory, to.slot, to.slots)
        self._door.keep([connection.limited for connection in self._connections.values()])
        for connection in self._waiting:
            connection.waits = 0.0  # for the old rate
        for connection in list(self._connections.values()):
            if not self._door.allows(connection.limited):
                self._close(connection, "not_allowed")
            elif connection.run is None or not source.options.repeat_reduction:
                self._tell(connection, connection.run.tell() if connection.run else [])
                connection.run = Run() if source.options.repeat_reduction else None
        self.flush()

    def tick(self, now: float) -> None:
        self._now = now
        if self._resting:
            self._listen()
        self._go_on(now)
        if self._source.options.repeat_reduction:
            for connection in self._connections.values():
                self._tell(connection, connection.run.overdue(now) if connection.run else [])
        if self._source.options.idle_timeout and not self._held:
            self._close_idle(now)
        self.flush()

    def _close_idle(self, now: float) -> None:
        longest = self._source.options.idle_timeout
        idle = [one for one in self._connections.values() if now - one.active > longest and one not in self._waiting]
        for connection in idle:
            self._close(connection, "idle")

    def drain(self, deadline: float) -> None:
        """
        Stop listening, read what each connection has sent until now, and close.

        In turns, so that one sender who never pauses does not take the time of all. No rate is a limit now.
        """
        self._door.limiter = None
        for sock in self._listeners:
            if not isinstance(sock, Lent):
                self._accept(sock, BACKLOG)
            self._to.poller.remove(sock.fileno())
            if not isinstance(sock, Lent):
                # The supervisor holds the socket as well: without this, senders would be connected to nobody.
                sock.shutdown(socket.SHUT_RD)
            sock.close()
        unread = dict.fromkeys(self._connections.values(), _UNDER_WAY)
        while unread and not self._held and time.monotonic() < deadline:
            for connection in list(unread):
                if time.monotonic() >= deadline:
                    break
                count = self._read(connection)
                unread[connection] -= count
                if not count or unread[connection] <= 0:
                    del unread[connection]
            self.flush()
        for connection in list(self._connections.values()):
            self._close(connection, "shutdown")
        self.flush()

    def _accept(self, listener: socket.socket, most: int = _ACCEPTED_PER_TURN) -> None:
        """Let in who waits; not without end, as those who are in want to be read."""
        for _ in range(most):
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._rest(error)
                return
            self._begin(sock, address)

    def _rest(self, error: OSError) -> None:
        """
        No connection can be accepted now. The one that waits keeps the listener ready: it is left alone until the next
        tick, instead of being tried in every turn.
        """
        self._to.notice(
            "accept", f"{self._name}: cannot accept a connection: {error.strerror}.{_CURES.get(error.errno or 0, '')}"
        )
        self._resting = True
        for sock in self._listeners:
            self._to.poller.remove(sock.fileno())

    def _listen(self) -> None:
        self._resting = False
        for sock in self._listeners:
            self._to.poller.add(sock.fileno(), partial(self._accept, sock))

    def _begin(self, sock: socket.socket, address: object) -> None:
        sock.setblocking(False)
        try:
            peer, limited = self._source.tune(sock, address), self._source.limited(sock, address)
        except OSError:
            sock.close()  # gone before it said anything
            return
        self._to.meter.count("connections_accepted")
        if sock.fileno() >= self._to.descriptors:
            self._turn_away(sock, peer, len(self._connections), "LimitNOFILE= of the service")
            return
        refusal = self._door.enter(limited)
        if refusal == "limit":
            self._turn_away(sock, peer, self._door.limits.connections, "max_connections")
        elif refusal:
            sock.close()
            self._to.meter.count("connections_closed", reason=refusal)
            self._to.senders.dropped(address_of(peer), refusal)
            self._to.refuse(refusal, limited, 1, str(self._door.limits.per_sender or ""))
        else:
            self._take_in(Connection(sock, peer, limited, AutoFramer(self._to.max_message), self._now))

    def _turn_away(self, sock: socket.socket, peer: str, held: int, cure: str) -> None:
        sock.close()
        self._to.meter.count("connections_closed", reason="limit")
        self._to.senders.dropped(address_of(peer), "limit")
        self._to.notice(
            "connections", f"{self._name}: {held} connections are open, {peer} is turned away. Cure: {cure}."
        )

    def _take_in(self, connection: Connection) -> None:
        connection.run = Run() if self._source.options.repeat_reduction else None
        self._connections[connection.sock.fileno()] = connection
        self._to.meter.count("connections_open")
        self._to.debug(f"connected {connection.sender}", f"{self._name}: connection from {connection.peer}.")
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        if not self._held and connection not in self._waiting:
            self._to.poller.add(connection.sock.fileno(), partial(self._read, connection))

    def _make_wait(self, connection: Connection, until: float) -> None:
        """Its sender has sent what it may: leave the rest in the kernel, where it makes the sender wait."""
        connection.waits = until
        self._waiting.add(connection)
        self._to.poller.remove(connection.sock.fileno())
        self._to.meter.count("connections_throttled")
        self._to.senders.problem(connection.sender, "throttled")
        self._to.refuse("throttled", connection.limited, 1, str(self._door.limits.rate))

    def _go_on(self, now: float) -> None:
        """Read those again whose time has come."""
        for connection in [one for one in self._waiting if one.waits <= now]:
            self._waiting.discard(connection)
            connection.active = now
            self._watch(connection)

    def _read(self, connection: Connection) -> int:
        """Read once; returns the number of bytes, 0 when there are none yet or the connection has ended."""
        size = self._pace.read if self._door.limiter is None else self._room(connection, self._door.limiter)
        if not size:
            return 0
        try:
            data = connection.sock.recv(size)
        except BlockingIOError:
            return 0
        except OSError:
            self._close(connection, "error")
            return 0
        if not data:
            self._close(connection, "peer")
            return 0
        connection.active = self._now
        self._most = max(self._most, len(data))
        self._to.meter.count("received_bytes", len(data))
        frames = connection.framer.feed(data)
        if self._door.limiter is not None:
            self._count(connection, frames, self._door.limiter)
        self._gather(connection, frames)
        return len(data)

    def _room(self, connection: Connection, limiter: RateLimiter) -> int:
        """How many bytes to read from a sender whose messages are limited; with 0 it waits from now on."""
        now = time.monotonic()
        room = limiter.room(connection.limited, now)
        if not room:
            self._make_wait(connection, limiter.next_span(now))
            return 0
        return min(self._pace.read, max(_LEAST_READ, room * _LEAST_MESSAGE))

    def _count(self, connection: Connection, frames: Frames, limiter: RateLimiter) -> None:
        number = _number(frames)
        now = time.monotonic()
        until = limiter.count(connection.limited, number, now) if number else now
        if until > now:
            self._make_wait(connection, until)
        if limiter.unmetered:
            self._to.meter.count("unmetered_messages", limiter.unmetered)
            limiter.unmetered = 0

    def _gather(self, connection: Connection, frames: Frames) -> None:
        if frames:
            number = self._account(connection, frames)
            if connection.run is not None:
                reduced = connection.run.take(frames, time.monotonic())
                book(reduced, self._to)
                frames = reduced.frames
                number = _number(frames)
            self._append(frames, number, connection.peer)
        if connection.framer.empty > connection.empty:
            self._count_empty(connection)
        if connection.framer.problems:
            self._report(connection)

    def _account(self, connection: Connection, frames: Frames) -> int:
        """How many messages came: counted here, once for all who want to know."""
        number = _number(frames)
        if self._to.senders.came(connection.sender, number):
            first = frames if isinstance(frames, bytes) else frames[0]
            self._to.senders.sample(connection.sender, connection.peer, first)
        return number

    def _tell(self, connection: Connection, lines: list[bytes]) -> None:
        """Lines of our own about what the connection repeated."""
        book(Reduced([], 0, len(lines)), self._to)
        self._append(lines, len(lines), connection.peer)

    def _append(self, frames: Frames, number: int, peer: str) -> None:
        """A connection's earlier lines go first: its order is kept in every file."""
        if not frames:
            return
        if isinstance(frames, bytes):
            if self._lists and self._lists[-1][1] == peer:
                self.flush()
            self._blocks.append((frames, peer, number))
            self._gathered += len(frames)
        else:
            if self._blocks and self._blocks[-1][1] == peer:
                self.flush()
            self._lists.append((frames, peer))
            self._gathered += sum(map(len, frames))
        if self._gathered >= self._pace.batch:
            self.flush()

    def _count_empty(self, connection: Connection) -> None:
        count = connection.framer.empty - connection.empty
        connection.empty += count
        self._to.meter.count("received_messages", count)
        self._to.meter.count("rejected_messages", count, "empty")
        self._to.senders.came(connection.sender, count)

    def _report(self, connection: Connection) -> None:
        fatal = False
        for problem in connection.framer.problems:
            fatal = fatal or problem.fatal
            report(problem, self._name, connection.peer, self._to)
        connection.framer.problems.clear()
        if fatal:
            self._close(connection, "framing")

    def _close(self, connection: Connection, reason: str) -> None:
        if self._connections.pop(connection.sock.fileno(), None) is None:
            return
        self._to.poller.remove(connection.sock.fileno())
        connection.sock.close()
        self._door.leave(connection.limited)
        self._waiting.discard(connection)
        self._gather(connection, connection.last_frames(reason))
        if connection.run is not None:
            self._tell(connection, connection.run.tell())
        self._to.meter.count("connections_open", -1)
        self._to.meter.count("connections_closed", reason=reason)
        text = f"{self._name}: connection from {connection.peer} is closed: {reason}."
        self._to.debug(f"disconnected {connection.sender}", text)


def _number(frames: Frames) -> int:
    return count_lines(frames) if isinstance(frames, bytes) else len(frames)


def _block_peers(blocks: list[tuple[bytes, str | None, int]]) -> Iterable[str | None]:
    return chain.from_iterable(repeat(peer, count) for _, peer, count in blocks)


def _list_peers(lists: list[tuple[list[bytes], str | None]]) -> Iterable[str | None]:
    return chain.from_iterable(repeat(peer, len(frames)) for frames, peer in lists)
