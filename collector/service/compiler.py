"""
A new plan, compiled in a process of its own: the supervisor goes on meanwhile, whatever the configuration holds.

What comes back: a ``Draft``, which is what the supervisor reads of a plan, and memory with the plan for workers
(``work_plan.py``).
"""

import contextlib
import math
import mmap
import os
import pickle
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from collector.config.problems import Location, Problem
from collector.config.settings import Settings
from collector.metrics import Layout
from collector.service.companion import Companion, Nest
from collector.service.outline import Outline
from collector.service.plan import Plan
from collector.service.stamp import Stamp
from collector.service.work_plan import WorkPlan, dump, finish, load
from collector.sources import Source, source_class

Build = Callable[[], tuple[Plan | None, list[Problem]]]

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Draft:
    """What the supervisor reads of a plan that was compiled elsewhere. ``memory`` is a descriptor."""

    hash: str
    settings: Settings
    sources: tuple[Source, ...]
    destinations: tuple[Any, ...]
    outline: Outline
    watched: Mapping[str, Stamp]
    layout: Layout
    state_dir: str
    control: str
    workers: int
    rules: bytes | None
    actions: bytes | None
    memory: int

    @property
    def work(self) -> WorkPlan:
        """For a worker that begins with this plan."""
        with mmap.mmap(self.memory, 0, prot=mmap.PROT_READ) as memory:
            plan: WorkPlan = finish(load(memory))
        return plan

    def close(self) -> None:
        os.close(self.memory)


Done = Callable[[Draft | None, list[Problem]], None]


class Compiler:
    """``compile(done)`` starts; ``done(draft, problems)`` is called from ``look``, which is to be called often."""

    def __init__(self, build: Build, nest: Nest) -> None:
        self._build = build
        self._nest = nest
        self._process: Companion | None = None
        self._descriptors: tuple[int, ...] = ()
        self._ends = 0.0
        self._late = False

    @property
    def busy(self) -> bool:
        return self._process is not None

    def compile(self, done: Done) -> None:
        answer, memory = self._descriptors = os.memfd_create("answer"), os.memfd_create("plan")
        self._late = False
        self._ends = time.monotonic() + _PATIENCE
        self._process = Companion(
            "compiler",
            partial(_compile, self._build, answer, memory),
            lambda _: None,
            self._nest,
            done=partial(self._finish, answer, memory, done),
        )
        self._process.start()
        if not self._process.pid:
            self._finish(answer, memory, done, 1)

    def look(self, now: float) -> None:
        if self._process is None:
            return
        if now > self._ends and not self._late:
            self._late = True
            self._process.kill()
        self._process.look(now)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
            for descriptor in self._descriptors:
                os.close(descriptor)

    def _finish(self, answer: int, memory: int, done: Done, status: int) -> None:
        self._process = None
        draft, problems = (None, [_failed(status, late=self._late)]) if status else _received(answer, memory)
        os.close(answer)
        if draft is None:
            os.close(memory)
        done(draft, problems)


def _compile(build: Build, answer: int, memory: int, _link: socket.socket) -> None:
    """In the new process. It ends in time without a supervisor too, and where memory runs out it goes first."""
    signal.alarm(math.ceil(2 * _PATIENCE))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # proc_pid_oom_score_adj(5)
    plan, problems = build()
    fields = None
    if plan is not None:
        with os.fdopen(memory, "wb") as file:
            dump(plan.work, file)
        fields = {
            "hash": plan.hash,
            "settings": plan.settings.alone(),
            "sources": [(source.kind, source.options) for source in plan.sources],
            "destinations": plan.destinations,
            "outline": plan.outline,
            "watched": plan.watched,
            "layout": plan.layout,
            "state_dir": plan.state_dir,
            "control": plan.control,
            "workers": plan.workers,
            "rules": plan.rules,
            "actions": plan.actions,
        }
    with os.fdopen(answer, "wb") as file:
        pickle.dump((fields, problems), file)


def _received(answer: int, memory: int) -> tuple[Draft | None, list[Problem]]:
    try:
        with mmap.mmap(answer, 0, prot=mmap.PROT_READ) as data:
            # Written by our own process into memory that has no name: nobody else can have put anything there.
            fields, problems = pickle.loads(data)  # noqa: S301 - see above
        if fields is None:
            return None, problems
        sources = tuple(source_class(kind)(options) for kind, options in fields.pop("sources"))
        return Draft(sources=sources, memory=memory, **fields), problems
    except (
        AttributeError,
        ImportError,
        TypeError,
    ) as error:  # it may have loaded parts of a new version just now
        return None, [_problem(f"it cannot be read by the running version ({error})", "restart the service")]


def _failed(status: int, *, late: bool) -> Problem:
    if late:
        return _problem(f"to compile it takes more than {_PATIENCE:g} s", "look for what it reads: a folder, a device")
    if status > 0:
        return _problem(f"the process that compiles it ended with status {status}", "see the own log")
    why = "it may need more memory than there is" if -status == signal.SIGKILL else "see the own log"
    return _problem(f"the process that compiles it was killed by {signal.Signals(-status).name}", why)


def _problem(message: str, hint: str) -> Problem:
    return Problem(Location("configuration"), message, "compiler", hint)
