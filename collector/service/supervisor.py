"""
The process that holds everything together: sockets, workers, counters, the control socket, signals.

One thread, one loop. It binds the sockets and keeps them, forks the workers that do the work, and starts them again
when they die; it receives no message itself. Signals: TERM and INT finish (a second one ends at once), HUP reloads the
configuration and reopens the files, USR1 reopens them.
"""

import contextlib
import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from collector import __version__
from collector.config.problems import Problem
from collector.metrics import Board, Key, Layout, Slot
from collector.service import queues
from collector.service.account import Account, as_json
from collector.service.activation import inherited_sockets
from collector.service.companion import Nest
from collector.service.compiler import Build, Compiler, Draft
from collector.service.control import Access, Answer, ControlServer
from collector.service.fork import fork_worker
from collector.service.late import late_settings
from collector.service.local_zone import local_zone
from collector.service.lock import StateLock
from collector.service.mark import Marks
from collector.service.naming.names import LOOKUPS, Names
from collector.service.outline import listed
from collector.service.ownlog import OwnLog
from collector.service.plan_in_force import Plan, RunWorker
from collector.service.privileges import become, make_folders, renounce, to_become
from collector.service.process import WorkerProcess
from collector.service.process_name import call_this_process
from collector.service.refusals import RefusalLog
from collector.service.reload import Reload
from collector.service.rotating.rotation import KEYS as ROTATION_KEYS
from collector.service.rotating.rotation import Place, Rotation
from collector.service.senders.desk import SenderDesk
from collector.service.signals import SignalQueue
from collector.service.sockets import Listeners
from collector.service.stamp import Stamp
from collector.service.systemd import Notifier
from collector.service.watch import ConfigurationWatch
from collector.service.watching.desk import WatchDesk
from collector.service.workers import HANGS, RESTARTS, Timing, Workers

_STATUS_INTERVAL = 10.0
_FILES_SHOWN = 8


class Supervisor:
    """
    ``Supervisor(plan, run_worker, log, build).run()`` is the service, from the lock to the last worker's end.

    ``build`` makes the plan anew at a reload.
    """

    def __init__(
        self,
        plan: Plan,
        run_worker: RunWorker,
        log: OwnLog,
        build: Build,
        notify: Notifier | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.plan: Plan = plan
        self._build = build
        self._run_worker = run_worker
        self._log = log
        self._notify = notify or Notifier.from_environment()
        self._timing = timing or Timing()
        self._state: Literal["starting", "running", "stopping"] = "starting"
        self._kill_at = math.inf
        self._first = plan
        self._events: dict[str, Callable[[int, dict[str, Any]], None]] = {}
        self._chores: list[Callable[[float], None]] = []
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
            self._refusals.close(time.monotonic())
            self._log.close()
            self._log.info(f"Stopped: {Account.of(self.board.totals()).in_full}.")
        return int(self._workers.failed)

    def _open(self, resources: contextlib.ExitStack) -> None:
        plan = self.plan
        self._take_places(plan, resources)
        self._selector = resources.enter_context(selectors.DefaultSelector())
        self._signals = resources.enter_context(SignalQueue())
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
        access = Access(plan.settings.control_mode, plan.settings.control_group)
        control = ControlServer(plan.control, self._selector, self._answer, access)
        self._control = resources.enter_context(contextlib.closing(control))
        self.board = Board(self.layout_for(plan), plan.workers + 1)
        counts = self._counts = self.board.slot(plan.workers)
        self._queues = queues.ReceiveQueues(self._listeners, self.board.layout, counts)
        self._make_processes(plan, counts)
        resources.callback(self._end_companions)
        self._workers.start_due(time.monotonic())
        for companion in self._companions:
            companion.start()
        self._companions.append(self.names.companion)  # it starts when there is something to ask
        self._companions += self._watching.companions
        self._watching.start()
        self.looked_at(plan.watched)

    def _take_places(self, plan: Plan, resources: contextlib.ExitStack) -> None:
        """The lock and the sockets, with all rights there are; from then on only with those of the configured user."""
        who = to_become(plan.settings.user, plan.settings.group)
        if who:
            make_folders((plan.state_dir, os.path.dirname(plan.control)), who)
        self._lock = StateLock(plan.state_dir)
        resources.callback(self._lock.release)
        inherited = inherited_sockets()
        resources.callback(inherited.close)
        listeners = Listeners(plan.sources, plan.workers, inherited=inherited)
        self._listeners = resources.enter_context(contextlib.closing(listeners))
        if who:
            self._lock.give_to(who.uid, who.gid)
            become(who)

    def _make_processes(self, plan: Plan, counts: Slot) -> None:
        nest = Nest(self._selector, self._log, self._let_go_of_all)
        crew = [WorkerProcess(number, self._selector, self._log, self._events) for number in range(plan.workers)]
        self._workers = Workers(crew, self._fork, self.board, counts, self._log, self._timing)
        self.names = Names(plan.settings.dns, nest, self._workers, self._count)
        self._events["names"] = self.names.hear_worker
        self._chores.append(self.names.chore)
        self._rotation = Rotation(self._workers, nest, self._count, Place(local_zone(), plan.state_dir))
        self._rotation.change(plan.destinations, time.monotonic())
        self._events |= {"opened": self._rotation.opened, "let_go": self._rotation.let_go}
        self._chores.append(self._rotation.chore)
        compiler = Compiler(self._build, nest)
        self._reload = Reload(self, compiler, self._listeners, self._workers, self._log)
        self._watch = ConfigurationWatch(self._reload.ask, nest)
        self._companions = [self._watch.companion]
        for event in ("prepared", "unfit", "swapped"):
            self._events[event] = self._reload.hears
        self._senders = SenderDesk(plan.settings, self._log, self.names.name_of)
        self._events["senders"] = self._senders.hear
        self._chores.append(self._senders.chore)
        self._refusals = RefusalLog(self._log)
        self._events["refused"] = self._refusals.hears
        self._watching = WatchDesk(plan, self._listeners.bell, nest)
        marks = Marks(lambda: self.plan.settings.mark, self._workers.tell_one, self._started)
        self._chores += [self._refusals.tell, marks.look, self._watching.chore]

    def _count(self, key: Key, amount: int) -> None:
        """In the supervisor's own slot; shown with the next look at the queues."""
        self._counts.add(self.board.layout.index(key), amount)

    def _end_companions(self) -> None:
        self._reload.stop()
        self._rotation.close()
        self._watching.close()
        for companion in self._companions:
            companion.stop()

    def layout_for(self, plan: Plan) -> Layout:
        """The counters of a plan with those of the supervisor."""
        names = [source.name for source in plan.sources]
        return plan.layout.extended((*queues.keys(names), RESTARTS, HANGS, *LOOKUPS.values(), *ROTATION_KEYS))

    def adopt(self, plan: Draft, board: Board) -> None:
        """From here on this plan is in force; workers have it ready or are about to be started with it."""
        old: Plan = self.plan
        self.plan = plan
        self._watching.change(plan)
        own = self._first.workers  # the slot behind those of the workers, whose number is fixed at the start
        board.move(own)
        self.board = board
        counts = self._counts = board.slot(own)
        self._workers.move(board, counts)
        self._queues.move(board.layout, counts)
        if isinstance(old, Draft):
            old.close()

    def adopted(self) -> None:
        """All workers have the new plan."""
        self._senders.change(self.plan.settings)
        self.names.change(self.plan.settings.dns)
        self._rotation.change(self.plan.destinations, time.monotonic())
        self.looked_at(self.plan.watched)
        for warning in late_settings(self._first, self.plan):
            self._log.warning(warning)

    def looked_at(self, files: Mapping[str, Stamp]) -> None:
        """By who compiled the plan that is in force."""
        self._watch.change(files if self.plan.settings.watch else {})

    def refused(self, problems: Sequence[Problem]) -> None:
        """What is wrong may be in a file of which the plan in force does not know."""
        if self.plan.settings.watch:
            self._watch.add({problem.location.file for problem in problems})

    def _fork(self, number: int) -> tuple[int, socket.socket]:
        return fork_worker(lambda link: self._work(number, link), lambda: self._let_go(number), self._log)

    def _work(self, number: int, link: socket.socket) -> None:
        """In the new process."""
        call_this_process(f"worker-{number}")
        renounce()
        self._run_worker(self.plan, self._listeners.share(number), self.board.slot(number), link)

    def _let_go(self, number: int) -> None:
        """In the new process: keep the sockets of this slot and, until the last worker has ended, the lock."""
        self._let_go_of_links()
        self._watching.leave()
        self._listeners.keep_only(number)

    def _let_go_of_all(self) -> None:
        """In a new helper process."""
        self._let_go_of_links()
        self._lock.let_go()
        self._listeners.keep_only(None)

    def _let_go_of_links(self) -> None:
        self._selector.close()
        self._signals.close()
        self._control.let_go()
        self._workers.let_go()
        self._rotation.leave()
        for companion in self._companions:
            companion.let_go()

    def _turn(self) -> None:
        """Wait for something to happen or to be due, and deal with it."""
        due = min(self._ticked + self._interval, self._workers.next_due, self._kill_at, self._watch.due)
        for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
            if self._selector.get_map().get(key.fd) is key:  # an earlier one of this turn may have closed it
                key.data()
        now = time.monotonic()
        self._look_after_processes(now)
        if self._state == "starting" and self._workers.ready:
            self._announce()
        if self._workers.failed and self._state != "stopping":
            self._stop(now)
        if now >= self._kill_at:
            self._kill_late()
        if now >= self._ticked + self._interval:
            self._tick(now)

    def _look_after_processes(self, now: float) -> None:
        for slot in self._workers.reap(now):
            self._reload.lost(slot)
        self._workers.start_due(now)
        for companion in self._companions:
            companion.look(now)
        self._watch.look(now)
        self._reload.look(now)

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
        for chore in self._chores:
            chore(now)
        if self._workers.well:
            self._notify.watchdog(now)
        if self._state == "running" and now >= self._told + _STATUS_INTERVAL:
            self._told = now
            self._notify.status(f"{Account.of(self.board.totals())}")

    def _announce(self) -> None:
        plan = self.plan
        self._state = "running"
        self._log.info(
            f"Collector {__version__} is ready: pid {os.getpid()}, workers: {plan.workers}, plan {plan.hash}."
        )
        for description in self._listeners.descriptions():
            self._log.info(f"Listening on {description['listens']}.")
        if plan.destinations:
            self._log.info(f"Writing {listed([options.label for options in plan.destinations], _FILES_SHOWN)}.")
        if plan.rules is not None:
            names, count = [*plan.settings.destinations], len(plan.outline.rules)
            told = f"; alerts go to {listed(names, _FILES_SHOWN)}" if names else ""
            self._log.info(f"Watching with {count:,} {'rule' if count == 1 else 'rules'}{told}.")
        for warning in self._listeners.warnings():
            self._log.warning(warning)
        self._log.info(f"Answering `collector status` at {plan.control}.")
        self._notify.ready(self._listening)

    @property
    def _listening(self) -> str:
        return f"Listening on {', '.join(description['listens'] for description in self._listeners.descriptions())}"

    def _on_signals(self) -> None:
        for number in self._signals.take():
            if number in (signal.SIGTERM, signal.SIGINT):
                self._on_stop_signal(signal.Signals(number).name)
            elif number == signal.SIGUSR1:
                self._reopen("SIGUSR1")
            elif number == signal.SIGHUP and self._state != "stopping":
                self._reopen("SIGHUP")
                self._notify.reloading()
                self._reload.ask(self._reloaded)

    def _reloaded(self, _result: dict[str, Any]) -> None:
        if self._state == "running":
            self._notify.ready(self._listening)

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
        self._reload.stop()
        self._kill_at = now + self._timing.drain + self._timing.tick
        self._rotation.stop()
        self._workers.finish()

    def _kill_late(self) -> None:
        self._kill_at = math.inf
        self._log.error(f"Workers did not finish within {self._timing.drain:g} s and are killed.")
        self._workers.kill()

    def _reopen(self, why: str) -> None:
        self._log.info(f"{why}: reopening the files.")
        self._workers.tell_all({"do": "reopen"})

    def _answer(self, question: dict[str, Any], reply: Answer) -> None:
        self._log.debug(f"Asked for {question.get('ask')}.", event="asked")
        match question.get("ask"):
            case "ping":
                reply({"pid": os.getpid()})
            case "status":
                reply(self._report())
            case "senders":
                reply(self._senders.answer(question))
            case "alerts" | "mute" | "mutes":
                self._watching.ask(question, reply)
            case "reload":
                self._reload.ask(reply)
            case "reopen":
                self._reopen("Asked to")
                reply({"reopening": self.plan.workers})
            case other:
                known = "status, senders, alerts, mute, mutes, reload, reopen or ping"
                reply({"error": f"cannot answer {other!r}; ask for {known}"})

    def _report(self) -> dict[str, Any]:
        """The answer to ``status``: all that is known, with every counter of the layout."""
        self._queues.read(self._log)
        now = time.monotonic()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "state": self._state,
            "uptime": round(now - self._started, 3),
            "plan": self.plan.hash,
            "reload": self._reload.report,
            "sources": list(self._listeners.descriptions()),
            "senders": self._senders.summary(),
            "workers": self._workers.report(now),
            "watcher": self._watching.report(),
            "counters": as_json(self.board.totals()),
        }
