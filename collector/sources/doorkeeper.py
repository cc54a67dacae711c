"""Who may connect, how often, and how much one may send: the limits of a stream source in one worker."""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.config.network import Network
from collector.config.rate import Rate
from collector.sources.allow import AllowList
from collector.sources.quota import Quota
from collector.sources.rate import RateLimiter
from collector.sources.tally import Tally, key_of

_ALWAYS = 1
"""The period of a number that is not of a span of time."""

_MOST_SENDERS = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """``connections`` of all, and ``per_sender`` of each; ``allow`` empty: everybody; None: no limit."""

    connections: int
    allow: tuple[Network, ...] = ()
    per_sender: int | None = None
    rate: Rate | None = None

    def words(self, slots: int) -> int:
        """Of memory shared by all workers."""
        return sum(self.pieces(slots))

    def pieces(self, slots: int) -> tuple[int, int, int]:
        """What of it is for the connections, the senders of connections, and the senders of messages."""
        senders = min(self.connections, _MOST_SENDERS)
        return (
            Quota.words(slots),
            Tally.words(slots, senders) if self.per_sender else 0,
            RateLimiter.words(slots) if self.rate else 0,
        )


class Doorkeeper:
    """``limiter`` is None when a sender may send as much as it likes."""

    def __init__(self, limits: Limits, memory: memoryview, slot: int, slots: int) -> None:
        """For the worker that fills the slot from now on: connections of its predecessor are over."""
        self.limits = limits
        first, second, _ = limits.pieces(slots)
        self._quota = Quota(limits.connections, memory[:first], slot)
        self._allow = AllowList(limits.allow) if limits.allow else None
        self._tally: Tally | None = None
        self._held: dict[str, int] = {}
        if limits.per_sender:
            self._tally = Tally(memory[first : first + second], slot, slots)
            self._tally.clear()
        self.limiter = RateLimiter.within(memory[first + second :], slot, slots, limits.rate) if limits.rate else None

    def enter(self, sender: str) -> str:
        """Let in a connection; or else the reason why it cannot be."""
        if not self.allows(sender):
            return "not_allowed"
        if self._tally and self._tally.total(key_of(sender), _ALWAYS) >= (self.limits.per_sender or 0):
            return "sender_limit"
        if not self._quota.take():
            return "limit"
        self._hold(sender)
        return ""

    def allows(self, sender: str) -> bool:
        return self._allow is None or self._allow.allows(sender)

    def keep(self, senders: Iterable[str]) -> None:
        """These connections are in already, over the limit or not."""
        for sender in senders:
            self._quota.hold()
            self._hold(sender)

    def leave(self, sender: str) -> None:
        self._quota.give_back()
        held = self._held.pop(sender, 0)
        if self._tally and held:
            self._tally.add(key_of(sender), -1, _ALWAYS)
        if held > 1:
            self._held[sender] = held - 1

    def _hold(self, sender: str) -> None:
        """Remembered are those that found a place in the table: only they are taken out of it again."""
        if self._tally and self._tally.add(key_of(sender), 1, _ALWAYS):
            self._held[sender] = self._held.get(sender, 0) + 1
