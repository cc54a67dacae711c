"""
Reload: a new plan comes into force while messages pour in, or is refused and changes nothing.

    resting ──ask──▶ compiling ──refused──────────────────────────────▶ resting   the old plan stays
                        │ bind the sockets of new sources
                        ▼
                    preparing ──a worker cannot, dies, is too slow────▶ resting   the old plan stays
                        │ every worker has it ready
                        ▼
                    swapping  ──each swaps between two batches, or dies─▶ resting   the new plan holds
                        │
                        └─ a worker that does not swap in time is killed
    asked again meanwhile: once more, from the beginning, when it rests

The point of no return is when all workers have prepared: from then on the supervisor's plan is the new one, so a worker
that dies is started with it. One that dies before that need not have died of the plan: it is tried again, twice.
"""

import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from collector.config.problems import Problem
from collector.errors import CollectorError
from collector.metrics import Board, Layout
from collector.service import ledger
from collector.service.compiler import Compiler, Draft
from collector.service.outline import Outline, differences
from collector.service.ownlog import OwnLog
from collector.service.sockets import Change, Listeners
from collector.service.stamp import Stamp
from collector.service.workers import Workers
from collector.shared import Region

Answer = Callable[[dict[str, Any]], None]

_PATIENCE = 30.0
_SHOWN = 20
_MOST_DEATHS = 3
_ENDING = "the service ends"


class Old(Protocol):
    """What is read of the plan in force."""

    @property
    def hash(self) -> str: ...
    @property
    def outline(self) -> Outline: ...


class Service(Protocol):
    """What reloading does with the supervisor."""

    @property
    def plan(self) -> Old: ...
    @property
    def board(self) -> Board: ...

    def layout_for(self, plan: Any) -> Layout:
        """The counters of a plan with those of the supervisor."""

    def adopt(self, plan: Draft, board: Board) -> None:
        """From here on this plan is in force."""

    def adopted(self) -> None:
        """All workers have it."""

    def looked_at(self, files: Mapping[str, Stamp]) -> None:
        """The plan in force is what these files come to."""

    def refused(self, problems: Sequence[Problem]) -> None:
        """The plan in force stays."""


class Reload:
    """``ask`` begins; ``look`` is to be called often. ``report`` is what ``status`` shows of the last one."""

    def __init__(
        self, service: Service, compiler: Compiler, listeners: Listeners, workers: Workers, log: OwnLog
    ) -> None:
        self._service = service
        self._compiler = compiler
        self._listeners = listeners
        self._arena = listeners.arena
        self._workers = workers
        self._log = log
        self._state: Literal["resting", "compiling", "preparing", "swapping"] = "resting"
        self._again = False
        self._number = 0
        self._draft: Draft | None = None
        self._change: Change | None = None
        self._board: Board | None = None
        self._region: Region | None = None
        self._old_region: Region | None = None
        self._ready: set[int] = set()
        self._waiting: set[int] = set()
        self._ends = 0.0
        self._deaths = 0
        self._stopped = False
        self._pause = 0.0
        self._changes = ""
        self._lost_rules = 0
        self._problems: Sequence[Problem] = ()
        self._answers: list[Answer] = []
        self._queued: list[Answer] = []
        self._last: dict[str, Any] = {}

    @property
    def resting(self) -> bool:
        return self._state == "resting"

    @property
    def report(self) -> dict[str, Any]:
        return {"state": self._state, **self._last}

    def ask(self, answer: Answer | None = None) -> None:
        """Compile the configuration and put it into force; ``answer`` hears how that went."""
        self._queued += [answer] if answer else []
        self._again = True
        if self._stopped:
            self._turn_away()
        self._go_on()

    def _go_on(self) -> None:
        """A worker that never was ready yet cannot be told, and must not be ended."""
        if self._again and self._state == "resting" and self._workers.booted:
            self._again = False
            self._answers, self._queued = self._queued, []
            self._begin()

    def _begin(self) -> None:
        self._state = "compiling"
        self._compiler.compile(self._compiled)

    def look(self, now: float) -> None:
        self._compiler.look(now)
        if self._state == "preparing" and now > self._ends:
            self._refuse(f"a worker was not ready for the new plan within {_PATIENCE:g} s")
        if self._state == "swapping" and now > self._ends:
            self._ends = now + _PATIENCE
            self._workers.end(self._waiting)
        self._go_on()

    def hears(self, slot: int, event: dict[str, Any]) -> None:
        """What a worker says of its progress."""
        if event.get("plan") != self._number:
            return
        match event["event"], self._state:
            case "prepared", "preparing":
                self._waiting.discard(slot)
                if not self._waiting:
                    self._commit()
            case "unfit", "preparing":
                self._refuse(f"worker {slot} cannot work with it: {event['why']}")
            case "swapped", "swapping":
                self._pause = max(self._pause, event["pause"])
                self._has_swapped(slot)

    def lost(self, slot: int) -> None:
        """A worker has died."""
        if self._state == "preparing" and slot in self._ready:
            self._deaths += 1
            if self._deaths == _MOST_DEATHS:
                self._refuse(f"{_MOST_DEATHS} workers died while they prepared it")
                return
            self._again = True
            self._abandon()
            self._queued, self._answers = [*self._answers, *self._queued], []
        elif self._state == "swapping":
            self._has_swapped(slot)

    def stop(self) -> None:
        """The service ends: what is not in force by now will not be, and nothing is begun any more."""
        self._stopped = True
        self._compiler.stop()
        if self._state in {"compiling", "preparing"}:
            self._abandon()
            self._queued, self._answers = [*self._answers, *self._queued], []
        self._turn_away()

    def _turn_away(self) -> None:
        self._again = False
        answers, self._queued = self._queued, []
        for answer in answers:
            answer({**self._result("refused", _ENDING), "problems": []})

    def _compiled(self, draft: Draft | None, problems: list[Problem]) -> None:
        self._problems = problems
        if draft is None:
            self._refuse(None)
            return
        if draft.hash == self._service.plan.hash and not differences(self._service.plan.outline, draft.outline):
            draft.close()
            self._state = "resting"
            self._service.looked_at(draft.watched)
            self._log.info(f"The configuration is what it was, plan {draft.hash}.")
            self._tell(self._result("unchanged"))
            return
        self._draft = draft
        try:
            self._change = self._listeners.prepare(draft.sources)
            self._prepare(draft, self._change)
        except CollectorError as error:
            self._refuse(f"{error}{f'; {error.hint}' if error.hint else ''}")

    def _prepare(self, draft: Draft, change: Change) -> None:
        old = self._service.board
        layout = self._service.layout_for(draft)
        layout = layout.extended(ledger.heir(key) for key in old.layout.keys if key not in layout)
        carry = old.layout.carry(layout, ledger.heir)
        _append(draft.memory, tuple(layout.keys)[len(draft.layout) :], carry.tobytes())
        self._region = self._arena.take(Board.words(layout, old.slots))
        memory = self._arena.view(self._region)
        self._board = Board(layout, old.slots, memory=memory, predecessor=old, carry=carry)
        self._number += 1
        self._pause = 0.0
        self._state = "preparing"
        self._ends = time.monotonic() + _PATIENCE
        self._waiting = self._workers.prepare(
            {"do": "prepare", "plan": self._number, "counters": self._region}, [draft.memory], change.new
        )
        self._ready = set(self._waiting)
        if not self._waiting:
            self._commit()

    def _commit(self) -> None:
        assert self._draft is not None
        assert self._change is not None
        assert self._board is not None
        old, new = self._service.plan.outline, self._draft.outline
        self._changes = differences(old, new)
        self._lost_rules = 0 if new.rules else len(old.rules)
        self._state = "swapping"
        self._ends = time.monotonic() + _PATIENCE
        self._listeners.commit(self._change)
        self._service.adopt(self._draft, self._board)
        order = {"do": "swap", "plan": self._number, "regions": self._listeners.regions()}
        self._waiting = self._workers.swap(order, self._ready)
        if not self._waiting:
            self._finish()

    def _has_swapped(self, slot: int) -> None:
        self._waiting.discard(slot)
        if not self._waiting:
            self._finish()

    def _finish(self) -> None:
        assert self._draft is not None
        assert self._board is not None
        self._board.settle()
        if self._old_region is not None:
            self._arena.give_back(self._old_region)
        self._old_region, self._region = self._region, None
        self._listeners.finish()
        problems = self._listeners.adjust() + self._listeners.warnings()
        self._service.adopted()
        self._state = "resting"
        plan, self._draft, self._change, self._board = self._draft, None, None, None
        self._log.info(f"Reloaded, plan {plan.hash}: {self._changes or 'nothing that matters here'}.")
        if self._lost_rules:
            self._log.warning(f"No rule is left in force: before, there were {self._lost_rules:,}.")
        doubts = [problem for problem in self._problems if problem.level != "info"]
        for text in [line for problem in doubts for line in str(problem).splitlines()] + problems:
            self._log.warning(text)
        self._tell({**self._result("in force"), "changes": self._changes, "pause": self._pause})

    def _refuse(self, why: str | None) -> None:
        """The old plan stays; ``why`` comes after what is wrong with the configuration itself."""
        self._abandon()
        self._service.refused(self._problems)
        kept = self._service.plan.hash
        told = [problem for problem in self._problems if problem.level != "info"]
        said = [line for problem in told for line in str(problem).splitlines()] + ([why] if why else [])
        errors = sum(problem.level == "error" for problem in self._problems) + bool(why)
        self._log.error(f"The new configuration is refused, errors: {errors}. Plan {kept} stays in force.")
        for text in said[:_SHOWN]:
            self._log.error(text)
        if len(said) > _SHOWN:
            self._log.error(f"… and {len(said) - _SHOWN:,} more; `collector check-config` shows all.")
        self._tell(self._result("refused", why))

    def _abandon(self) -> None:
        if self._state == "preparing":
            self._workers.tell(self._ready, {"do": "forget"})
        if self._change is not None:
            self._listeners.abandon(self._change)
        if self._draft is not None:
            self._draft.close()
        if self._region is not None:
            self._arena.give_back(self._region)
        self._state = "resting"
        self._region = None
        self._draft, self._change, self._board = None, None, None

    def _result(self, result: str, why: str | None = None) -> dict[str, Any]:
        return {"result": result, "plan": self._service.plan.hash, "changes": "", "why": why}

    def _tell(self, result: dict[str, Any]) -> None:
        self._deaths = 0
        self._last = {
            "at": time.time(),
            **result,
            "problems": [problem.as_json() for problem in self._problems],
        }
        answers, self._answers = self._answers, []
        for answer in answers:
            answer(self._last)


def _append(memory: int, *values: Any) -> None:
    os.lseek(memory, 0, os.SEEK_END)
    with os.fdopen(os.dup(memory), "ab") as file:
        for value in values:
            pickle.dump(value, file)
