"""
The supervisor's part in watching: keeps the correlator and the dispatcher going, and asks them what somebody wants to
know. It reads no rule itself.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from collector.service.companion import Companion, Nest
from collector.service.control import Answer
from collector.service.watching.correlator import run_correlator
from collector.service.watching.dispatching import run_dispatcher
from collector.service.watching.questions import what_is_wrong
from collector.sinks.journal import Bell

_PATIENCE = 5.0
_SILENT = 3.0
"""Seconds without a report, which comes once a second, after which there is something to tell."""
_HUNG = 60.0
"""Seconds without one after which a process is taken to be hung. To read the state of a million keys takes a few."""
_ABSENT = "no rules are configured"


class Plan(Protocol):
    """What is read of a plan: pickled, what the two processes need; None where there are no rules."""

    @property
    def rules(self) -> bytes | None: ...
    @property
    def actions(self) -> bytes | None: ...


class WatchDesk:
    """``bell`` is rung by workers when they have journalled something."""

    def __init__(self, plan: Plan, bell: Bell, nest: Nest) -> None:
        self._plan = plan
        self._log = nest.own_log
        self._alerts = Bell()
        self._questions: dict[int, tuple[Answer, float]] = {}
        self._asked = 0
        self._report: dict[str, Any] = {}
        self._counters: dict[str, Any] = {}
        self._deliveries: dict[str, Any] = {}
        self._correlator = Companion("correlator", partial(self._correlate, bell), self._hear, nest)
        self._dispatcher = Companion("dispatcher", self._dispatch, self._hear_dispatcher, nest)
        for companion in self.companions:
            companion.silence = _HUNG
        self._running = False
        self._heard = 0.0

    @property
    def companions(self) -> tuple[Companion, Companion]:
        return self._correlator, self._dispatcher

    def start(self) -> None:
        """They are there when there are rules."""
        self._running = self._plan.rules is not None
        self._heard = time.monotonic()
        if self._running:
            for companion in self.companions:
                companion.start()

    def change(self, plan: Plan) -> None:
        """The next plan, before workers are told to go over to it: the correlator follows what they write."""
        before, self._plan = self._plan, plan
        if plan.rules is None:
            self.stop()
        elif not self._running:
            self.start()
        else:
            if plan.rules != before.rules:
                self._pass_on(self._correlator, "rules", plan.rules)
            if plan.actions != before.actions and plan.actions is not None:
                self._pass_on(self._dispatcher, "actions", plan.actions)

    def stop(self) -> None:
        """Let them finish what is there, first the one whose alerts the other delivers."""
        self._running = False
        for companion in self.companions:
            companion.finish(_PATIENCE)
        self._report, self._counters, self._deliveries = {}, {}, {}

    def close(self) -> None:
        self.stop()
        self._alerts.close()

    def leave(self) -> None:
        """In a worker, after the fork."""
        self._alerts.close()

    def chore(self, now: float) -> None:
        for number, (answer, since) in list(self._questions.items()):
            if now > since + _PATIENCE:
                del self._questions[number]
                answer({"error": "the correlator does not answer; `collector status` tells what it is at"})

    def ask(self, question: Mapping[str, Any], answer: Answer) -> None:
        """For the correlator, which answers when it has time."""
        wrong = None if self._running else _ABSENT
        wrong = wrong or what_is_wrong(question)
        if wrong:
            answer({"error": wrong})
            return
        self._asked += 1
        self._questions[self._asked] = answer, time.monotonic()
        if not self._correlator.tell({**question, "do": question["ask"], "number": self._asked}):
            del self._questions[self._asked]
            answer({"error": "the correlator is being started; ask again in a moment"})

    def report(self) -> dict[str, Any] | None:
        """For ``status``; None when there are no rules."""
        if not self._running:
            return None
        processes = {companion.name: companion.pid for companion in self.companions}
        silent = time.monotonic() - self._heard
        told = {
            **self._report,
            "silent_seconds": round(silent, 3) if silent > _SILENT else 0.0,
            "by_rule": self._counters,
            "destinations": self._deliveries,
        }
        return {**told, **processes}

    def _correlate(self, bell: Bell, link: Any) -> None:
        assert self._plan.rules is not None
        run_correlator(self._plan.rules, (bell, self._alerts), link)

    def _dispatch(self, link: Any) -> None:
        assert self._plan.actions is not None
        run_dispatcher(self._plan.actions, self._alerts, link)

    def _pass_on(self, companion: Companion, what: str, data: bytes) -> None:
        """In memory: a datagram is too small. One that does not take it is started again, with the plan in force."""
        memory = os.memfd_create(what)
        with os.fdopen(memory, "wb") as file:
            file.write(data)
            file.flush()
            if not companion.tell({"do": what}, (memory,)):
                companion.kill()

    def _hear(self, message: dict[str, Any]) -> None:
        if "report" in message:
            self._know(message["report"])
        elif "counters" in message:
            self._counters |= message["counters"]
        elif "answer" in message:
            answer, _ = self._questions.pop(message.pop("answer"), (None, 0.0))
            if answer:
                answer(message)
        else:
            self._log_line(message)

    def _know(self, report: dict[str, Any]) -> None:
        """After a change of the rules their counters come anew, and those of rules that are no more do not."""
        if report["plan"] != self._report.get("plan"):
            self._counters = {}
        self._report, self._heard = report, time.monotonic()

    def _hear_dispatcher(self, message: dict[str, Any]) -> None:
        if "destinations" in message:
            self._deliveries = message["destinations"] | ({} if message["first"] else self._deliveries)
        else:
            self._log_line(message)

    def _log_line(self, message: Mapping[str, Any]) -> None:
        say: Callable[..., None] = getattr(self._log, message["log"])
        say(message["message"], event=message["class"])
