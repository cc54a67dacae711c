"""
Whose turn it is at one destination.

    waiting ──its turn──▶ running ──▶ over: delivered, or given up
                           │   ▲ ▲
                    failed ▼   │ └─── after a pause of its own, while others go on ──┐
                        suspected ──another went through, and it fails once more──▶ refused

In order: an alert that fails is tried again in its place, after 1, 2, 4, 8 … times the first pause, and holds up those
behind it, as they would meet the same server. Unless nothing can be reached at all, its third failure, and each after
it, is followed by a try of the next alert at once; where one is refused already, so is the first.

- It goes through: the failures are the alert's own. It is tried once more, then on its own, and holds up nobody.
- It fails as well: the destination is in trouble. The pause is the same as if there were a single alert, and behind it
  comes the one that has rested longest. Once one goes through, those that failed are tried in order, before others.

So a program that chokes on the text of one alert delays the others by seconds, and a server that is down is asked twice
after each pause, and not for each alert that waits. Times are seconds, and grow.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from collector.actions.message import Message, decode
from collector.sinks.journal import Place

IN_PLACE = 3
"""Failures of an alert before the next one is tried."""


@dataclass(slots=True, eq=False)
class Job:
    """
    One alert at one destination. ``place`` is that in the journal, ``size`` that of the entry, ``payload`` what stands
    there, or None while nobody needs it; a message of ours has none of them.
    """

    payload: bytes | None = None
    place: Place | None = None
    own: Message | None = None
    size: int = 0
    number: int = 0
    tries: int = 0
    began: float = 0.0
    due: float = 0.0
    left: Any = None
    suspected: bool = False
    refused: bool = False

    def message(self) -> Message:
        if self.own is not None:
            return self.own
        assert self.payload is not None
        return decode(self.payload)[0]

    def __lt__(self, other: "Job") -> bool:
        return (self.due, self.number) < (other.due, other.number)


@dataclass(slots=True)
class _Trouble:
    """
    So many ``failures`` behind each other, each but the last with its pause; ``until`` is the end of that. ``away``:
    nothing can be reached. ``trying`` runs now; ``probe`` is the one that was tried after the last failure.
    """

    failures: int = 0
    away: bool = False
    until: float = 0.0
    trying: Job | None = None
    probe: Job | None = None


class Schedule:
    """``len`` counts all that is pending."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._suspects: deque[Job] = deque()
        self._refused: list[Job] = []
        self._trouble: _Trouble | None = None
        self._count = 0
        self._by_turns = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running) + len(self._suspects) + len(self._refused)

    def __iter__(self) -> Iterator[Job]:
        for jobs in (self._running, self._suspects, self._refused, self._waiting):
            yield from jobs

    @property
    def waiting(self) -> int:
        """Those that were never tried."""
        return len(self._waiting)

    @property
    def refused(self) -> int:
        return len(self._refused)

    @property
    def failures(self) -> int:
        """So many tries in a row have failed by now."""
        return self._trouble.failures if self._trouble else 0

    def add(self, job: Job) -> None:
        self._count += 1
        job.number = self._count
        self._waiting.append(job)

    def next(self, now: float, concurrent: int) -> Job | None:
        """The one to begin now, if any; it runs from here on. At most so many are ``concurrent``."""
        if len(self._running) >= concurrent:
            return None
        job = self._in_trouble(self._trouble, now) if self._trouble else self._in_order(now)
        if job is not None:
            self._running.append(job)
        return job

    def due(self, concurrent: int) -> float | None:
        """When ``next`` may have another one; None when that takes a new alert, or the end of one that runs."""
        if len(self._running) >= concurrent:
            return None
        trouble = self._trouble
        if trouble is not None and trouble.trying:
            return None
        if trouble is not None and (self._suspects or self._waiting):
            return trouble.until
        first = self._refused[0].due if self._refused else None
        return max(first, trouble.until) if first is not None and trouble is not None else first

    def over(self, job: Job, *, well: bool) -> None:
        """Nothing is left to be done for it; ``well``: as it was delivered."""
        self._ended(job)
        if well:
            self._recovered()
        elif self._trouble is not None and self._trouble.probe is job:
            self._trouble.probe = None  # it did not tell, and another may
        elif job.suspected and not self._suspects:
            self._trouble = None  # the next one begins as if nothing had been

    def rests(self, job: Job, pause: float, now: float, *, partly: bool) -> None:
        """It goes on later, after a pause of its own; ``partly``: some have it, so others are not held up."""
        self._ended(job)
        if partly:
            self._recovered()
        job.refused = True
        job.due = now + pause
        heappush(self._refused, job)

    def fails(self, job: Job, *, away: bool) -> bool:
        """
        A try has failed. Whether the failure is the alert's own, and ``rests`` is to be called for it; otherwise it is
        held against the destination, and ``holds`` is to be called.
        """
        if job.refused:
            return True
        return self._trouble is None and job.suspected and not away

    def holds(self, job: Job, pause: float, now: float, *, away: bool) -> None:
        """It stays in its place for a pause, and most likely everybody behind it."""
        trouble = self._trouble or _Trouble(trying=job)
        if trouble.trying is job and trouble.probe is not job:  # others were under way already
            trouble.failures += 1
            trouble.away, trouble.until, trouble.probe = away, now + pause, None
        self._trouble = trouble
        self._ended(job)
        job.suspected = True
        self._suspects.append(job)

    def _in_order(self, now: float) -> Job | None:
        if self._suspects:
            return self._suspects.popleft()
        refused_due = bool(self._refused) and self._refused[0].due <= now
        if refused_due and (self._by_turns or not self._waiting):
            self._by_turns = False
            return heappop(self._refused)
        self._by_turns = True
        return self._waiting.popleft() if self._waiting else None

    def _in_trouble(self, trouble: _Trouble, now: float) -> Job | None:
        if trouble.trying:
            return None
        doubtful = not trouble.away and trouble.failures >= (1 if self._refused else IN_PLACE)
        if doubtful and trouble.probe is None and self._waiting:
            job = trouble.probe = self._waiting.popleft()
        elif now < trouble.until:
            return None
        elif self._suspects or self._waiting:
            job = (self._suspects or self._waiting).popleft()
        elif self._refused and self._refused[0].due <= now:
            job = heappop(self._refused)
        else:
            return None
        trouble.trying = job
        return job

    def _ended(self, job: Job) -> None:
        self._running.remove(job)
        if self._trouble is not None and self._trouble.trying is job:
            self._trouble.trying = None

    def _recovered(self) -> None:
        self._trouble = None
        self._suspects = deque(sorted(self._suspects, key=lambda job: job.number))
