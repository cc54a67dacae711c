"""Addresses to listen on or send to, and the hosts and networks that a setting is for."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from collector.config.problems import quote
from collector.config.values import BadValueError

Network = IPv4Network | IPv6Network

HostOrNetwork = str | Network
"""A host name in lower case, or a network; a single address is a network of one."""

ADDRESS_PATTERN = r"(\[[0-9A-Fa-f:.]+(%[^\]]+)?\]|[A-Za-z0-9_.-]*):[0-9]{1,5}"
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_NUMERIC = re.compile(r"[0-9.]+")
_ADDRESS_HINT = 'address:port, such as 0.0.0.0:514, "[::]:514", or :514 for every address of this machine'

_NETWORK_HINT = "such as 192.0.2.0/24, 192.0.2.7, 2001:db8::/32"

SYSLOG_PORT = 514
PEER_PATTERN = r"(udp|tcp)://(\[[0-9A-Fa-f:.]+(%[^\]]+)?\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?"
_PEER_HINT = 'such as "udp://central.example.net:514", "tcp://192.0.2.7" or "tcp://[2001:db8::7]:601"'


@dataclass(frozen=True, slots=True)
class Address:
    """
    Where to listen or to send: ``str(Address("::1", 514))`` is ``[::1]:514``.

    An empty host means every address of this machine, of both families; port 0 lets the system choose.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another syslog receiver: ``str(Peer("udp", Address("::1", 514)))`` is ``udp://[::1]:514``."""

    transport: str
    address: Address

    def __str__(self) -> str:
        return f"{self.transport}://{self.address}"


def overlap(one: Address, other: Address) -> bool:
    """Whether nobody can listen on both. Names are not looked up; port 0 is never the same twice."""
    if one.port != other.port or one.port == 0:
        return False
    if "" in (one.host, other.host) or one.host.lower() == other.host.lower():
        return True
    here, there = (_parsed_ip("127.0.0.1" if host.lower() == "localhost" else host) for host in (one.host, other.host))
    if here is None or there is None or here.version != there.version:
        return False
    return here == there or here.is_unspecified or there.is_unspecified


def parse_address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    if not isinstance(value, str):
        hint = f"write :{value} to listen on every address" if _is_port(value) else _ADDRESS_HINT
        raise BadValueError(f"{quote(value)} is not an address", hint=hint)
    host, colon, port = value.rpartition(":")
    if value.startswith("["):
        host, colon, port = _split_brackets(value)
    elif value.count(":") > 1 and "/" not in value:
        raise BadValueError(f"{quote(value)} is not an address", hint=_brackets_hint(value, host, port))
    if not colon:
        raise BadValueError(f"{quote(value)} has no port", hint=f'add it: "{value}:514"')
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        hint = f"no scheme: {port.lstrip('/')}" if "//" in value else "a port is a number from 0 to 65535"
        raise BadValueError(f"{quote(port)} is not a port", hint=hint)
    _check_host(value, host)
    return Address(host, int(port))


def parse_peer(value: Any) -> Peer:
    """``"udp://central:514"`` or ``"tcp://[2001:db8::7]"``; without a port it is 514."""
    if isinstance(value, Peer):
        return value
    if not isinstance(value, str):
        raise BadValueError(f"{quote(value)} is not a peer", hint=_PEER_HINT)
    transport, slashes, target = value.partition("://")
    if not slashes:
        hint = f'write "udp://{value}" for UDP, "tcp://{value}" for TCP'
        raise BadValueError(f"{quote(value)} names no transport", hint=hint)
    if transport not in ("udp", "tcp"):
        raise BadValueError(f"{quote(transport)} is no transport", hint=f'"udp://{target}" or "tcp://{target}"')
    if _is_ip(target) and ":" in target:
        raise BadValueError(f"{quote(target)} is not a peer", hint=f'write "{transport}://[{target}]"')
    named = re.search(r"(^[^:\[]*|\]):[^:]*$", target)
    address = parse_address(target if named else f"{target}:{SYSLOG_PORT}")
    if not address.host:
        raise BadValueError(f"{quote(value)} names no host", hint=_PEER_HINT)
    if address.port == 0:
        raise BadValueError(f"{quote(value)}: nobody listens on port 0", hint=_PEER_HINT)
    return Peer(transport, address)


def parse_host(value: Any) -> HostOrNetwork:
    """A host name, address or network as ``hosts:`` takes them as keys."""
    if not isinstance(value, str):
        raise BadValueError(f"{quote(value)} is not a host", hint="a host name, an address, or a network")
    if "/" in value or ":" in value or _NUMERIC.fullmatch(value):
        return _parse_network(value)
    if _HOST_NAME.fullmatch(value):
        return value.lower()
    hint = "a host name as messages carry it, an address 192.0.2.7, or a network 192.0.2.0/24"
    raise BadValueError(f"{quote(value)} is not a host", hint=hint)


def parse_network(value: Any) -> Network:
    """An address or network; IPv4 written as IPv6 (``::ffff:192.0.2.0/120``, RFC 4291 §2.5.5.2) is IPv4."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise BadValueError(f"{quote(value)} is not an address or network", hint=_NETWORK_HINT)
    if _HOST_NAME.fullmatch(value) and not _NUMERIC.fullmatch(value):
        raise BadValueError(f"{quote(value)} is a name, not an address or network", hint=_NETWORK_HINT)
    found = _parse_network(value)
    mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
    return IPv4Network((mapped, found.prefixlen - 96)) if mapped and found.prefixlen >= 96 else found


def _is_port(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 65535


def _split_brackets(value: str) -> tuple[str, str, str]:
    host, bracket, rest = value[1:].partition("]")
    if not bracket:
        raise BadValueError(f"{quote(value)} is not an address", hint='"[" is not closed: "[::]:514"')
    try:
        IPv6Address(host)
    except ValueError:
        raise BadValueError(f"{quote(host)} is not an IPv6 address", hint='such as "[2001:db8::1]:514"') from None
    if rest and not rest.startswith(":"):
        raise BadValueError(f"{quote(rest)} cannot follow an address", hint='":" and the port, such as "[::]:514"')
    return host, rest[:1], rest[1:]


def _brackets_hint(value: str, host: str, port: str) -> str:
    if _is_ip(host) and port:
        return f'an IPv6 address stands in brackets: "[{host}]:{port}"'
    if _is_ip(value):
        return f'an IPv6 address stands in brackets, its port after them: "[{value}]:514"'
    return _ADDRESS_HINT


def _check_host(value: str, host: str) -> None:
    if host == "" or value.startswith("["):
        return
    if host == "*":
        raise BadValueError(f"{quote(value)} is not an address", hint=f'write "{value[1:]}" for every address')
    if _NUMERIC.fullmatch(host):
        if not _is_ip(host):
            raise BadValueError(f"{quote(host)} is not an IPv4 address", hint="four numbers from 0 to 255")
    elif not _HOST_NAME.fullmatch(host):
        hint = f"no scheme: {value.rpartition('//')[2]}" if "//" in value else _ADDRESS_HINT
        raise BadValueError(f"{quote(host)} is not a host", hint=hint)


def _is_ip(text: str) -> bool:
    return _parsed_ip(text) is not None


def _parsed_ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _parse_network(value: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value)
    except ValueError:
        pass
    try:
        hint = f"the network of this address is {ip_network(value, strict=False)}"
    except ValueError:
        hint = _NETWORK_HINT
    raise BadValueError(f"{quote(value)} is not an address or network", hint=hint)
