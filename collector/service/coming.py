"""
The next plan in a worker: received from the supervisor, prepared between batches, ready to be swapped in.

    {"do": "prepare", …}  + a descriptor            the plan
    {"do": "sockets", "source": …}  + descriptors   this worker's sockets of a source that is new
    … a step between any two turns of the loop …
    {"event": "prepared"}                           or "unfit", with the reason; nothing has changed until here
    {"do": "swap"}                                  between two batches (worker.py)
"""

import mmap
import os
import pickle
import socket
import time
from array import array
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from collector.metrics import Board
from collector.service.assembly import Assembly, Surroundings, assemble
from collector.service.destination import Destination
from collector.service.meter import Meters
from collector.service.work_plan import WorkPlan, load

_SECONDS_PER_STEP = 0.003

Known = Mapping[Any, Destination]


class Coming:
    """
    ``step`` prepares for a few milliseconds; when it is done, the other attributes can be used.

    ``longest`` is how long the longest step took, in seconds: as long did messages wait.
    """

    plan: WorkPlan
    assembly: Assembly
    meters: Meters

    def __init__(
        self,
        order: Mapping[str, Any],
        descriptors: list[int],
        counters: memoryview,
        now: Surroundings,
        known: Known,
    ) -> None:
        self.number: int = order["plan"]
        self.done = False
        self.longest = 0.0
        self.problem: str | None = None
        self.sockets: defaultdict[str, list[socket.socket]] = defaultdict(list)
        self.carry: array[int] = array("I")
        self._order = order
        self._memory = _mapped(descriptors[0])
        self._steps = self._prepare(counters, now, known)

    def add_sockets(self, source: str, descriptors: list[int], kind: type[socket.socket]) -> None:
        self.sockets[source] += [kind(fileno=descriptor) for descriptor in descriptors]

    def step(self) -> None:
        """Go on for a few milliseconds. What goes wrong in here is a reason not to swap, and not to end."""
        started = time.monotonic()
        try:
            while time.monotonic() < started + _SECONDS_PER_STEP:
                next(self._steps)
        except StopIteration:
            self.done = True
        except Exception as error:  # noqa: BLE001 - the worker goes on with the plan it has, whatever this one holds
            self.done, self.problem = True, f"{type(error).__name__}: {error}"
        self.longest = max(self.longest, time.monotonic() - started)

    def close(self) -> None:
        """It is not wanted any more."""
        self._steps.close()
        self._memory.close()
        for sock in (sock for sockets in self.sockets.values() for sock in sockets):
            sock.close()

    def _prepare(self, counters: memoryview, now: Surroundings, known: Known) -> Generator[None, None, None]:
        plan = self.plan = yield from load(self._memory)
        plan.layout.append(pickle.load(self._memory))  # noqa: S301 - written by the supervisor, see work_plan.py
        yield
        self.carry.frombytes(pickle.load(self._memory))  # noqa: S301 - as above
        self._memory.close()
        board = Board(plan.layout, self._order["slots"], memory=counters)
        self.meters = Meters(board.slot(self._order["slot"]), plan.layout)
        self.assembly = yield from assemble(plan, replace(now, meters=self.meters), known)


def _mapped(descriptor: int) -> mmap.mmap:
    """The memory, with a reading position of its own: the descriptor shares its position with all workers."""
    memory = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
    os.close(descriptor)
    return memory
