"""
Who was stopped by a limit: gathered by the workers, told in the own log, one line a source and limit in ten seconds.

    Refusals.note(…)  ──▶  reports(), once a second  ──▶  RefusalLog.hears(…)  ──▶  tell(), once a second

    udp 0.0.0.0:514: dropped 12,345 messages from 192.0.2.7, over 1,000/s, in 10 s; 3 such senders, 15,000 messages.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from collector.service.ownlog import WINDOW, OwnLog

_SENDERS = 1000
"""So many are told apart between two reports; of the others only the messages are counted."""

_SENTENCES = {
    "not_allowed": "refused {number} {things} from {sender}, who is not in allow",
    "rate_limit": "dropped {number} {things} from {sender}, over {limit}",
    "throttled": "made {sender} wait {number} {things}, as it sends more than {limit}",
    "sender_limit": "turned away {number} {things} from {sender}, who has {limit} (max_connections_per_sender)",
}
_THINGS = {"throttled": ("time", "times")}
_CONNECTIONS = ("connection", "connections")
_MESSAGES = ("message", "messages")

Key = tuple[str, str, str]
"""Source, reason, and the limit in words."""


class Refusals:
    """In a worker: what has not been reported yet. Bounded, however many senders there are."""

    def __init__(self) -> None:
        self._numbers: dict[Key, Counter[str]] = {}

    def note(self, source: str, reason: str, sender: str, number: int, limit: str) -> None:
        numbers = self._numbers.setdefault((source, reason, limit), Counter())
        numbers[sender if sender in numbers or len(numbers) < _SENDERS else ""] += number

    def reports(self) -> Iterator[dict[str, Any]]:
        """What to tell the supervisor; ``""`` stands for all senders beyond the first ones."""
        noted, self._numbers = self._numbers, {}
        for key, numbers in noted.items():
            yield {"event": "refused", "what": key, "senders": numbers}


class _Told:
    """One source and limit: what has come since the last line, and when there may be another one."""

    def __init__(self, since: float) -> None:
        self.numbers = Counter[str]()
        self.since = since
        self.due = since


class RefusalLog:
    """In the supervisor: ``hears`` reports, ``tell`` is called about once a second."""

    def __init__(self, log: OwnLog) -> None:
        self._log = log
        self._told: dict[Key, _Told] = {}
        self._now = 0.0

    def hears(self, _slot: int, report: dict[str, Any]) -> None:
        source, reason, limit = report["what"]
        numbers = self._told.setdefault((source, reason, limit), _Told(self._now)).numbers
        for sender, number in report["senders"].items():
            numbers[sender if sender in numbers or len(numbers) < _SENDERS else ""] += number

    def tell(self, now: float) -> None:
        self._now = now
        for key, told in list(self._told.items()):
            if now < told.due:
                continue
            if not told.numbers:
                del self._told[key]
                continue
            self._show(key, told, now)
            told.due = now + WINDOW

    def close(self, now: float) -> None:
        """Tell all that is left, due or not."""
        for key, told in self._told.items():
            if told.numbers:
                self._show(key, told, now)

    def _show(self, key: Key, told: _Told, now: float) -> None:
        self._log.warning(f"{key[0]}: {_sentence(key, told.numbers, now - told.since)}.")
        told.numbers, told.since = Counter(), now


def _sentence(key: Key, numbers: Counter[str], seconds: float) -> str:
    """The sender with the most, and how many others there are."""
    source, reason, limit = key
    others = numbers.pop("", 0)
    sender, number = numbers.most_common(1)[0]
    things = _THINGS.get(reason, _MESSAGES if source.startswith("udp ") else _CONNECTIONS)
    words = {"sender": sender, "number": f"{number:,}", "things": things[number != 1], "limit": limit}
    text = f"{_SENTENCES[reason].format(**words)}, in {max(1, round(seconds))} s"
    if len(numbers) == 1 and not others:
        return text
    senders = f"{len(numbers):,}{' or more' if others else ''}"
    return f"{text}; {senders} such senders, {numbers.total() + others:,} {things[1]}"
