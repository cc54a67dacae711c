"""
The worker: one process, one loop, no other thread. It owns a share of the sockets and writes the files.

    turn of the loop:  wait → every ready source reads once → what was gathered is delivered → counted and shown

It takes orders from the supervisor over ``link`` (one JSON object per datagram): see ``_orders``. When the link ends,
the supervisor is gone, and the worker finishes what it has and goes too.
"""

import gc
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from collector.metrics import Slot
from collector.protocol.framing import Frames
from collector.service import assembly
from collector.service.coming import Coming
from collector.service.descriptors import all_descriptors
from collector.service.ledger import INTERNAL
from collector.service.mark import mark_line
from collector.service.memory import keep_memory
from collector.service.meter import Meters
from collector.service.naming.worker import WorkerNames
from collector.service.pipeline import Origin, Peers
from collector.service.refusals import Refusals
from collector.service.senders.source_senders import SourceSenders
from collector.service.sockets import Share
from collector.service.voice import Voice
from collector.service.watching.worker_journal import WorkerJournal
from collector.service.work_plan import WorkPlan, finish
from collector.shared import Region
from collector.sinks.draining import drain
from collector.sinks.files import OpenFiles
from collector.sources import Intake, Source, Surroundings
from collector.sources.inherited import Lent
from collector.sources.poller import Poller

_TICK = 1.0
# Rows that are scattered over many files are gathered for as long as it took to write the last ones.
_SHORTEST_GATHERING = 0.05
_LONGEST_GATHERING = 0.2
_LONGEST_GAP = 0.002  # a turn that brings nothing for so long ends it
_DRAIN_ALONE = 10.0  # seconds, when there is no supervisor any more to set a limit
_TICKS_PER_COLLECTION = 30
_ANNOUNCEMENTS_PER_TICK = 5
_SPARE = 16  # descriptors that folders take while a file is opened
_SHORTEST_REST = 0.0005  # less is not worth the system call
_SECONDS_TO_LEAVE = 0.1  # for a source that a new plan no longer has, to read what was sent to it
_DATAGRAM = 256 * 1024
_DESCRIPTORS = 200  # that come with one order; the kernel's limit is 253 (unix(7))


class Plan(Protocol):
    @property
    def work(self) -> WorkPlan: ...


def run_worker(plan: Plan, share: Share, slot: Slot, link: socket.socket) -> None:
    """The life of a worker process, from fork to exit."""
    keep_memory()
    gc.disable()  # a batch is thousands of objects without cycles; what else there is, is collected twice a minute
    worker = Worker(plan.work, share, slot, link)
    gc.freeze()
    worker.run()


class Worker:
    def __init__(self, plan: WorkPlan, share: Share, slot: Slot, link: socket.socket) -> None:
        self._link = link
        self._share = share
        self._memory = dict(share.memory)
        self._poller = Poller()
        self._descriptors = all_descriptors()
        self._meters = Meters(slot, plan.layout)
        self._own = self._meters.of()
        self._voice = Voice(link, self._own)
        self._internal = self._meters.of(source=INTERNAL)
        self._refusals = Refusals()
        self._files = OpenFiles(0, self._voice.debug)
        self._coming: Coming | None = None
        self._intakes: dict[str, Intake] = {}
        self._origins: dict[str, Origin] = {}
        self._names = WorkerNames(plan.names)
        self._journal = WorkerJournal(share.number, share.bell, self._own, self._voice.notice)
        self._messages = 0
        self._ticks = 0
        self._has_swapped = False
        self._running = True
        self._deadline = self._end = self._gather_until = 0.0
        self._held = False
        self._orders: dict[str, Callable[[dict[str, Any], list[int]], None]] = {
            "reopen": self._reopen,
            "let_go": self._let_go,
            "prepare": self._prepare,
            "sockets": self._take_sockets,
            "swap": self._swap,
            "forget": self._forget,
            "talk": self._talk,
            "drain": self._drain,
            "mark": self._mark,
            "names": lambda answers, _: self._names.learn(answers),
        }
        self._use(plan, finish(assembly.assemble(plan, self._surroundings, {})))
        for source in plan.sources:
            self._open_source(source, share.sockets[source.name])
        link.setblocking(False)
        self._poller.add(link.fileno(), self._obey, urgent=True)

    @property
    def _surroundings(self) -> assembly.Surroundings:
        return assembly.Surroundings(
            self._meters, self._files, self._voice.notice, self._names, self._poller, self._journal
        )

    def _use(self, plan: WorkPlan, parts: assembly.Assembly) -> None:
        self._plan = plan
        self._files.limit = min(plan.max_files, self._descriptors // 4)
        self._parts = parts
        self._pipeline = parts.pipeline
        self._journal.use(plan.watch)
        self._sinks = [destination.sink for destination in parts.destinations.values()]

    def run(self) -> None:
        self._voice.say({"event": "ready"})
        next_tick = 0.0
        while self._running:
            now = time.monotonic()
            if now >= next_tick:
                self._tick(now)
                next_tick = now + _TICK
            self._messages = 0
            ready = self._poller.turn(self._patience(next_tick - now))
            for intake in self._intakes.values():
                intake.flush()
            if not self._messages or self._pipeline.has_enough or time.monotonic() > self._gather_until:
                self._settle()
            if ready and not self._messages:
                self._meters.slot.publish()  # connections, half frames, what was rejected
            rest = self._rest() if self._messages and self._running else 0.0
            if self._coming and not self._coming.done:
                self._go_on_preparing(self._coming)
            elif rest >= _SHORTEST_REST:
                time.sleep(rest)
        self._finish()

    def _patience(self, until_tick: float) -> float:
        """How long to wait for something to read."""
        if self._coming and not self._coming.done:
            return 0.0
        return min(max(0.0, until_tick), _LONGEST_GAP if self._pipeline.gathers else _TICK)

    def _rest(self) -> float:
        """After a turn that brought something: how long to let more arrive. A turn after silence is never delayed."""
        return min((intake.rest() for intake in self._intakes.values()), default=0.0)

    def _open_source(self, source: Source, sockets: Sequence[socket.socket]) -> None:
        self._know(source)
        if not sockets:
            return
        self._intakes[source.name] = source.open(list(sockets), self._around(source.name))
        if self._held:
            self._intakes[source.name].hold()

    def _around(self, name: str) -> Surroundings:
        """What the source of that name finds here, by the plan in use."""
        origin = self._origins[name]
        return Surroundings(
            self._poller,
            partial(self._deliver, name),
            origin.meter,
            origin.senders,
            self._voice.notice,
            self._voice.debug,
            self._plan.max_message,
            self._descriptors - self._files.limit - _SPARE,
            self._share.number,
            self._share.slots,
            self._memory[name],
            self._internal,
            partial(self._refusals.note, name),
        )

    def _know(self, source: Source) -> None:
        """A source that is new, or has other options now."""
        before = self._origins.get(source.name)
        meter = before.meter if before else self._meters.of(source=source.name)
        senders = before.senders if before else SourceSenders(source.kind)
        self._origins[source.name] = Origin(meter, senders, source.can_wait, source.policy, source.name)

    def _deliver(self, name: str, frames: Frames, number: int, peers: Peers) -> None:
        started = time.monotonic()
        self._messages += self._pipeline.take(frames, number, peers, self._origins[name])
        self._meters.slot.heartbeat = time.monotonic()  # a turn of many connections may take long, and is no hang
        if not self._pipeline.gathers:
            self._written(started)

    def _settle(self) -> None:
        """Have everything written that was delivered."""
        if self._pipeline.gathers:
            started = time.monotonic()
            self._pipeline.settle()
            self._written(started)

    def _written(self, started: float) -> None:
        now = time.monotonic()
        self._gather_until = now + min(max(now - started, _SHORTEST_GATHERING), _LONGEST_GATHERING)
        if self._files.waiting:
            self._hold()

    def _hold(self) -> None:
        self._held = True
        for intake in self._intakes.values():
            intake.hold()

    def _tick(self, now: float) -> None:
        self._settle()
        self._pipeline.tick()
        self._journal.tidy()
        self._meters.slot.heartbeat = now
        self._files.forget_moved()
        self._tick_sinks(now)
        for intake in self._intakes.values():
            intake.tick(now)
        if self._held and not any(sink.waits for sink in self._sinks):
            self._held = False
            for intake in self._intakes.values():
                intake.resume()
        self._voice.tick()
        self._tell_refusals()
        self._tell_senders()
        self._announce_files()
        if questions := self._names.questions(now):
            self._voice.say({"event": "names", **questions})
        self._ticks += 1
        if self._has_swapped or self._ticks % _TICKS_PER_COLLECTION == 0:
            self._has_swapped = False  # what is left of a plan refers to itself
            gc.collect()
        self._meters.slot.publish()

    def _tell_refusals(self) -> None:
        for report in self._refusals.reports():
            self._voice.say(report)

    def _tell_senders(self) -> None:
        for origin in self._origins.values():
            origin.senders.report(self._report_senders, self._pipeline.interpreter(origin))
        if self._held:
            self._voice.say({"event": "senders", "senders": [], "held": True})

    def _report_senders(self, changes: list[list[Any]]) -> bool:
        return self._voice.say({"event": "senders", "senders": changes, "held": self._held})

    def _tick_sinks(self, now: float) -> None:
        for sink in self._sinks:
            sink.tick(now)

    def _announce_files(self) -> None:
        """To the supervisor, who rotates them."""
        for _ in range(_ANNOUNCEMENTS_PER_TICK):
            label, paths = self._files.announced()
            if not paths or not self._voice.say({"event": "opened", "sink": label, "paths": paths}):
                return
            self._files.forget_announced(len(paths))

    def _obey(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._link, _DATAGRAM, _DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        self._settle()
        order: dict[str, Any] = json.loads(data) if data else {"do": "drain", "deadline": _DRAIN_ALONE}
        self._orders[order["do"]](order, descriptors)

    def _reopen(self, _order: dict[str, Any], _descriptors: list[int]) -> None:
        self._files.close()

    def _mark(self, _order: dict[str, Any], _descriptors: list[int]) -> None:
        pipeline = assembly.marks(self._plan, self._surroundings, list(self._parts.destinations.values()))
        origin = Origin(self._internal, SourceSenders(""), can_wait=False)
        line = mark_line(datetime.now(pipeline.interpreter(origin).zone))
        pipeline.take([line], 1, lambda: [socket.gethostname()], origin)

    def _let_go(self, order: dict[str, Any], _descriptors: list[int]) -> None:
        """Files were renamed: once we have said so, we write to none of them any more."""
        self._files.forget_moved()
        self._voice.say({"event": "let_go", "turn": order["turn"]})

    def _talk(self, _order: dict[str, Any], _descriptors: list[int]) -> None:
        """The own log shows all that there is to say."""
        self._voice.talks = True

    def _drain(self, order: dict[str, Any], _descriptors: list[int]) -> None:
        # The supervisor ends us at its deadline: half of the time for reading leaves the rest for writing.
        now = time.monotonic()
        self._deadline, self._end = now + order["deadline"] / 2, now + order["deadline"] * 0.9
        self._running = False

    def _prepare(self, order: dict[str, Any], descriptors: list[int]) -> None:
        self._forget()
        order |= {"slot": self._share.number, "slots": self._share.slots + 1}
        counters = self._share.arena.view(Region(*order["counters"]))
        self._coming = Coming(order, descriptors, counters, self._surroundings, self._parts.destinations)

    def _take_sockets(self, order: dict[str, Any], descriptors: list[int]) -> None:
        assert self._coming is not None, "sockets come after the plan they belong to"
        self._coming.add_sockets(order["source"], descriptors, Lent if order["lent"] else socket.socket)

    def _go_on_preparing(self, coming: Coming) -> None:
        coming.step()
        if coming.problem is not None:
            self._voice.say({"event": "unfit", "plan": coming.number, "why": coming.problem})
        elif coming.done:
            self._voice.say({"event": "prepared", "plan": coming.number})

    def _forget(self, _order: Mapping[str, Any] | None = None, _descriptors: Sequence[int] = ()) -> None:
        if self._coming is not None:
            self._coming.close()
            self._coming = None

    def _swap(self, order: dict[str, Any], _descriptors: list[int]) -> None:
        """Between two batches: from the next one on, the new plan holds."""
        coming, self._coming = self._coming, None
        self._has_swapped = True
        assert coming is not None, "only what was prepared is swapped in"
        started = time.monotonic()
        self._leave(coming)
        old = self._meters
        coming.meters.slot.inherit(old.slot.values, coming.carry)
        coming.meters.slot.heartbeat = time.monotonic()
        coming.meters.slot.publish()
        coming.meters.adopt(old)
        self._meters = coming.meters
        self._names.change(coming.plan.names)
        self._use(coming.plan, coming.assembly)
        self._memory = {name: self._share.arena.view(Region(*region)) for name, region in order["regions"].items()}
        for source in coming.plan.sources:
            self._take_source(source, coming.sockets[source.name])
        pause = max(coming.longest, time.monotonic() - started)
        self._voice.say({"event": "swapped", "plan": order["plan"], "pause": round(pause, 6)})

    def _leave(self, coming: Coming) -> None:
        """Deliver what sources have gathered, and part from sources and destinations that the new plan has not."""
        staying = {source.name for source in coming.plan.sources} - coming.sockets.keys()
        for name in [name for name in self._intakes if name not in staying]:
            self._intakes.pop(name).drain(time.monotonic() + _SECONDS_TO_LEAVE)
            self._tell_senders()
            del self._origins[name]
        for intake in self._intakes.values():
            intake.flush()
        self._settle()
        assembly.part(self._parts, coming.assembly)

    def _take_source(self, source: Source, sockets: Sequence[socket.socket]) -> None:
        if source.name in self._intakes:
            self._know(source)
            self._intakes[source.name].change(source, self._around(source.name))
        else:
            self._open_source(source, sockets)

    def _finish(self) -> None:
        for intake in self._intakes.values():
            intake.drain(self._deadline)
        self._settle()
        drain(self._sinks, self._end)
        for sink in self._sinks:
            sink.close()
        self._files.close()
        self._journal.close()
        self._meters.slot.publish()
        self._tell_senders()
        self._tell_refusals()
        self._announce_files()
        self._voice.say({"event": "drained"})
