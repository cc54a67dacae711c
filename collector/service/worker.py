"""
The worker: one process, one loop, no other thread. It owns a share of the sockets and writes the files.

    turn of the loop:  wait → every ready source reads once → what was gathered is delivered → counted and shown

It takes orders from the supervisor over ``link`` (one JSON object per datagram): ``reopen`` and ``drain``. When the
link ends, the supervisor is gone, and the worker finishes what it has and goes too.
"""

import gc
import json
import resource
import socket
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from collector.metrics import Key, Slot
from collector.protocol.framing import Frames
from collector.service import assembly
from collector.service.memory import keep_memory
from collector.service.meter import Meter
from collector.service.pipeline import Peers
from collector.service.plan import Plan
from collector.sinks.files import OpenFiles
from collector.sources import Intake, Source, Surroundings
from collector.sources.poller import Poller

_TICK = 1.0
_DRAIN_ALONE = 10.0  # seconds, when there is no supervisor any more to set a limit
_TICKS_PER_COLLECTION = 30
_NOTICES_PER_TICK = 10
_SPARE = 16  # descriptors that folders take while a file is opened
_SHORTEST_REST = 0.0005  # less is not worth the system call


def run_worker(
    _number: int, plan: Plan, sockets: Mapping[str, Sequence[socket.socket]], slot: Slot, link: socket.socket
) -> None:
    """The life of a worker process, from fork to exit. ``sockets`` by source name: this slot's share."""
    keep_memory()
    gc.disable()  # a batch is thousands of objects without cycles; what else there is, is collected twice a minute
    worker = Worker(plan, sockets, slot, link)
    gc.freeze()
    worker.run()


def _descriptors() -> int:
    """Every connection and file takes a descriptor: use all that the system allows, not the shell's careful 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Worker:
    def __init__(
        self, plan: Plan, sockets: Mapping[str, Sequence[socket.socket]], slot: Slot, link: socket.socket
    ) -> None:
        self._slot = slot
        self._link = link
        self._lost_notices = plan.layout.index(Key("lost_notices"))
        self._poller = Poller()
        descriptors = _descriptors()
        files = min(plan.settings.max_files, descriptors // 4)
        self._files = OpenFiles(files)
        targets = assembly.destinations(plan, slot, self._files, self._notice)
        self._sinks = [target.sink for target in targets]
        self._pipeline = assembly.pipeline(plan, slot, targets)
        self._intakes: list[Intake] = []
        self._messages = 0
        self._ticks = 0
        self._notices = Counter[str]()
        self._running = True
        self._deadline = 0.0
        self._held = False
        self._open_sources(plan, sockets, descriptors - files - _SPARE)
        link.setblocking(False)
        self._poller.add(link.fileno(), self._orders, urgent=True)

    def run(self) -> None:
        self._say({"event": "ready"})
        next_tick = 0.0
        while self._running:
            now = time.monotonic()
            if now >= next_tick:
                self._tick(now)
                next_tick = now + _TICK
            self._messages = 0
            ready = self._poller.turn(max(0.0, next_tick - now))
            for intake in self._intakes:
                intake.flush()
            if ready and not self._messages:
                self._slot.publish()  # connections, half frames, what was rejected
            rest = self._rest() if self._messages and self._running else 0.0
            if rest >= _SHORTEST_REST:
                time.sleep(rest)
        self._finish()

    def _rest(self) -> float:
        """After a turn that brought something: how long to let more arrive. A turn after silence is never delayed."""
        return min(intake.rest() for intake in self._intakes)

    def _open_sources(self, plan: Plan, sockets: Mapping[str, Sequence[socket.socket]], descriptors: int) -> None:
        for source in plan.sources:
            share = list(sockets.get(source.name, ()))
            if not share:
                continue
            meter = Meter(self._slot, plan.layout, source=source.name)
            deliver = partial(self._deliver, meter, source)
            self._intakes.append(
                source.open(
                    share,
                    Surroundings(self._poller, deliver, meter, self._notice, plan.settings.max_message, descriptors),
                )
            )

    def _deliver(self, meter: Meter, source: Source, frames: Frames, peers: Peers) -> None:
        self._messages += self._pipeline.take(frames, peers, meter, can_wait=source.can_wait, zone=source.zone)
        self._slot.heartbeat = time.monotonic()  # a turn of many connections may take long, and is no hang
        if any(sink.waits for sink in self._sinks):
            self._hold()

    def _hold(self) -> None:
        self._held = True
        for intake in self._intakes:
            intake.hold()

    def _tick(self, now: float) -> None:
        self._slot.heartbeat = now
        self._files.forget_moved()
        self._tick_sinks()
        for intake in self._intakes:
            intake.tick(now)
        if self._held and not any(sink.waits for sink in self._sinks):
            self._held = False
            for intake in self._intakes:
                intake.resume()
        self._notices.clear()
        self._ticks += 1
        if self._ticks % _TICKS_PER_COLLECTION == 0:
            gc.collect()
        self._slot.publish()

    def _tick_sinks(self) -> None:
        owners = self._files.count_by_owner()
        for sink in self._sinks:
            sink.tick(owners[sink])

    def _orders(self) -> None:
        try:
            data = self._link.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        order: dict[str, Any] = json.loads(data) if data else {"do": "drain", "deadline": _DRAIN_ALONE}
        if order["do"] == "reopen":
            self._files.close()
        elif order["do"] == "drain":
            # The supervisor ends us at its deadline: half of the time for reading leaves the rest for writing.
            self._deadline = time.monotonic() + order["deadline"] / 2
            self._running = False

    def _finish(self) -> None:
        for intake in self._intakes:
            intake.drain(self._deadline)
        self._tick_sinks()
        for sink in self._sinks:
            sink.abandon()
        self._files.close()
        self._slot.publish()
        self._say({"event": "drained"})

    def _notice(self, event_class: str, message: str) -> None:
        """The supervisor shows one of a class in ten seconds; what a flood brings beyond a few is not even sent."""
        self._notices[event_class] += 1
        if self._notices[event_class] > _NOTICES_PER_TICK:
            self._slot.values[self._lost_notices] += 1
            return
        self._say({"event": "log", "level": "warning", "class": event_class, "message": message})

    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._link.send(json.dumps(message).encode())
        except OSError:
            # The supervisor is gone, or behind in reading. A sentence of its log is not worth stopping for.
            self._slot.values[self._lost_notices] += 1
