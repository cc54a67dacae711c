"""
The dispatcher's process: reads alerts from their journal and hands them to the dispatcher (``actions/dispatcher.py``).

    ←  {"destinations": {"ops": {"sent": 3, …}}, "first": true}  {"log": "warning", "class": …, "message": …}
    →  {"do": "actions"} + a descriptor of pickled actions

A hanging mail server or program keeps a thread waiting, and nobody else. When its end is wanted, what runs may finish
within a few seconds; the rest is delivered after the next start.
"""

import contextlib
import json
import mmap
import os
import pickle
import selectors
import signal
import socket
import time
from collections.abc import Callable
from itertools import islice
from types import FrameType
from typing import Any

from collector.actions.dispatcher import Dispatcher
from collector.actions.read_again import JournalAgain
from collector.errors import CollectorError
from collector.service.signals import HANDLED
from collector.service.watching.places import DISPATCHER, alerts_folder, deliveries_folder
from collector.service.watching.plan import ActionsPlan
from collector.sinks.journal import Bell, JournalReader

_TICK = 1.0
_SAVE_INTERVAL = 0.5
_SAVE_SHARE = 10
"""It saves for at most one tenth of its time, however much there is to be remembered."""

_DATAGRAM = 256 * 1024
_DESCRIPTORS = 4
_READ = 16 * 1024
"""Bytes of the journal that are read between two looks at what can be delivered."""

_A_PIECE = 300
"""Destinations reported in one datagram."""

_FINISH = 4.0
"""Seconds for deliveries that run when the end is wanted."""


def run_dispatcher(actions: bytes, bell: Bell, link: socket.socket) -> None:
    """The life of the process. ``actions`` is a pickled ActionsPlan; the bell is rung when alerts were journalled."""
    # Programs that are started inherit what is ignored, and could not be stopped by a signal they do not get.
    for number in HANDLED:
        if number != signal.SIGCHLD:
            signal.signal(number, _no_operation)
    # A thread cannot be called back from a question to DNS.
    os.environ["RES_OPTIONS"] = f"{os.environ.get('RES_OPTIONS', '')} timeout:2 attempts:2".lstrip()
    plan: ActionsPlan = pickle.loads(actions)  # noqa: S301 - by our own supervisor
    Dispatching(plan, bell, link).run()


class Dispatching:
    def __init__(self, plan: ActionsPlan, bell: Bell, link: socket.socket) -> None:
        self._bell = bell
        self._link = link
        self._now = steady_clock()
        folder = deliveries_folder(plan.folder)
        os.makedirs(folder, mode=0o750, exist_ok=True)
        self._again = JournalAgain(alerts_folder(plan.folder))
        self._dispatcher = Dispatcher(folder, self._log, self._now, self._again)
        self._dispatcher.change(plan.destinations, plan.mail, plan.zone)
        self._reader = JournalReader(
            alerts_folder(plan.folder), DISPATCHER, lambda event, sentence: self._log("warning", event, sentence)
        )
        self._save_at = 0.0

    def run(self) -> None:
        """Until the other end of the link is closed."""
        next_tick = 0.0
        with selectors.DefaultSelector() as selector:
            for source in (self._link, self._bell, self._dispatcher):
                selector.register(source, selectors.EVENT_READ)
            while True:
                now = self._now()
                if now >= next_tick:
                    self._save()  # so that whatever was told is still known after a crash
                    self._report()
                    next_tick = max(now + _TICK, self._save_at)
                busy = self._turn()
                ready = {key.fileobj for key, _ in selector.select(0.0 if busy else self._pause(next_tick))}
                if self._bell in ready:
                    self._bell.hush()
                if self._link in ready and not self._obey():
                    break
            self._finish(selector)
        self._dispatcher.close()
        self._reader.close()
        self._again.close()

    def _turn(self) -> bool:
        """Read a piece of the journal, and do what can be done; whether there was something to read."""
        entries = []
        if self._dispatcher.accepts:
            try:
                entries = self._reader.entries(_READ)
            except OSError as error:
                sentence = f"The journal of alerts cannot be read: {error.strerror}."
                self._log("error", "alerts unreadable", sentence)
        for entry in entries:
            self._dispatcher.take(entry.place, entry.payload)
        self._dispatcher.turn()
        if self._now() >= self._save_at:
            self._save()
        return bool(entries)

    def _save(self) -> None:
        began = self._now()
        done = self._dispatcher.save()
        ended = self._now()
        self._save_at = ended + max(_SAVE_INTERVAL, (_SAVE_SHARE - 1) * (ended - began))
        if done is None:
            return
        try:
            self._reader.commit_place(done)
        except CollectorError as error:
            self._log("error", "alerts place", f"The place in the journal of alerts cannot be kept: {error}.")

    def _pause(self, next_tick: float) -> float:
        due = self._dispatcher.due()
        return max(0.0, min(next_tick, next_tick if due is None else due) - self._now())

    def _finish(self, selector: selectors.BaseSelector) -> None:
        """What the correlator has written in the end is read too. What is not done by then is the next start's."""
        selector.unregister(self._link)
        deadline = self._now() + _FINISH
        while (self._turn() or self._dispatcher.running) and self._now() < deadline:
            selector.select(max(0.0, min(0.1, deadline - self._now())))
        self._save()

    def _obey(self) -> bool:
        """An order from the supervisor; False when there is none any more."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._link, _DATAGRAM, _DESCRIPTORS)
        except ConnectionResetError:  # it has hung up without having heard all that we said
            return False
        if not data:
            return False
        if json.loads(data)["do"] == "actions":
            with mmap.mmap(descriptors[0], 0, prot=mmap.PROT_READ) as memory:
                plan: ActionsPlan = pickle.loads(memory)  # noqa: S301 - by our own supervisor
            self._dispatcher.change(plan.destinations, plan.mail, plan.zone)
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _report(self) -> None:
        counters = iter(self._dispatcher.report().items())
        piece, first = dict(islice(counters, _A_PIECE)), True
        while piece or first:
            self._tell({"destinations": piece, "first": first})
            piece, first = dict(islice(counters, _A_PIECE)), False

    def _log(self, level: str, event: str, sentence: str) -> None:
        self._tell({"log": level, "class": event, "message": sentence})

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more: the end is near
            self._link.send(json.dumps(message).encode())


def steady_clock() -> Callable[[], float]:
    """Seconds since the epoch that never go back: the time now, and what has passed since."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def _no_operation(_number: int, _frame: FrameType | None) -> None:
    """A handler is not inherited by a program that is started, as "ignore" is."""
