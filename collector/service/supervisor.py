"""
The process that holds everything together: sockets, workers, counters, the control socket, signals.

One thread, one loop. It binds the sockets and keeps them, forks the workers that do the work, and starts them again
when they die; it receives no message itself. Signals: TERM and INT finish (a second one ends at once), HUP and USR1
reopen the files.
"""

import contextlib
import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from collector import __version__
from collector.metrics import Board, Layout, Slot
from collector.service import queues
from collector.service.account import Account, as_json
from collector.service.control import ControlServer
from collector.service.fork import fork_worker
from collector.service.lock import StateLock
from collector.service.ownlog import OwnLog
from collector.service.process import WorkerProcess
from collector.service.signals import SignalQueue
from collector.service.sockets import Listeners, Source
from collector.service.systemd import Notifier
from collector.service.workers import HANGS, RESTARTS, Timing, Workers

_STATUS_INTERVAL = 10.0
_FILES_SHOWN = 8


class Plan(Protocol):
    """What the supervisor reads of a plan; the rest is for the workers."""

    @property
    def hash(self) -> str: ...
    @property
    def workers(self) -> int: ...
    @property
    def layout(self) -> Layout: ...
    @property
    def state_dir(self) -> str: ...
    @property
    def control(self) -> str: ...
    @property
    def sources(self) -> Sequence[Source]: ...


RunWorker = Callable[[int, Any, dict[str, list[socket.socket]], Slot, socket.socket], None]
"""``run_worker(slot number, plan, sockets by source name, slot of the board, link)``, called in the new process."""


class Supervisor:
    """``Supervisor(plan, run_worker, log).run()`` is the service, from the lock to the last worker's end."""

    def __init__(
        self,
        plan: Plan,
        run_worker: RunWorker,
        log: OwnLog,
        notify: Notifier | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._plan = plan
        self._run_worker = run_worker
        self._log = log
        self._notify = notify or Notifier.from_environment()
        self._timing = timing or Timing()
        self._state: Literal["starting", "running", "stopping"] = "starting"
        self._kill_at = math.inf
        self._started = self._ticked = self._told = time.monotonic()

    def run(self) -> int:
        """
        Serve until told to stop; returns the exit code.

        0 when everything was written, 1 when a worker could not start or did not finish in time. Raises CollectorError
        when the service cannot be set up: a second instance, a port in use.
        """
        with contextlib.ExitStack() as resources:
            self._open(resources)
            while self._state != "stopping" or self._workers.alive:
                self._turn()
            self._queues.read(self._log)
            self._log.close()
            self._log.info(f"Stopped: {Account.of(self._board.totals())}.")
        return int(self._workers.failed)

    def _open(self, resources: contextlib.ExitStack) -> None:
        plan, names = self._plan, [source.name for source in self._plan.sources]
        resources.callback(StateLock(plan.state_dir).release)
        self._listeners = resources.enter_context(contextlib.closing(Listeners(plan.sources, plan.workers)))
        self._selector = resources.enter_context(selectors.DefaultSelector())
        self._signals = resources.enter_context(SignalQueue())
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
        self._control = resources.enter_context(
            contextlib.closing(ControlServer(plan.control, self._selector, self._answer))
        )
        layout = plan.layout.extended((*queues.keys(names), RESTARTS, HANGS))
        self._board = Board(layout, plan.workers + 1)
        counts = self._board.slot(plan.workers)
        self._queues = queues.ReceiveQueues(self._listeners, names, layout, counts)
        crew = [WorkerProcess(number, self._selector, self._log) for number in range(plan.workers)]
        self._workers = Workers(crew, self._fork, self._board, counts, self._log, self._timing)
        self._workers.start_due(time.monotonic())

    def _fork(self, number: int) -> tuple[int, socket.socket]:
        return fork_worker(lambda link: self._work(number, link), lambda: self._let_go(number), self._log)

    def _work(self, number: int, link: socket.socket) -> None:
        """In the new process."""
        self._run_worker(number, self._plan, self._listeners.of_slot(number), self._board.slot(number), link)

    def _let_go(self, number: int) -> None:
        """In the new process: keep the sockets of this slot and, until the last worker has ended, the lock."""
        self._selector.close()
        self._signals.close()
        self._control.let_go()
        self._workers.let_go()
        self._listeners.keep_only(number)

    def _turn(self) -> None:
        """Wait for something to happen or to be due, and deal with it."""
        due = min(self._ticked + self._interval, self._workers.next_due, self._kill_at)
        for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
            if self._selector.get_map().get(key.fd) is key:  # an earlier one of this turn may have closed it
                key.data()
        now = time.monotonic()
        self._workers.reap(now)
        self._workers.start_due(now)
        if self._state == "starting" and self._workers.ready:
            self._announce()
        if self._workers.failed and self._state != "stopping":
            self._stop(now)
        if now >= self._kill_at:
            self._kill_late()
        if now >= self._ticked + self._interval:
            self._tick(now)

    @property
    def _interval(self) -> float:
        return min(self._timing.tick, self._notify.interval)

    def _tick(self, now: float) -> None:
        """What is done about once a second."""
        elapsed, self._ticked = now - self._ticked, now
        self._queues.read(self._log)
        self._workers.watch(elapsed)
        self._log.settle()
        self._control.expire(now)
        if self._workers.well:
            self._notify.watchdog(now)
        if self._state == "running" and now >= self._told + _STATUS_INTERVAL:
            self._told = now
            self._notify.status(f"{Account.of(self._board.totals())}")

    def _announce(self) -> None:
        plan = self._plan
        self._state = "running"
        self._log.info(
            f"Collector {__version__} is ready: pid {os.getpid()}, workers: {plan.workers}, plan {plan.hash}."
        )
        listening = [description["listens"] for description in self._listeners.descriptions()]
        for where in listening:
            self._log.info(f"Listening on {where}.")
        if files := _files(plan.layout):
            self._log.info(f"Writing {files}.")
        for warning in self._listeners.warnings():
            self._log.warning(warning)
        self._log.info(f"Answering `collector status` at {plan.control}.")
        self._notify.ready(f"Listening on {', '.join(listening)}")

    def _on_signals(self) -> None:
        for number in self._signals.take():
            if number in (signal.SIGTERM, signal.SIGINT):
                self._on_stop_signal(signal.Signals(number).name)
            elif number in (signal.SIGHUP, signal.SIGUSR1):
                self._reopen(signal.Signals(number).name)

    def _on_stop_signal(self, name: str) -> None:
        if self._state == "stopping":
            self._log.warning(f"A second {name}: ending at once.")
            self._workers.kill()
            return
        self._log.info(f"{name}: writing what was received, then ending. A second {name} ends at once.")
        self._stop(time.monotonic())

    def _stop(self, now: float) -> None:
        self._state = "stopping"
        self._notify.stopping()
        self._kill_at = now + self._timing.drain + self._timing.tick
        self._workers.finish()

    def _kill_late(self) -> None:
        self._kill_at = math.inf
        self._log.error(f"Workers did not finish within {self._timing.drain:g} s and are killed.")
        self._workers.kill()

    def _reopen(self, why: str) -> None:
        self._log.info(f"{why}: reopening the files.")
        self._workers.reopen()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        match question.get("ask"):
            case "ping":
                return {"pid": os.getpid()}
            case "status":
                return self._report()
            case "reopen":
                self._reopen("Asked to")
                return {"reopening": self._plan.workers}
        return {"error": f"cannot answer {question.get('ask')!r}; ask for status, reopen or ping"}

    def _report(self) -> dict[str, Any]:
        """The answer to ``status``: all that is known, with every counter of the layout."""
        self._queues.read(self._log)
        now = time.monotonic()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "state": self._state,
            "uptime": round(now - self._started, 3),
            "plan": self._plan.hash,
            "sources": list(self._listeners.descriptions()),
            "workers": self._workers.report(now),
            "counters": as_json(self._board.totals()),
        }


def _files(layout: Layout) -> str:
    """The files of the plan, as written in its routes; of many only the first."""
    names = [dict(key.labels)["sink"] for key in layout.keys if key.name == "sink_offered"]
    shown = names[:_FILES_SHOWN]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
