"""
The resolver: a helper process of the supervisor that asks DNS, so that nobody else ever waits for it.

    {"ask": ["192.0.2.7"], "hosts": ["central"]}           what it is told
    {"names": {"192.0.2.7": "gate", "192.0.2.8": null}}    what it says: null for an address without a name;
    {"addresses": {"central": ["192.0.2.1"]}}              what nobody could answer is left out
    {"table": {…}, "first": true, "last": true}            the hosts table has changed; in pieces
    {"counts": {"found": 2}}                               results of lookups since the last time
    {"log": "warning", "class": …, "message": …}           a line for the service's own log

It asks through the C library (getnameinfo(3), nsswitch.conf(5)), which waits for answers: in threads, of which there
are few, with few questions behind them. When DNS is dead, further questions are dropped, counted, and asked again by
whoever still wants to know.
"""

import json
import os
import queue
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from collector.service.naming.hosts import HostsWatch
from collector.service.naming.lookups import Answer, Lookups, Question
from collector.service.naming.plan import NamePlan
from collector.service.naming.system import asker

_THREADS = 16
_TICK = 1.0
_REST = 0.1  # after an answer, so that others can go out with it
_DATAGRAM = 1 << 18
_PER_DATAGRAM = 400  # names of 255 characters fit into 200 KB
_LONG_AGO = 60.0
_DEAD = (
    "DNS does not answer: addresses stand where names would. Cure: mend the servers in /etc/resolv.conf, or set "
    "dns: off."
)
_BUSY = (
    "More names are wanted than DNS answers in time: some questions are dropped, and asked again later. Cure: a DNS "
    "cache on this machine, or dns: {hosts: FILE} with those who send."
)

LookUp = Callable[[Question], Answer]


def run_resolver(plan: NamePlan, link: socket.socket) -> None:
    """The life of the process. The C library is told how long to wait for each server (resolv.conf(5))."""
    timeout = max(1, round(plan.options.timeout / 2))
    os.environ["RES_OPTIONS"] = f"{os.environ.get('RES_OPTIONS', '')} timeout:{timeout} attempts:2".lstrip()
    Resolver(plan, link, asker(plan)).run()


class Resolver:
    """``look_up`` answers one question and may take its time; it is called in threads."""

    def __init__(self, plan: NamePlan, link: socket.socket, look_up: LookUp) -> None:
        self._link = link
        self._look_up = look_up
        self._patience = plan.options.timeout
        self._hosts = HostsWatch(plan.options.hosts, plan.shape, plan.hosts)
        self._lookups = Lookups(plan.options.ttl, plan.options.negative_ttl)
        self._questions: queue.SimpleQueue[tuple[Question, float]] = queue.SimpleQueue()
        self._answers: deque[tuple[Question, Answer, bool]] = deque()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK)
        self._threads = 0
        self._answered = -_LONG_AGO
        self._dead = False

    def run(self) -> None:
        """Until the other end of the link is closed."""
        next_tick = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if now >= next_tick:
                    self._tick()
                    next_tick = now + _TICK
                ready = {key.fd for key, _ in selector.select(max(0.0, next_tick - now))}
                if self._link.fileno() in ready and not self._hear():
                    break
                if self._bell in ready:
                    time.sleep(_REST)
                    os.eventfd_read(self._bell)
                    self._tell_answers()
        os.close(self._bell)

    def _hear(self) -> bool:
        datagram = self._link.recv(_DATAGRAM)
        if not datagram:
            return False
        order = json.loads(datagram)
        for address in order.get("ask", ()):
            self._ask(Question("name", address))
        for host in order.get("hosts", ()):
            self._ask(Question("addresses", host))
        return True

    def _ask(self, question: Question) -> None:
        now = time.monotonic()
        known = self._lookups.ask(question, now)
        if isinstance(known, Answer):
            self._give(question, known, fresh=False)
        elif known == "new":
            self._questions.put((question, now))
            if self._threads < min(_THREADS, len(self._lookups)):
                self._threads += 1
                threading.Thread(target=self._work, daemon=True).start()
        elif known == "dropped":
            self._log("warning", "dns busy", _BUSY)

    def _work(self) -> None:
        """In a thread: one question after the other, as long as the process lives."""
        while True:
            question, asked = self._questions.get()
            late = time.monotonic() - asked > self._patience
            self._give(question, Answer("dropped") if late else self._look_up(question), fresh=True)

    def _give(self, question: Question, answer: Answer, *, fresh: bool) -> None:
        self._answers.append((question, answer, fresh))
        os.eventfd_write(self._bell, 1)

    def _tell_answers(self) -> None:
        names: dict[str, str | None] = {}
        addresses: dict[str, tuple[str, ...]] = {}
        for _ in range(len(self._answers)):
            question, answer, fresh = self._answers.popleft()
            if fresh:
                self._note(question, answer)
            if answer.result in {"failed", "dropped"}:
                continue
            if question.kind == "name":
                names[question.of] = answer.values[0] if answer.values else None
            else:
                addresses[question.of] = answer.values
        self._say_pieces("names", names)
        self._say_pieces("addresses", addresses)

    def _note(self, question: Question, answer: Answer) -> None:
        now = time.monotonic()
        self._lookups.answer(question, answer, now)
        if answer.result == "dropped":
            self._log("warning", "dns busy", _BUSY)
        elif answer.result != "failed":
            self._answered = now
            if self._dead:
                self._dead = False
                self._log("info", "dns back", "DNS answers again.")
        elif not self._dead and now - self._answered >= _LONG_AGO:
            self._dead = True
            self._log("warning", "dns", _DEAD)

    def _tick(self) -> None:
        if self._lookups.counts:
            self._say({"counts": dict(self._lookups.counts)})
            self._lookups.counts.clear()
        change = self._hosts.look()
        if change is None:
            return
        if change.names is not None:
            self._say_table(change.names)
        if change.problems:
            self._log("warning", "hosts table", change.sentence)

    def _say_table(self, names: Mapping[str, str]) -> None:
        items = list(names.items())
        for start in range(0, len(items) or 1, _PER_DATAGRAM):
            piece = dict(items[start : start + _PER_DATAGRAM])
            self._say({"table": piece, "first": not start, "last": start + _PER_DATAGRAM >= len(items)})

    def _say_pieces(self, what: str, answers: Mapping[str, Any]) -> None:
        items = iter(answers.items())
        while piece := dict(islice(items, _PER_DATAGRAM)):
            self._say({what: piece})

    def _log(self, level: str, event: str, message: str) -> None:
        self._say({"log": level, "class": event, "message": message})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._link.send(json.dumps(message).encode())
