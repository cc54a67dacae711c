"""
The correlator: a process that reads what workers journal, runs the rules, and writes alerts down for the dispatcher.

    journals ──order──▶ entries ──▶ events ──▶ engine ──▶ alerts ──▶ journal of alerts
                          │                      │
                          └── snapshot: places, state of the rules, number of alerts ◀┘

It follows no clock but that of the entries, so what it does follows from them alone. After a crash it takes the last
snapshot and the same steps again; alerts that are in their journal already are raised again, and not written again.

    ←  {"rules": "in force"} {"report": {…}} {"log": "warning", "class": …, "message": …} {"answer": 7, …}
    →  {"do": "rules"} + a descriptor of pickled rules; {"do": "mute", "number": 7, …}
"""

import contextlib
import gc
import json
import mmap
import os
import pickle
import select
import selectors
import signal
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from collector.config.values import format_duration
from collector.errors import CollectorError
from collector.rules.counters import Counters
from collector.rules.engine import Engine
from collector.rules.entry import Entry
from collector.rules.guard import INTERVAL, Guard
from collector.service.watching.alert_journal import AlertJournal
from collector.service.watching.candidate_events import candidate_events
from collector.service.watching.coming_rules import ComingRules
from collector.service.watching.order import Noted, Order, Taken
from collector.service.watching.places import journal_names, order_folder, snapshot_folder
from collector.service.watching.plan import RulesPlan
from collector.service.watching.questions import unfit
from collector.service.watching.recent import RecentAlerts
from collector.service.watching.set_back import SetBack
from collector.service.watching.snapshot import Outcome, Snapshots
from collector.service.watching.troubles import troubles
from collector.sinks.journal import Bell

_TICK = 1.0
_SNAPSHOT_INTERVAL = 10.0
_DATAGRAM = 256 * 1024
_RULES_A_PIECE = 300
_TICKS_PER_COLLECTION = 30
_POLITENESS = 5
"""Of nice(2): whoever receives messages comes first."""
_STEPS_A_TURN = 1 << 20
"""Bytes of journal between two looks at what the supervisor wants."""
_ANSWER = 150_000
"""Bytes that an answer may have."""
_LONGEST_NOTICE = 2_000
_ONCE_A_TICK = 3
"""Lines of one class for the own log, which shows one of them in ten seconds."""


def run_correlator(rules: bytes, bells: tuple[Bell, Bell], link: socket.socket) -> None:
    """The life of the process. ``rules`` is a pickled RulesPlan; one bell wakes us, the other the dispatcher."""
    plan: RulesPlan = pickle.loads(rules)  # noqa: S301 - by our own supervisor
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_POLITENESS)
    gc.disable()  # as in workers: entries and events are thousands of objects without cycles
    correlator = Correlator(plan, bells[0], bells[1], link)
    gc.freeze()
    correlator.run()


class Correlator:
    def __init__(self, plan: RulesPlan, bell: Bell, next_bell: Bell, link: socket.socket) -> None:
        self._plan = plan
        self._coming = ComingRules()
        self._bell = bell
        self._link = link
        self._notices = Counter[str]()
        self._asked = deque[Mapping[str, Any]]()
        self._orders_there = select.poll()
        self._orders_there.register(link, select.POLLIN)
        self._hung_up = False
        self._next_plan: RulesPlan | None = None
        self._orders: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "mute": self._mute,
            "mutes": self._mutes,
            "alerts": self._show,
        }
        journals = {name: os.path.join(plan.folder, name) for name in journal_names(plan.folder, plan.workers)}
        self._order = Order(
            order_folder(plan.folder), journals, Entry.decode, lambda entry: entry.received_at, self._notice
        )
        self._alerts = AlertJournal(plan.folder, next_bell, self._notice)
        self._snapshots = Snapshots(snapshot_folder(plan.folder), self._notice)
        self._guard = Guard(lambda: self._engine.at)
        self._raised = 0
        self._ticks = 0
        self._arrived = 0.0
        self._changed = False
        self._save_at = 0.0
        self._write_at = 0.0
        self._unjudged = 0
        self._set_back = SetBack()
        self._engine = Engine(plan.book, keys=plan.max_keys)
        self._recent = RecentAlerts(0)
        self._recover()
        # Of troubles that were before, one that lasts is told again: a rule in quarantine.
        self._known = {rule: replace(counts, quarantined=0) for rule, counts in self._engine.counters.items()}
        self._told: dict[str, Counters] = {}

    def run(self) -> None:
        """Until the other end of the link is closed; then what was journalled is finished."""
        signal.signal(signal.SIGVTALRM, lambda *_: self._guard.look(time.process_time()))
        signal.setitimer(signal.ITIMER_VIRTUAL, INTERVAL, INTERVAL)
        next_tick = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if now >= next_tick:
                    self._tick(now)
                    next_tick = now + _TICK
                busy = self._turn() or self._asked
                ready = {key.fileobj for key, _ in selector.select(0.0 if busy else max(0.0, next_tick - now))}
                if self._bell in ready:
                    self._bell.hush()
                if (self._link in ready or self._asked) and not self._obey():
                    break
        while self._turn():
            pass
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        self._end_saving(self._snapshots.close())
        if self._changed and self._may_save:
            self._begin_saving()
            self._end_saving(self._snapshots.close())

    def _recover(self) -> None:
        """Where there is nothing to go on from, the beginning is saved: a crash must not count alerts anew."""
        saved = self._snapshots.load(self._restore)
        if saved is not None:
            self._order.resume(saved.places)
            self._alerts.resume(saved.places)
            return
        self._alerts.resume({})
        self._raised = self._alerts.written
        self._recent = RecentAlerts(self._raised)
        self._begin_saving()
        self._end_saving(self._snapshots.close())

    def _restore(self, state: Any) -> None:
        """Raises whatever it likes for what is of another version."""
        self._engine = self._engine_of(self._plan, state["engine"])
        self._raised = state["raised"]
        self._recent = RecentAlerts(self._raised, state["recent"])
        self._set_back = SetBack(state["behind_since"])

    def _engine_of(self, plan: RulesPlan, state: Any) -> Engine:
        return Engine.load(plan.book, state, keys=plan.max_keys)

    def _turn(self) -> bool:
        """Take a few steps; returns whether there were any. While alerts cannot be written, none is taken."""
        if not self._write():
            return False
        steps = self._order.take(_STEPS_A_TURN, self._is_of_the_next_plan)
        for step in steps:
            if isinstance(step, Taken):
                self._take(step.entry)
            elif isinstance(step, Noted):
                self._noted(step.value)
            self._collect()
        self._changed = self._changed or bool(steps)
        if not steps:
            self._alerts.caught_up()
        self._write()
        if self._next_plan is not None:
            self._go_over(self._next_plan)
            return True
        return bool(steps)

    def _is_of_the_next_plan(self, entry: Entry) -> bool:
        """Then what came before it is judged first, and saved: no later start judges that by the next rules."""
        if entry.plan == self._plan.plan:
            return False
        self._listen()  # the order for it was given before workers made entries of it
        self._next_plan = self._coming.take(entry.plan)
        return self._next_plan is not None

    def _go_over(self, plan: RulesPlan) -> None:
        self._next_plan = None
        self._change(plan)
        self._end_saving(self._snapshots.close())
        if self._may_save:
            self._begin_saving()
            self._end_saving(self._snapshots.close())

    def _take(self, entry: Entry) -> None:
        self._arrived = entry.received_at
        if self._set_back.look(entry.received_at, self._engine.clock):
            self._begin_anew(entry.received_at)
        self._engine.advance(entry.received_at)
        try:
            for event, rules in candidate_events(entry, self._plan) if entry.text else ():
                self._engine.feed(event, rules)
        except Exception as error:  # noqa: BLE001 - after a restart it would come again, and for ever
            self._unjudged += 1
            self._notice("unjudged", f"The rest of a batch cannot be judged, {entry.seen:,} messages: {error!r}.")

    def _begin_anew(self, now: float) -> None:
        hours = format_duration(round(self._engine.clock - now))
        self._notice(
            "set_back",
            f"The clock of this machine was set back by {hours}: what rules had counted begins anew. "
            "(Let it be set before the collector starts: systemd-time-wait-sync.service.)",
        )
        self._engine = self._engine.begun_anew(now)

    def _noted(self, value: Mapping[str, Any]) -> None:
        """What was done to the rules at this point, by order of somebody."""
        if value["rule"] in self._engine.counters:  # not after a change of the rules, when this is taken again
            self._engine.mute(value["rule"], value["key"], value["until"])
            self._collect()

    def _collect(self) -> None:
        for alert in self._engine.outbox:
            self._alerts.add(alert)
            self._raised += 1
            self._recent.add(alert)
        self._engine.outbox.clear()

    def _write(self) -> bool:
        """Where there was no room, it is tried again once a second."""
        if time.monotonic() < self._write_at:
            return False
        written = self._alerts.write()
        self._write_at = 0.0 if written else time.monotonic() + _TICK
        return written

    def _tick(self, now: float) -> None:
        self._notices.clear()
        self._end_saving(self._snapshots.look())
        if self._changed and now >= self._save_at and self._may_save:
            self._begin_saving()
            self._save_at = now + _SNAPSHOT_INTERVAL
        self._alerts.tidy()
        self._say({"report": self._report()})
        self._tell_counters()
        self._ticks += 1
        if self._ticks % _TICKS_PER_COLLECTION == 0:
            gc.collect()

    @property
    def _may_save(self) -> bool:
        """A snapshot has seen all its alerts written, or they would be lost with this process."""
        return not self._order.replaying and not self._alerts.waits

    def _begin_saving(self) -> None:
        engine, recent = self._engine, self._recent
        state = {"raised": self._raised, "behind_since": self._set_back.since}
        places = self._order.places | self._alerts.places
        begun = self._snapshots.begin(lambda: {"engine": engine.dump(), "recent": recent.dump(), **state}, places)
        self._changed = not begun

    def _end_saving(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        self._changed = self._changed or not outcome.saved
        if outcome.passed:
            try:
                self._order.commit(outcome.passed)
                self._alerts.commit(outcome.passed)
            except CollectorError as error:
                self._notice("journal", f"{error}.")

    def _report(self) -> dict[str, Any]:
        waiting = self._waiting()
        return {
            "plan": self._plan.plan,
            "rules": len(self._plan.book.rules),
            "lag_seconds": round(max(0.0, time.time() - self._arrived), 3) if waiting and self._arrived else 0.0,
            "lag_bytes": waiting,
            "alerts": self._raised,
            "alerts_wait": self._alerts.waits,
            "unreadable": self._order.unreadable + self._unjudged,
            "lost": self._order.lost_entries,
            "unlogged": self._order.unlogged,
        }

    def _waiting(self) -> int:
        """Bytes that are there and were not taken yet."""
        try:
            return self._order.lag_bytes()
        except OSError as error:
            self._notice("journal", f"The journals in {self._plan.folder} cannot be read: {error.strerror}.")
            return 0

    def _tell_counters(self) -> None:
        """Of the rules of which there is something new, in pieces that fit into a datagram."""
        counters = self._engine.counters
        news = {rule: replace(counts) for rule, counts in counters.items() if counts != self._told.get(rule)}
        for event, sentence in troubles(self._known, news):
            self._notice(event, sentence)
        self._told |= news
        self._known |= news
        report = iter(news.items())
        while piece := {rule: asdict(counts) for rule, counts in islice(report, _RULES_A_PIECE)}:
            self._say({"counters": piece})

    def _obey(self) -> bool:
        """Whatever was ordered so far; False when the supervisor has hung up."""
        self._listen()
        while self._asked:
            order = self._asked.popleft()
            self._orders[order["do"]](order)
        return not self._hung_up

    def _listen(self) -> None:
        """Rules are taken at once; what is asked waits for its turn between two turns of work."""
        while not self._hung_up and self._orders_there.poll(0):
            try:
                data, descriptors, _, _ = socket.recv_fds(self._link, _DATAGRAM, 4)
            except ConnectionResetError:  # it has hung up without having heard all that we said
                data = b""
            self._hung_up = not data
            if data:
                order = json.loads(data)
                if order["do"] == "rules":
                    self._prepare(descriptors)
                else:
                    self._asked.append(order)

    def _prepare(self, descriptors: list[int]) -> None:
        """The rules of the next plan; they are in force from the first entry that was made under it."""
        with mmap.mmap(descriptors[0], 0, prot=mmap.PROT_READ) as memory:
            plan: RulesPlan = pickle.loads(memory)  # noqa: S301 - by our own supervisor, in memory without a name
        os.close(descriptors[0])
        if plan.plan == self._plan.plan and not self._coming:  # the same rules, with another limit on their keys
            self._change(plan)
        else:
            self._coming.add(plan)

    def _change(self, plan: RulesPlan) -> None:
        """Rules that are as before keep their state."""
        self._engine = self._engine_of(plan, self._engine.dump())
        self._plan = plan
        self._collect()
        self._told = {}
        self._known = {rule: replace(counts) for rule, counts in self._engine.counters.items()}
        self._changed, self._save_at = True, 0.0

    def _mute(self, order: Mapping[str, Any]) -> None:
        value = {name: order[name] for name in ("rule", "key", "until")}
        starting = "the correlator is being started; ask again in a moment" if self._order.replaying else None
        error = unfit(self._plan.book, value["rule"], value["key"] or {}) or starting
        if error:
            self._say({"answer": order["number"], "error": error})
            return
        self._order.note(value)
        self._noted(value)
        self._changed = True
        self._mutes(order)

    def _mutes(self, order: Mapping[str, Any]) -> None:
        """As many of them as fit into a datagram."""
        mutes = self._engine.mutes()
        room, shown = _ANSWER, 0
        while shown < len(mutes) and (room := room - len(json.dumps(mutes[shown]))) >= 0:
            shown += 1
        self._say({"answer": order["number"], "mutes": mutes[:shown], "more": len(mutes) - shown})

    def _show(self, order: Mapping[str, Any]) -> None:
        """The last alerts, or those after a number."""
        most, after, rule = order["most"], order.get("after"), order.get("rule")
        recent = self._recent
        shown = recent.last(most, rule) if after is None else recent.after(after, most, rule)
        self._say({"answer": order["number"], **shown._asdict()})

    def _notice(self, event_class: str, message: str) -> None:
        self._notices[event_class] += 1
        if self._notices[event_class] <= _ONCE_A_TICK:
            self._say({"log": "warning", "class": event_class, "message": message[:_LONGEST_NOTICE]})

    def _say(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the end is near: see ``_obey``
            self._link.send(json.dumps(message).encode())
