"""
The senders in the supervisor: workers' reports come in, notices and answers go out.

    {"ask": "senders", "after": 0}  →  {"senders": [{…}, …], "next": 500, "others": {…}}

The answer is a page; ``next`` is what to ask for ``after`` then, null on the last page. So no answer keeps the
supervisor busy for more than a few milliseconds, however many senders there are.
"""

import time
from typing import Any

from collector.config.settings import Settings
from collector.protocol.hosts import HostMap
from collector.service.ownlog import OwnLog
from collector.service.senders.notices import SenderNotices, Watched
from collector.service.senders.sentences import NameOf
from collector.service.senders.table import Sender, SenderTable

PAGE = 500


class SenderDesk:
    def __init__(self, settings: Settings, log: OwnLog, name_of: NameOf) -> None:
        self._name_of = name_of
        self._table = SenderTable()
        self._notices = SenderNotices(self._table, log, watched(settings), name_of, time.monotonic())

    def change(self, settings: Settings) -> None:
        """After a reload."""
        self._notices.change(watched(settings), time.monotonic())

    def hear(self, _worker: int, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if event.get("held"):
            self._notices.excuse(now)
        self._notices.hear(event["senders"], now)

    def chore(self, now: float) -> None:
        self._notices.tick(now)

    def summary(self) -> dict[str, Any]:
        """For ``status``."""
        return {
            "known": len(self._table),
            "silent": sum(sender.silent for sender in self._table),
            "wrong_clock": sum(sender.clock_is_wrong for sender in self._table),
            "forgotten": self._table.forgotten,
        }

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        after = question.get("after", 0)
        if not isinstance(after, int):
            return {"error": "after is a number, the one that came as next with the page before"}
        now, wall = time.monotonic(), time.time()
        page = self._table.page(after, PAGE)
        return {
            "senders": [self._row(sender, now, wall) for sender in page],
            "next": page[-1].number if len(page) == PAGE else None,
            "others": self._table.others.row() | {"senders": self._table.forgotten},
        }

    def _row(self, sender: Sender, now: float, wall: float) -> dict[str, Any]:
        return {"sender": sender.name, "name": self._name_of(sender.name), **sender.row(now, wall)}


def watched(settings: Settings) -> Watched:
    hosts = settings.silent_after.hosts
    networks = [host for host in hosts if not isinstance(host, str)]
    return Watched(
        settings.silent_after.default,
        HostMap({str(host): seconds for host, seconds in hosts.items()}),
        len(networks) < len(hosts),
        tuple(str(network[0]) for network in networks if network.num_addresses == 1 and hosts[network]),
        settings.clock_tolerance,
    )
