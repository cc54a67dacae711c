"""All worker processes: started, watched, started again when they die, told to reopen or to finish."""

import math
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.metrics import Board, Key, Slot
from collector.service.fork import how_it_ended
from collector.service.ownlog import OwnLog
from collector.service.process import WorkerProcess
from collector.sources.inherited import Lent

_DESCRIPTORS = 200  # in one message; the kernel's limit is 253 (unix(7))

RESTARTS = Key("worker_restarts")
HANGS = Key("worker_hangs")


@dataclass(frozen=True, slots=True)
class Timing:
    """
    Seconds. ``silence`` without a heartbeat makes a worker count as hung; ``drain`` is what it gets to finish in.

    A worker that dies younger than ``settled`` waits before it is started again: ``backoff``, then twice that, up to
    ``backoff_limit``.
    """

    tick: float = 1.0
    silence: float = 30.0
    drain: float = 10.0
    settled: float = 5.0
    backoff: float = 0.1
    backoff_limit: float = 5.0


@dataclass(slots=True)
class _Member:
    process: WorkerProcess
    restarts: int = 0
    started: float = 0.0
    due: float = 0.0
    delay: float = 0.0
    beat: float = 0.0
    silent: float = 0.0


class Workers:
    """
    ``start`` makes the process of one slot and returns its pid and the supervisor's end of its link; ``counts`` is
    the supervisor's own slot of the board.

    ``failed`` becomes true when a worker never was ready at the very first start, or ended badly while finishing.
    """

    def __init__(
        self,
        processes: list[WorkerProcess],
        start: Callable[[int], tuple[int, socket.socket]],
        board: Board,
        counts: Slot,
        log: OwnLog,
        timing: Timing,
    ) -> None:
        self._crew = [_Member(process) for process in processes]
        self._start = start
        self._board = board
        self._counts = counts
        self._log = log
        self._timing = timing
        self._finishing = False
        self.failed = False

    @property
    def ready(self) -> bool:
        return all(member.process.ready for member in self._crew)

    @property
    def booted(self) -> bool:
        """Each slot had a worker that was ready, whether it lives or is started again."""
        return all(member.process.booted for member in self._crew)

    @property
    def alive(self) -> bool:
        return any(member.process.pid for member in self._crew)

    @property
    def well(self) -> bool:
        """Every worker is ready and has given a sign of life lately; while finishing, those that are left."""
        return all(
            member.silent < self._timing.silence and (member.process.ready or self._finishing) for member in self._crew
        )

    @property
    def pids(self) -> dict[int, int]:
        """Of each slot the process that lives in it, of those that do."""
        return {member.process.number: member.process.pid for member in self._crew if member.process.pid}

    @property
    def next_due(self) -> float:
        """When the next waiting worker is to be started; infinity when none waits."""
        return min((member.due for member in self._waiting()), default=math.inf)

    def report(self, now: float) -> list[dict[str, Any]]:
        """For ``status``: one entry per slot."""
        return [
            {
                "slot": member.process.number,
                "pid": member.process.pid or None,
                "alive": bool(member.process.pid),
                "ready": member.process.ready,
                "restarts": member.restarts,
                "heartbeat_age": round(max(0.0, now - self._board.heartbeat(member.process.number)), 3),
            }
            for member in self._crew
        ]

    def start_due(self, now: float) -> None:
        """Start the workers whose time has come; at the beginning that is all of them."""
        for member in self._waiting():
            if member.due <= now:
                self._spawn(member, now)

    def _waiting(self) -> Iterator[_Member]:
        return (member for member in self._crew if not member.process.pid and not self._finishing)

    def _spawn(self, member: _Member, now: float) -> None:
        number = member.process.number
        self._board.slot(number).heartbeat = now
        member.started, member.silent = now, 0.0
        try:
            member.process.adopt(*self._start(number))
        except OSError as error:
            self._log.error(f"{member.process} cannot be started: {error.strerror}.", event="fork")
            self._postpone(member, now)

    def _postpone(self, member: _Member, now: float) -> None:
        timing = self._timing
        settled = now - member.started >= timing.settled
        member.delay = 0.0 if settled else min(timing.backoff_limit, max(timing.backoff, member.delay * 2))
        member.due = now + member.delay

    def reap(self, now: float) -> list[int]:
        """Settle the accounts of those that died, and plan their successors; returns their slots."""
        dead = []
        for member in self._crew:
            who = str(member.process)
            status = member.process.poll()
            if status is None:
                continue
            unknown = self._board.recover(member.process.number)
            self._bury(member, _obituary(who, status, unknown), status, now)
            dead.append(member.process.number)
        return dead

    def _bury(self, member: _Member, obituary: str, status: int, now: float) -> None:
        if self._finishing:
            self.failed = self.failed or status != 0
            if status:
                self._log.error(f"{obituary}.")
            return
        if not member.process.booted:
            self.failed = True
            self._log.error(f"{obituary} before it was ready. Giving up.")
            return
        self._postpone(member, now)
        member.restarts += 1
        self._counts.add(self._board.layout.index(RESTARTS), 1)
        when = f"in {member.delay:g} s" if member.delay else "now"
        self._log.error(f"{obituary}. It is started again {when}.")

    def watch(self, elapsed: float) -> None:
        """
        Kill those that are silent for too long; ``elapsed`` seconds have passed since the last call.

        Silence is summed up from calls: when the whole service was stopped for a minute, nobody was silent.
        """
        for member in self._crew:
            beat = self._board.heartbeat(member.process.number)
            if beat != member.beat or not member.process.pid:
                member.beat, member.silent = beat, 0.0
                continue
            member.silent += min(elapsed, 2 * self._timing.tick)
            if member.silent >= self._timing.silence:
                self._kill_hung(member)

    def _kill_hung(self, member: _Member) -> None:
        self._log.error(f"{member.process} gave no sign of life for {member.silent:.0f} s and is killed.")
        self._counts.add(self._board.layout.index(HANGS), 1)
        member.silent = 0.0
        member.process.kill()

    def tell_all(self, command: dict[str, Any]) -> None:
        for member in self._crew:
            member.process.tell(command)

    def tell_one(self, command: dict[str, Any]) -> None:
        """What one of them is to do, whichever can."""
        ready = next((member.process for member in self._crew if member.process.ready), None)
        if ready:
            ready.tell(command)

    def tell(self, slots: Collection[int], command: dict[str, Any]) -> None:
        for slot in slots:
            self._crew[slot].process.tell(command)

    def prepare(
        self, order: dict[str, Any], descriptors: Sequence[int], sockets: Mapping[str, list[list[socket.socket]]]
    ) -> set[int]:
        """Send a plan, and their share of the sockets that are new, to all workers at work; returns who got it."""
        return {
            member.process.number
            for member in self._crew
            if member.process.ready
            and member.process.tell(order, descriptors)
            and all(
                member.process.tell(
                    {"do": "sockets", "source": name, "lent": isinstance(some[0], Lent)},
                    [sock.fileno() for sock in some],
                )
                for name, rows in sockets.items()
                for some in _portions(rows[member.process.number])
            )
        }

    def swap(self, order: dict[str, Any], prepared: Collection[int]) -> set[int]:
        """
        Have those who prepared a plan use it; the others are ended and start with it.

        Returns the slots whose process has yet to swap or to end.
        """
        told = {slot for slot in prepared if self._crew[slot].process.tell(order)}
        others = self.pids.keys() - told
        self.end(others)
        return told | others

    def end(self, slots: Collection[int]) -> None:
        """Kill these; they are started again."""
        for slot in slots:
            self._crew[slot].process.kill()

    def move(self, board: Board, counts: Slot) -> None:
        """Count here from now on."""
        self._board, self._counts = board, counts

    def finish(self) -> None:
        """Have everybody write what was received and end. Nobody is started again."""
        self._finishing = True
        for member in self._crew:
            member.process.tell({"do": "drain", "deadline": self._timing.drain})

    def kill(self) -> None:
        """End all at once; the batches being worked on become unknown."""
        self._finishing = True
        for member in self._crew:
            member.process.kill()

    def let_go(self) -> None:
        """In a new worker: close the links to all the others."""
        for member in self._crew:
            member.process.let_go()


def _portions(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    return (sockets[at : at + _DESCRIPTORS] for at in range(0, len(sockets), _DESCRIPTORS))


def _obituary(who: str, status: int, unknown: int) -> str:
    end = how_it_ended(status)
    if not unknown:
        return f"{who} {end}"
    messages = "1 message" if unknown == 1 else f"{unknown:,} messages"
    return f"{who} {end} while it worked on {messages}, which may or may not have been written"
