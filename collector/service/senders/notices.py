"""
What the own log says of senders: who fell silent, who is back, and whose clock is wrong.

Each of these is said in one line for all senders of which it has become true, and at most once in ten seconds:

    192.0.2.7 (udp) has sent nothing for 1 h 0 min.
    192.0.2.7 (udp) is back after 2 h 10 min.
    The clocks of 3 senders are wrong: 192.0.2.7 (udp) by +9 h 0 min, …
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from collector.protocol.hosts import HostMap
from collector.service.ownlog import Level, OwnLog
from collector.service.senders.sentences import NameOf, Sentences
from collector.service.senders.table import Sender, SenderTable

Item = TypeVar("Item")

INTERVAL = 10.0
"""Seconds between two lines of a kind."""

_DAY = 86_400.0
_REGULAR = 60.0  # seconds over which one must have sent to be missed, or as long as its patience if that is shorter
_NAMES_CHANGE = 60.0


@dataclass(frozen=True, slots=True)
class Watched:
    """
    What the configuration says of silence and clocks, in seconds; 0 is never. ``by_name``: there are host names in
    ``silent_hosts``; ``expected`` are the addresses there, which are missed also when they never sent.
    """

    silent_after: float = 0.0
    silent_hosts: HostMap[float] = field(default_factory=lambda: HostMap({}))
    by_name: bool = False
    expected: tuple[str, ...] = ()
    clock_tolerance: float = 0.0

    def patience_of(self, sender: str, name: str | None) -> float:
        found = self.silent_hosts.find(name or sender, sender) if self.silent_hosts else None
        return (self.silent_after if found is None else found) or math.inf


class SenderNotices:
    """Looks through ``table`` about once a second; ``log`` is told."""

    def __init__(self, table: SenderTable, log: OwnLog, watched: Watched, name_of: NameOf, now: float) -> None:
        self._table = table
        self._log = log
        self._name_of = name_of
        self._sentences = Sentences(name_of)
        self._due: dict[str, float] = {}
        self._excused = now
        self._refreshed = now
        self._new: list[Sender] = []
        self._silent: list[Sender] = []
        self._back: list[tuple[Sender, float]] = []
        self.change(watched, now)

    def change(self, watched: Watched, now: float) -> None:
        self._watched = watched
        self._refresh(now)
        for address in watched.expected:
            self._table.expect(address, now)

    def _refresh(self, now: float) -> None:
        watched, self._refreshed = self._watched, now
        tolerance = watched.clock_tolerance or math.inf
        self._table.change(tolerance, lambda sender: watched.patience_of(sender, self._name_of(sender)))

    def hear(self, report: Iterable[list[Any]], now: float) -> None:
        """A report of a worker, for the table."""
        heard = self._table.hear(report, now)
        self._back += heard.back
        if self._log.shows("debug"):
            self._new += heard.new

    def excuse(self, now: float) -> None:
        """Senders are not read at present, so none is silent."""
        self._excused = now

    def tick(self, now: float) -> None:
        if self._watched.by_name and now - self._refreshed >= _NAMES_CHANGE:
            self._refresh(now)  # names of senders may have become known
        for sender in self._table:
            patience = sender.patience
            if now - sender.last >= patience and not sender.silent and now - self._excused >= patience:
                self._miss(sender)
        self._tell(now)

    def _miss(self, sender: Sender) -> None:
        """One that sent only once, or for a moment, is not missed."""
        regular = sender.first is not None and sender.last - sender.first >= min(_REGULAR, sender.patience)
        if sender.expected or regular:
            sender.silent = True
            self._silent.append(sender)

    def _tell(self, now: float) -> None:
        sentences = self._sentences
        if new := self._taken("new", self._new, now):
            self._say("debug", sentences.new(new))
        if silent := self._taken("silent", self._silent, now):
            self._say("warning", sentences.silent([sender for sender in silent if sender.silent], now))
        if back := self._taken("back", self._back, now):
            self._say("info", sentences.back(back))
        wrong = [sender for sender in self._table if sender.clock_is_wrong and now - sender.clock_told > _DAY]
        if wrong := self._taken("clock", wrong, now):
            for sender in wrong:
                sender.clock_told = now
            self._say("warning", sentences.clocks(wrong, list(self._table)))

    def _taken(self, kind: str, waiting: list[Item], now: float) -> list[Item]:
        """All that wait, when it is time for a line of this kind."""
        if not waiting or now < self._due.get(kind, 0.0):
            return []
        self._due[kind] = now + INTERVAL
        taken = waiting.copy()
        waiting.clear()
        return taken

    def _say(self, level: Level, sentence: str) -> None:
        if sentence:
            self._log.write(level, sentence)
