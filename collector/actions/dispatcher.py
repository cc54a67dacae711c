"""
Alerts → their destinations: each has a lane of its own (``lane.py``), so none waits for another.

    dispatcher.change(destinations, mail)          in the beginning, and whenever the configuration changes
    dispatcher.take(place, payload)                an alert from the journal
    dispatcher.turn()                              what has ended, what is due, what can begin
    dispatcher.save()                              the place up to which the journal can be forgotten

At least once: an alert is settled when it has been delivered, dropped and counted, or become a dead letter, for each of
its destinations. What was not settled is delivered again after a crash, with the same id.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from itertools import islice
from typing import Any

from collector.actions import PER_KIND, DeliveryError, Surroundings, action_class
from collector.actions.crowd import Share
from collector.actions.dead_letters import DeadLetters
from collector.actions.destinations import Destination
from collector.actions.lane import Lane
from collector.actions.message import decode
from collector.actions.pool import Pool
from collector.actions.schedule import Job
from collector.actions.state_file import StateFile
from collector.actions.unsettled import Unsettled
from collector.config.mail import MailServer
from collector.sinks.journal import Place

MAX_BYTES = 128 * 1024 * 1024
"""Of alerts that wait, in memory; each lane has an equal share. Further ones are read again when it is their turn."""

MAX_BURST = 100_000
"""Alerts that wait beyond what queues hold; each lane has an equal share."""

_Work = tuple[Lane, Job, str, tzinfo]
"""The last are the kind and the zone of times, which a change of the configuration may change."""

ReadAgain = Callable[[Place, int], bytes | None]


class Dispatcher:
    """
    ``say(level, event, sentence)`` tells the own log, from any thread. ``now`` are seconds since the epoch that never
    go back. ``folder`` is where the state and the dead letters are kept. ``read_again(place, size)`` is what stands in
    the journal before a place, None when it is gone.
    """

    def __init__(
        self, folder: str, say: Callable[[str, str, str], None], now: Callable[[], float], read_again: ReadAgain
    ) -> None:
        self._now = now
        self._say = say
        self._read_again = read_again
        self._letters = DeadLetters(folder, say)
        self._file = StateFile(os.path.join(folder, "dispatcher.json"), say)
        state = self._file.load()
        self._unsettled = Unsettled(state.get("unsettled"))
        self._saved: dict[str, Any] = state.get("lanes", {})
        self._lanes: dict[str, Lane] = {}
        self._awake: dict[str, Lane] = {}  # those in which something may happen by itself
        self._wanted: Mapping[str, Destination] = {}
        self._mail: MailServer | None = None
        self._zone: tzinfo = UTC
        self._pool: Pool[_Work, DeliveryError | None] = Pool(_deliver)
        self._running: Counter[str] = Counter()
        self._share = Share(MAX_BYTES, MAX_BURST)
        self._turns = 0
        self._lost: Counter[str] = Counter()
        self._changed = False

    def fileno(self) -> int:
        """Can be read when a delivery has ended."""
        return self._pool.fileno()

    @property
    def accepts(self) -> bool:
        """Whether more alerts should be read from the journal."""
        now = self._now()
        return not (self._unsettled.full or any(lane.holds_up(now, self._share) for lane in self._awake.values()))

    @property
    def running(self) -> int:
        """Deliveries under way."""
        return self._pool.running

    def change(self, destinations: Mapping[str, Destination], mail: MailServer | None, zone: tzinfo = UTC) -> None:
        """
        These are the destinations from now on. What waits for one that is no longer there is still delivered, as it
        was raised before. ``zone`` is where those are who read.
        """
        around, now = Surroundings(self._say, mail), self._now()
        for label, destination in destinations.items():
            lane = self._lanes.get(label)
            same = lane is not None and lane.destination == destination
            if same and (destination.kind != "mail" or mail == self._mail):
                continue
            action = action_class(destination.kind)(destination.options, destination.names, around)
            if lane is None:
                self._lanes[label] = Lane(destination, action, self, self._saved.pop(label, {}), now)
            else:
                lane.change(destination, action, now)
        self._wanted, self._mail, self._zone = destinations, mail, zone
        self._awake = self._lanes.copy()
        lanes = max(1, len(self._lanes))
        self._share = Share(MAX_BYTES // lanes, MAX_BURST // lanes)
        self._forget_others()

    def take(self, place: Place, payload: bytes) -> None:
        self._changed = True
        try:
            message, labels = decode(payload)
        except ValueError as error:
            self._unsettled.begin(place, ())
            self._lost["unreadable"] += 1
            self._say("error", "alert unreadable", f"An entry of the journal of alerts is lost: {error}.")
            return
        now = self._now()
        for label in self._unsettled.begin(place, dict.fromkeys(labels)):
            lane = self._lanes.get(label)
            if lane is None:
                self._without_lane(label, Job(payload, place))
                continue
            lane.offer(payload, place, message, now, self._share)
            self._awake[label] = lane

    def turn(self) -> None:
        now = self._now()
        for (lane, job, kind, _), error in self._pool.ended():
            self._changed = True
            self._running[kind] -= 1
            lane.done(job, error, now)
        lanes = list(self._awake.values())
        self._turns += 1
        first = self._turns % max(1, len(lanes))
        for lane in lanes[first:] + lanes[:first]:
            lane.tick(now)
            self._begin(lane, now)
            if lane.asleep:
                del self._awake[lane.label]
            if lane.idle and lane.label not in self._wanted:
                lane.action.close()
                del self._lanes[lane.label]
                self._awake.pop(lane.label, None)

    def due(self) -> float | None:
        """When ``turn`` is to be called again, if nothing ends before."""
        dues = (lane.due(may_begin=self._room(lane) > 0) for lane in self._awake.values())
        return min((due for due in dues if due is not None), default=None)

    def save(self) -> Place | None:
        """Keep what a restart must not forget. Then the journal is needed only from the place on that is returned."""
        if not self._changed:
            return None
        lanes = {label: lane.dump() for label, lane in self._lanes.items()}
        if not self._file.save({"unsettled": self._unsettled.dump(), "lanes": lanes}):
            return None
        self._changed = False
        return self._unsettled.take_done()

    def report(self) -> dict[str, dict[str, Any]]:
        """The counters of each destination. What waited before a restart still does, read or not."""
        reports = {label: lane.report() for label, lane in self._lanes.items()}
        for label, counts in reports.items():
            awaited = self._unsettled.awaited(label)
            counts["queued"] += awaited
            counts["pending"] += awaited
        return reports

    def close(self) -> None:
        """End what runs; it is begun anew after the next start."""
        for lane in self._lanes.values():
            lane.action.close()
        self._pool.close()

    # What lanes tell (``lane.Outcome``).

    def settled(self, label: str, job: Job) -> None:
        if job.place is not None:
            self._unsettled.settle(job.place, label)

    def bury(self, label: str, job: Job, reason: str, why: str) -> None:
        entry = {"destination": label, "reason": reason, "why": why, "tries": job.tries}
        known = job.own is not None or job.payload is not None  # or the journal cannot be read, which is ``why``
        self._letters.keep(entry, job.message().alert if known else {}, self._now())

    def read_again(self, job: Job) -> bytes | None:
        assert job.place is not None
        return self._read_again(job.place, job.size)

    def say(self, level: str, event: str, sentence: str) -> None:
        self._say(level, event, sentence)

    def _forget_others(self) -> None:
        """Destinations of a time before a restart that are no longer there: nobody can be told of what they held."""
        for label, state in self._saved.items():
            held = [(state.get("cap") or {}).get("held", {}), state["overflow"], *({"total": 1} for _ in state["owed"])]
            count = sum(each.get("total", 0) for each in held)
            if count:
                sentence = f"{label}, a destination that is no longer there, had held back {count:,} alerts or more."
                self._say("warning", f"destination {label}", sentence)
        self._saved = {}

    def _begin(self, lane: Lane, now: float) -> None:
        kind = lane.destination.kind
        for job in islice(lane.ready(now), self._room(lane)):
            self._changed = True
            self._running[kind] += 1
            self._pool.start((lane, job, kind, self._zone))

    def _room(self, lane: Lane) -> int:
        """So many deliveries of its kind may begin. When there is none, the end of one wakes us."""
        return PER_KIND - self._running[lane.destination.kind]

    def _without_lane(self, label: str, job: Job) -> None:
        self._lost["unknown_destination"] += 1
        self._say("error", f"destination {label}", f"An alert is for {label}, a destination that is no longer there.")
        self.bury(label, job, "unknown_destination", "there is no such destination")
        assert job.place is not None
        self._unsettled.settle(job.place, label)


def _deliver(work: _Work) -> DeliveryError | None:
    """In a thread. Whatever goes wrong there is a delivery that failed."""
    lane, job, _, zone = work
    try:
        lane.action.deliver(replace(job.message(), zone=zone), job.left)
    except DeliveryError as error:
        return error
    except MemoryError:
        return DeliveryError("there is not enough memory for it", reason="memory", again=True)
    except Exception as error:  # noqa: BLE001 - an action's mistake must not end the thread, nor be met again and again
        return DeliveryError(f"{type(error).__name__}: {error}", reason="internal", again=False)
    return None
