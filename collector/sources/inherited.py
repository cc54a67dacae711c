"""
Sockets that a service manager bound for us, used in place of binding (socket activation, systemd.socket(5)).

A source asks for those at its address and gets duplicates; the originals stay here, so that a source which goes and
comes back with a reload finds them again. Whose address no source has is told, as messages wait there for nobody.
"""

import os
import socket
from collections.abc import Iterable, Sequence
from itertools import cycle

Place = tuple[str, int]
"""Host and port, or the path of a unix socket and 0. The host is empty where the socket takes IPv4 and IPv6."""


class Lent(socket.socket):
    """A socket that a service manager listens on as well: what it has not given us yet is for the next start."""


class Inherited:
    """
    ``Inherited([("collector.socket", sock)])``: sockets and the names the service manager gave them.

    What cannot be used at all is closed and told by ``warnings``, as are ``strangers``: names of descriptors that are
    no sockets.
    """

    def __init__(self, sockets: Iterable[tuple[str, socket.socket]] = (), strangers: Iterable[str] = ()) -> None:
        self._sockets: list[tuple[str, socket.socket]] = []
        self._given: list[list[Lent]] = []
        self._useless = [f"{_called(name)} is no socket and is not used." for name in strangers]
        for name, sock in sockets:
            if sock.type == socket.SOCK_STREAM and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                self._useless.append(f"{_called(name)} is a single connection: write Accept=no in the socket unit.")
                sock.close()
                continue
            sock.setblocking(False)
            self._sockets.append((name, sock))
            self._given.append([])

    def claim(self, kind: int, host: str, port: int = 0) -> list[Lent]:
        """Duplicates of the sockets of that type and address, in the order in which they were handed over."""
        claimed: list[Lent] = []
        for (_, sock), given in zip(self._sockets, self._given, strict=True):
            if sock.type == kind and place_of(sock) == _plain(host, port):
                lent = Lent(fileno=os.dup(sock.fileno()))
                lent.setblocking(False)
                given.append(lent)
                claimed.append(lent)
        return claimed

    def warnings(self) -> list[str]:
        """What was handed over in vain; asked when all sources are bound."""
        waiting = [
            f"{_called(name)} listens on {_shown(sock)}, where no source of the configuration does: what arrives there "
            "waits for nobody. Add such a source, or take the socket out of its unit."
            for (name, sock), given in zip(self._sockets, self._given, strict=True)
            if all(one.fileno() == -1 for one in given)
        ]
        return self._useless + waiting

    def close(self) -> None:
        for _, sock in self._sockets:
            sock.close()


NOTHING = Inherited()


def place_of(sock: socket.socket) -> Place | None:
    """Where a socket listens; None for what has no place a configuration could name."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return _plain(name, 0) if isinstance(name, str) and name else None
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    host, port = name[:2]
    both = host == "::" and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    return "" if both else host, port


def deal(sockets: Sequence[socket.socket], slots: int) -> list[list[socket.socket]]:
    """One socket after the other to the slots in turn. Where they are fewer than the slots, the last ones get none."""
    rows: list[list[socket.socket]] = [[] for _ in range(slots)]
    for row, sock in zip(cycle(rows), sockets, strict=False):
        row.append(sock)
    return rows


def share(sockets: Sequence[socket.socket], slots: int) -> list[list[socket.socket]]:
    """The same, but slots that would get none get a duplicate: several may accept from one listening socket."""
    more = [sock.dup() for sock, _ in zip(cycle(sockets), range(slots - len(sockets)), strict=False)]
    return deal([*sockets, *more], slots)


def _plain(host: str, port: int) -> Place:
    """A path in one spelling: /var/run is /run."""
    return (os.path.realpath(host), 0) if "/" in host else (host, port)


def _called(name: str) -> str:
    return f'The inherited socket "{name}"'


def _shown(sock: socket.socket) -> str:
    stream = sock.type == socket.SOCK_STREAM
    if sock.family == socket.AF_UNIX:
        return f"unix {sock.getsockname()!s} ({'stream' if stream else 'dgram'})"
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return f"an address of family {sock.family}"
    host, port = sock.getsockname()[:2]
    both = " (IPv4 and IPv6: a source without an address, such as :514)" if place_of(sock) == ("", port) else ""
    return f"{'tcp' if stream else 'udp'} {f'[{host}]' if ':' in host else host}:{port}{both}"
