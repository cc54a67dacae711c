"""How many messages a sender may send in each span of time, over all workers together."""

from collector.config.rate import Rate
from collector.sources.tally import Tally, key_of

_SENDERS = 32_768
"""So many are told apart in each span; of more, some are let through without being counted."""

_PERIODS = 0xFFFF_FFFF


class RateLimiter:
    """
    Spans follow each other by the monotonic clock, which is the same for all workers: 100/s is 100 in each second.

    Workers that look at the same moment may each let pass what they have in hand.
    ``unmetered`` counts messages that were let through because the table was full.
    """

    def __init__(self, rate: Rate, tally: Tally) -> None:
        self.rate = rate
        self.unmetered = 0
        self._tally = tally

    @staticmethod
    def words(slots: int) -> int:
        """Of shared memory."""
        return Tally.words(slots, _SENDERS)

    @classmethod
    def within(cls, memory: memoryview, slot: int, slots: int, rate: Rate) -> "RateLimiter":
        return cls(rate, Tally(memory, slot, slots))

    def admit(self, sender: str, number: int, now: float) -> int:
        """How many of the messages may pass: those are counted."""
        key, period = key_of(sender), self._period(now)
        passed = min(number, max(0, self.rate.messages - self._tally.total(key, period)))
        if passed and not self._tally.add(key, passed, period):
            self.unmetered += passed
        return passed

    def room(self, sender: str, now: float) -> int:
        """How many more messages may come in this span."""
        return max(0, self.rate.messages - self._tally.total(key_of(sender), self._period(now)))

    def count(self, sender: str, number: int, now: float) -> float:
        """
        Count messages that have come already; returns when the sender may go on, ``now`` if at once. Who had more than
        the limit waits for as many spans as they would have taken.
        """
        key, period = key_of(sender), self._period(now)
        if not self._tally.add(key, number, period):
            self.unmetered += number
            return now
        spans = self._tally.total(key, period) // self.rate.messages
        return (now // self.rate.per + spans) * self.rate.per if spans else now

    def next_span(self, now: float) -> float:
        """When the next span begins."""
        return (now // self.rate.per + 1) * self.rate.per

    def _period(self, now: float) -> int:
        return int(now // self.rate.per) & _PERIODS
