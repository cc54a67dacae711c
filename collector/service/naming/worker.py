"""
Names in a worker: what is known of them, which questions to ask, and the answers that come.

    name_of("192.0.2.7:4428")  →  "gate", or the address while no name is known
    resolve("central")         →  the addresses of a host, None while they are not known

Both are dictionary lookups. Questions go to the supervisor once a second, with ``questions``, and on to the resolver;
answers come to every worker, whoever asked.
"""

import math
from collections.abc import Mapping
from typing import Any

from collector.protocol.parsers.context import sender_of
from collector.service.naming.plan import NamePlan

_PER_SECOND = 100
_ADDRESSES_AGE = 300.0
_UNKNOWN_AGE = 10.0


class HostAddresses:
    """The addresses of hosts that something is sent to. Known ones are used on while they are asked for again."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._used: set[str] = set()
        self._asked: dict[str, float] = {}

    def of(self, host: str) -> tuple[str, ...] | None:
        self._used.add(host)
        return self._known.get(host)

    def questions(self, now: float) -> list[str]:
        """The hosts used since they were last asked for, and when that was some time ago."""
        wanted = [host for host in self._used if now >= self._asked.get(host, -math.inf) + self._age(host)]
        self._used.difference_update(wanted)
        self._asked |= dict.fromkeys(wanted, now)
        return sorted(wanted)

    def _age(self, host: str) -> float:
        return _ADDRESSES_AGE if self._known.get(host) else _UNKNOWN_AGE

    def learn(self, addresses: Mapping[str, list[str]]) -> None:
        for host in addresses.keys() & self._asked.keys():
            self._known[host] = tuple(addresses[host])


class WorkerNames:
    """Lives as long as the worker; ``change`` gives it what a new plan says."""

    def __init__(self, plan: NamePlan) -> None:
        self._plan = plan
        self._senders = plan.sender_names()
        self._hosts = HostAddresses()
        self._table: dict[str, str] = {}
        self._greet = plan.options.hosts is not None

    def name_of(self, peer: str | None) -> str | None:
        """The host name that stands for a peer; None for one that has no address."""
        address = sender_of(peer)
        return address and self._senders.of(address)

    def resolve(self, host: str) -> tuple[str, ...] | None:
        return self._hosts.of(host)

    def change(self, plan: NamePlan) -> None:
        if plan.options != self._plan.options:
            self._senders = plan.sender_names()
        else:
            self._senders.change_hosts(plan.hosts)
        self._plan = plan

    def questions(self, now: float) -> dict[str, Any]:
        """
        To be called about once a second: what to tell the supervisor, if anything. A worker begins by asking whether
        the hosts table is still the one of its plan.
        """
        found = {
            "ask": self._senders.questions(now, _PER_SECOND),
            "hosts": self._hosts.questions(now),
            "table": self._greet,
        }
        self._greet = False
        return {what: wanted for what, wanted in found.items() if wanted}

    def learn(self, answers: Mapping[str, Any]) -> None:
        self._senders.learn(answers.get("names", {}))
        self._hosts.learn(answers.get("addresses", {}))
        if "table" in answers:
            self._take_table(answers)

    def _take_table(self, piece: Mapping[str, Any]) -> None:
        if piece["first"]:
            self._table = {}
        self._table |= piece["table"]
        if piece["last"]:
            self._senders.change_hosts(self._table)
