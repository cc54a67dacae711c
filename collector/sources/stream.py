"""
Connections that carry a stream of frames: what TCP, stream sockets and later TLS have in common.

A connection reads once per turn of the loop; what a turn brings from all connections is delivered together, in large
batches. A sender that fills its window is slowed down by not being read (back-pressure), never by dropping.
"""

import errno
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, repeat

from collector.protocol.framing import Framer, FramingProblem, Truncated
from collector.protocol.framing.auto import AutoFramer
from collector.sources import Surroundings
from collector.sources.pace import Pace
from collector.sources.quota import Share
from collector.sources.report import report

_REST = 0.004
_REST_OF_THE_SILENT = 0.01
_SHORT_REST = 0.001
_LITTLE = 4 * 1024
_MUCH = 16 * 1024
_ACCEPTED_PER_TURN = 256
_UNDER_WAY = 16 * 1024 * 1024  # more than the kernels of both ends hold of a connection (tcp(7), tcp_rmem and tcp_wmem)

BACKLOG = 4096
"""Connections that may wait to be accepted (listen(2))."""

_CURES = {errno.EMFILE: " Cure: raise LimitNOFILE= of the service, or lower max_connections."}


class Connection:
    __slots__ = ("active", "empty", "framer", "peer", "sock")

    def __init__(self, sock: socket.socket, peer: str | None, framer: Framer, now: float) -> None:
        self.sock = sock
        self.peer = peer
        self.framer = framer
        self.active = now
        self.empty = 0


class StreamIntake:
    """
    Listening stream sockets and their connections in one worker.

    ``tune`` prepares an accepted socket and names its peer. ``share`` says how many connections there may be; one more
    is closed at once, counted and logged. ``idle_timeout`` in seconds, 0 for never.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        surroundings: Surroundings,
        *,
        name: str,
        tune: Callable[[socket.socket, object], str | None],
        share: Share,
        idle_timeout: float,
    ) -> None:
        self._listeners = sockets
        self._to = surroundings
        self._name = name
        self._tune = tune
        self._share = share
        self._idle_timeout = idle_timeout
        self._connections: dict[int, Connection] = {}
        self._blocks: list[tuple[bytes, str | None]] = []
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
            text = blocks[0][0] if len(blocks) == 1 else b"".join([block for block, _ in blocks])
            self._to.deliver(text, partial(_block_peers, blocks))
        if self._lists:
            lists, self._lists = self._lists, []
            self._to.deliver(list(chain.from_iterable([frames for frames, _ in lists])), partial(_list_peers, lists))
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
            for fd, connection in self._connections.items():
                self._to.poller.add(fd, partial(self._read, connection))

    def tick(self, now: float) -> None:
        self._now = now
        if self._resting:
            self._listen()
        if not self._idle_timeout or self._held:
            return
        idle = [one for one in self._connections.values() if now - one.active > self._idle_timeout]
        for connection in idle:
            self._close(connection, "idle")
        self.flush()

    def drain(self, deadline: float) -> None:
        """
        Stop listening, read what each connection has sent until now, and close.

        In turns, so that one sender who never pauses does not take the time of all.
        """
        for sock in self._listeners:
            self._accept(sock, BACKLOG)
            self._to.poller.remove(sock.fileno())
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
            peer = self._tune(sock, address)
        except OSError:
            sock.close()  # gone before it said anything
            return
        self._to.meter.count("connections_accepted")
        if sock.fileno() >= self._to.descriptors:
            self._turn_away(sock, peer, len(self._connections), "LimitNOFILE= of the service")
            return
        if not self._share.take():
            self._turn_away(sock, peer, self._share.limit, "max_connections")
            return
        connection = Connection(sock, peer, AutoFramer(self._to.max_message), self._now)
        self._connections[sock.fileno()] = connection
        self._to.meter.count("connections_open")
        if not self._held:
            self._to.poller.add(sock.fileno(), partial(self._read, connection))

    def _turn_away(self, sock: socket.socket, peer: str | None, held: int, cure: str) -> None:
        sock.close()
        self._to.meter.count("connections_closed", reason="limit")
        self._to.notice(
            "connections", f"{self._name}: {held} connections are open, {peer} is turned away. Cure: {cure}."
        )

    def _read(self, connection: Connection) -> int:
        """Read once; returns the number of bytes, 0 when there are none yet or the connection has ended."""
        try:
            data = connection.sock.recv(self._pace.read)
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
        self._gather(connection, connection.framer.feed(data))
        if self._gathered >= self._pace.batch:
            self.flush()
        return len(data)

    def _gather(self, connection: Connection, frames: bytes | list[bytes]) -> None:
        if isinstance(frames, bytes):
            if frames:
                # A connection's earlier lines go first: its order is kept in every file.
                if self._lists and self._lists[-1][1] == connection.peer:
                    self.flush()
                self._blocks.append((frames, connection.peer))
                self._gathered += len(frames)
        elif frames:
            if self._blocks and self._blocks[-1][1] == connection.peer:
                self.flush()
            self._lists.append((frames, connection.peer))
            self._gathered += sum(map(len, frames))
        if connection.framer.empty > connection.empty:
            self._count_empty(connection)
        if connection.framer.problems:
            self._report(connection)

    def _count_empty(self, connection: Connection) -> None:
        count = connection.framer.empty - connection.empty
        connection.empty += count
        self._to.meter.count("received_messages", count)
        self._to.meter.count("rejected_messages", count, "empty")

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
        self._share.give_back()
        self._gather(connection, self._last_frames(connection, reason))
        self._to.meter.count("connections_open", -1)
        self._to.meter.count("connections_closed", reason=reason)

    def _last_frames(self, connection: Connection, reason: str) -> list[bytes]:
        """
        What came without its end. A peer that closes (RFC 6587 §3.4.2), or says nothing for long, has ended its line;
        a line that was cut short by anything else is marked, and so is a frame whose length says that more was meant.
        """
        framer = connection.framer
        begun = framer.pending > 0
        frames = list(framer.finish())
        if not frames:
            return frames
        short = any(problem.reason == "unfinished" for problem in framer.problems)
        if begun and not short and reason not in {"peer", "idle"}:
            framer.problems.append(FramingProblem("unfinished", frames[-1][:80]))
            short = True
        if short:
            frames[-1] = Truncated(frames[-1], getattr(frames[-1], "lost", 0))
        return frames


def _block_peers(blocks: list[tuple[bytes, str | None]]) -> Iterable[str | None]:
    if len(blocks) == 1:
        return repeat(blocks[0][1])
    return chain.from_iterable(repeat(peer, block.count(b"\n")) for block, peer in blocks)


def _list_peers(lists: list[tuple[list[bytes], str | None]]) -> Iterable[str | None]:
    return chain.from_iterable(repeat(peer, len(frames)) for frames, peer in lists)
