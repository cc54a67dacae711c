"""The writing end of a journal; see ``__init__.py``."""

import fcntl
import os
import secrets
from collections.abc import Callable

from collector.errors import CollectorError
from collector.sinks.journal.bell import Bell
from collector.sinks.journal.entries import HEAD, LARGEST, MARK, head, number_at_start, scan
from collector.sinks.journal.positions import Place, places
from collector.sinks.journal.segments import Segment, list_segments, segment, whereabouts

SEGMENT_BYTES = 16 << 20
MAX_BYTES = 1 << 30

OnDrop = Callable[[int, int], object]
"""Is told how many entries, and bytes, were dropped that some consumer had not passed."""


class JournalError(CollectorError):
    """The journal cannot be written: an entry was not taken, or the folder cannot be used."""


class JournalWriter:
    """
    ``segment_bytes`` is the size of a file, ``max_bytes`` that of all of them, at least two files. ``bell`` is rung
    after each append. What a killed writer left half written is cut off now; ``torn_bytes`` says how much that was.

    Raises JournalError: the folder cannot be used, or another process writes this journal.
    """

    def __init__(
        self,
        folder: str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_BYTES,
        on_drop: OnDrop = lambda _entries, _bytes: None,
        bell: Bell | None = None,
    ) -> None:
        self.folder = folder
        self.torn_bytes = 0
        self._segment_bytes = segment_bytes
        self._max_bytes = max(max_bytes, 2 * segment_bytes)
        self._on_drop = on_drop
        self._bell = bell
        self._mark = b""
        self._fd = -1
        self._start = self._end = self._number = 0
        try:
            self._lock = _lock(folder)
        except OSError as error:
            raise self._error(error) from error
        try:
            self._begin_run()
        except OSError as error:
            os.close(self._lock)
            raise self._error(error) from error

    @property
    def place(self) -> Place:
        """After what was appended last."""
        return Place(self._mark.hex(), self._end, self._number)

    def append(self, payload: bytes) -> int:
        """
        Returns the position after it.

        Raises JournalError when it was not taken: there is no room, or the disk fails. Nothing before it is lost, and
        the next call tries anew.
        """
        size = HEAD + len(payload)
        if size > LARGEST:
            raise JournalError(f"{self.folder}: an entry of {size:,} bytes is too large")
        try:
            if self._fd < 0 or self._end + size > self._start + self._segment_bytes:
                self._roll(size)
            self._write(head(self._mark, self._end, self._number, payload), payload)
        except OSError as error:
            raise self._error(error) from error
        self._end += size
        self._number += 1
        if self._bell is not None:
            self._bell.ring()
        return self._end

    def tidy(self) -> None:
        """
        Delete what all consumers have passed. Done with each new segment, and to be called now and then when there is
        little to append. A folder that somebody removed is made again. Raises JournalError.
        """
        try:
            self._tidy()
            if self._fd >= 0 and not os.fstat(self._fd).st_nlink:
                self._close_segment()
                os.close(self._lock)
                self._lock = _lock(self.folder)
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        self._close_segment()
        os.close(self._lock)

    def _write(self, header: bytes, payload: bytes) -> None:
        offset, wanted = self._end - self._start, len(header) + len(payload)
        try:
            if os.writev(self._fd, (header, payload)) == wanted:
                return
            why = OSError(28, "No space left on device")  # a short write tells no reason, the next would
        except OSError as error:
            why = error
        try:
            os.ftruncate(self._fd, offset)
            self._tidy()
        except OSError:
            self._close_segment()  # what is torn stays in it: readers count it as damaged, and go on in the next one
        raise why

    def _begin_run(self) -> None:
        """Go on behind the last whole entry, under a mark of its own."""
        os.makedirs(self.folder, mode=0o750, exist_ok=True)
        self._mark = secrets.token_bytes(MARK)
        self._start = self._end = 0
        for last in reversed(list_segments(self.folder)):
            end, number = self._repair(last)
            self._start = self._end = last.start + end
            if end:
                self._number = number
                return
            os.unlink(last.path)

    def _repair(self, last: Segment) -> tuple[int, int]:
        """Cut off what follows the last whole entry. Returns the size of the rest, and the number that follows it."""
        with open(last.path, "r+b", buffering=0) as file:
            data = file.read()
            entries = scan(data, last.start, bytes.fromhex(last.mark))
            end = entries[-1].end if entries else 0
            if end < len(data):
                self.torn_bytes += len(data) - end
                file.truncate(end)
        return end, entries[-1].number + 1 if entries else 0

    def _roll(self, size: int) -> None:
        """A new segment, with room for an entry of so many bytes."""
        self._close_segment()
        os.makedirs(self.folder, mode=0o750, exist_ok=True)
        self._tidy()
        self._drop(max(size, self._segment_bytes))
        new = segment(self.folder, self._end, self._mark.hex())
        # Not O_EXCL: what an append that found no room has left under this name is empty.
        self._fd = os.open(new.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o640)
        self._start = self._end

    def _tidy(self) -> None:
        segments = list_segments(self.folder)
        passed = min((whereabouts(place, segments)[0] for place in places(self.folder)), default=0) if segments else 0
        for each in segments[:passed]:
            os.unlink(each.path)

    def _drop(self, wanted: int) -> None:
        """Make room for so many bytes within the limit."""
        segments = list_segments(self.folder)
        sizes = [os.stat(each.path).st_size for each in segments]
        count, total = 0, sum(sizes) + wanted
        while count < len(segments) and total > self._max_bytes:
            total -= sizes[count]
            count += 1
        if not count:
            return
        entries, size = self._unread(segments, count)
        for each in segments[:count]:
            os.unlink(each.path)
        if entries or size:
            self._on_drop(entries, size)

    def _unread(self, segments: list[Segment], count: int) -> tuple[int, int]:
        """How many entries and bytes of the first ``count`` segments the slowest consumer has not passed."""
        slowest = min(places(self.folder), key=lambda place: whereabouts(place, segments), default=None)
        index, offset = whereabouts(slowest, segments) if slowest else (0, 0)
        first = slowest.number if slowest and (index, offset) > (0, 0) else _first_number(segments[0])
        end = segments[count].start if count < len(segments) else self._end
        following = _first_number(segments[count]) if count < len(segments) else self._number
        return max(0, following - first), max(0, end - segments[index].start - offset)

    def _close_segment(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _error(self, error: OSError) -> JournalError:
        return JournalError(f"the journal {self.folder}: {error.strerror}")


def _first_number(each: Segment) -> int:
    """Of its first entry; where that is damaged, of the first that is whole."""
    mark = bytes.fromhex(each.mark)
    with open(each.path, "rb") as file:
        number = number_at_start(file.read(HEAD), mark)
        if number is not None:
            return number
        file.seek(0)
        entries = scan(file.read(), each.start, mark)
    return entries[0].number if entries else 0


def _lock(folder: str) -> int:
    """
    Held until this process ends. Not flock(2): a process that was forked from the writer to save something would hold
    it after the writer's death.
    """
    os.makedirs(folder, mode=0o750, exist_ok=True)
    fd = os.open(os.path.join(folder, "writer.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd
