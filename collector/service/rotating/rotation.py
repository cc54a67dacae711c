"""
Rotation, as far as it must happen once: the supervisor's part. It never waits and never takes long.

    watched ──due──▶ renamed ──every worker has let go of it──▶ fresh ──helper process──▶ compressed, old ones deleted

The file is renamed first and goes on to be written under its new name, as an open file has no name; a worker that is
told closes it and opens the old name anew, which makes a new file. Only when each of them has answered, or has died,
nobody can write to the renamed file any more. What a crash leaves half done is found at the next start, as everything
there is to know stands in the names.
"""

import errno
import math
import os
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Protocol

from collector.metrics import Key
from collector.service.companion import Companion, Nest
from collector.service.rotating import live_list
from collector.service.rotating.live_files import Live, LiveFiles, literal, rotating
from collector.service.rotating.tidying import Task, run
from collector.service.status import size
from collector.sinks.file import FileOptions
from collector.sinks.paths import file_name
from collector.sinks.rotated import SUFFIXES, Rotated, next_stamp
from collector.sinks.rotation import RotateOptions

ROTATIONS, COMPRESSED, DELETED = Key("rotations"), Key("rotation_compressed"), Key("rotation_deleted")
ERRORS = {reason: Key("rotation_errors", (("reason", reason),)) for reason in ("rename", "compress", "delete")}
KEYS = (ROTATIONS, COMPRESSED, DELETED, *ERRORS.values())

_LOOK_FOR_ALL = 3600.0
_AFTER_FAILURE = 300.0
_RENAME_AGAIN = 60.0
_ASK_AGAIN = 5.0
_LAST_MOMENT = 1.0
_LOOK_EVERY = 0.005
_NO_RIGHT = "let the service write in that folder, or leave out rotate and let logrotate do it"
_CURES = {
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.EROFS: "under systemd, add the folder to ReadWritePaths= of the unit",
    errno.ENAMETOOLONG: "give it a shorter name",
}


class Crew(Protocol):
    """The workers, as far as rotation is concerned with them."""

    @property
    def pids(self) -> Mapping[int, int]:
        """Of each slot the process that lives in it, of those that do."""

    def tell_all(self, order: dict[str, Any]) -> None: ...


Count = Callable[[Key, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """The zone in which days begin, and the folder for what outlives the service."""

    zone: tzinfo
    state_dir: str


@dataclass(slots=True)
class _Turn:
    """Files renamed together, by destination; ``waiting`` are the processes that may still write to them, by slot."""

    number: int
    files: list[tuple[str, str]]
    waiting: dict[int, int]
    asked: float


@dataclass(slots=True)
class _Helper:
    """The process at work on ``task``, and what it has done so far."""

    task: Task
    process: Companion
    listed: bool
    compressed: int = 0
    before: int = 0
    after: int = 0
    deleted: int = 0

    def __str__(self) -> str:
        said = []
        if self.compressed:
            said.append(f"compressed {_files(self.compressed)}, {size(self.before)} became {size(self.after)}")
        if self.deleted:
            said.append(f"deleted {_files(self.deleted, 'old ')}")
        return "; ".join(said)


class Rotation:
    """
    ``chore`` is to be called about once a second, ``opened`` and ``let_go`` for the events of that name, ``stop`` when
    the service begins to end and ``close`` when it has. ``wall`` gives seconds since 1970; every other time is
    monotonic.
    """

    def __init__(
        self, crew: Crew, nest: Nest, count: Count, place: Place, wall: Callable[[], float] = time.time
    ) -> None:
        self._crew = crew
        self._nest = nest
        self._log = nest.own_log
        self._count = count
        self._zone = place.zone
        self._list = os.path.join(place.state_dir, live_list.NAME)
        self._wall = wall
        self._live = LiveFiles(place.zone)
        self._written_before = list(live_list.read(self._list))
        self._options: dict[str, RotateOptions] = {}
        self._named: frozenset[str] = frozenset()
        self._turn: _Turn | None = None
        self._turns = 0
        self._fresh: list[tuple[str, str]] = []
        self._helper: _Helper | None = None
        self._look_for_all_at = math.inf
        self._now = 0.0
        self._troubled: set[str] = set()
        self._stopping = False

    def change(self, destinations: Iterable[Any], now: float) -> None:
        """Use the destinations of another plan; the start is the first one."""
        known = tuple(destinations)
        self._options = dict(rotating(known))
        self._named = frozenset(path for options in known if isinstance(options, FileOptions)
                                for path in [literal(options.file)] if path is not None)  # fmt: skip
        self._live.change(known, self._wall())
        for label, path in self._written_before:
            self._live.opened(label, [path])
        self._written_before = []
        self._look_for_all_at = now if self._options else math.inf

    def opened(self, _number: int, event: Mapping[str, Any]) -> None:
        """A worker writes to files that a path with fields led to."""
        self._live.opened(event["sink"], event["paths"])

    def let_go(self, number: int, event: Mapping[str, Any]) -> None:
        """A worker has closed whatever was renamed in a turn."""
        if self._turn is not None and event["turn"] == self._turn.number:
            self._turn.waiting.pop(number, None)
            self._settle(self._turn)

    def chore(self, now: float) -> None:
        self._now = now
        if self._helper is not None:
            self._helper.process.look(now)
        if self._turn is not None:
            self._ask_again(self._turn, now)
            self._settle(self._turn)
        if self._stopping:
            return
        if self._helper is None:
            self._tidy(now)
        if self._turn is None and (self._helper is None or self._helper.listed):
            self._rotate(now)

    def stop(self) -> None:
        """Begin nothing new; the helper gives up what it is at. What is left undone is found at the next start."""
        self._stopping = True
        if self._helper is not None:
            self._helper.process.tell({"do": "stop"})

    def close(self) -> None:
        """The helper has a moment to come to an end of its own, so that nothing is left twice, plain and compressed."""
        patience = time.monotonic() + _LAST_MOMENT
        while self._helper is not None and time.monotonic() < patience:
            time.sleep(_LOOK_EVERY)
            self._helper.process.look(time.monotonic())
        if self._helper is not None:
            self._helper.process.stop()
        self._remember()

    def _remember(self) -> None:
        entries = self._live.unnamed()
        with suppress(OSError):  # it costs a file its rotation until somebody writes to it again, no more
            if entries or os.path.lexists(self._list):
                live_list.write(self._list, entries)

    def leave(self) -> None:
        """In another process, after the fork."""
        if self._helper is not None:
            self._helper.process.let_go()

    def _rotate(self, now: float) -> None:
        files = []
        for live in self._live.look(self._wall(), now):
            renamed = self._renamed(live, now)
            if renamed is not None:
                files.append((live.label, renamed))
        if not files:
            return
        self._turns += 1
        self._turn = _Turn(self._turns, files, dict(self._crew.pids), now)
        self._crew.tell_all({"do": "let_go", "turn": self._turns})

    def _renamed(self, live: Live, now: float) -> str | None:
        """The new name of a file; None when it could not be renamed."""
        stamp = next_stamp(datetime.fromtimestamp(self._wall(), self._zone), live.newest)
        try:
            rotated = _free_name(live.real, stamp)
            os.rename(file_name(live.real), file_name(rotated.path))
        except FileNotFoundError:  # somebody else was faster: logrotate, mv
            return None
        except OSError as error:
            live.rest_until = now + _RENAME_AGAIN
            self._trouble(live.real, error)
            return None
        live.newest, live.rotated = rotated.stamp, self._wall()
        self._troubled.discard(live.real)
        self._count(ROTATIONS, 1)
        self._log.info(f"{live.real} is rotated: {size(live.size)} are in {rotated.path}.", event="rotated")
        return rotated.path

    def _trouble(self, path: str, error: OSError) -> None:
        """Counted each time, said once until it works again."""
        self._count(ERRORS["rename"], 1)
        if path in self._troubled:
            return
        self._troubled.add(path)
        cure = _CURES.get(error.errno or 0)
        why = f"{error.strerror}; {cure}" if cure else error.strerror
        self._log.warning(f"{path} cannot be rotated: {why}.", event="rotation rename")

    def _ask_again(self, turn: _Turn, now: float) -> None:
        """Who has died meanwhile holds no file; who did not hear or was not heard is asked again."""
        pids = self._crew.pids
        turn.waiting = {number: pid for number, pid in turn.waiting.items() if pids.get(number) == pid}
        if turn.waiting and now >= turn.asked + _ASK_AGAIN:
            turn.asked = now
            self._crew.tell_all({"do": "let_go", "turn": turn.number})

    def _settle(self, turn: _Turn) -> None:
        if not turn.waiting:
            self._fresh += turn.files
            self._turn = None

    def _tidy(self, now: float) -> None:
        """Have the helper do what there is to do. A list of all must not hold what workers still write to."""
        everything = now >= self._look_for_all_at and self._turn is None
        fresh, self._fresh = self._fresh, []
        if everything:
            self._look_for_all_at = now + _LOOK_FOR_ALL
        elif not fresh:
            return
        paths = defaultdict[str, list[str]](list)
        for label, path in fresh:
            paths[label].append(path)
        options = {label: how for label, how in self._options.items() if everything or label in paths}
        now_here = datetime.fromtimestamp(self._wall(), self._zone)
        self._start(Task(options, paths, self._named, tuple(self._options), now_here, all=everything))

    def _start(self, task: Task) -> None:
        process = Companion("file compressor", partial(self._work, task), self._hear, self._nest, done=self._done)
        self._helper = _Helper(task, process, listed=not task.all)
        process.start()
        if not process.pid:
            self._helper = None
            self._look_for_all_at = self._now + _AFTER_FAILURE

    def _work(self, task: Task, link: socket.socket) -> None:
        """In the new process."""
        if task.all:
            self._remember()
        run(task, link)

    def _hear(self, said: Mapping[str, Any]) -> None:
        helper = self._helper
        assert helper is not None, "who speaks is there"
        match said["did"]:
            case "list":
                helper.listed = True
            case "compress":
                self._count(COMPRESSED, 1)
                helper.compressed += 1
                helper.before += said["before"]
                helper.after += said["after"]
            case "delete":
                self._count(DELETED, 1)
                helper.deleted += 1
            case "fail":
                self._fail(said["to"], said["path"], said["why"])

    def _fail(self, what: str, path: str, why: str) -> None:
        self._count(ERRORS[what], 1)
        self._look_for_all_at = min(self._look_for_all_at, self._now + _AFTER_FAILURE)
        again = f"It is tried again in {_AFTER_FAILURE / 60:.0f} minutes"
        self._log.warning(f"{path}: to {what} it failed: {why}. {again}.", event=f"rotation {what}")

    def _done(self, status: int) -> None:
        helper, self._helper = self._helper, None
        if str(helper):
            self._log.info(f"Rotated files: {helper}.", event="tidied")
        if status and not self._stopping:
            self._look_for_all_at = min(self._look_for_all_at, self._now + _AFTER_FAILURE)
            self._log.warning(f"Compressing rotated files ended with {status} and is tried again.", event="compressor")


def _free_name(path: str, stamp: datetime) -> Rotated:
    """The first that is not taken, from ``stamp`` on."""
    while True:
        rotated = Rotated(path, stamp)
        if not any(os.path.lexists(file_name(rotated.path + suffix)) for suffix in SUFFIXES.values()):
            return rotated
        stamp += timedelta(seconds=1)


def _files(count: int, which: str = "") -> str:
    return f"1 {which}file" if count == 1 else f"{count:,} {which}files"
