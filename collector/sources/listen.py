"""Sockets to listen on: made by the supervisor, one for each worker slot, and what can go wrong in doing so."""

import errno
import socket
from socket import AF_INET6, SOL_SOCKET, SocketKind
from weakref import WeakSet

from collector.config.options import Address
from collector.errors import CollectorError
from collector.sources.inherited import NOTHING, Inherited, Lent, deal, share

_SO_RCVBUFFORCE = 33

_ours: WeakSet[socket.socket] = WeakSet()
"""What this process listens on."""


def listeners(
    kind: SocketKind, address: Address, slots: int, inherited: Inherited = NOTHING
) -> list[list[socket.socket]]:
    """
    For each worker slot the sockets of ``address``: one, or for a host name with several addresses one of each.

    Those that were inherited are used; of datagram sockets there may be fewer than slots then, as two readers of one
    would mix up the order of messages.

    SO_REUSEPORT lets every worker have its own socket, and would let a second collector quietly take half of the
    messages: so the port is tried first without it, unless a source of ours has it. That one leaves when this one comes
    (0.0.0.0:514 becomes 192.0.2.1:514), as no plan has two that collide. Port 0 asks the system for a free one, the
    same for all slots.

    Raises:
        CollectorError: with the cure, when the address cannot be had.
    """
    dealt = share if kind == socket.SOCK_STREAM else deal
    if not address.host and (given := inherited.claim(kind, "", address.port)):
        return dealt(given, slots)
    bound: list[list[socket.socket]] = [[] for _ in range(slots)]
    try:
        for family, sockaddr in _resolve(kind, address):
            if given := inherited.claim(kind, *sockaddr[:2]):
                for row, more in zip(bound, dealt(given, slots), strict=True):
                    row.extend(more)
                continue
            if address.port and not _is_ours(kind, address.port):
                _bind(family, kind, sockaddr, address, share=False).close()
            place = sockaddr
            for row in bound:
                row.append(_bind(family, kind, place, address, share=True))
                _ours.add(row[-1])
                place = row[-1].getsockname()
    except BaseException:
        for sock in (sock for row in bound for sock in row):
            sock.close()
        raise
    return bound


def _is_ours(kind: SocketKind, port: int) -> bool:
    return any(sock.fileno() != -1 and sock.type == kind and sock.getsockname()[1] == port for sock in _ours)


def ask_receive_buffer(sock: socket.socket, wanted: int) -> int:
    """
    Set the receive buffer, beyond ``net.core.rmem_max`` where we may; returns the bytes the kernel granted.

    That of a lent socket is never made smaller: a service manager may have given more than we could.
    """
    lent = isinstance(sock, Lent)
    if not lent or _receive_buffer(sock) < wanted:
        try:
            sock.setsockopt(SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
        except PermissionError:
            if not lent:
                sock.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, wanted)
    return _receive_buffer(sock)


def _receive_buffer(sock: socket.socket) -> int:
    """The kernel books twice what was asked, for its own overhead (socket(7))."""
    return sock.getsockopt(SOL_SOCKET, socket.SO_RCVBUF) // 2


def _resolve(kind: SocketKind, address: Address) -> list[tuple[int, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(
            address.host or None, address.port, type=kind, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except socket.gaierror as error:
        raise CollectorError(
            f"cannot listen on {address}: {error.strerror}", hint="give an address of this machine, or 0.0.0.0 for all"
        ) from error
    places = dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in found if _is_supported(family))
    if not places:
        raise CollectorError(f"cannot listen on {address}: this kernel does not speak its protocol")
    return list(places)  # type: ignore[arg-type]


def _is_supported(family: int) -> bool:
    """A kernel may be without IPv6; "all addresses" are then those of IPv4."""
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


def _bind(family: int, kind: SocketKind, sockaddr: tuple[str, int], address: Address, *, share: bool) -> socket.socket:
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            sock.setsockopt(SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == AF_INET6:
            # "[::]" and "0.0.0.0" are two addresses here, as they are in the configuration.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(sockaddr)
    except OSError as error:
        sock.close()
        raise _refusal(address, error) from error
    return sock


def _refusal(address: Address, error: OSError) -> CollectorError:
    hints = {
        errno.EADDRINUSE: f"another program has port {address.port}; `ss -lunpt 'sport = :{address.port}'` names it",
        errno.EACCES: "ports below 1024 need root, CAP_NET_BIND_SERVICE, or a higher port such as 5514",
        errno.EADDRNOTAVAIL: "this machine has no such address; 0.0.0.0 or [::] listens on all of them",
    }
    return CollectorError(f"cannot listen on {address}: {error.strerror}", hint=hints.get(error.errno or 0))


def peer_name(address: object) -> str:
    """What accept(2) or getsockname(2) says → ``192.0.2.7:4428``, ``[2001:db8::7]:4428``; a mapped address as IPv4."""
    assert isinstance(address, tuple)
    host, port = address[0], address[1]
    if host.startswith("::ffff:") and "." in host:
        host = host.removeprefix("::ffff:")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
