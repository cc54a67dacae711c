"""
``recvmmsg(2)`` by ctypes: up to 1,024 datagrams for one system call, and no object for any of them until it is cut out.

Each slot has two pieces of memory: the first 768 bytes of every datagram lie close together, so that the common case
touches little memory; the rest, which the kernel fills only for longer datagrams, lies in pages that stay untouched
until then. Measured, 180-byte datagrams: 0.45 µs each, against 0.72 µs with ``recvfrom`` in a loop.
"""

import ctypes
import errno
import mmap
import os
import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from ipaddress import IPv6Address
from socket import AF_INET, MSG_DONTWAIT, MSG_TRUNC, inet_ntoa

from collector.protocol.framing import FramingProblem
from collector.protocol.framing.oversize import truncate

SLOTS = 1024
_NEAR = 768
_MUCH = 8 * 1024 * 1024
_NAME = 28  # sizeof(struct sockaddr_in6)
_NAME_STEP = 32  # from one to the next: a multiple of eight bytes, so that words can be picked out of them
_PEERS_REMEMBERED = 50_000

_libc = ctypes.PyDLL(None, use_errno=True)  # the GIL is kept: MSG_DONTWAIT never waits, and there is one thread


class _IoVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _MsgHdr(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _MMsgHdr(ctypes.Structure):
    _fields_ = (("header", _MsgHdr), ("length", ctypes.c_uint))


class Datagrams:
    """
    The receiving half of a UDP socket: memory for a batch, used again for each.

    ``receive(fd)`` → the datagrams as bytes, at most ``SLOTS``; one longer than ``limit`` bytes comes cut, as
    ``Truncated``, and its position and problem stand in ``problems``, which the caller clears. ``received_bytes`` is
    what they were together. Valid until the next call of ``receive``: ``peers()`` → their senders, ``address:port``;
    ``addresses()`` → the same without ports; ``senders()`` → how many came from which address; ``firsts()`` → the
    position of the first one of each address.
    """

    def __init__(self, limit: int) -> None:
        self.received_bytes = 0
        self.problems: list[tuple[int, FramingProblem]] = []
        self._limit = min(limit, 65535)
        self._near_size = min(_NEAR, self._limit)
        far = max(self._limit - _NEAR, 0)
        self._near = mmap.mmap(-1, SLOTS * _NEAR)
        self._far = mmap.mmap(-1, SLOTS * max(far, 1))
        self._far_size = far
        self._names = mmap.mmap(-1, SLOTS * _NAME_STEP)
        self._words = memoryview(self._names).cast("B").cast("I")[1 :: _NAME_STEP // 4]  # IPv4 addresses
        halves = memoryview(self._names).cast("B").cast("Q")
        self._halves = halves[1 :: _NAME_STEP // 8], halves[2 :: _NAME_STEP // 8]  # IPv6 addresses
        self._headers = (_MMsgHdr * SLOTS)()
        self._vectors = (_IoVec * (2 * SLOTS))()
        self._lay_out()
        words = memoryview(self._headers).cast("B").cast("I")
        self._lengths = words[_MMsgHdr.length.offset // 4 :: ctypes.sizeof(_MMsgHdr) // 4]
        self._starts = list(range(0, SLOTS * _NEAR, _NEAR))
        self._known: dict[bytes, str] = {}
        self._addresses: dict[Hashable, str] = {}
        self._count = 0

    def _lay_out(self) -> None:
        near, far, names = (
            ctypes.addressof(ctypes.c_char.from_buffer(area)) for area in (self._near, self._far, self._names)
        )
        vectors = ctypes.addressof(self._vectors)
        for slot, header in enumerate(self._headers):
            self._vectors[2 * slot] = _IoVec(near + slot * _NEAR, self._near_size)
            self._vectors[2 * slot + 1] = _IoVec(far + slot * self._far_size, self._far_size)
            header.header.name = names + slot * _NAME_STEP
            header.header.name_length = _NAME
            header.header.iov = vectors + 2 * slot * ctypes.sizeof(_IoVec)
            header.header.iov_length = 2

    def receive(self, fd: int) -> list[bytes]:
        """Raises OSError as recvfrom(2) would; an empty list says that the socket is empty."""
        count = _libc.recvmmsg(fd, self._headers, SLOTS, MSG_DONTWAIT | MSG_TRUNC, None)
        self._count = max(count, 0)
        if count < 0:
            code = ctypes.get_errno()
            if code in (errno.EAGAIN, errno.EINTR):
                return []
            raise OSError(code, os.strerror(code))
        lengths = self._lengths[:count].tolist()
        self.received_bytes = sum(lengths)
        near = self._near
        frames = [near[start : start + length] for start, length in zip(self._starts, lengths, strict=False)]
        if max(lengths) > self._near_size:
            for slot, length in enumerate(lengths):
                if length > self._near_size:
                    frames[slot] = self._long(slot, length)
            if self.received_bytes > _MUCH:
                self._far.madvise(mmap.MADV_DONTNEED)  # a flood of long ones must not keep 64 MiB for ever
        return frames

    def _long(self, slot: int, length: int) -> bytes:
        """A datagram that reaches into the second piece of its slot, and perhaps beyond it."""
        kept = min(length, self._limit)
        near, far = slot * _NEAR, slot * self._far_size
        data = self._near[near : near + self._near_size] + self._far[far : far + kept - self._near_size]
        if length <= kept:
            return data
        frame, problem = truncate(data, length, self._limit)
        self.problems.append((slot, problem))
        return frame

    def peers(self) -> list[str]:
        known = self._known
        names = self._names[: self._count * _NAME_STEP]
        if len(known) > _PEERS_REMEMBERED:
            known.clear()
        found = []
        for start in range(0, len(names), _NAME_STEP):
            name = names[start : start + _NAME]
            peer = known.get(name)
            if peer is None:
                peer = known[name] = peer_text(name)
            found.append(peer)
        return found

    def senders(self) -> dict[str, int]:
        """
        Measured, each datagram: 13 ns when all are of one address, else 65 ns (IPv4) or 120 ns (IPv6), and twice that
        when they are of a thousand.
        """
        if not self._count:
            return {}
        keys = self._keys(1) if self._is_of_one() else self._keys(self._count)
        if len(keys) == 1:
            return {self._address_of(keys[0], 0): self._count}
        counts = Counter(keys)
        try:
            return {self._addresses[key]: count for key, count in counts.items()}
        except KeyError:
            self._name(_firsts(keys))
        return {self._addresses[key]: count for key, count in counts.items()}

    def _is_of_one(self) -> bool:
        """Whether all addresses are the same, in each of their bytes, of which the last differ most often."""
        names = self._names[: self._count * _NAME_STEP]
        place = range(7, 3, -1) if self._is_ipv4() else range(23, 7, -1)
        return all(names[byte::_NAME_STEP].count(names[byte]) == self._count for byte in place)

    def firsts(self) -> dict[str, int]:
        return {self._address_of(key, slot): slot for key, slot in _firsts(self._keys(self._count)).items()}

    def addresses(self) -> list[str]:
        keys = self._keys(self._count)
        if not self._addresses.keys() >= set(keys):
            self._name(_firsts(keys))
        return [self._addresses[key] for key in keys]

    def _is_ipv4(self) -> bool:
        """A socket is of one family (IPV6_V6ONLY)."""
        return int.from_bytes(self._names[:2], sys.byteorder) == AF_INET

    def _keys(self, count: int) -> Sequence[Hashable]:
        """The first addresses, as words."""
        if self._is_ipv4():
            return self._words[:count].tolist()
        high, low = self._halves
        return list(zip(high[:count].tolist(), low[:count].tolist(), strict=True))

    def _name(self, firsts: Mapping[Hashable, int]) -> None:
        if len(self._addresses) > _PEERS_REMEMBERED:
            self._addresses.clear()
        for key, slot in firsts.items():
            self._address_of(key, slot)

    def _address_of(self, key: Hashable, slot: int) -> str:
        address = self._addresses.get(key)
        if address is None:
            start = slot * _NAME_STEP
            address = self._addresses[key] = address_text(self._names[start : start + _NAME])
        return address


def _firsts(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    return dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))


def peer_text(name: bytes) -> str:
    """struct sockaddr_in or sockaddr_in6 → ``192.0.2.7:514``, ``[2001:db8::7]:514``; a mapped address as IPv4."""
    port = int.from_bytes(name[2:4], "big")
    address = address_text(name)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def address_text(name: bytes) -> str:
    """The same without the port and brackets: ``192.0.2.7``, ``2001:db8::7``."""
    if int.from_bytes(name[:2], sys.byteorder) == AF_INET:
        return inet_ntoa(name[4:8])
    address = IPv6Address(name[8:24])
    return str(address.ipv4_mapped or address)
