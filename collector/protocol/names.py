"""
The names of senders' addresses, as far as they are known. Asking for them is left to others, and nobody waits for it.

    of("192.0.2.7")  →  "192.0.2.7"        not known yet: the address itself, and it is noted down as a question
    questions(now)   →  ["192.0.2.7"]
    learn({"192.0.2.7": "gate.example.net"})
    of("192.0.2.7")  →  "gate.example.net"

Names live in two generations, so that memory is bounded and what is in use stays:

                   of, learn                a new generation begins every ttl seconds, or when the young one is full
    (unknown) ───────────────▶ young ──────────────────────────────────────────────▶ old ──▶ (forgotten, at the next)
                                 ▲                                                    │
                                 └────────────────────────────────────────────────────┘
                                  of: the old name is used on, and asked for anew

An address without a name is its own name in ``young``, and is forgotten, to be asked for again, every ``negative_ttl``
seconds. The turns of both clocks are the same for everybody who uses one clock, so workers do not ask for each other's
addresses at different times.
"""

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from itertools import islice

MOST_NAMES = 10_000
"""In each of the two generations."""

MOST_QUESTIONS = 500
"""Between two calls of ``questions``; what more is wanted is noted down when it is wanted again."""

_LONGEST = 255  # octets of a name (RFC 1035 §2.3.4)
_NAME = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z._-]*[0-9A-Za-z_])?", re.ASCII)
_LIKE_AN_ADDRESS = re.compile(r"[0-9.]+|0[xX][0-9A-Fa-f.xX]*", re.ASCII)


def acceptable(name: str) -> str | None:
    """
    What the holder of an address calls it, fit for a log, or None.

    RFC 952 and RFC 1123 §2.1, and the underscore that many use. What could be read as another sender's address
    (``192.0.2.1``, ``0x7f.1``) is refused: whoever has an address decides alone what DNS says of it.
    """
    name = name.removesuffix(".")
    if len(name) > _LONGEST or not _NAME.fullmatch(name) or ".." in name or _LIKE_AN_ADDRESS.fullmatch(name):
        return None
    return name


def shortened(name: str, *, fqdn: bool, strip_domains: Collection[str]) -> str:
    """
    The name as the configuration wants it: ``gate.example.net`` → ``gate`` when that domain is to be left out. Where
    what is left could be read as an address (``192.0.2.1.example.net``), nothing is left out.
    """
    lower = name.lower()
    found = [domain for domain in strip_domains if lower.endswith("." + domain.lower())]
    short = name[: -len(max(found, key=len)) - 1] if found else name
    if not fqdn:
        short = name.partition(".")[0]
    return acceptable(short) or name


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class SenderNames:
    """
    ``hosts`` are names that are certain and never asked for. ``asks`` tells whether anybody answers questions.

    Addresses are written as in a record's ``peer``, without the port.
    """

    def __init__(
        self, hosts: Mapping[str, str], *, asks: bool, ttl: float, negative_ttl: float, limit: int = MOST_NAMES
    ) -> None:
        self._hosts = hosts
        self._asks = asks
        self._ttl = max(ttl, 1.0)
        self._negative_ttl = max(negative_ttl, 1.0)
        self._limit = limit
        self._young: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._nameless: set[str] = set()
        self._wanted: dict[str, None] = {}
        self._turn: float | None = None
        self._negative_turn: float | None = None

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def of(self, address: str) -> str:
        """The name of an address, or the address itself."""
        return self._young.get(address) or self._hosts.get(address) or self._look(address)

    def questions(self, now: float, most: int = MOST_QUESTIONS) -> list[str]:
        """What to ask for now, at most so many. To be called about once a second: it is how time passes here."""
        turn, negative_turn = now // self._ttl, now // self._negative_ttl
        if self._turn not in {None, turn}:
            self._grow_old()
        if self._negative_turn not in {None, negative_turn}:
            self._forget_nameless()
        self._turn, self._negative_turn = turn, negative_turn
        asked = list(islice(self._wanted, most))
        for address in asked:
            del self._wanted[address]
        return asked

    def learn(self, names: Mapping[str, str | None]) -> None:
        """Answers; None for an address that has no name. What could not be found out is left out of them."""
        for address, name in names.items():
            if address not in self._hosts:
                self._old.pop(address, None)
                self._nameless.discard(address)
                self._keep(address, name or address)

    def change_hosts(self, hosts: Mapping[str, str]) -> None:
        """Another hosts table. What the old one or the new one knows is no longer known from elsewhere."""
        known = {*self._hosts, *hosts}
        self._hosts = hosts
        self._young = {address: name for address, name in self._young.items() if address not in known}
        self._old = {address: name for address, name in self._old.items() if address not in known}
        self._nameless -= known

    def _look(self, address: str) -> str:
        if not self._asks:
            return address
        name = self._old.get(address, address)
        if len(self._wanted) >= MOST_QUESTIONS:
            return name
        if is_address(address):
            self._wanted[address] = None
        self._old.pop(address, None)
        self._keep(address, name)
        return name

    def _keep(self, address: str, name: str) -> None:
        if len(self._young) >= self._limit and address not in self._young:
            self._grow_old()
        self._young[address] = name
        if name == address:
            self._nameless.add(address)

    def _grow_old(self) -> None:
        self._forget_nameless()
        self._old, self._young = self._young, {}

    def _forget_nameless(self) -> None:
        for address in self._nameless:
            self._young.pop(address, None)
        self._nameless.clear()
