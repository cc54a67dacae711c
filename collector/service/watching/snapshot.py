r"""
Saves a state of any size while work goes on: a forked process sees it as it was at the fork, and writes it.

    snapshots = Snapshots(folder, notice)
    latest = snapshots.load()                       # Snapshot(state, places), or None
    snapshots.begin(engine.dump, order.places)      # forks; ``dump`` is called in the new process
    outcome = snapshots.look()                      # now and then, or when ``fileno`` can be read; None: not yet
    if outcome and outcome.passed:
        order.commit(outcome.passed)

    begin ──fork──▶ dump, pickle ─▶ 00000007.part ─▶ fsync ─▶ rename to 00000007.state ─▶ fsync of the folder
      │                  │                                                                        │
      │                  └── anything fails ─▶ the reason ──▶ look: told, the older ones stay      │
      └───────────────────────────────────────────────────────────────▶ look: saved ◀─────────────┘
                                                                          00000005.state is deleted,
                                                                          00000006's places are ``passed``

The last two are kept, and what the older of them needs is not passed. So when the newer one is damaged the older one
does, with all that came after it.

A file holds ``state 1\n``, the pickle of (places, state), the pickle's length and its CRC-32 (8 and 4 bytes,
little-endian). Pickles are read from the state folder alone, where nobody else may write.
"""

import contextlib
import gc
import os
import pickle
import re
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn
from zlib import crc32

from collector.errors import CollectorError
from collector.service.watching.order import Places
from collector.sinks import Notice

_HEADER = b"state 1\n"
_TRAILER = struct.Struct("<QI")
_NAME = re.compile(r"([0-9]{8})\.state", re.ASCII)
_UNFINISHED = ".part"
_PIECE = 1 << 20
_POLITENESS = 5
"""Of nice(2): whoever receives messages comes first."""
_LONG = 60.0


class SnapshotError(CollectorError):
    """The folder of the snapshots cannot be used."""


class _Damaged(Exception):  # noqa: N818 - not an error: a reason to take the one before
    pass


@dataclass(frozen=True, slots=True)
class Snapshot:
    state: Any
    places: Places


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    Of one ``begin``. Where it was ``saved``, nothing before ``passed`` is needed any more, if there is such a place;
    ``seconds`` is how long it took since the fork.
    """

    saved: bool
    passed: Places | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Running:
    pid: int
    answer: int
    number: int
    places: Places
    since: float


class Snapshots:
    """One process at a time. Raises SnapshotError when ``folder`` cannot be made."""

    def __init__(self, folder: str, notice: Notice) -> None:
        self._folder = folder
        self._notice = notice
        self._running: _Running | None = None
        self._good: list[tuple[int, Places]] = []
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # Of a process whose parent was killed: it may still be at it, and must not rename it under our feet.
            for name in os.listdir(folder):
                if name.endswith(_UNFINISHED):
                    os.unlink(os.path.join(folder, name))
        except OSError as error:
            raise SnapshotError(f"{folder}: {error.strerror}") from error
        self._next = max(self._numbers(), default=0) + 1

    def load(self, restore: Callable[[Any], None] = lambda _: None) -> Snapshot | None:
        """The newest one that is whole, and whose state ``restore`` takes; those that are not are told."""
        for number in self._numbers():
            path = self._path(number)
            try:
                snapshot = _read(path)
                _restored(restore, snapshot.state)
            except (_Damaged, OSError) as error:
                self._notice("damaged snapshot", f"{path}: {error}; the one before it is used, if there is one.")
                continue
            self._good = [(number, snapshot.places)]
            return snapshot
        return None

    def begin(self, dump: Callable[[], Any], places: Places) -> bool:
        """
        Save what ``dump`` returns, with ``places``. False when that cannot be begun now: the one before is not
        finished, or there is no process to be had, which is told.
        """
        if self._running is not None:
            self._grow_impatient(time.monotonic() - self._running.since)
            return False
        answer, tell = os.pipe()
        number, since, parent = self._next, time.monotonic(), os.getpid()
        gc.freeze()  # what the collector does not look at stays shared with the parent
        try:
            pid = os.fork()
            if pid == 0:
                self._live(tell, number, dump, places, parent)
        except OSError as error:
            os.close(answer)
            self._notice("snapshot", f"The state of rules cannot be saved: {error.strerror}.")
            return False
        finally:
            os.close(tell)
            gc.unfreeze()
        self._next += 1
        self._running = _Running(pid, answer, number, places, since)
        return True

    def fileno(self) -> int:
        """Can be read when ``look`` has an answer; -1 while nothing is being saved."""
        return self._running.answer if self._running else -1

    def look(self) -> Outcome | None:
        """How the saving ended, once; None while it goes on or nothing is being saved."""
        running = self._running
        if running is None:
            return None
        pid, status = os.waitpid(running.pid, os.WNOHANG)
        if not pid:
            return None
        return self._ended(running, os.waitstatus_to_exitcode(status))

    def close(self) -> Outcome | None:
        """Wait for what is being saved, which takes a moment."""
        if self._running is None:
            return None
        _, status = os.waitpid(self._running.pid, 0)
        return self._ended(self._running, os.waitstatus_to_exitcode(status))

    def _ended(self, running: _Running, status: int) -> Outcome:
        self._running = None
        with open(running.answer, "rb") as answer:
            why = answer.read().decode(errors="replace")
        seconds = time.monotonic() - running.since
        if status != 0:
            why = why or (f"its process was killed by signal {-status}" if status < 0 else f"status {status}")
            self._notice("snapshot", f"The state of rules cannot be saved: {why}. The last one that was saved stays.")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._part(running.number, running.pid))
            return Outcome(saved=False, passed=None, seconds=seconds)
        self._good = [*self._good[-1:], (running.number, running.places)]
        self._delete_older()
        return Outcome(saved=True, passed=self._good[0][1] if len(self._good) > 1 else None, seconds=seconds)

    def _grow_impatient(self, seconds: float) -> None:
        if seconds > _LONG:
            self._notice("snapshot", f"Saving the state of rules takes {seconds:.0f} s already; is the disk slow?")

    def _delete_older(self) -> None:
        kept = [number for number, _ in self._good]
        if len(kept) < 2:
            return
        for number in self._numbers():
            if number not in kept:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._path(number))

    def _numbers(self) -> list[int]:
        """The newest first."""
        return sorted((int(name[1]) for name in map(_NAME.fullmatch, os.listdir(self._folder)) if name), reverse=True)

    def _path(self, number: int) -> str:
        return os.path.join(self._folder, f"{number:08}.state")

    def _part(self, number: int, pid: int) -> str:
        return f"{self._path(number)}.{pid}{_UNFINISHED}"

    def _live(self, tell: int, number: int, dump: Callable[[], Any], places: Places, parent: int) -> NoReturn:
        """In the new process; it never returns into the parent's code."""
        status = 1
        try:
            gc.disable()
            with contextlib.suppress(OSError):  # a sandbox may forbid it
                os.nice(_POLITENESS)
            part = self._part(number, os.getpid())
            _write(part, (places, dump()))
            if os.getppid() == parent:  # else there may be a successor, who does not want the past back
                os.rename(part, self._path(number))
                _sync(self._folder)
                status = 0
        except OSError as error:
            os.write(tell, (error.strerror or str(error)).encode())
        except BaseException as error:  # noqa: BLE001 - the last thing this process does is to say why
            os.write(tell, repr(error).encode()[:4096])
        finally:
            os._exit(status)


class _Checked:
    """Writes all of it, and knows its length and checksum."""

    def __init__(self, fd: int) -> None:
        self.size = self.checksum = 0
        self._fd = fd

    def write(self, data: bytes) -> int:
        view = memoryview(data).cast("B")
        self.checksum = crc32(view, self.checksum)
        self.size += len(view)
        _write_all(self._fd, view)
        return len(view)


def _write(path: str, content: object) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    _write_all(fd, memoryview(_HEADER))
    file = _Checked(fd)
    pickle.Pickler(file, pickle.HIGHEST_PROTOCOL).dump(content)
    _write_all(fd, memoryview(_TRAILER.pack(file.size, file.checksum)))
    os.fsync(fd)
    os.close(fd)


def _write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _sync(folder: str) -> None:
    """A rename is on the disk only after this."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read(path: str) -> Snapshot:
    """Raises _Damaged, or OSError when it cannot be read."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size - len(_HEADER) - _TRAILER.size
        if size < 0 or file.read(len(_HEADER)) != _HEADER:
            raise _Damaged("not a whole snapshot")
        checksum = 0
        for piece in _pieces(file.read, size):
            checksum = crc32(piece, checksum)
        if _TRAILER.unpack(file.read(_TRAILER.size)) != (size, checksum):
            raise _Damaged("it is damaged")
        file.seek(len(_HEADER))
        try:
            places, state = pickle.load(file)  # noqa: S301 - written by us, into a folder nobody else may write to
        except Exception as error:
            raise _Damaged(f"it cannot be read: {error!r}") from error
    return Snapshot(state, places)


def _restored(restore: Callable[[Any], None], state: Any) -> None:
    try:
        restore(state)
    except Exception as error:
        raise _Damaged(f"its state is none of this version: {error!r}") from error


def _pieces(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (piece := read(min(size, _PIECE))):
        size -= len(piece)
        yield piece
