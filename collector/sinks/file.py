"""
Files: one ``write(2)`` per file and batch, appended whole.

    routes:
      - select: local0.debug
        to: {file: /var/log/windows, mode: "0640"}

Several workers may append to one file: a batch is one write with O_APPEND, so lines never mix. A disk that is full is
said once; stream senders then wait (``on_full: wait``) and it goes on by itself when there is room. What happens to
many files of one template is one sentence in the log.

What the sink knows of a path:

    open ──write──▶ open                         all of it went to disk
      │
      ├─short write or ENOSPC──▶ waiting         the torn line is ended, and kept to be written again whole
      │                            │
      │◀────────room again─────────┘             tried once a second, and before anything new for this path
      │
      └─another error──▶ refused                 rows are dropped and counted; opened again at the next tick
"""

import errno
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Literal

from collector.config.options import FilePath, GroupName, Mode, Options, UserName
from collector.errors import CollectorError
from collector.sinks import Notice, SinkMeter
from collector.sinks.cures import cure
from collector.sinks.files import OpenFiles
from collector.sinks.opener import Opener
from collector.sinks.rotation import Rotate
from collector.sinks.torn import end_torn_line

_PATHS_REMEMBERED = 65_536
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileOptions(Options):
    kind: ClassVar[str] = "file"
    target_field = "file"

    file: FilePath
    """Path of the file; may hold {{ hostname }} and other fields, and is then safe whatever a sender calls itself."""

    format: str = "traditional"
    """traditional, rfc5424, json, raw, or the name of one of your templates."""

    mode: Mode = 0o640
    """Permissions of a new file."""

    dir_mode: Mode = 0o750
    """Permissions of new folders."""

    owner: UserName | None = None
    """User a new file belongs to; needs the right to give files away."""

    group: GroupName | None = None
    """Group a new file belongs to."""

    on_full: Literal["wait", "drop"] = "wait"
    """When the disk is full: let stream senders wait, or drop and count."""

    rotate: Rotate | None = None
    """When to begin a new file and how many old ones to keep; without it the file grows, or logrotate moves it."""

    @property
    def label(self) -> str:
        """Its name in counters and in the own log."""
        return self.file


@dataclass(slots=True)
class _Waiting:
    data: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class _Refused:
    reason: str
    why: str


class FileSink:
    """
    The files of one destination: a single path, or all paths of one template.

    ``offer`` takes lines for a path, ``offer_each`` for many; ``tick`` tries again what could not be written.
    """

    Options = FileOptions

    def __init__(
        self, options: FileOptions, below: str | None, files: OpenFiles, meter: SinkMeter, notice: Notice
    ) -> None:
        self.options = options
        self._below = below
        self._files = files
        self._meter = meter
        self._notice = notice
        self._opener = Opener(
            below,
            files.folders,
            self._say_rights,
            self._looked,
            modes=(options.mode, options.dir_mode),
            owner=_owner(options),
        )
        self._waiting: dict[str, _Waiting] = {}
        self._full: dict[str, None] = {}  # since the disk filled up, the first of them first
        self._refused: dict[str, _Refused] = {}  # since the last tick
        self._told: set[str] = set()  # that they cannot be written
        self._known: dict[str, None] = {}  # these end at the end of a line, the first of them first
        self._patient = True
        self._rights_told = False
        self._announced: set[str] = set()

    @property
    def waits(self) -> bool:
        """Something could not be written yet, and those who can wait should."""
        return bool(self._waiting) and self.options.on_full == "wait"

    def offer(self, path: str, data: bytes, rows: int, *, can_wait: bool) -> None:
        """Append ``data``, whole lines, ``rows`` of them. ``can_wait``: the senders can be made to wait."""
        self._meter.count("sink_offered", rows)
        waiting = self._waiting.get(path)
        if waiting is not None:
            if not can_wait or self.options.on_full == "drop":
                self._drop(rows, "disk_full")
                return
            waiting.data += data
            waiting.rows += rows
            self._meter.count("sink_pending", rows)
            return
        self._write(path, data, rows)

    def offer_each(self, lines: Iterable[tuple[str, bytes, int]], *, paths: int, can_wait: bool) -> int:
        """
        The same for many ``paths``: each with its lines and how many. Returns how many files were opened.

        With more files than may be open, those that are not open are closed at once: when the next lines come for one
        of them it would have been closed anyway. This loop is what ``make bench``, files-10000, measures.
        """
        files, known, opener, write = self._files, self._known, self._opener.open, os.write
        opened, keep = files.opened, paths <= files.limit
        whole = size = 0
        for path, data, rows in lines:
            if path not in known or self._waiting or self._full or self._refused:
                self.offer(path, data, rows, can_wait=can_wait)
                continue
            try:
                fd = files.fd(path, opener, self) if keep else files.get(path)
                if fd is not None:
                    written = write(fd, data)
                else:
                    files.opened += 1
                    written = _write_and_close(opener(path), data)
            except (OSError, CollectorError):
                self.offer(path, data, rows, can_wait=can_wait)  # tried again there, and dealt with
                continue
            if written < len(data):
                self._meter.count("sink_offered", rows)
                self._meter.count("sink_written_bytes", written)
                self._torn(path, data, rows, written)
            else:
                whole += rows
                size += written
        self._meter.count("sink_offered", whole)
        self._meter.count("sink_written", whole)
        self._meter.count("sink_written_bytes", size)
        return files.opened - opened

    def reject(self, rows: int, reason: str, why: str) -> None:
        """Lines that have no path are lost; one sentence for all of them."""
        self._meter.count("sink_offered", rows)
        self._drop(rows, reason)
        self._say(reason, f"{self.options.file}: lines are dropped: {why}.")

    def tick(self, _now: float) -> None:
        """Once a second: room on the disk, a folder that is back?"""
        self._meter.set("sink_open_files", self._files.count_of(self))
        self._patient = True
        self._opener.tick()
        self._say_refused()
        self._files.waiting.discard(self)
        for path in list(self._waiting):
            waiting = self._waiting.pop(path)
            self._meter.count("sink_pending", -waiting.rows)
            if waiting.data:
                self._write(path, waiting.data, waiting.rows)

    def abandon(self) -> None:
        """The worker ends: what still waits is lost, counted and told."""
        self._say_refused()
        lost = sum(waiting.rows for waiting in self._waiting.values())
        if lost:
            self._meter.count("sink_pending", -lost)
            self._drop(lost, "disk_full")
            self._say("lost", f"{_named(self._waiting)}: {lost:,} lines that waited for room are lost.")
        self._waiting.clear()
        self._files.waiting.discard(self)

    def hand_over(self, heir: "FileSink") -> None:
        """What waits here shall wait there, in a sink for the same place that has other options."""
        heir.take_over(self._waiting, self._full)
        self._waiting = {}

    def take_over(self, waiting: dict[str, _Waiting], full: dict[str, None]) -> None:
        for path, more in waiting.items():
            mine = self._waiting.setdefault(path, _Waiting(b"", 0))
            mine.data += more.data
            mine.rows += more.rows
            self._files.waiting.add(self)
        self._full |= full

    def drain(self, _deadline: float) -> bool:
        """A full disk is not waited for: ``close`` tries it once more."""
        return False

    def close(self) -> None:
        """It is needed no more: what waits is tried once more, then lost and told."""
        self.tick(0)
        self.abandon()
        self._files.forget_owner(self)
        self._meter.set("sink_open_files", 0)

    def _write(self, path: str, data: bytes, rows: int) -> None:
        refused = self._refused.get(path)
        if refused is not None:
            self._drop(rows, refused.reason)
            return
        try:
            fd = self._files.fd(path, self._opener.open, self)
        except (OSError, CollectorError) as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                self._keep(path, data, rows)
            else:
                self._refuse(path, rows, "cannot_open", error)
            return
        try:
            if path not in self._known:
                self._mend(path, fd)
            written = os.write(fd, data)
        except OSError as error:
            self._fail(path, data, rows, error)
            return
        self._meter.count("sink_written_bytes", written)
        if written < len(data):
            self._torn(path, data, rows, written)
            return
        self._meter.count("sink_written", rows)
        self._known[path] = None
        if path in self._full and not self._waiting:
            self._say_room()
        if path in self._told:
            self._told.discard(path)
            self._say("state", f"{path}: lines can be written again.")

    def _mend(self, path: str, fd: int) -> None:
        """End a line that was torn before: by any worker when the disk was full, or by a ``kill -9``."""
        if len(self._known) >= _PATHS_REMEMBERED:
            self._known = dict(islice(self._known.items(), _PATHS_REMEMBERED // 2, None))
        patient, self._patient = self._patient, False
        if not end_torn_line(path, fd, patient=patient):
            self._patient = patient
            return
        if path not in self._full:
            self._meter.count("sink_errors", reason="found_torn_line")

    def _torn(self, path: str, data: bytes, rows: int, written: int) -> None:
        """Part of it is on the disk: keep the line that was cut, whole, with what follows."""
        cut = data.rfind(b"\n", 0, written) + 1
        whole = data.count(b"\n", 0, cut)
        self._meter.count("sink_written", whole)
        if cut < written:
            self._meter.count("sink_errors", reason="torn_line")
        self._keep(path, data[cut:], rows - whole)

    def _fail(self, path: str, data: bytes, rows: int, error: OSError) -> None:
        self._meter.count("sink_errors", reason=errno.errorcode.get(error.errno or 0, "unknown"))
        if error.errno in _FULL:
            self._keep(path, data, rows)
            return
        self._files.forget(path)
        self._refuse(path, rows, "write_error", error)

    def _keep(self, path: str, data: bytes, rows: int) -> None:
        self._known.pop(path, None)
        if not self._full:
            self._say_full(path)
        self._full[path] = None
        if self.options.on_full == "drop":
            self._waiting[path] = _Waiting(b"", 0)  # not tried again before the next tick
            self._drop(rows, "disk_full")
            return
        self._waiting[path] = _Waiting(data, rows)
        self._files.waiting.add(self)
        self._meter.count("sink_pending", rows)

    def _say_full(self, path: str) -> None:
        dropped = "dropped and counted until there is"
        waits = self.options.on_full == "wait"
        what = f"Senders over streams wait, datagrams are {dropped}" if waits else f"Lines are {dropped}"
        self._say("state", f"{path}: no room on the disk. {what}.")

    def _say_room(self) -> None:
        waited = ", and what waited is written" if self.options.on_full == "wait" else ""
        self._say("state", f"{_named(self._full)}: there is room again{waited}.")
        self._full.clear()

    def _refuse(self, path: str, rows: int, reason: str, error: OSError | CollectorError) -> None:
        self._full.pop(path, None)
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        hint = cure(error) if isinstance(error, OSError) else error.hint
        self._known.pop(path, None)
        self._refused[path] = _Refused(reason, f"{why}; {hint}" if hint else why)
        self._drop(rows, reason)

    def _say_refused(self) -> None:
        if self._refused:
            first = next(iter(self._refused.values()))
            why = f"cannot be written: {first.why}. Lines are dropped and counted until that changes"
            self._say("state", f"{_named(self._refused)}: {why}.")
            if len(self._told) >= _PATHS_REMEMBERED:
                self._told.clear()
            self._told.update(self._refused)
        self._refused.clear()

    def _say_rights(self, path: str, error: OSError) -> None:
        """Once: a file with the wrong owner is better than no file."""
        if not self._rights_told:
            self._rights_told = True
            self._say(
                "rights",
                f"{path}: mode or owner cannot be set: {error.strerror}; it is written all the same, as others are; "
                "give the service the right to do so, or leave out owner and group.",
            )

    def _say(self, event: str, sentence: str) -> None:
        """Trouble and its end are one event, so that the last the log has of it is how it is."""
        self._notice(f"{event} {self.options.file}", sentence)

    def _drop(self, rows: int, reason: str) -> None:
        self._meter.count("sink_dropped", rows, reason)

    def _looked(self, path: str, fd: int) -> None:
        if self.options.rotate is not None and self._below is not None:
            self._announce(path, fd)

    def _announce(self, path: str, fd: int) -> None:
        """Files that are opened and closed all the time are announced once; a new file anew."""
        if path in self._announced and os.fstat(fd).st_size:
            return
        if len(self._announced) >= _PATHS_REMEMBERED:
            self._announced.clear()
        self._announced.add(path)
        self._files.announce(self.options.label, path)


def _write_and_close(fd: int, data: bytes) -> int:
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


def _named(paths: Collection[str]) -> str:
    first, more = next(iter(paths)), len(paths) - 1
    return f"{first} and {more:,} more" if more else first


def _owner(options: FileOptions) -> tuple[int, int] | None:
    """For chown(2): -1 leaves one of them as it is."""
    if options.owner is None and options.group is None:
        return None
    return (-1 if options.owner is None else options.owner, -1 if options.group is None else options.group)
