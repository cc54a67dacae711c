"""Which datagrams of a batch may come in: judged by sender, with a look at each datagram only where one is refused."""

from collections.abc import Callable, Mapping, Sequence

from collector.sources import Surroundings
from collector.sources.allow import AllowList
from collector.sources.rate import RateLimiter

_REMEMBERED = 50_000


class Gate:
    """``allow`` and ``limiter`` are None where everybody may send, and as much as they like."""

    def __init__(self, allow: AllowList | None, limiter: RateLimiter | None, to: Surroundings) -> None:
        self._allow = allow
        self._limiter = limiter
        self._to = to
        self._welcome: set[str] = set()

    def sift(self, counts: Mapping[str, int], addresses: Callable[[], Sequence[str]], now: float) -> list[bool] | None:
        """
        For each datagram whether it may pass; None when all may. Those that may not are counted.

        ``counts``: how many came from which address; ``addresses()``: that of each; ``now`` by the monotonic clock.
        """
        if self._limiter is None and self._welcome >= counts.keys():
            return None
        left = self._judge(counts, now)
        return _some(addresses(), left) if left else None

    def _judge(self, counts: Mapping[str, int], now: float) -> dict[str, int]:
        """How many may pass of those senders of whom not all may."""
        left: dict[str, int] = {}
        for sender, count in counts.items():
            if not self._may_send(sender):
                left[sender] = 0
                self._reject("not_allowed", sender, count, "allow")
            elif self._limiter is not None:
                passed = self._limiter.admit(sender, count, now)
                if passed < count:
                    left[sender] = passed
                    self._reject("rate_limit", sender, count - passed, str(self._limiter.rate))
        if self._limiter is not None and self._limiter.unmetered:
            self._to.meter.count("unmetered_messages", self._limiter.unmetered)
            self._limiter.unmetered = 0
        return left

    def _may_send(self, sender: str) -> bool:
        if self._allow is None or sender in self._welcome:
            return True
        if not self._allow.allows(sender):
            return False
        if len(self._welcome) >= _REMEMBERED:
            self._welcome.clear()
        self._welcome.add(sender)
        return True

    def _reject(self, reason: str, sender: str, count: int, limit: str) -> None:
        self._to.meter.count("received_messages", count)
        self._to.meter.count("rejected_messages", count, reason)
        self._to.senders.dropped(sender, reason, count)
        self._to.refuse(reason, sender, count, limit)


def _some(addresses: Sequence[str], left: dict[str, int]) -> list[bool]:
    """For each datagram whether it may pass, when so many may of these senders, and all of others."""
    passes = []
    for sender in addresses:
        more = left.get(sender)
        passes.append(more is None or more > 0)
        if more:
            left[sender] = more - 1
    return passes
