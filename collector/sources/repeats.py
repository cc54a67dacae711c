"""Repeat reduction at a source: what each sender says again and again, and the account of it."""

from collections.abc import Iterable, Sequence

from collector.protocol.reduce import Reduced, Run
from collector.sources import Surroundings

_SENDERS = 10_000
"""So many are remembered; the one that came first makes room."""


def book(reduced: Reduced, to: Surroundings) -> None:
    """Folded messages were received and are rejected; the lines that tell of them come from ourselves."""
    if reduced.folded:
        to.meter.count("received_messages", reduced.folded)
        to.meter.count("rejected_messages", reduced.folded, "repeated")
    if reduced.own:
        # They are delivered, and so counted, among what the source received; folded messages were counted before.
        to.meter.count("received_messages", -reduced.own)
        to.internal.count("received_messages", reduced.own)


class Repeats:
    """The senders of datagrams, by ``address:port``: each has a run of its own."""

    def __init__(self, to: Surroundings) -> None:
        self._to = to
        self._runs: dict[str | None, Run] = {}

    def take(
        self, frames: Sequence[bytes], peers: Iterable[str | None], now: float
    ) -> tuple[list[bytes], list[str | None]]:
        """What is to be delivered, and from whom."""
        left: list[bytes] = []
        senders: list[str | None] = []
        own = 0
        for frame, peer in zip(frames, peers, strict=False):
            run = self._runs.get(peer)
            if run is None:
                own += self._make_room(left, senders)
                run = self._runs[peer] = Run()
            own += run.one(frame, now, left)
            while len(senders) < len(left):
                senders.append(peer)
        book(Reduced(left, len(frames) + own - len(left), own), self._to)
        return left, senders

    def overdue(self, now: float) -> None:
        """Deliver what has waited long enough."""
        self._deliver([(line, peer) for peer, run in self._runs.items() if run.waiting for line in run.overdue(now)])

    def close(self) -> None:
        """Deliver all that is still to be told."""
        self._deliver([(line, peer) for peer, run in self._runs.items() for line in run.tell()])
        self._runs.clear()

    def _make_room(self, left: list[bytes], senders: list[str | None]) -> int:
        """Tell of the oldest sender, and forget it, when there are too many."""
        if len(self._runs) < _SENDERS:
            return 0
        oldest = next(iter(self._runs))
        told = self._runs.pop(oldest).tell()
        left += told
        senders += [oldest] * len(told)
        return len(told)

    def _deliver(self, lines: list[tuple[bytes, str | None]]) -> None:
        if not lines:
            return
        book(Reduced([], 0, len(lines)), self._to)
        self._to.deliver([line for line, _ in lines], len(lines), lambda: [peer for _, peer in lines])
