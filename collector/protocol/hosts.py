"""
What the administrator said of a host: a table of names, addresses and networks.

    HostMap({"atropos": "euc-jp", "192.0.2.0/24": "cp932"}).find("atropos", None)      → "euc-jp"

A name is compared with the host name in the message, without regard to case; an address or network with the peer's
address. A name beats a network; of two networks the longer prefix wins.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Generic, TypeVar

T = TypeVar("T")

_REMEMBERED = 10_000
_NAME_MAX = 255
"""Characters of a host name worth remembering (RFC 5424 §6.2.4)."""


class HostMap(Generic[T]):
    def __init__(self, entries: Mapping[str, T]) -> None:
        self._names: dict[str, T] = {}
        self._networks: list[tuple[IPv4Network | IPv6Network, T]] = []
        for key, value in entries.items():
            network = _network(key)
            if network is None:
                self._names[key.lower()] = value
            else:
                self._networks.append((network, value))
        self._networks.sort(key=lambda entry: -entry[0].prefixlen)
        self._found: dict[tuple[str | None, str | None], T | None] = {}

    def __bool__(self) -> bool:
        return bool(self._names or self._networks)

    def find(self, hostname: str | None, peer: str | None) -> T | None:
        """What was said of this sender; ``peer`` is ``address:port`` as a record shows it."""
        key = (hostname, peer and address_of(peer))
        if hostname is not None and len(hostname) > _NAME_MAX:
            return self._search(*key)
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, hostname: str | None, address: str | None) -> T | None:
        if hostname is not None and hostname.lower() in self._names:
            return self._names[hostname.lower()]
        if address is None:
            return None
        try:
            parsed = ip_address(address)
        except ValueError:
            return None
        return next((value for network, value in self._networks if parsed in network), None)


def address_of(peer: str) -> str:
    """The address in ``192.0.2.7:514`` or ``[2001:db8::7]:514``; a socket's path and any other text as it is."""
    if peer.startswith("["):
        address = peer[1 : peer.index("]")] if "]" in peer else peer
        # How a socket for both IP versions names an IPv4 peer (RFC 4291 §2.5.5.2).
        return address.removeprefix("::ffff:") if "." in address else address
    host, _, port = peer.rpartition(":")
    return host if host and port.isdecimal() and ":" not in host and not host.startswith(("/", "@")) else peer


def _network(key: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(key, strict=False)
    except ValueError:
        return None
