"""
What one destination has to do: a queue, and one delivery after the other.

    offered ──cap──▶ waiting ──its turn──▶ running ──▶ sent
                │       │                   │   ▲
                │       │            failed ▼   │ after a pause
                │       │                resting┘
                │       │                   │
                ▼       ▼                   ▼
             held back, told at the end   dead: the answer is final, or it went on for too long

Whose turn it is, is in ``schedule.py``, how many may wait in ``crowd.py``. Alerts that wait stay in their journal; as
many of them as there is memory for are kept here as well. All of it is the work of one thread; only ``Action.deliver``
is called in others.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from collector.actions import Action, DeliveryError
from collector.actions.crowd import Crowd, Share
from collector.actions.destinations import Destination
from collector.actions.held import CapWindow, Held
from collector.actions.message import Message
from collector.actions.schedule import Job, Schedule
from collector.config.values import format_duration
from collector.sinks.journal import Place

_NEVER = float("inf")

_TELL_AGAIN = 60.0
"""Seconds from one message about a queue that was full to the next."""


class Outcome(Protocol):
    """What a lane tells its dispatcher."""

    def settled(self, label: str, job: Job) -> None:
        """Nothing is to be done any more for this alert here."""

    def bury(self, label: str, job: Job, reason: str, why: str) -> None:
        """It is not delivered, ever: a dead letter."""

    def read_again(self, job: Job) -> bytes | None:
        """What stands in the journal for it; None when it is gone. Raises OSError."""

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

    def dump(self) -> dict[str, Any]:
        """What has come to an end; what is pending is offered again after a restart."""
        return {
            "sent": self.sent, "retried": self.retried, "dead": self.dead, "failed": dict(self.failed),
            "dropped": dict(self.dropped),
        }  # fmt: skip

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Counters":
        failed, dropped = Counter(dumped["failed"]), Counter(dumped["dropped"])
        sent, dead = dumped["sent"], dumped["dead"]
        return cls(sent + dead + dropped.total(), sent, dumped["retried"], dead, failed, dropped)


class Lane:
    """``state`` is what ``dump`` gave before a restart, if anything. Times are seconds since the epoch, and grow."""

    def __init__(
        self, destination: Destination, action: Action, outcome: Outcome, state: Mapping[str, Any], now: float
    ) -> None:
        self.destination = destination
        self.action = action
        self.counters = Counters.load(state["counters"]) if "counters" in state else Counters()
        self._outcome = outcome
        self._schedule = Schedule()
        self._crowd = Crowd()
        self._share = Share(0, 0)
        self._kept = 0
        self._cap = self._limit(state.get("cap"), now)
        self._overflow = Held("too many were waiting", state.get("overflow"))
        self._told = float("-inf")
        self._ill = False
        for alert in state.get("owed", ()):
            self._owe(Message(alert, {}))

    @property
    def label(self) -> str:
        return self.destination.label

    @property
    def pending(self) -> int:
        return len(self._schedule)

    @property
    def idle(self) -> bool:
        """Nothing waits, and there is nothing left to tell."""
        return not self.pending and not self._overflow.total and not (self._cap and self._cap.held.total)

    @property
    def asleep(self) -> bool:
        """Nothing will happen here before another alert comes."""
        return not self.pending and self.due() is None

    def change(self, destination: Destination, action: Action, now: float) -> None:
        """The same label with other options. What waits goes the new way, what runs ends in the old one."""
        state = self._cap.state() if self._cap else None
        self.destination, self.action = destination, action
        self._cap = self._limit(state, now)

    def offer(self, payload: bytes, place: Place, message: Message, now: float, share: Share) -> None:
        """``share`` is its part of what all lanes have."""
        self._share = share
        self.tick(now)
        job = Job(payload, place, size=len(payload))
        self.counters.offered += 1
        if self._cap is not None and not self._cap.admits(message, now):
            self._drop(job, "cap")
        elif not self._crowd.admits(self._schedule.waiting, now, share):
            self._overflow.add(message)
            self._outcome.bury(self.label, job, "queue_full", "too many were waiting")
            self._drop(job, "queue_full")
        else:
            self._kept += job.size
            if self.pending:
                self._forget(job)
            self._schedule.add(job)

    def holds_up(self, now: float, share: Share) -> bool:
        """Whether reading the journal should wait for it."""
        self._look(now)
        return self._crowd.holds_up(self._schedule.waiting, now, share, self.counters.sent)

    def tick(self, now: float) -> None:
        """Tell of what was held back, when its time has come."""
        self._look(now)
        if self._cap is not None and self._cap.is_over(now) and self._cap.held.total:
            self._owe(self._cap.held.take(self.label, now))
        if now >= self._tells_at:
            self._told = now
            self._owe(self._overflow.take(self.label, now))

    def due(self, *, may_begin: bool = True) -> float | None:
        """When ``tick`` or ``ready`` is to be asked again; None when nothing is due by itself."""
        times = [self._tells_at]
        if self._cap is not None and self._cap.ends is not None:
            times.append(self._cap.ends)
        begins = self._schedule.due(self.destination.options.concurrent) if may_begin else None
        if begins is not None:
            times.append(begins)
        first = min(times)
        return None if first == _NEVER else first

    def ready(self, now: float) -> Iterator[Job]:
        """
        Deliveries that may begin now. Each is under way as soon as it is taken from here; ask no further for more than
        can be begun.
        """
        while (job := self._schedule.next(now, self.destination.options.concurrent)) is not None:
            if self._begin(job, now):
                yield job

    def done(self, job: Job, error: DeliveryError | None, now: float) -> None:
        """A delivery has ended."""
        if error is None:
            self._over(job, well=True)
            self.counters.sent += 1
            self._outcome.settled(self.label, job)
            self._say_well()
            return
        self.counters.failed[error.reason] += 1
        job.left = error.left
        partly, away = error.reach == "part", error.reach == "all"
        retry = self.destination.options.retry
        pause = max(retry.pause(job.tries), error.after or 0.0)
        patience = retry.give_up * (2 if error.after and job.tries == 1 else 1)  # one try at the time that was named
        if not error.again or now + pause > job.began + patience:
            self._give_up(job, error)
        elif not (partly or self._schedule.fails(job, away=away)):
            pause = max(retry.pause(self._schedule.failures + 1), error.after or 0.0)
            self._schedule.holds(job, pause, now, away=away)
            self._forget(job)
            self._ill = True
            self._say_ill(error, f"tried again in {format_duration(pause)}")
        elif self._schedule.refused >= self.destination.options.queue:
            self._give_up(job, error)
        else:
            self._schedule.rests(job, pause, now, partly=partly)
            self._forget(job)
            self._say_ill(error, f"tried again in {format_duration(pause)}, and others go on meanwhile")

    def dump(self) -> dict[str, Any]:
        """What a restart must not forget beside the alerts, which stand in their journal."""
        owed = [job.own.alert for job in self._schedule if job.own is not None]
        cap = self._cap.state() if self._cap else None
        return {"counters": self.counters.dump(), "cap": cap, "overflow": self._overflow.state(), "owed": owed}

    def report(self) -> dict[str, Any]:
        """Its counters, for ``status``."""
        own = {"kind": self.destination.kind, "queued": self.counters.offered, "pending": self.pending}
        return {**own, **self.counters.dump()}

    @property
    def _tells_at(self) -> float:
        """When there is something to tell of a queue that was full, and room for it."""
        room = self._overflow.total and self._schedule.waiting <= self.destination.options.queue // 2
        return self._told + _TELL_AGAIN if room else _NEVER

    def _look(self, now: float) -> None:
        self._crowd.look(self._schedule.waiting, self.destination.options.queue, now, self.counters.sent)

    def _forget(self, job: Job) -> None:
        """What stands in the journal can be read again, when there is no room in memory."""
        if self._kept > self._share.bytes and job.payload is not None:
            job.payload = None
            self._kept -= job.size

    def _begin(self, job: Job, now: float) -> bool:
        """Whether it can be: its alert may have gone from the journal."""
        job.began = job.began or now
        job.tries += 1
        self.counters.retried += job.tries > 1
        if job.payload is not None or job.own is not None:
            return True
        try:
            job.payload = self._outcome.read_again(job)
        except OSError as error:
            text = f"the journal of alerts cannot be read: {error.strerror}"
            self.done(job, DeliveryError(text, reason="journal", again=True, reach="all"), now)
            return False
        if job.payload is None:
            self._schedule.over(job, well=False)
            self._drop(job, "journal_full")
            return False
        self._kept += job.size
        return True

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
        self._schedule.add(Job(own=message))

    def _drop(self, job: Job, reason: str) -> None:
        self.counters.dropped[reason] += 1
        if reason == "queue_full" and self._overflow.total == 1:
            sentence = f"{self.label}: too many alerts wait; further ones are dropped, and kept as dead letters."
            self._outcome.say("warning", f"queue {self.label}", sentence)
        if reason == "journal_full":
            sentence = f"{self.label}: alerts are lost, as they waited for so long that their journal was full."
            self._outcome.say("error", f"lost {self.label}", sentence)
        self._outcome.settled(self.label, job)

    def _over(self, job: Job, *, well: bool) -> None:
        self._schedule.over(job, well=well)
        if job.payload is not None:
            self._kept -= job.size

    def _give_up(self, job: Job, error: DeliveryError) -> None:
        self._over(job, well=False)
        self.counters.dead += 1
        self._outcome.bury(self.label, job, error.reason, str(error))
        tries = "1 try" if job.tries == 1 else f"{job.tries} tries"
        sentence = f"{self.label}: an alert is given up after {tries}: {error}. It is among the dead letters."
        self._outcome.say("error", f"dead {self.label}", sentence)
        self._outcome.settled(self.label, job)

    def _say_ill(self, error: DeliveryError, next_try: str) -> None:
        self._outcome.say("warning", f"failed {self.label}", f"{self.label}: {error}. It is {next_try}.")

    def _say_well(self) -> None:
        if self._ill:
            self._ill = False
            self._outcome.say("info", f"failed {self.label}", f"{self.label}: alerts arrive again.")
