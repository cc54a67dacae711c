"""
What one destination has to do: a queue, and one delivery after the other.

    offered ──cap──▶ waiting ──its turn──▶ running ──▶ sent
                │       │                   │   ▲
                │       │            failed ▼   │ after a pause of 1, 2, 4, 8 … times the first
                │       │                resting┘
                │       │                   │
                ▼       ▼                   ▼
             held back, told at the end   dead: the answer is final, or it went on for too long

Alerts go out in the order in which they were offered: whatever rests holds up those behind it, as the next would meet
the same server. Only a failure of a part (one recipient of several) rests aside. All of it is the work of one thread;
only ``Action.deliver`` is called in others.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from collector.actions import Action, DeliveryError
from collector.actions.destinations import Destination
from collector.actions.held import CapWindow, Held
from collector.actions.message import Message, decode
from collector.config.values import format_duration
from collector.sinks.journal import Place


@dataclass(slots=True, eq=False)
class Job:
    """``place`` is that of the alert in its journal, ``payload`` what stands there; a message of ours has neither."""

    payload: bytes
    place: Place | None = None
    own: Message | None = None
    tries: int = 0
    began: float = 0.0
    due: float = 0.0
    left: Any = None
    running: bool = False

    def message(self) -> Message:
        return self.own or decode(self.payload)[0]


class Outcome(Protocol):
    """What a lane tells its dispatcher."""

    def settled(self, label: str, job: Job) -> None:
        """Nothing is to be done any more for this alert here."""

    def bury(self, label: str, job: Job, reason: str, why: str) -> None:
        """It is not delivered, ever: a dead letter."""

    def say(self, level: str, event: str, sentence: str) -> None: ...


@dataclass(slots=True)
class Counters:
    """offered = sent + dropped + dead + pending. ``failed`` counts tries, by reason; ``retried`` further tries."""

    offered: int = 0
    sent: int = 0
    retried: int = 0
    dead: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


class Lane:
    """``state`` is what ``dump`` gave before a restart, if anything. Times are seconds since the epoch, and grow."""

    def __init__(
        self, destination: Destination, action: Action, outcome: Outcome, state: Mapping[str, Any], now: float
    ) -> None:
        self.destination = destination
        self.action = action
        self.counters = Counters()
        self._outcome = outcome
        self._waiting: deque[Job] = deque()
        self._open: list[Job] = []
        self._aside: list[Job] = []
        self._cap = self._limit(state.get("cap"), now)
        self._overflow = Held("too many were waiting", state.get("overflow"))
        self._ill = False
        for alert in state.get("owed", ()):
            self._owe(Message(alert, {}))

    @property
    def label(self) -> str:
        return self.destination.label

    @property
    def pending(self) -> int:
        return len(self._waiting) + len(self._open) + len(self._aside)

    @property
    def idle(self) -> bool:
        """Nothing waits, and there is nothing left to tell."""
        return not self.pending and not self._overflow.total and not (self._cap and self._cap.held.total)

    def change(self, destination: Destination, action: Action, now: float) -> None:
        """The same label with other options. What waits goes the new way, what runs ends in the old one."""
        state = self._cap.state() if self._cap else None
        self.destination, self.action = destination, action
        self._cap = self._limit(state, now)

    def offer(self, payload: bytes, place: Place, message: Message, now: float, *, room: bool) -> None:
        """``room``: there is memory for it."""
        self.tick(now)
        job = Job(payload, place)
        self.counters.offered += 1
        if self._cap is not None and not self._cap.admits(message, now):
            self._drop(job, "cap")
        elif len(self._waiting) >= self.destination.options.queue or not room:
            self._overflow.add(message)
            self._outcome.bury(self.label, job, "queue_full", "too many were waiting")
            self._drop(job, "queue_full")
        else:
            self._waiting.append(job)

    def tick(self, now: float) -> None:
        """Tell of what was held back, when its time has come."""
        if self._cap is not None and self._cap.is_over(now) and self._cap.held.total:
            self._owe(self._cap.held.take(self.label, now))
        if self._overflow.total and len(self._waiting) <= self.destination.options.queue // 2:
            self._owe(self._overflow.take(self.label, now))

    def due(self) -> float | None:
        """When ``tick`` or ``ready`` is to be asked again; None when nothing is due by itself."""
        times = [job.due for job in (*self._open, *self._aside) if not job.running]
        if self._cap is not None and self._cap.ends is not None:
            times.append(self._cap.ends)
        return min(times, default=None)

    def ready(self, now: float) -> Iterator[Job]:
        """
        Deliveries that may begin now. Each is under way as soon as it is taken from here; ask no further for more than
        can be begun.
        """
        for job in self._open:
            if not job.running and job.due <= now:
                yield self._begin(job, now)
        while len(self._open) < self.destination.options.concurrent:
            rested = next((job for job in self._aside if job.due <= now), None)
            if rested is not None:
                self._aside.remove(rested)
            elif self._waiting:
                rested = self._waiting.popleft()
            else:
                return
            self._open.append(rested)
            yield self._begin(rested, now)

    def done(self, job: Job, error: DeliveryError | None, now: float) -> None:
        """A delivery has ended."""
        job.running = False
        if error is None:
            self._open.remove(job)
            self.counters.sent += 1
            self._outcome.settled(self.label, job)
            self._say_well()
            return
        self.counters.failed[error.reason] += 1
        job.left = error.left
        pause = max(self.destination.options.retry.pause(job.tries), error.after or 0.0)
        if not error.again or now + pause > job.began + self.destination.options.retry.give_up:
            self._open.remove(job)
            self._give_up(job, error)
            return
        job.due = now + pause
        self._say_ill(error, pause)
        if error.aside:
            self._open.remove(job)
            self._aside.append(job)

    def dump(self) -> dict[str, Any]:
        """What a restart must not forget beside the alerts, which stand in their journal."""
        owed = [job.own.alert for job in (*self._open, *self._waiting, *self._aside) if job.own is not None]
        cap = self._cap.state() if self._cap else None
        return {"cap": cap, "overflow": self._overflow.state(), "owed": owed}

    def report(self) -> dict[str, Any]:
        """Its counters, for ``status``."""
        counters = self.counters
        return {
            "kind": self.destination.kind, "queued": counters.offered, "pending": self.pending, "sent": counters.sent,
            "retried": counters.retried, "dead": counters.dead, "failed": dict(counters.failed),
            "dropped": dict(counters.dropped),
        }  # fmt: skip

    def _begin(self, job: Job, now: float) -> Job:
        job.running = True
        job.began = job.began or now
        job.tries += 1
        self.counters.retried += job.tries > 1
        return job

    def _limit(self, state: Mapping[str, Any] | None, now: float) -> CapWindow | None:
        """The cap, with what was held back so far; where there is none any more, that is told now."""
        cap = self.destination.options.cap
        if cap is not None:
            return CapWindow(cap, state)
        held = Held("there was a cap until now", (state or {}).get("held"))
        if held.total:
            self._owe(held.take(self.label, now))
        return None

    def _owe(self, message: Message) -> None:
        self.counters.offered += 1
        self._waiting.append(Job(b"", own=message))

    def _drop(self, job: Job, reason: str) -> None:
        self.counters.dropped[reason] += 1
        if reason == "queue_full":
            sentence = f"{self.label}: too many alerts wait; further ones are dropped, and kept as dead letters."
            self._outcome.say("warning", f"queue {self.label}", sentence)
        self._outcome.settled(self.label, job)

    def _give_up(self, job: Job, error: DeliveryError) -> None:
        self.counters.dead += 1
        self._outcome.bury(self.label, job, error.reason, str(error))
        tries = "1 try" if job.tries == 1 else f"{job.tries} tries"
        sentence = f"{self.label}: an alert is given up after {tries}: {error}. It is among the dead letters."
        self._outcome.say("error", f"dead {self.label}", sentence)
        self._outcome.settled(self.label, job)

    def _say_ill(self, error: DeliveryError, pause: float) -> None:
        self._ill = True
        sentence = f"{self.label}: {error}. It is tried again in {format_duration(pause)}."
        self._outcome.say("warning", f"failed {self.label}", sentence)

    def _say_well(self) -> None:
        if self._ill:
            self._ill = False
            self._outcome.say("info", f"failed {self.label}", f"{self.label}: alerts arrive again.")
